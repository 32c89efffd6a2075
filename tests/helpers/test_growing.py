"""Growing texts are right at every mark, cost what is new, and late fields appear when somebody looks."""

from __future__ import annotations

import copy
import pickle
from time import thread_time
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from antiphon.core.encode import encode_json
from antiphon.helpers.growing import Growing, LateModel


@given(st.lists(st.text(max_size=3), max_size=12), st.lists(st.integers(0, 12), max_size=20))
def test_every_mark_in_any_order(pieces, marks):
    growing = Growing()
    growing.pieces += pieces
    for mark in (min(mark, len(pieces)) for mark in marks):
        assert growing.upto(mark) == "".join(pieces[:mark])
    assert growing.text == "".join(pieces)


def test_it_begins_with_a_text():
    growing = Growing("ab")
    growing.pieces.append("c")
    assert growing.text == "abc"
    assert Growing().text == ""


def test_a_kept_text_does_not_change():
    growing, kept = Growing(), []
    for piece in "abcdefghijklmnopqrstuvwxyz" * 4:
        growing.pieces.append(piece)
        kept.append(growing.text)
    assert [len(text) for text in kept] == list(range(1, 105))
    assert kept[25] == "abcdefghijklmnopqrstuvwxyz"


def test_looking_at_each_step_is_linear():
    def cost(pieces):
        growing, began = Growing(), thread_time()
        for _ in range(pieces):
            growing.pieces.append("abcd")
            growing.upto(len(growing.pieces))
        return thread_time() - began

    # Quadratic growth would be 100-fold or more; the bound leaves room for a busy machine.
    assert min(cost(60_000) for _ in range(3)) < 40 * min(cost(6_000) for _ in range(3))


class Event(LateModel, late={"snapshot": Growing.upto, "size": lambda growing, mark: len(growing.upto(mark))}):
    delta: str
    snapshot: str
    size: int


def event(*pieces: str, data: dict[str, Any] | None = None) -> tuple[Event, Growing]:
    growing = Growing()
    growing.pieces += pieces
    return Event._later({"delta": pieces[-1]} if data is None else data, growing, len(growing.pieces)), growing


def test_a_late_field_is_read_by_name_and_costs_nothing_before():
    data = {"delta": "b"}
    late, growing = event("a", "b", data=data)
    growing.pieces.append("c")
    assert late.delta == "b"
    assert data == {"delta": "b"}
    assert (late.snapshot, late.size) == ("ab", 2)
    assert data == {"delta": "b"}


def test_whoever_asks_for_the_data_gets_it_whole():
    whole = {"delta": "b", "snapshot": "ab", "size": 2}
    assert event("a", "b")[0].to_dict() == whole
    assert event("a", "b")[0].model_dump() == whole
    assert dict(event("a", "b")[0]) == whole
    assert vars(event("a", "b")[0]) == whole
    assert repr(event("a", "b")[0]) == "Event(delta='b', snapshot='ab', size=2)"
    assert event("a", "b")[0] == event("a", "b")[0]
    assert event("a", "b")[0] != event("x", "b")[0]
    assert encode_json(event("a", "b")[0]) == b'{"delta":"b","snapshot":"ab","size":2}'
    assert pickle.loads(pickle.dumps(event("a", "b")[0])).to_dict() == whole
    assert copy.deepcopy(event("a", "b")[0]).snapshot == "ab"
    assert copy.copy(event("a", "b")[0]).size == 2


def test_a_completed_event_reads_its_data():
    late, _ = event("a", "b")
    late.to_dict()
    assert (late.snapshot, late.size) == ("ab", 2)
    late.snapshot = "mine"
    assert late.snapshot == "mine"


def test_it_can_be_made_like_any_model():
    made = Event(delta="a", snapshot="xa", size=2)
    assert (made.snapshot, made.to_dict()) == ("xa", {"delta": "a", "snapshot": "xa", "size": 2})
    assert Event.model_construct(delta="a").snapshot is None
    assert set(Event.model_fields) == {"delta", "snapshot", "size"}
