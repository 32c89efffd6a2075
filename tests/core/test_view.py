"""Views: the object is the dict, nested values are wrapped in place, and threads see the same ones."""

from __future__ import annotations

import copy
import gc
import os
import pickle
import signal
import sys
import threading
import weakref
from typing import Annotated

import pytest

from antiphon.core.model import BaseModel, Discriminator
from antiphon.core.view import MISSING, Field, Nested, View, plan_of

from .sample_model import Call, Item, Message, Refusal, Reply, Text, Usage, reply


def test_the_object_is_the_dict() -> None:
    data = reply()
    view = Reply._view(data)
    assert view.__dict__ is data
    assert view.id == "r1"
    view.id = "r2"
    assert data["id"] == "r2"
    data["id"] = "r3"
    assert view.id == "r3"
    del view.id
    assert "id" not in data


@pytest.mark.parametrize("name", ["id", "created_at", "output", "usage", "metadata", "matrix"])
def test_an_absent_declared_field_reads_as_none(name: str) -> None:
    view = Reply._view({})
    assert getattr(view, name) is None
    assert view.__dict__ == {}


def test_an_undeclared_absent_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match=r"Reply.*nothing"):
        Reply._view({}).nothing  # type: ignore[attr-defined]  # noqa: B018


def test_nested_fields_are_wrapped_once_and_in_place() -> None:
    data = reply()
    raw_output = data["output"]
    view = Reply._view(data)
    assert isinstance(view.usage, Usage)
    assert view.usage is view.usage is data["usage"]
    assert view.output is view.output is raw_output
    message, call, other = view.output
    assert type(message) is Message
    assert [type(part) for part in message.content] == [Text, Refusal]
    assert type(call) is Call
    assert call.async_ is True
    assert type(other) is BaseModel
    assert other.extra == {"deep": [1]}  # type: ignore[attr-defined]
    assert view.first_text == "hi"


def test_what_is_added_through_the_model_is_in_the_data() -> None:
    data = reply()
    view = Reply._view(data)
    view.output.append(Call._view({"type": "call", "name": "n", "arguments": "a"}))
    view.usage.input_tokens = 99  # type: ignore[union-attr]
    view.output[0].content.pop()  # type: ignore[union-attr]
    plain = view.to_dict()
    assert plain["output"][3] == {"type": "call", "name": "n", "arguments": "a"}  # type: ignore[index]
    assert plain["usage"]["input_tokens"] == 99  # type: ignore[index]
    assert len(plain["output"][0]["content"]) == 1  # type: ignore[index]


def test_setting_a_raw_value_is_wrapped_when_read() -> None:
    view = Reply._view(reply())
    view.usage = {"input_tokens": 1, "output_tokens": 1}  # type: ignore[assignment]
    view.output = [{"type": "call", "name": "n", "arguments": ""}]  # type: ignore[list-item]
    assert isinstance(view.usage, Usage)
    assert isinstance(view.output[0], Call)
    del view.usage
    assert view.usage is None
    with pytest.raises(AttributeError, match="usage"):
        del view.usage


def test_a_raw_element_put_first_is_wrapped_too() -> None:
    view = Reply._view(reply())
    assert isinstance(view.output[0], Message)
    view.output.insert(0, {"type": "call", "name": "n", "arguments": ""})  # type: ignore[arg-type]
    assert isinstance(view.output[0], Call)
    assert isinstance(view.output[1], Message)


def test_every_container_shape() -> None:
    view = Reply._view(reply())
    assert isinstance(view.by_name["a"], Call)  # type: ignore[index]
    assert isinstance(view.matrix[0][0], Usage)  # type: ignore[index]
    assert isinstance(view.pair[1], Usage)  # type: ignore[index]
    assert isinstance(view.labels["x"][0], Usage)  # type: ignore[index]
    assert view.mixed[0] == "s"  # type: ignore[index]
    assert isinstance(view.mixed[1], Text)  # type: ignore[index]
    assert view.to_dict() == reply()


@pytest.mark.parametrize("value", [None, 5, "text", [], {}, [None], [[]], [{}], [1, {"type": 3}], {"type": []}, True])
@pytest.mark.parametrize("name", ["output", "usage", "by_name", "matrix", "pair", "labels", "mixed", "choice", "input"])
def test_data_that_does_not_fit_is_given_out_as_it_is(name: str, value: object) -> None:
    view = Reply._view({name: copy.deepcopy(value)})
    getattr(view, name)
    repr(view)
    assert view.to_dict() == {name: value}


def test_aliases_use_the_api_name_as_key() -> None:
    call = Call._view({"async": False})
    assert call.async_ is False
    call.async_ = True
    assert call.__dict__ == {"async": True}
    del call.async_
    assert call.async_ is None


@pytest.mark.parametrize(
    "key",
    [
        "to_dict",
        "copy",
        "json",
        "model_dump",
        "__class__",
        "__dict__",
        "_plan",
        "_view",
        "__deepcopy__",
        "__reduce_ex__",
    ],
)
def test_hostile_keys_hide_nothing(key: str) -> None:
    data = reply() | {key: "evil"}
    view = Reply._view(data)
    assert view.to_dict() == data
    assert isinstance(view, Reply)
    assert view.model_dump()[key] == "evil"
    assert view.copy() == view
    assert copy.deepcopy(view) == pickle.loads(pickle.dumps(view)) == view
    assert key in view.json()


def test_a_field_may_have_a_methods_name() -> None:
    class Odd(BaseModel):
        copy: str
        json: str | None = None

    odd = Odd._view({"copy": "c"})
    assert (odd.copy, odd.json) == ("c", None)
    assert odd.to_dict() == {"copy": "c"}


def test_classes_made_in_functions_see_their_names() -> None:
    class Inner(BaseModel):
        v: int

    class Outer(BaseModel):
        inner: Inner
        me: Outer | None = None
        many: list[Inner] = []

    outer = Outer._view({"inner": {"v": 1}, "me": {"inner": {"v": 2}}})
    assert isinstance(outer.inner, Inner)
    assert isinstance(outer.me, Outer)
    assert outer.me.inner.v == 2


def test_an_unknown_name_leaves_values_alone() -> None:
    class Lost(BaseModel):
        x: Nowhere  # type: ignore[name-defined]  # noqa: F821

    assert Lost._view({"x": {"a": 1}}).x == {"a": 1}


def test_a_users_subclass_keeps_what_it_adds() -> None:
    class Mine(Reply):
        extra: int = 7
        tags: list[str] = []
        more: Usage | None = None

        def shout(self) -> str:
            return self.id.upper()

    mine = Mine._view({**reply(), "more": {"input_tokens": 1, "output_tokens": 1}})
    assert (mine.extra, mine.shout(), mine.first_text) == (7, "R1", "hi")
    assert isinstance(mine.more, Usage)
    assert Mine._view({"extra": 1}).extra == 1
    mine.tags.append("kept")
    assert mine.tags == ["kept"]
    assert Mine._view({}).tags == []
    assert Reply._view(reply()).model_extra == {"brand_new": {"kept": True}}


def test_overriding_a_field_in_a_subclass() -> None:
    class Narrow(Reply):
        usage: int  # type: ignore[assignment]

    assert Narrow._view({"usage": {"input_tokens": 1}}).usage == {"input_tokens": 1}
    assert isinstance(Reply._view({"usage": {"input_tokens": 1}}).usage, Usage)


def test_class_access_gives_the_default() -> None:
    plan_of(Reply)
    assert Reply.usage is None
    assert Reply.id is None


def test_pydantic_style_fields_in_a_users_class() -> None:
    pydantic = pytest.importorskip("pydantic")

    class Mine(BaseModel):
        a: int = pydantic.Field(default=4)
        b: str = pydantic.Field(alias="bee")
        c: list[int] = pydantic.Field(default_factory=list)

    mine = Mine._view({"bee": "x"})
    assert (mine.a, mine.b, mine.c) == (4, "x", [])
    assert Mine.model_fields["b"].is_required()


def test_making_a_class_makes_no_plan() -> None:
    class Fresh(BaseModel):
        x: Usage | None = None

    assert Fresh._plan is None
    Fresh._view({})
    assert Fresh._plan is not None


def test_a_plan_that_was_interrupted_is_made_again() -> None:
    class Fresh(BaseModel):
        x: Usage

    field = Field("x", "x", "Usage", Fresh, MISSING)
    Fresh.x = Nested(field)  # type: ignore[assignment]
    plan = plan_of(Fresh)
    assert plan.fields["x"].required
    assert isinstance(Fresh._view({"x": {}}).x, Usage)
    assert repr(MISSING) == "<no default>"


def test_views_are_weakly_referable_and_freed() -> None:
    view = Reply._view(reply())
    reference = weakref.ref(view)
    del view
    gc.collect()
    assert reference() is None


def test_dates_are_converted_when_read_and_sent_as_they_came() -> None:
    from datetime import UTC, date, datetime

    class Dated(BaseModel):
        at: datetime
        on: date | None = None
        bad: datetime | None = None

    data = {"at": "2026-11-21T03:00:00Z", "on": "2026-11-21", "bad": "yesterday"}
    dated = Dated._view(dict(data))
    for _ in range(2):
        assert dated.at == datetime(2026, 11, 21, 3, tzinfo=UTC)
        assert dated.on == date(2026, 11, 21)
        assert dated.bad == "yesterday"
    assert dated.to_dict() == data


def test_threads_see_one_view() -> None:
    for _ in range(30):
        cls = type("Fresh", (Reply,), {"__annotations__": {"own": "list[Usage]"}, "__module__": Reply.__module__})
        view = cls._view(reply() | {"own": [{"input_tokens": n} for n in range(50)]})
        seen: list[list[object]] = []
        barrier = threading.Barrier(8)

        def look(view: object = view, seen: list[list[object]] = seen, barrier: threading.Barrier = barrier) -> None:
            barrier.wait()
            reply = view
            seen.append([reply.usage, *reply.output, *reply.own, *reply.by_name.values()])  # type: ignore[attr-defined]

        threads = [threading.Thread(target=look) for _ in range(8)]
        switch = sys.getswitchinterval()
        sys.setswitchinterval(1e-6)
        try:
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        finally:
            sys.setswitchinterval(switch)
        assert len({tuple(map(id, one)) for one in seen}) == 1
        assert all(isinstance(one, View) for one in seen[0])


@pytest.mark.parametrize("name", ["usage", "output", "by_name"])
def test_a_thread_that_comes_second_takes_the_first_ones_view(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from antiphon.core import view as room

    view = Reply._view(reply())
    first: list[object] = []

    class Contested:
        def __enter__(self) -> None:
            monkeypatch.undo()
            first.append(getattr(view, name))

        def __exit__(self, *problem: object) -> None:
            pass

    getattr(Reply._view(reply()), name)
    monkeypatch.setattr(room, "_lock", Contested())
    second = getattr(view, name)
    assert first == [second]
    assert first[0] is second is getattr(view, name)


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_does_not_inherit_the_lock() -> None:
    from antiphon.core import view as room

    held, release = threading.Event(), threading.Event()

    def hold() -> None:
        with room._lock:
            held.set()
            release.wait()

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait()
    try:
        child = os.fork()
        if child == 0:
            signal.alarm(20)  # A child that waits for the lock ends as a failure, not as a hang.
            os._exit(0 if isinstance(Reply._view(reply()).usage, Usage) else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    finally:
        release.set()
        holder.join()


def test_a_field_that_turns_out_plain_steps_aside() -> None:
    class Aliased(BaseModel):
        status: Annotated[str, "documented"]
        item: Annotated[Item, Discriminator("type")]

    view = Aliased._view({"status": "s", "item": {"type": "call"}})
    assert view.status == "s"
    assert Aliased.__dict__["status"] is None
    assert isinstance(view.item, Call)
