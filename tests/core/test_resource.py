"""What generated resources stand on: misspelt keywords are named, raw twins use the facade, header arguments are added."""

from __future__ import annotations

import asyncio
import inspect
import sys
from typing import Any

import pytest

import antiphon
from antiphon.core.omit import not_given, omit
from antiphon.core.resource import (
    AsyncResource,
    RawResource,
    Resource,
    StreamingResource,
    added,
    async_spelled,
    async_streaming,
    complete,
    misspelt,
    raw,
    renamed,
    spelled,
    streaming,
)


class Pets(Resource):
    @spelled
    def feed(self, name: str, *, amount: int = 1) -> Any:
        """Give food."""
        return self._client, name, amount

    @spelled
    def fail(self, *, amount: int = 1) -> None:
        raise TypeError("not about keywords") from ValueError("cause")

    @spelled
    def call_wrongly(self) -> None:
        self.feed("x", amont=2)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


class AsyncPets(AsyncResource):
    @async_spelled
    async def feed(self, name: str, *, amount: int = 1) -> Any:
        """Give food."""
        return await self._client.perform((name, amount))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

    def list(self) -> Any:
        return "page"

    @async_spelled
    async def wait(self) -> None:
        await asyncio.sleep(0)


class Facade:
    def __init__(self, name: str) -> None:
        self.name = name

    async def perform(self, call: Any) -> Any:
        return self.name, call


class Client:
    raw = Facade("raw")
    streaming = Facade("streaming")


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="Python names it itself, in its own words")
def test_a_misspelt_keyword_and_the_nearest_known_one() -> None:
    pets = Pets(Client())
    said = r"^Pets\.feed\(\) got an unexpected keyword argument 'amont'; did you mean 'amount'\?$"
    with pytest.raises(TypeError, match=said) as caught:
        pets.feed("x", amont=2)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    assert caught.value.__suppress_context__
    with pytest.raises(TypeError, match=said):
        pets.call_wrongly()

    async def misspell() -> None:
        await AsyncPets(Client()).feed("x", amont=2)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]

    with pytest.raises(TypeError, match=said.replace("Pets", "AsyncPets")):
        asyncio.run(misspell())


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="Python names it itself, in its own words")
@pytest.mark.parametrize(
    ("given", "meant"),
    [("temprature", "temperature"), ("max_token", "max_tokens"), ("massages", "messages"), ("modle", "model")],
)
def test_near_names_are_offered(given: str, meant: str) -> None:
    completions: Any = antiphon.OpenAI(api_key="k").chat.completions
    with pytest.raises(TypeError, match=f"unexpected keyword argument '{given}'; did you mean '{meant}'"):
        completions.create(**{"messages": [], "model": "m", given: 1})


def test_where_nothing_is_near_nothing_is_offered() -> None:
    with pytest.raises(TypeError, match=r"^Completions\.create\(\) got an unexpected keyword argument 'foo'$"):
        antiphon.OpenAI(api_key="k").chat.completions.create(messages=[], model="m", foo=1)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]


@pytest.mark.parametrize(("given", "hint"), [("api_kye", "; did you mean 'api_key'?"), ("foo", "")])
def test_a_constructor_is_named_after_the_class_that_was_called(given: str, hint: str) -> None:
    class Base:
        def __init__(self, *, api_key: str = "", _inner: int = 0) -> None: ...

    class Client(Base): ...

    client = Client()
    try:
        Base.__init__(client, **{given: "x"})  # type: ignore[arg-type]
    except TypeError as error:
        better = misspelt(Base.__init__, (client,), {given: "x"}, error)
        assert str(better).endswith(f"Client() got an unexpected keyword argument '{given}'{hint}")
    else:
        pytest.fail("accepted")


def test_one_of_several_groups_of_arguments_is_needed() -> None:
    complete({"a": 1, "b": None}, {"c": omit})
    complete({"a": omit}, {"c": 0})
    said = r"^Missing required arguments: give all of \('a', 'b'\) or \('c'\)$"
    with pytest.raises(TypeError, match=said):
        complete({"a": 1, "b": omit}, {"c": omit})


def test_other_type_errors_stay_as_they_are() -> None:
    pets = Pets(Client())
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'name'"):
        pets.feed()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    with pytest.raises(TypeError, match="not about keywords") as caught:
        pets.fail(amount=2)
    assert isinstance(caught.value.__cause__, ValueError)
    with pytest.raises(TypeError, match="missing 1 required positional argument"):
        asyncio.run(AsyncPets(Client()).feed())  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def test_a_checked_method_looks_like_itself() -> None:
    assert str(inspect.signature(Pets.feed)) == "(self, name: 'str', *, amount: 'int' = 1) -> 'Any'"
    assert inspect.getdoc(Pets.feed) == "Give food."
    assert inspect.iscoroutinefunction(AsyncPets.feed)


def test_a_raw_twin_is_the_same_method_over_the_facade() -> None:
    class Raw(RawResource):
        feed = raw(Pets.feed)

    class Streaming(StreamingResource):
        feed = streaming(Pets.feed)

    pets = Pets(Client())
    twins: list[Any] = [Raw(pets), Streaming(pets)]
    assert [twin.feed("x")[0].name for twin in twins] == ["raw", "streaming"]


def test_an_asynchronous_streaming_twin_answers_at_once() -> None:
    class Streaming(StreamingResource):
        feed = async_streaming(AsyncPets.feed)
        list = async_streaming(AsyncPets.list)
        wait = async_streaming(AsyncPets.wait)

    twin: Any = Streaming(AsyncPets(Client()))
    assert twin.feed("x", amount=2) == ("streaming", ("x", 2))
    assert twin.list() == "page"
    with pytest.raises(RuntimeError, match=r"AsyncPets\.wait\(\) suspended"):
        twin.wait()


def test_keys_that_python_cannot_spell() -> None:
    agent = {"name": "a", "compaction": {"async_": True, "x": 1}}
    assert renamed(agent, ("compaction", "async_"), "async") == {"name": "a", "compaction": {"async": True, "x": 1}}
    assert agent["compaction"] == {"async_": True, "x": 1}
    assert renamed([{"async_": 1}, {"b": 2}], ("async_",), "async") == [{"async": 1}, {"b": 2}]
    for value in (omit, None, "text", {"compaction": None}):
        assert renamed(value, ("compaction", "async_"), "async") is value or value == {"compaction": None}


def test_header_arguments() -> None:
    assert added(None, {"openai-beta": ["a", "b"], "Idempotency-Key": "k"}) == {
        "openai-beta": "a,b",
        "Idempotency-Key": "k",
    }
    assert added({"openai-beta": "mine", "x": omit}, {"openai-beta": ["a"]}) == {"openai-beta": "mine", "x": omit}
    assert added(None, {"a": omit, "b": not_given, "c": None}) == {}
