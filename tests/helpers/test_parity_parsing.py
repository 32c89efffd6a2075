"""`parse` asks and answers as the official package does, in both colours, for the same arguments and replies."""

from __future__ import annotations

import asyncio
import warnings
from typing import Optional

import openai
import pydantic
import pytest

import antiphon
from antiphon.helpers.schema import pydantic_function_tool, pydantic_responses_function_tool

from .conftest import plain
from .recorded import TEXT, call, choice, completion, dumped, message, response, tool_call


class Step(pydantic.BaseModel):
    explanation: str
    output: str


class Solution(pydantic.BaseModel):
    steps: list[Step]
    final_answer: str


@pydantic.dataclasses.dataclass
class Boxed:
    final_answer: str
    steps: Optional[list[Step]] = None  # noqa: UP045


class Weather(pydantic.BaseModel):
    """Get the weather."""

    city: str
    days: int = 1


PLAIN_TOOL = {
    "type": "function",
    "name": "add",
    "strict": True,
    "parameters": {"type": "object", "properties": {}, "required": [], "additionalProperties": False},
}
LOOSE_TOOL = {**PLAIN_TOOL, "name": "loose", "strict": False}


def official_tools(kind):
    lib = openai.lib._tools
    return {
        "responses": lambda: [lib.pydantic_responses_function_tool(Weather), PLAIN_TOOL, LOOSE_TOOL],
        "chat form": lambda: [openai.pydantic_function_tool(Weather, name="Weather")],
        "namespace": lambda: [
            {
                "type": "namespace",
                "name": "n",
                "description": "d",
                "tools": [lib.pydantic_responses_function_tool(Weather)],
            }
        ],
        "chat": lambda: [openai.pydantic_function_tool(Weather)],
    }[kind]()


def our_tools(kind):
    return {
        "responses": lambda: [pydantic_responses_function_tool(Weather), PLAIN_TOOL, LOOSE_TOOL],
        "chat form": lambda: [pydantic_function_tool(Weather, name="Weather")],
        "namespace": lambda: [
            {"type": "namespace", "name": "n", "description": "d", "tools": [pydantic_responses_function_tool(Weather)]}
        ],
        "chat": lambda: [pydantic_function_tool(Weather)],
    }[kind]()


def ask(package, url, method, arguments, colour):
    """What a method gives, or the class and text of its error."""
    options = {"api_key": "sk-1", "base_url": url, "max_retries": 0}

    def outcome(error):
        return type(error).__name__, None

    if colour == "sync":
        with package.OpenAI(**options) as client:
            try:
                return method(client)(**arguments)
            except Exception as error:
                return outcome(error)

    async def run():
        async with package.AsyncOpenAI(**options) as client:
            try:
                return await method(client)(**arguments)
            except Exception as error:
                return outcome(error)

    return asyncio.run(run())


def both(server, method, reply, official, ours, colour, dump=dumped):
    """Ask both packages; check that they asked the same and were answered the same, and give our answer."""
    server.answers = [plain(reply)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the official package warns when it dumps parsed values
        theirs = ask(openai, server.url, method, official, colour)
        theirs_dumped = dump(theirs)
    mine = ask(antiphon, server.url, method, ours, colour)
    assert dump(mine) == theirs_dumped
    if len(server.asked) == 2:
        one, other = server.asked
        assert (one.verb, one.path, one.json) == (other.verb, other.path, other.json)
        name = "x-stainless-helper-method"
        assert one.headers.get(name) == other.headers.get(name)
    else:
        assert not server.asked
    return theirs, mine


COLOURS = pytest.mark.parametrize("colour", ["sync", "async"])


@COLOURS
@pytest.mark.parametrize("kind", [Solution, Boxed])
def test_responses_parse(server, kind, colour):
    reply = response([{"type": "reasoning", "id": "rs_1", "summary": []}, message(TEXT)])
    arguments = {"model": "gpt-5.5", "input": "solve", "text_format": kind, "temperature": 0, "verbosity": "low"}
    theirs, mine = both(server, lambda c: c.responses.parse, reply, arguments, arguments, colour)
    assert mine.output_parsed == theirs.output_parsed
    assert isinstance(mine.output_parsed, kind)
    assert mine.output[1].content[0].parsed is mine.output_parsed
    assert mine.output_text == TEXT
    assert type(mine).__name__ == "ParsedResponse"
    assert type(mine.output[1]).__name__ == "ParsedResponseOutputMessage"
    assert type(mine.output[1].content[0]).__name__ == "ParsedResponseOutputText"


@COLOURS
@pytest.mark.parametrize("phase", [None, "final_answer", "commentary", "unheard of"])
def test_only_the_final_answer_is_parsed(server, phase, colour):
    reply = response([message("not json" if phase in ("commentary", "unheard of") else TEXT, phase=phase)])
    arguments = {"model": "m", "input": "solve", "text_format": Solution}
    both(server, lambda c: c.responses.parse, reply, arguments, arguments, colour)


@COLOURS
@pytest.mark.parametrize("kind", ["responses", "chat form", "namespace"])
@pytest.mark.parametrize("namespace", [None, "n", "Weather", "other"])
def test_function_calls_are_parsed(server, kind, namespace, colour):
    reply = response(
        [
            call("Weather", '{"city":"Rome"}', namespace=namespace),
            call("add", '{"a":1}', call_id="call_2"),
            call("loose", "{not json", call_id="call_3"),
            call("unknown", "{not json", call_id="call_4"),
        ]
    )
    base = {"model": "m", "input": "hi"}
    theirs, mine = both(
        server,
        lambda c: c.responses.parse,
        reply,
        {**base, "tools": iter(official_tools(kind))},
        {**base, "tools": iter(our_tools(kind))},
        colour,
    )
    assert [item.parsed_arguments for item in mine.output] == [item.parsed_arguments for item in theirs.output]


@COLOURS
@pytest.mark.parametrize(
    "arguments",
    [
        {"text_format": Solution, "text": {"format": {"type": "text"}}},
        {"text_format": int},
        {"text_format": Solution, "text": {"verbosity": "low"}},
        {"text_format": Solution, "parse_as": None},
        {"parse_as": Solution},
        {},
        {"text_format": Solution, "input": [{"type": "configuration_update", "text": {"format": {"type": "text"}}}]},
        {"parse_as": Solution, "input": [{"type": "configuration_update", "text": {"format": {"type": "text"}}}]},
        {
            "text_format": Solution,
            "input": [{"type": "configuration_update", "text": {"format": {"type": "json_schema"}}}],
        },
        {
            "text_format": Boxed,
            "parse_as": Solution,
            "input": [{"type": "configuration_update", "text": {"format": {"type": "json_schema"}}}],
        },
        {
            "text_format": Solution,
            "extra_body": {"mine": 1},
            "extra_headers": {"X-Mine": "1"},
            "extra_query": {"q": "1"},
        },
    ],
)
def test_argument_combinations(server, arguments, colour):
    arguments = {"model": "m", "input": "hi", **arguments}
    both(server, lambda c: c.responses.parse, response([message(TEXT)]), arguments, arguments, colour)


@COLOURS
def test_an_answer_that_does_not_fit(server, colour):
    arguments = {"model": "m", "input": "hi", "text_format": Solution}
    theirs, _ = both(
        server, lambda c: c.responses.parse, response([message('{"steps": 3}')]), arguments, arguments, colour
    )
    assert theirs == ("ValidationError", None)


def chat(client):
    return client.chat.completions.parse


MESSAGES = [{"role": "user", "content": "solve"}]


@COLOURS
@pytest.mark.parametrize("kind", [Solution, Boxed])
def test_chat_parse(server, kind, colour):
    reply = completion(choice(TEXT), choice(None, index=1, refusal="no"))
    arguments = {"model": "m", "messages": MESSAGES, "response_format": kind, "n": 2}
    theirs, mine = both(server, chat, reply, arguments, arguments, colour)
    assert mine.choices[0].message.parsed == theirs.choices[0].message.parsed
    assert isinstance(mine.choices[0].message.parsed, kind)
    assert mine.choices[1].message.parsed is None
    assert type(mine.choices[0].message).__name__ == "ParsedChatCompletionMessage"


@COLOURS
def test_the_beta_name_is_the_same(server, colour):
    arguments = {"model": "m", "messages": MESSAGES, "response_format": Solution}
    both(server, lambda c: c.beta.chat.completions.parse, completion(choice(TEXT)), arguments, arguments, colour)


@COLOURS
def test_chat_tools_are_parsed(server, colour):
    calls = [tool_call("Weather", '{"city":"Rome"}'), tool_call("other", "{no", id="call_2")]
    reply = completion(choice(finish="tool_calls", tool_calls=calls))
    base = {"model": "m", "messages": MESSAGES}
    theirs, mine = both(
        server,
        chat,
        reply,
        {**base, "tools": iter(official_tools("chat"))},
        {**base, "tools": iter(our_tools("chat"))},
        colour,
    )
    function = mine.choices[0].message.tool_calls[0].function
    assert function.parsed_arguments == theirs.choices[0].message.tool_calls[0].function.parsed_arguments
    assert function.parsed_arguments == Weather(city="Rome")


@COLOURS
@pytest.mark.parametrize("finish", ["length", "content_filter"])
def test_cut_answers_are_errors(server, finish, colour):
    arguments = {"model": "m", "messages": MESSAGES, "response_format": Solution}
    theirs, _ = both(server, chat, completion(choice("{", finish=finish)), arguments, arguments, colour)
    assert theirs[0] in {"LengthFinishReasonError", "ContentFilterFinishReasonError"}


@COLOURS
@pytest.mark.parametrize(
    "more",
    [
        {"tools": [{"type": "custom", "custom": {"name": "x"}}]},
        {"tools": [{"type": "function", "function": {"name": "x"}}]},
        {"response_format": int},
        {"response_format": {"type": "json_object"}},
        {},
    ],
)
def test_chat_argument_combinations(server, more, colour):
    arguments = {"model": "m", "messages": MESSAGES, **more}
    both(server, chat, completion(choice("{}")), arguments, arguments, colour)
