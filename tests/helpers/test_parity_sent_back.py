"""Parsed items that go back as input are sent as the official package sends them, whatever form they come in."""

from __future__ import annotations

import asyncio

import openai
import pydantic
import pytest

import antiphon
from antiphon.helpers.schema import pydantic_function_tool, pydantic_responses_function_tool

from .conftest import plain, sse
from .recorded import TEXT, call, choice, completion, message, response, tool_call


class Step(pydantic.BaseModel):
    explanation: str
    output: str


class Solution(pydantic.BaseModel):
    steps: list[Step]
    final_answer: str


class Weather(pydantic.BaseModel):
    city: str


OUTPUT = [
    {"type": "reasoning", "id": "rs_1", "summary": []},
    message(TEXT, extra={"kept": None}),
    call("Weather", '{"city":"Rome"}'),
]
RESPONSE = response(OUTPUT)
CHAT = completion(
    choice(TEXT, finish="tool_calls", tool_calls=[tool_call("Weather", '{"city":"Rome"}')]),
    choice(None, index=1, refusal="no"),
)
TOOLS = {
    openai: (openai.lib._tools.pydantic_responses_function_tool, openai.pydantic_function_tool),
    antiphon: (pydantic_responses_function_tool, pydantic_function_tool),
}
USER = {"role": "user", "content": "and now?"}

INPUTS = {
    "the output": lambda r: r.output,
    "beside a message": lambda r: [USER, *r.output, USER],
    "its parts": lambda r: [{"role": "assistant", "content": r.output[1].content}],
    "its dumps": lambda r: [item.to_dict() for item in r.output],
    "looked at before": lambda r: [item for item in r.output if r.output_parsed and r.output_text],
    "a copy": lambda r: [item.model_copy(deep=True) for item in r.output],
}
MESSAGES = {
    "the message": lambda c: [USER, c.choices[0].message],
    "a refusal": lambda c: [c.choices[1].message],
    "its calls": lambda c: [{"role": "assistant", "tool_calls": c.choices[0].message.tool_calls}],
    "its dump": lambda c: [c.choices[0].message.to_dict()],
}


def parse_and_answer(client, package, form):
    """Parse a response, then send it on."""
    tools = [TOOLS[package][0](Weather)]
    parsed = client.responses.parse(model="m", input="hi", text_format=Solution, tools=tools)
    client.responses.create(model="m", input=INPUTS[form](parsed))


def stream_and_answer(client, package, form):
    """As `parse_and_answer`, from the end of a stream."""
    tools = [TOOLS[package][0](Weather)]
    with client.responses.stream(model="m", input="hi", text_format=Solution, tools=tools) as stream:
        parsed = stream.get_final_response()
    client.responses.create(model="m", input=INPUTS[form](parsed))


async def aparse_and_answer(client, package, form):
    tools = [TOOLS[package][0](Weather)]
    parsed = await client.responses.parse(model="m", input="hi", text_format=Solution, tools=tools)
    await client.responses.create(model="m", input=INPUTS[form](parsed))


def chat_and_answer(client, package, form):
    tools = [TOOLS[package][1](Weather)]
    parsed = client.chat.completions.parse(model="m", messages=[USER], response_format=Solution, tools=tools)
    client.chat.completions.create(model="m", messages=MESSAGES[form](parsed))


async def achat_and_answer(client, package, form):
    tools = [TOOLS[package][1](Weather)]
    parsed = await client.chat.completions.parse(model="m", messages=[USER], response_format=Solution, tools=tools)
    await client.chat.completions.create(model="m", messages=MESSAGES[form](parsed))


def sent_by(package, server, work, form, first, second):
    """What the second request of a conversation carried."""
    server.asked.clear()
    server.answers = [first, plain(second)]
    options = {"api_key": "sk-1", "base_url": server.url, "max_retries": 0}
    if not asyncio.iscoroutinefunction(work):
        with package.OpenAI(**options) as client:
            work(client, package, form)
    else:

        async def run():
            async with package.AsyncOpenAI(**options) as client:
                await work(client, package, form)

        asyncio.run(run())
    _, asked = server.asked
    return asked.json


def both(server, work, form, first, second):
    theirs = sent_by(openai, server, work, form, first, second)
    ours = sent_by(antiphon, server, work, form, first, second)
    assert ours == theirs
    return ours


@pytest.mark.filterwarnings("ignore:.*Pydantic serializer warnings:UserWarning")
@pytest.mark.parametrize("work", [parse_and_answer, aparse_and_answer])
@pytest.mark.parametrize("form", INPUTS)
def test_parsed_output_goes_back_as_input(server, work, form):
    sent = both(server, work, form, plain(RESPONSE), RESPONSE)["input"]
    if form in ("the output", "looked at before", "a copy"):
        assert sent == OUTPUT
        assert "parsed" not in str(sent)


@pytest.mark.parametrize("form", ["the output", "beside a message", "looked at before"])
def test_streamed_output_goes_back_as_input(server, form):
    events = sse(
        {"type": "response.created", "sequence_number": 0, "response": response([], status="in_progress")},
        {"type": "response.completed", "sequence_number": 1, "response": RESPONSE},
    )
    sent = both(server, stream_and_answer, form, events, RESPONSE)["input"]
    assert "parsed" not in str(sent)


@pytest.mark.filterwarnings("ignore:.*Pydantic serializer warnings:UserWarning")
@pytest.mark.parametrize("work", [chat_and_answer, achat_and_answer])
@pytest.mark.parametrize("form", MESSAGES)
def test_parsed_messages_go_back_as_messages(server, work, form):
    both(server, work, form, plain(CHAT), CHAT)
