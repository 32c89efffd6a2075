"""1.9: structured output: the schema that is sent, what comes parsed, and what is refused or cut short."""

from __future__ import annotations

import json
from typing import Any, Literal

import pydantic
import pytest

from tests.client.answer import delta, ok, sse

from .duet import Row, check_known, compare, each, entered, got
from .known.parse import KNOWN


class Line(pydantic.BaseModel):
    """A line of a poem."""

    text: str
    meter: Literal["iamb", "trochee"] | None = None


class Poem(pydantic.BaseModel):
    """A poem, with a default and a list."""

    title: str
    lines: list[Line] = pydantic.Field(default_factory=list[Line], description="all of them")
    year: int = 1


@pydantic.dataclasses.dataclass
class Pair:
    """A dataclass of pydantic's."""

    left: int
    right: str


ASKED: list[dict[str, Any]] = [{"role": "user", "content": "x"}]
GOOD = '{"title":"t","lines":[{"text":"a","meter":null}],"year":2}'


def completion(content: str | None = GOOD, finish: str = "stop", **message: Any) -> bytes:
    """A completion of one choice."""
    said = {"role": "assistant", "content": content, **message}
    known = {"id": "c", "object": "chat.completion", "created": 1, "model": "m"}
    return ok({**known, "choices": [{"index": 0, "finish_reason": finish, "message": said}]})


def called(arguments: str, name: str = "Poem") -> bytes:
    """A completion that calls a tool."""
    call = {"id": "t", "type": "function", "function": {"name": name, "arguments": arguments}}
    return completion(None, "tool_calls", tool_calls=[call])


def shown(found: Any) -> Any:
    """What was parsed, choice by choice."""
    choice = found.choices[0]
    calls = choice.message.tool_calls or []
    return {
        "class": type(found).__name__.partition("[")[0],
        "parsed": of(choice.message.parsed),
        "content": choice.message.content,
        "refusal": choice.message.refusal,
        "calls": [[call.function.name, call.function.arguments, of(call.function.parsed_arguments)] for call in calls],
        "finish": choice.finish_reason,
    }


def of(value: Any) -> Any:
    """A parsed value with its class."""
    if isinstance(value, pydantic.BaseModel):
        return [type(value).__name__, value.model_dump()]
    return [type(value).__name__, str(value)] if isinstance(value, Pair) else value


def parsed(**arguments: Any) -> Any:
    """`chat.completions.parse`; a function among the arguments is asked with the package."""

    async def do(client: Any, p: Any) -> Any:
        made = {
            name: value(p) if callable(value) and not isinstance(value, type) else value
            for name, value in arguments.items()
        }
        try:
            return shown(await got(client.chat.completions.parse(model="m", messages=ASKED, **made)))
        except (p.LengthFinishReasonError, p.ContentFilterFinishReasonError) as problem:
            held = getattr(problem, "completion", None)
            return [type(problem).__name__, str(problem), held and held.choices[0].message.content]

    return do


def strict(model: Any, **more: Any) -> Any:
    return lambda p: [p.pydantic_function_tool(model, **more)]


def tool(**function: Any) -> list[Any]:
    return [{"type": "function", "function": {"name": "Poem", "parameters": {"type": "object"}, **function}}]


def responded(text: str = GOOD, **content: Any) -> bytes:
    """A response of one message."""
    part = {"type": "output_text", "text": text, "annotations": [], **content}
    message = {"type": "message", "id": "i", "role": "assistant", "status": "completed", "content": [part]}
    return ok({"id": "r", "object": "response", "status": "completed", "output": [message]})


async def response(client: Any, _: Any) -> Any:
    found = await got(client.responses.parse(model="m", input="x", text_format=Poem))
    return [type(found).__name__.partition("[")[0], of(found.output_parsed), found.output_text]


async def streamed(client: Any, _: Any) -> Any:
    """Events of the chat helper, by their types, and what is final."""
    async with entered(client.chat.completions.stream(model="m", messages=ASKED, response_format=Poem)) as stream:
        kinds = [event.type async for event in each(stream)]
        return [kinds, shown(await got(stream.get_final_completion()))]


PIECES = [GOOD[:9], GOOD[9:30], GOOD[30:]]

ROWS: dict[str, Row] = {
    "a model": Row([completion()], parsed(response_format=Poem)),
    "a dataclass": Row([completion('{"left":1,"right":"b"}')], parsed(response_format=Pair)),
    "nothing asked": Row([completion("plain words")], parsed()),
    "a schema by hand": Row([completion()], parsed(response_format={"type": "json_object"})),
    "a refusal": Row([completion(None, refusal="no")], parsed(response_format=Poem)),
    "no content": Row([completion(None)], parsed(response_format=Poem)),
    "cut": Row([completion('{"tit', "length")], parsed(response_format=Poem)),
    "filtered": Row([completion(None, "content_filter")], parsed(response_format=Poem)),
    "content that does not fit": Row([completion('{"title":5}')], parsed(response_format=Poem)),
    "content that is no JSON": Row([completion("words")], parsed(response_format=Poem)),
    "a class that is none": Row([completion()], parsed(response_format=int)),
    "a tool": Row([called(GOOD)], parsed(tools=strict(Poem))),
    "a tool with a name": Row([called(GOOD, "own")], parsed(tools=strict(Poem, name="own", description="d"))),
    "a tool nobody gave": Row([called(GOOD, "other")], parsed(tools=strict(Poem))),
    "a tool's arguments that do not fit": Row([called('{"title":5}')], parsed(tools=strict(Poem))),
    "a strict tool by hand": Row([called(GOOD)], parsed(tools=tool(strict=True))),
    "a tool that is not strict": Row([called(GOOD)], parsed(tools=tool())),
    "a tool that is no function": Row([called(GOOD)], parsed(tools=[{"type": "custom", "custom": {"name": "n"}}])),
    "a response": Row([responded()], response),
    "a response that does not fit": Row([responded('{"title":5}')], response),
    "a response in words": Row([responded("words")], response),
    "a stream": Row([sse(*(delta(piece) for piece in PIECES), delta("", "stop"))], streamed),
    "the text of its reply": Row([completion(json.dumps({"title": "é☃"}))], parsed(response_format=Poem)),
}


@pytest.mark.parametrize("name", ROWS)
def test_parses(name: str, colour: str) -> None:
    compare(name, ROWS[name], colour, KNOWN)


def test_known_differences_are_of_rows() -> None:
    check_known(KNOWN, ROWS)
