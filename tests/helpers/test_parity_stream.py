"""The stream helpers give the events, snapshots and final objects the official package gives, in both colours.

What was seen is written down when it is seen, since snapshots go on growing.
"""

from __future__ import annotations

import asyncio
import contextlib
import warnings

import openai
import pydantic
import pytest

import antiphon
from antiphon.helpers.schema import pydantic_function_tool, pydantic_responses_function_tool

from .conftest import sse
from .recorded import (
    TEXT,
    call,
    call_chunks,
    call_events,
    chunk,
    content_chunks,
    dumped,
    message,
    message_events,
    pieces,
    response,
    response_events,
    token,
    usage_chunk,
)


class Step(pydantic.BaseModel):
    explanation: str
    output: str


class Solution(pydantic.BaseModel):
    steps: list[Step]
    final_answer: str


class Weather(pydantic.BaseModel):
    city: str


COLOURS = pytest.mark.parametrize("colour", ["sync", "async"])


def known_as(error):
    """The official package raises bare `RuntimeError`s, antiphon typed ones that are caught as such."""
    return "RuntimeError" if isinstance(error, RuntimeError) else type(error).__name__


def watch(package, url, manager, final, colour):
    """Every event as it was when it came, then the final object; or where it ended, and with which error."""
    options = {"api_key": "sk-1", "base_url": url, "max_retries": 0}
    seen = []

    def note(event):
        seen.append((event.type, dumped(event)))

    if colour == "sync":
        with package.OpenAI(**options) as client:
            try:
                with manager(client) as stream:
                    for event in stream:
                        note(event)
                    return seen, getattr(stream, final)()
            except Exception as error:
                return seen, known_as(error)

    async def run():
        async with package.AsyncOpenAI(**options) as client:
            try:
                async with manager(client) as stream:
                    async for event in stream:
                        note(event)
                    return seen, await getattr(stream, final)()
            except Exception as error:
                return seen, known_as(error)

    return asyncio.run(run())


def both(server, method, final, answer, official, ours, colour):
    server.answers = [answer]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        their_events, theirs = watch(openai, server.url, lambda c: method(c)(**official), final, colour)
        their_final = dumped(theirs)
    our_events, mine = watch(antiphon, server.url, lambda c: method(c)(**ours), final, colour)
    assert [kind for kind, _ in our_events] == [kind for kind, _ in their_events]
    for (_, our_event), (_, their_event) in zip(our_events, their_events, strict=True):
        # The official package drops what it does not know from the events it makes itself.
        our_event.pop("obfuscation", None)
        their_event.pop("obfuscation", None)
        assert our_event == their_event
    assert dumped(mine) == their_final
    one, other = server.asked
    assert (one.verb, one.path, one.body and one.json) == (other.verb, other.path, other.body and other.json)
    return theirs, mine


def responses(client):
    return client.responses.stream


RESPONSES = {
    "text": response_events(message_events("Hello, world! Grüße 🎉"), [message("Hello, world! Grüße 🎉")]),
    "structured": response_events(message_events(TEXT), [message(TEXT)]),
    "phases": response_events(
        [
            *message_events("let me see", 0, id="msg_0", phase="commentary"),
            *message_events(TEXT, 1, phase="final_answer"),
        ],
        [message("let me see", id="msg_0", phase="commentary"), message(TEXT, phase="final_answer")],
    ),
    "calls": response_events(
        [
            *call_events("Weather", '{"city":"Rome"}', 0),
            *call_events("other", '{"a": [1, 2]}', 1, id="fc_2", call_id="call_2"),
            *message_events(TEXT, 2),
        ],
        [
            call("Weather", '{"city":"Rome"}'),
            call("other", '{"a": [1, 2]}', id="fc_2", call_id="call_2"),
            message(TEXT),
        ],
    ),
    "reasoning": response_events(
        [
            {
                "type": "response.output_item.added",
                "output_index": 0,
                "item": {"type": "reasoning", "id": "rs_1", "summary": []},
            },
            {
                "type": "response.reasoning_summary_text.delta",
                "item_id": "rs_1",
                "output_index": 0,
                "summary_index": 0,
                "delta": "hm",
            },
            {
                "type": "response.output_item.done",
                "output_index": 0,
                "item": {"type": "reasoning", "id": "rs_1", "summary": []},
            },
            *message_events(TEXT, 1),
        ],
        [{"type": "reasoning", "id": "rs_1", "summary": []}, message(TEXT)],
    ),
    "output left out at the end": response_events(message_events(TEXT), None),
    "incomplete": response_events(
        message_events(TEXT)[:6], [], end="incomplete", incomplete_details={"reason": "max_output_tokens"}
    ),
    "failed": response_events(
        message_events(TEXT)[:6], [], end="failed", error={"code": "server_error", "message": "no"}
    ),
    "empty item": response_events(
        [{"type": "response.output_item.added", "output_index": 0, "item": None}, *message_events(TEXT, 1)],
        [message(TEXT)],
    ),
    # Streams whose order or identities make no sense:
    "no beginning": response_events(message_events(TEXT), [message(TEXT)])[1:],
    "no item": response_events(message_events(TEXT)[1:], [message(TEXT)]),
    "two items in one place": response_events([*message_events(TEXT), *message_events(TEXT)], [message(TEXT)]),
    "unfinished item": response_events(message_events(TEXT)[:-1], []),
    "another item is done": response_events(
        [*message_events(TEXT)[:-1], {**message_events(TEXT)[-1], "item": message(TEXT, id="x")}], []
    ),
    "another response": [
        *response_events(message_events(TEXT), [message(TEXT)])[:-1],
        {"type": "response.completed", "response": response([message(TEXT)], id="resp_2"), "sequence_number": 99},
    ],
    "content does not fit": response_events(message_events('{"steps": 3}'), [message('{"steps": 3}')]),
}
for events in RESPONSES.values():
    for number, event in enumerate(events):
        event["sequence_number"] = number


@COLOURS
@pytest.mark.parametrize("kind", RESPONSES)
@pytest.mark.parametrize("typed", [False, True])
def test_responses_stream(server, kind, typed, colour):
    official = {"model": "m", "input": "hi"}
    ours = dict(official)
    if typed:
        official |= {"text_format": Solution, "tools": [openai.lib._tools.pydantic_responses_function_tool(Weather)]}
        ours |= {"text_format": Solution, "tools": [pydantic_responses_function_tool(Weather)]}
    if typed and kind == "text":
        official.pop("text_format")
        ours.pop("text_format")
    theirs, mine = both(server, responses, "get_final_response", sse(*RESPONSES[kind]), official, ours, colour)
    if typed and kind in ("structured", "phases", "calls", "reasoning", "output left out at the end"):
        assert isinstance(mine.output_parsed, Solution)
        assert mine.output_parsed.final_answer == theirs.output_parsed.final_answer


@COLOURS
@pytest.mark.parametrize("after", [None, 4])
def test_a_stored_response_is_continued(server, after, colour):
    arguments = {"response_id": "resp_1", "text_format": Solution}
    if after is not None:
        arguments["starting_after"] = after
    answer = sse(*RESPONSES["structured"])
    _, mine = both(server, responses, "get_final_response", answer, arguments, arguments, colour)
    assert mine.output_parsed.final_answer == "x = 2"
    assert server.asked[1].path == "/v1/responses/resp_1?stream=true"


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"model": "m"},
        {"input": "hi"},
        {"response_id": "r", "model": "m"},
        {"starting_after": 3},
        {"starting_after": 3, "input": "x"},
        {"model": "m", "input": "x", "text_format": Solution, "text": {"format": {"type": "text"}}},
        {"model": "m", "input": "x", "text_format": int},
    ],
)
def test_arguments_that_contradict_each_other(arguments):
    client = openai.OpenAI(api_key="sk-1")
    with pytest.raises((ValueError, TypeError)) as theirs:
        client.responses.stream(**arguments)
    with antiphon.OpenAI(api_key="sk-1") as ours, pytest.raises(type(theirs.value)):
        ours.responses.stream(**arguments)
    client.close()


def chat(client):
    return client.chat.completions.stream


def interleaved(*streams):
    return [each for group in zip(*streams, strict=True) for each in group]


REFUSAL = [
    chunk({"role": "assistant", "content": None, "refusal": ""}),
    *(chunk({"refusal": piece}) for piece in pieces("I cannot do that")),
    chunk({}, finish="stop"),
]
LOGPROBS = [
    chunk({"role": "assistant", "content": ""}, logprobs={"content": [], "refusal": None}),
    chunk({"content": "He"}, logprobs={"content": [token("He")], "refusal": None}),
    chunk({"content": "llo"}, logprobs={"content": [token("l"), token("lo")], "refusal": None}),
    chunk({}, finish="stop"),
]
REFUSAL_LOGPROBS = [
    chunk({"role": "assistant", "refusal": "N"}, logprobs={"content": None, "refusal": [token("N")]}),
    chunk({"refusal": "o"}, logprobs={"content": None, "refusal": [token("o")]}),
    chunk({}, finish="stop"),
]
CHATS = {
    "text": content_chunks("Hello, world! Grüße 🎉"),
    "text and usage": [*content_chunks("Hello"), usage_chunk()],
    "structured": content_chunks(TEXT),
    "two choices": interleaved(content_chunks(TEXT), content_chunks(TEXT, index=1)),
    "refusal": REFUSAL,
    "logprobs": LOGPROBS,
    "refusal logprobs": REFUSAL_LOGPROBS,
    "one call": call_chunks(("Weather", '{"city":"Rome"}')),
    "three calls": call_chunks(("Weather", '{"city":"Rome"}'), ("other", '{"a": 1}'), ("Weather", '{"city":"Oslo"}')),
    "content, then a call": [
        *content_chunks(TEXT)[:-1],
        *call_chunks(("Weather", '{"city":"Rome"}'))[1:],
    ],
    "cut at the limit": content_chunks(TEXT[:20], finish="length"),
    "filtered": content_chunks(TEXT[:20], finish="content_filter"),
    "azure": [chunk(object=""), *content_chunks(TEXT), chunk(object="")],
    "does not fit": content_chunks('{"steps": 3}'),
}


@COLOURS
@pytest.mark.parametrize("kind", CHATS)
@pytest.mark.parametrize("typed", [False, True])
def test_chat_stream(server, kind, typed, colour):
    official = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
    ours = dict(official)
    if typed:
        official |= {"response_format": Solution, "tools": [openai.pydantic_function_tool(Weather)]}
        ours |= {"response_format": Solution, "tools": [pydantic_function_tool(Weather)]}
    if typed and kind in ("text", "text and usage", "logprobs"):
        official.pop("response_format")
        ours.pop("response_format")
    answer = sse(*CHATS[kind], done=True)
    theirs, mine = both(server, chat, "get_final_completion", answer, official, ours, colour)
    if typed and kind in ("structured", "content, then a call", "azure"):
        assert mine.choices[0].message.parsed == theirs.choices[0].message.parsed
        assert isinstance(mine.choices[0].message.parsed, Solution)
    if typed and kind == "three calls":
        assert [one.function.parsed_arguments for one in mine.choices[0].message.tool_calls] == [
            Weather(city="Rome"),
            None,
            Weather(city="Oslo"),
        ]


@pytest.mark.parametrize("kind", CHATS)
def test_the_state_alone(kind):
    from openai.lib.streaming.chat import ChatCompletionStreamState as TheirState
    from openai.types.chat import ChatCompletionChunk as TheirChunk

    from antiphon.helpers.chat_stream import ChatCompletionStreamState
    from antiphon.types.chat import ChatCompletionChunk

    theirs, ours = TheirState(), ChatCompletionStreamState()
    for data in CHATS[kind]:
        if data["object"]:
            their_events = [
                (event.type, dumped(event)) for event in theirs.handle_chunk(TheirChunk.model_validate(data))
            ]
            our_events = [
                (event.type, dumped(event)) for event in ours.handle_chunk(ChatCompletionChunk.model_validate(data))
            ]
            assert our_events == their_events
            assert dumped(ours.current_completion_snapshot) == dumped(theirs.current_completion_snapshot)
    with contextlib.ExitStack() as stack:
        if kind in ("cut at the limit", "filtered"):
            stack.enter_context(pytest.raises(antiphon.OpenAIError))
        final = ours.get_final_completion()
        assert dumped(final) == dumped(theirs.get_final_completion())
