"""The cache at its edges: the last moment, the last byte, an answer by another model, a store that cannot be written."""

from __future__ import annotations

from typing import Any

import pytest

from antiphon.core.call import Operation
from antiphon.core.reply import Reply
from antiphon.core.request import Request
from antiphon.errors import APIConnectionError
from antiphon.policies.cache import Cache, _Recorder
from antiphon.policies.machines.cache_key import question_of
from antiphon.policies.shelf import _write_down
from antiphon.policies.target import with_model
from antiphon.shared.store import StoreError

from .house import House
from .kept import Rows, opened
from .machines.asking import CHAT, chat, chunk, embed, events, reply, request, vectors
from .piecewise import Piecewise

EMBED = Operation("embeddings.create", "POST", "/embeddings", body="json")
STREAM = events(chunk(), chunk("stop"))


def told(answer: Any) -> list[str]:
    return [str(step) for step in answer.request.trace.of("Cache")]


def test_a_store_must_give_and_take() -> None:
    class Giving:
        def get(self, key: str) -> None: ...

    class Taking:
        def put(self, key: str, value: bytes, seconds: float) -> None: ...

    stores: list[Any] = [Giving(), Taking(), Rows]
    for store in stores:
        with pytest.raises(TypeError, match="store must be a SQLiteStore"):
            Cache(store)


def test_one_whose_making_failed_can_be_shown() -> None:
    assert repr(Cache.__new__(Cache)) == "<Cache, not made>"


@pytest.mark.parametrize("control", ["max-age=3", "only-if-cached"])
def test_other_words_to_caches_do_not_keep_it_from_looking(control: str) -> None:
    house = House(Cache())
    house(headers={"cache-control": control})
    hit = house(headers={"cache-control": control})
    assert hit.cached
    assert hit.headers["age"] == "0"


def test_a_miss_says_whether_there_was_an_old_answer() -> None:
    house = House(Cache(ttl=10, stale_if_error=60))
    assert told(house())[0] == "Cache: miss reason=absent"
    house.wait(11)
    assert told(house())[0] == "Cache: miss reason=too old"


@pytest.mark.parametrize(("waited", "given"), [(0.5, True), (10.25, True), (10.5, False)])
def test_an_old_answer_is_given_to_the_last_moment(waited: float, given: bool) -> None:
    house = House(Cache(ttl=0.25, stale_if_error=10))
    house()
    house.wait(waited)
    house.answer = APIConnectionError()
    if given:
        assert house().cached
    else:
        with pytest.raises(APIConnectionError):
            house()


@pytest.mark.parametrize("status", [408, 429, 500, 501, 503])
def test_which_refusals_an_old_answer_stands_in_for(status: int) -> None:
    house = House(Cache(ttl=10, stale_if_error=60))
    house()
    house.wait(11)

    def refuse(asked: Request) -> Reply:
        return reply(asked, {"error": {}}, status)

    house.answer = refuse
    assert told(house())[-1] == f"Cache: stale reason={status}"


class Elsewhere:
    """Has another model answer, as a failover may."""

    def __init__(self, model: str) -> None:
        self.model = model

    async def __call__(self, request: Request, forward: Any) -> Any:
        return await forward(with_model(request, self.model))


@pytest.mark.parametrize(
    ("model", "keep_fallback", "kept"),
    [("other", False, False), ("other", True, True), ("text-embedding-3-small", False, True)],
)
def test_what_another_model_answered_is_not_kept_for_this_one(model: str, keep_fallback: bool, kept: bool) -> None:
    house = House(Cache(keep_fallback=keep_fallback), Elsewhere(model))
    first = house(call=EMBED.call(body=embed()))
    last = "Cache: kept" if kept else "Cache: not kept reason=another model answered"
    assert told(first) == ["Cache: miss reason=absent", last]
    assert house(call=EMBED.call(body=embed()), trace=None).cached is kept


@pytest.mark.parametrize(("most", "kept"), [(len(STREAM), True), (len(STREAM) - 1, False)])
@pytest.mark.parametrize("whole", [False, True])
def test_an_answer_of_the_largest_size_is_kept(
    most: int, kept: bool, whole: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("antiphon.policies.cache.LARGEST", most)
    house = House(Cache())

    def say(asked: Request) -> Reply:
        return reply(asked, STREAM) if whole else opened(asked, Piecewise(STREAM[:15], STREAM[15:-1], STREAM[-1:]))

    house.answer = say
    house(chat(stream=True), CHAT, stream=True).read()
    assert house(chat(stream=True), CHAT, stream=True).cached is kept


def test_of_a_stream_that_is_too_long_nothing_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("antiphon.policies.cache.LARGEST", 20)
    asked = request(chat(stream=True), CHAT, stream=True)
    question = question_of(asked, None, sampled=False)
    assert not isinstance(question, str)
    recorder = _Recorder(Cache(), question, opened(asked, Piecewise()), 0.0)
    for size, held in ((15, 1), (5, 2), (1, 0), (1, 0)):
        recorder.feed(b"x" * size)
        assert len(recorder._pieces) == held


def test_a_store_that_takes_nothing_is_left_alone_and_then_tried_again() -> None:
    rows: Any = Rows()
    refused = list[str]()
    whole = rows.put

    def full(key: str, value: bytes, seconds: float | None = None) -> None:
        refused.append(key)
        raise StoreError("full")

    rows.put = full
    house = House(Cache(rows))
    assert told(house())[-1] == "Cache: not kept"
    house()
    assert (len(refused), rows.calls) == (1, 1), "neither read nor written"
    rows.put = whole
    house.wait(2)
    house()
    assert house().cached


def test_a_stream_that_ends_last_is_written_down_at_the_programs_end() -> None:
    rows: Any = Rows()
    house = House(Cache(rows), answer=lambda asked: opened(asked, Piecewise(STREAM)))
    house(chat(stream=True), CHAT, stream=True).read()
    assert rows.rows == {}
    _write_down()
    assert len(rows.rows) == 1
    broken: Any = Rows()
    house = House(Cache(broken), answer=lambda asked: opened(asked, Piecewise(STREAM)))
    house(chat(stream=True), CHAT, stream=True).read()
    broken.broken = True
    _write_down()
    assert broken.rows == {}


def test_an_answer_that_comes_from_a_store_says_it_works() -> None:
    rows: Any = Rows()
    house = House(Cache(rows), answer=lambda asked: reply(asked, vectors(1)))
    for times in range(3):
        rows.broken = True
        calls = rows.calls
        house()
        assert rows.calls == calls + 1
        house.wait(1.0)
        rows.broken = False
        house(embed(f"{times}"))
        assert house(embed(f"{times}")).cached, "after one second each time"


def test_an_answer_that_is_no_text_is_not_written_down() -> None:
    rows: Any = Rows()
    content = STREAM.replace(b'"y"', b'"\xff"')
    house = House(Cache(rows), answer=lambda asked: reply(asked, content))
    assert told(house(chat(stream=True), CHAT))[-1] == "Cache: not kept"
    assert rows.rows == {}
