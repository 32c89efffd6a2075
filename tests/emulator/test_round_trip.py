"""What a client was given goes back with the next request, as the real API takes it, with both packages' clients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import openai
import pytest
from pydantic import BaseModel

import antiphon
from antiphon.emulator import Emulator

pytestmark = pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")  # the official package's own

FUNCTION: dict[str, Any] = {
    "name": "get_weather",
    "description": "the weather of a city",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    },
    "strict": True,
}
TOOL: dict[str, Any] = {"type": "function", **FUNCTION}
CHAT_TOOL: dict[str, Any] = {"type": "function", "function": FUNCTION}
ASKED = {"role": "user", "content": "What is the weather in Paris?"}
TOLD = {"role": "user", "content": "Al is 3 years old"}
WAYS: dict[str, Callable[[Any], Any]] = {
    "itself": lambda model: model,
    "to_dict": lambda model: model.to_dict(),
    "model_dump": lambda model: model.model_dump(warnings=False),
    "exclude_none": lambda model: model.model_dump(exclude_none=True, warnings=False),
}


class Person(BaseModel):
    name: str
    age: int


@pytest.fixture(params=[openai.OpenAI, antiphon.OpenAI], ids=["official", "antiphon"])
def either(request: pytest.FixtureRequest, server: Emulator) -> Any:
    with request.param(base_url=server.base_url, api_key="sk-test", max_retries=0) as client:
        yield client


@pytest.mark.parametrize("way", WAYS)
def test_parsed_chat_messages(either: Any, way: str) -> None:
    create, parse = either.chat.completions.create, either.chat.completions.parse
    said = parse(model="gpt-4o", messages=[TOLD], response_format=Person).choices[0].message
    assert said.parsed == Person(name="Al", age=3)
    again = create(model="gpt-4o", messages=[TOLD, WAYS[way](said), TOLD])
    assert again.choices[0].finish_reason == "stop"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("streamed", [False, True])
def test_chat_tool_calls(either: Any, way: str, streamed: bool) -> None:
    if streamed:
        with either.chat.completions.stream(model="gpt-4o", messages=[ASKED], tools=[CHAT_TOOL]) as stream:
            said = stream.get_final_completion().choices[0].message
    else:
        said = either.chat.completions.parse(model="gpt-4o", messages=[ASKED], tools=[CHAT_TOOL]).choices[0].message
    answer = {"role": "tool", "tool_call_id": said.tool_calls[0].id, "content": "sunny"}
    messages = [ASKED, WAYS[way](said), answer]
    assert either.chat.completions.create(model="gpt-4o", messages=messages, tools=[CHAT_TOOL]).choices


@pytest.mark.parametrize(
    "extra", [{"audio": {"id": "a", "data": "x", "expires_at": 1, "transcript": "t"}}, {"audio": None}]
)
def test_chat_messages_with_everything_a_client_writes_out(either: Any, extra: dict[str, Any]) -> None:
    empty = {"refusal": None, "annotations": [], "function_call": None, "tool_calls": None, "parsed": None}
    said: Any = {"role": "assistant", "content": "hi", **empty, **extra}
    assert either.chat.completions.create(model="gpt-4o", messages=[TOLD, said, TOLD]).choices


def test_parsed_outputs_go_back_as_they_are(either: Any) -> None:
    more: Any = {"reasoning": {"effort": "low", "summary": "auto"}, "top_logprobs": 1}
    include = ["reasoning.encrypted_content", "message.output_text.logprobs"]
    first = either.responses.parse(model="gpt-5", input=[TOLD], text_format=Person, include=include, **more)
    assert first.output_parsed == Person(name="Al", age=3)
    assert either.responses.create(model="gpt-5", input=[TOLD, *first.output, TOLD]).status == "completed"
    called = either.responses.parse(model="gpt-5", input=[ASKED], tools=[TOOL])
    result = {"type": "function_call_output", "call_id": called.output[-1].call_id, "output": "sunny"}
    again = either.responses.create(model="gpt-5", input=[ASKED, *called.output, result], tools=[TOOL])
    assert again.output_text


@pytest.mark.parametrize("way", WAYS)
def test_outputs_and_listed_items(either: Any, way: str) -> None:
    include = ["reasoning.encrypted_content", "message.output_text.logprobs"]
    first = either.responses.create(model="gpt-5", input=[TOLD], reasoning={"effort": "low"}, include=include)
    items = either.responses.input_items.list(first.id).data
    given = [WAYS[way](item) for item in (*items, *first.output)]
    assert either.responses.create(model="gpt-5", input=[*given, TOLD]).status == "completed"


@pytest.mark.parametrize("way", ["itself", "to_dict", "exclude_none"])
def test_custom_tool_calls(either: Any, way: str) -> None:
    note: Any = {"type": "custom", "name": "note", "description": "a note"}
    call = either.responses.create(model="gpt-5", input="Make a note: milk", tools=[note]).output[-1]
    result = {"type": "custom_tool_call_output", "call_id": call.call_id, "output": "noted"}
    assert either.responses.create(model="gpt-5", input=[WAYS[way](call), result]).status == "completed"


def test_responses_know_no_parsed_fields(either: Any) -> None:
    said = either.responses.parse(model="gpt-5", input=[TOLD], text_format=Person).output[-1]
    with pytest.raises((openai.BadRequestError, antiphon.BadRequestError)) as caught:
        either.responses.create(model="gpt-5", input=[TOLD, said.to_dict()])
    assert (caught.value.code, caught.value.param) == ("unknown_parameter", "input[1].content[0].parsed")
