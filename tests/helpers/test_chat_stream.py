"""`chat.completions.stream()` and its state: what the official package does not do, ends, breaks and cost."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from time import thread_time

import pytest

import antiphon
from antiphon.errors import LengthFinishReasonError, ReadTimeout, StreamInterrupted, StreamTruncated
from antiphon.helpers.chat_stream import ChatCompletionStreamState
from antiphon.helpers.schema import pydantic_function_tool
from antiphon.types.chat import ChatCompletionChunk

from ..transports.rude import Rude, chunked_head, hang
from ..transports.rude import chunk as rude_chunk
from .conftest import sse
from .recorded import call_chunks, chunk, content_chunks, token, usage_chunk

ARGUMENTS = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


@dataclasses.dataclass
class Answer:
    value: int
    why: str = ""


def fed(*chunks, **options):
    state = ChatCompletionStreamState(**options)
    return state, [event for data in chunks for event in state.handle_chunk(ChatCompletionChunk._view(data))]


def kinds(events):
    return [event.type for event in events if event.type != "chunk"]


def test_partial_values_and_the_final_one():
    state, events = fed(*content_chunks('{"value": 12, "why": "because"}', size=6), response_format=Answer)
    partial = [event.parsed for event in events if event.type == "content.delta"]
    assert partial[0] is None
    assert partial[3] == {"value": 12}
    done = next(event for event in events if event.type == "content.done")
    assert done.parsed == Answer(12, "because")
    assert state.get_final_completion().choices[0].message.parsed == Answer(12, "because")


def test_the_living_snapshot():
    state = ChatCompletionStreamState(response_format=Answer)
    with pytest.raises(RuntimeError, match="no chunk"):
        _ = state.current_completion_snapshot
    chunks = content_chunks('{"value": 12}', size=11)
    for data in chunks[:2]:
        (event, *_) = state.handle_chunk(ChatCompletionChunk._view(data))
    snapshot = state.current_completion_snapshot
    assert event.snapshot is snapshot
    assert snapshot.choices[0].message.content == '{"value": 1'
    assert snapshot.choices[0].message.parsed == {"value": 1}
    for data in chunks[2:]:
        state.handle_chunk(ChatCompletionChunk._view(data))
    assert state.current_completion_snapshot is snapshot
    assert snapshot.choices[0].message.parsed == Answer(12)
    assert snapshot.choices[0].finish_reason == "stop"
    final = state.get_final_completion()
    final.choices[0].message.content = "changed"
    assert snapshot.choices[0].message.content == '{"value": 12}'


def test_a_role_in_every_chunk_is_one_role():
    state, _ = fed(*(chunk({"role": "assistant", "content": piece}) for piece in "abc"), chunk({}, finish="stop"))
    message = state.get_final_completion().choices[0].message
    assert (message.role, message.content) == ("assistant", "abc")


def test_usage_that_was_told_once_stays():
    state, _ = fed(*content_chunks("hi"), usage_chunk(), chunk())
    assert state.get_final_completion().usage.total_tokens == 8


def test_a_call_that_comes_whole_with_the_end_is_done_too():
    call = {"index": 0, "id": "c", "type": "function", "function": {"name": "Answer", "arguments": '{"value": 1}'}}
    state, events = fed(
        chunk({"tool_calls": [call]}, finish="tool_calls"), input_tools=[pydantic_function_tool(Answer)]
    )
    assert kinds(events) == ["tool_calls.function.arguments.delta", "tool_calls.function.arguments.done"]
    assert events[-1].parsed_arguments == Answer(1)
    assert state.get_final_completion().choices[0].message.tool_calls[0].function.parsed_arguments == Answer(1)


def test_partial_arguments():
    _, events = fed(*call_chunks(("Answer", '{"value": 12, "why": "x"}')), input_tools=[pydantic_function_tool(Answer)])
    deltas = [event for event in events if event.type == "tool_calls.function.arguments.delta"]
    assert [event.arguments for event in deltas][:3] == ["", '{"val', '{"value": ']
    assert [event.parsed_arguments for event in deltas][-3:] == [
        {"value": 12},
        {"value": 12},
        {"value": 12, "why": "x"},
    ]


def test_choices_that_begin_out_of_order():
    state, _ = fed(chunk({"content": "b"}, index=1), chunk({"content": "a"}), chunk({}, index=1, finish="stop"))
    assert [one.message.content for one in state.current_completion_snapshot.choices] == ["a", "b"]


def test_a_view_on_the_first_choice_does_not_hide_the_second():
    state, _ = fed(chunk({"content": "a"}))
    snapshot = state.current_completion_snapshot
    assert snapshot.choices[0].message.content == "a"
    state.handle_chunk(ChatCompletionChunk._view(chunk({"content": "b"}, index=1)))
    assert [one.message.content for one in state.current_completion_snapshot.choices] == ["a", "b"]
    assert [one.message.content for one in snapshot.choices] == ["a", "b"]


def test_log_probabilities_so_far():
    logprobs = [{"content": [token(text)], "refusal": None} for text in "abc"]
    state, events = fed(*(chunk({"content": "x"}, logprobs=entry) for entry in logprobs), chunk({}, finish="stop"))
    deltas = [event for event in events if event.type == "logprobs.content.delta"]
    assert [[one.token for one in event.snapshot] for event in deltas] == [["a"], ["a", "b"], ["a", "b", "c"]]
    assert [one.token for one in state.get_final_completion().choices[0].logprobs.content] == ["a", "b", "c"]


def test_chunks_are_not_changed():
    data = call_chunks(("f", '{"a": 1}'), ("g", "{}"))
    before = repr(data)
    state, events = fed(*data)
    for event in events:
        event.to_dict()
    state.get_final_completion()
    assert repr(data) == before


def sync(url, use, **arguments):
    with (
        antiphon.OpenAI(api_key="sk-1", base_url=url, max_retries=0) as client,
        client.chat.completions.stream(**ARGUMENTS, **arguments) as stream,
    ):
        return use(stream)


def drive(url, use, **arguments):
    async def run():
        async with (
            antiphon.AsyncOpenAI(api_key="sk-1", base_url=url, max_retries=0) as client,
            client.chat.completions.stream(**ARGUMENTS, **arguments) as stream,
        ):
            return await use(stream)

    return asyncio.run(run())


def test_shells(server):
    server.answers = [sse(*content_chunks("Hello"), done=True)]

    def use(stream):
        assert next(stream).type == "chunk"
        assert stream.until_done() is stream
        assert stream.response.status_code == 200
        assert stream.current_completion_snapshot.choices[0].message.content == "Hello"
        stream.close()
        return stream.get_final_completion().choices[0].message.content

    async def use_async(stream):
        assert (await anext(stream)).type == "chunk"
        assert await stream.until_done() is stream
        assert stream.response.status_code == 200
        assert stream.current_completion_snapshot.choices[0].message.content == "Hello"
        await stream.close()
        return (await stream.get_final_completion()).choices[0].message.content

    assert sync(server.url, use) == drive(server.url, use_async) == "Hello"
    assert server.asked[0].headers["x-stainless-helper-method"] == "chat.completions.stream"


@pytest.mark.parametrize("cut", [False, True])
def test_a_stream_that_breaks_leaves_what_had_come(server, cut):
    server.answers = [sse(*content_chunks("Hello, you")[:3])._replace(cut=cut)]

    async def use(stream):
        await stream.until_done()

    for run in (lambda: sync(server.url, lambda stream: stream.until_done()), lambda: drive(server.url, use)):
        with pytest.raises(StreamInterrupted if cut else StreamTruncated) as broken:
            run()
        assert broken.value.partial.choices[0].message.content == "Hello, y"


def test_a_stream_that_falls_silent_leaves_what_had_come():
    said = b"".join(b"data: %b\n\n" % json.dumps(item).encode() for item in content_chunks("Hello, you")[:3])
    head = chunked_head("Content-Type: text/event-stream")

    async def use(stream):
        await stream.until_done()

    with Rude([head, rude_chunk(said), hang]) as rude:
        for run in (sync, drive):
            done = use if run is drive else lambda stream: stream.until_done()
            with pytest.raises(ReadTimeout) as broken:
                run(f"{rude.url}/v1", done, timeout=0.3)
            assert broken.value.partial.choices[0].message.content == "Hello, y"


def test_an_answer_cut_at_its_limit_carries_the_completion(server):
    server.answers = [sse(*content_chunks('{"value": 1', finish="length"), done=True)]

    async def use(stream):
        await stream.until_done()

    for run in (
        lambda: sync(server.url, lambda stream: stream.until_done(), response_format=Answer),
        lambda: drive(server.url, use, response_format=Answer),
    ):
        with pytest.raises(LengthFinishReasonError) as cut:
            run()
        assert cut.value.completion.choices[0].message.content == '{"value": 1'


def test_fifty_thousand_deltas_cost_what_they_are():
    def cost(count, look):
        views = [ChatCompletionChunk._view(data) for data in content_chunks("abcd" * count)]
        state = ChatCompletionStreamState()
        began = thread_time()
        for view in views:
            for event in state.handle_chunk(view):
                if look and event.type == "content.delta":
                    len(event.snapshot)
        return (thread_time() - began) / count

    for look in (False, True):
        assert min(cost(50_000, look) for _ in range(2)) < 5 * min(cost(5_000, look) for _ in range(3))
