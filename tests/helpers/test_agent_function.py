"""Functions as tools: definitions beside the official ones, arguments, outputs and stages."""

from __future__ import annotations

import dataclasses
import functools
import subprocess
import sys
from typing import Annotated, Literal, Optional

import msgspec
import pydantic
import pytest
from openai.lib.beta import agents as official

from antiphon.errors import InvalidBody
from antiphon.helpers import agent
from antiphon.helpers.agent import FunctionTool, function_tool, pydantic_function_tool

from .agent_colour import Asynchronous, Blocking
from .agent_session import a_turn, call, idle, nothing, stream


class Place(pydantic.BaseModel):
    """A place."""

    city: str
    country: Optional[str] = None  # noqa: UP045


@dataclasses.dataclass
class Plain:
    city: str


class Struct(msgspec.Struct):
    city: str


class Recursive(pydantic.BaseModel):
    inner: Optional[Recursive] = None  # noqa: UP045


def weather(
    place: Place, days: int = 1, unit: Annotated[Literal["C", "F"], pydantic.Field(description="u")] = "C"
) -> Nowhere:  # noqa: F821
    """Get the weather.

    In detail.
    """
    assert isinstance(place, Place)
    return {"city": place.city, "days": days, "unit": unit}


class Station:
    Unit = Literal["C", "F"]

    def read(self, unit: Unit) -> str:
        return f"21 {unit}"


@pytest.mark.parametrize("function", [weather, lambda: None, Station().read], ids=["function", "lambda", "method"])
def test_the_definition_is_the_official_one(function):
    assert function_tool(function).definition == official.function_tool(function).definition


@pytest.mark.parametrize("model", [Place, Recursive])
@pytest.mark.parametrize("more", [{}, {"name": "n", "description": "d", "defer_loading": True}])
def test_the_definition_of_a_type_is_the_official_one(model, more):
    ours = pydantic_function_tool(model, handler=print, **more).definition
    assert ours == official.pydantic_function_tool(model, handler=print, **more).definition


def test_the_definition_is_a_copy():
    tool = function_tool(weather)
    tool.definition["parameters"].clear()
    assert tool.definition["parameters"]
    assert tool.name == "weather"


def test_as_a_decorator_with_arguments():
    @function_tool(name="look", description="Look it up.", defer_loading=True)
    def lookup(key: str):
        return key

    assert isinstance(lookup, FunctionTool)
    assert (lookup.name, lookup.definition["description"], lookup.definition["defer_loading"]) == (
        "look",
        "Look it up.",
        True,
    )
    assert lookup({"key": "a"}) == "a"


def test_arguments_are_checked_and_nested_models_are_made():
    output = function_tool(weather)({"place": {"city": "Ghent"}, "unit": "F"})
    assert output == '{"city":"Ghent","days":1,"unit":"F"}'
    with pytest.raises(pydantic.ValidationError):
        function_tool(weather)({"place": {"city": 1}})
    with pytest.raises(pydantic.ValidationError):
        function_tool(weather)({"place": {"city": "x"}, "extra": 1})


@pytest.mark.parametrize("model", [Plain, Struct])
def test_other_types_describe_arguments_too(model):
    tool = FunctionTool(model, lambda given: given.city, name="n", description="d")
    assert tool.definition["parameters"] is not None
    assert tool({"city": "Ghent"}) == "Ghent"


@pytest.mark.parametrize(
    ("output", "converted"),
    [
        (None, None),
        ("text", "text"),
        (21, "21"),
        (True, "true"),
        ({"a": 1}, '{"a":1}'),
        ([1, "a"], '[1,"a"]'),
        ((), "[]"),
        (Place(city="Ghent"), '{"city":"Ghent","country":null}'),
        ([{"type": "input_text", "text": "a"}], [{"type": "input_text", "text": "a"}]),
        ([{"type": "input_image", "image_url": "u"}], [{"type": "input_image", "image_url": "u"}]),
        ([{"type": "input_text", "text": 1}], '[{"type":"input_text","text":1}]'),
        ([{"type": "input_text", "text": "a", "more": 1}], '[{"type":"input_text","text":"a","more":1}]'),
    ],
)
def test_outputs_are_converted(output, converted):
    assert pydantic_function_tool(Place, handler=lambda given: output)({"city": "x"}) == converted


def test_outputs_without_a_json_form_are_refused():
    with pytest.raises(InvalidBody):
        pydantic_function_tool(Place, handler=lambda given: object())({"city": "x"})


def positional(a: int, /): ...
def variadic(*a: int): ...
def open_ended(**a: int): ...
def unannotated(a): ...
def private(_a: int): ...


@pytest.mark.parametrize("function", [positional, variadic, open_ended, unannotated, private])
def test_parameters_that_cannot_be(function):
    with pytest.raises(TypeError, match="parameter"):
        function_tool(function)


def test_other_things_that_cannot_be():
    with pytest.raises(ValueError, match="name"):
        FunctionTool(Place, print, name="", description="")
    with pytest.raises(TypeError, match="does not describe an object"):
        FunctionTool(pydantic.TypeAdapter(list[int]), print, name="n", description="")


def used(server, colour, tool):
    """A turn in which the tool is called; its result and what was reported."""
    failures = []
    server.answers = [idle(), stream(*a_turn(call())), nothing()]

    async def main(colour, client):
        manager = client.beta.agents.sessions.stream(
            "sess_1", input="Hi", tool_handlers={"weather": tool}, on_tool_error=failures.append
        )
        entered = await colour.entered(manager)
        await colour.events(entered)

    colour.run(server, main)
    return server.asked[3].json["events"][0], [(type(item.error).__name__, item.stage) for item in failures]


@pytest.fixture(params=[Blocking(), Asynchronous()], ids=["blocking", "asyncio"])
def colour(request):
    return request.param


def by_city(function):
    return function_tool(function, name="weather")


def test_tools_answer_in_a_session(server, colour):
    @by_city
    def good(city: str):
        return {"in": city}

    assert used(server, colour, good)[0]["output"] == '{"in":"Ghent"}'


def test_coroutine_tools_answer_on_asyncio(server):
    @by_city
    async def good(city: str):
        return {"in": city}

    assert used(server, Asynchronous(), good)[0]["output"] == '{"in":"Ghent"}'
    server.asked.clear()
    assert used(server, Blocking(), good)[1] == [("TypeError", "execution")]


@pytest.mark.parametrize(
    ("function", "failure"),
    [
        (lambda: 1, ("ValidationError", "arguments")),
        (functools.partial(lambda city: 1 / 0), None),
    ],
)
def test_the_stage_of_a_failure_is_told(server, colour, function, failure):
    if failure is not None:
        assert used(server, colour, by_city(function))[1] == [failure]
    server.asked.clear()

    @by_city
    def breaks(city: str):
        return 1 / 0

    assert used(server, colour, breaks)[1] == [("ZeroDivisionError", "execution")]
    server.asked.clear()

    @by_city
    def odd(city: str):
        return object()

    assert used(server, colour, odd)[1] == [("InvalidBody", "output")]


def test_a_tool_of_ones_own_is_called_as_it_is(server, colour):
    class Own(FunctionTool):
        def __call__(self, arguments):
            return "mine"

    assert used(server, colour, Own(Plain, print, name="weather", description=""))[0]["output"] == "mine"


def test_without_pydantic_functions_are_tools_too():
    code = """
import sys
sys.modules["pydantic"] = None
del sys.modules["pydantic"]
from antiphon.helpers.agent_function import function_tool
@function_tool
def add(a: int, b: int = 2) -> int:
    "Add."
    return a + b
print(add({"a": 1}), add.definition["parameters"]["required"], "pydantic" in sys.modules)
try:
    add({"a": "x"})
except Exception as error:
    print(type(error).__name__)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.split("\n")[:2] == ["3 ['a'] False", "ValidationError"], done.stderr


def test_every_name_of_agent_is_there():
    assert [name for name in agent.__all__ if not hasattr(agent, name)] == []
    assert set(official.__dict__) & {n for n in official.__dict__ if n[:1].isupper()} <= set(agent.__all__) | {"Any"}
