"""Runs of assistants streamed over a real socket, in both colours, and beside the official package."""

import asyncio
import gc
import json
import time

import openai
import pytest

import antiphon
from antiphon.errors import APITimeoutError, StreamTruncated
from antiphon.helpers.assistant_stream import (
    AssistantEventHandler,
    AssistantStreamManager,
    AsyncAssistantEventHandler,
)

from .assistant_run import CALLBACKS, EVENTS, async_recorder, recorder, run, text, wire
from .conftest import Answer
from .test_assistant_snapshot import cast

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

ARGUMENTS = {"thread_id": "t_1", "assistant_id": "a_1"}


def streamed(events=EVENTS, **more):
    return Answer(wire(events, **more), "text/event-stream")


@pytest.fixture
def client(server):
    server.answers = [streamed()]
    with antiphon.OpenAI(api_key="sk-test", base_url=server.url, max_retries=0) as made:
        yield made


def on_asyncio(server, work):
    async def main():
        async with antiphon.AsyncOpenAI(api_key="sk-test", base_url=server.url, max_retries=0) as made:
            return await work(made)

    return asyncio.run(main())


# What it asks for


@pytest.mark.parametrize(
    ("method", "arguments", "path", "helper"),
    [
        ("runs.stream", ARGUMENTS, "/v1/threads/t_1/runs", "threads.runs.create_and_stream"),
        (
            "runs.stream",
            {**ARGUMENTS, "include": ["step_details.tool_calls[*].file_search.results[*].content"], "model": "gpt-5.5"},
            "/v1/threads/t_1/runs?include[]=step_details.tool_calls[*].file_search.results[*].content",
            "threads.runs.create_and_stream",
        ),
        ("runs.create_and_stream", ARGUMENTS, "/v1/threads/t_1/runs", "threads.runs.create_and_stream"),
        (
            "runs.submit_tool_outputs_stream",
            {"thread_id": "t_1", "run_id": "r_1", "tool_outputs": [{"tool_call_id": "c", "output": "42"}]},
            "/v1/threads/t_1/runs/r_1/submit_tool_outputs",
            "threads.runs.submit_tool_outputs_stream",
        ),
        (
            "create_and_run_stream",
            {"assistant_id": "a_1", "thread": {"messages": [{"role": "user", "content": "Hi"}]}},
            "/v1/threads/runs",
            "threads.create_and_run_stream",
        ),
    ],
)
@pytest.mark.parametrize("handled", [True, False])
def test_the_request_is_the_official_one(server, client, method, arguments, path, helper, handled):
    from urllib.parse import unquote

    def make(package, made):
        found = made.beta.threads
        for name in method.split("."):
            found = getattr(found, name)
        prefix = "Async" if made.__class__.__name__.startswith("Async") else ""
        own = {"event_handler": getattr(package, f"{prefix}AssistantEventHandler")()} if handled else {}
        return found(**arguments, **own, extra_headers={"X-Own": "1"})

    with make(antiphon, client) as stream:
        stream.until_done()
    with openai.OpenAI(api_key="sk-test", base_url=server.url) as official, make(openai, official) as stream:
        stream.until_done()

    async def work(made):
        async with make(antiphon, made) as stream:
            await stream.until_done()

    on_asyncio(server, work)
    ours, theirs, ours_on_asyncio = server.asked
    for asked in (ours, ours_on_asyncio):
        assert unquote(asked.path) == unquote(theirs.path) == path
        assert asked.json == theirs.json
        assert asked.json["stream"] is True
        for name in ("x-stainless-stream-helper", "x-stainless-custom-event-handler", "openai-beta", "x-own"):
            assert asked.headers[name] == theirs.headers[name], name
    assert ours.headers["x-stainless-stream-helper"] == helper
    assert ours.headers["openai-beta"] == "assistants=v2"


def test_a_manager_that_is_not_entered_asks_for_nothing(server, client):
    client.beta.threads.runs.stream(**ARGUMENTS)

    async def work(made):
        made.beta.threads.runs.stream(**ARGUMENTS)

    on_asyncio(server, work)
    gc.collect()
    assert server.asked == []


def test_the_async_manager_takes_a_coroutine_as_the_official_one_does():
    from antiphon.helpers.assistant_stream import AsyncAssistantStreamManager

    class Made:
        async def close(self):
            pass

    async def call():
        return Made()

    async def work():
        async with AsyncAssistantStreamManager(call(), event_handler=AsyncAssistantEventHandler()) as handler:
            assert handler.current_run is None

    asyncio.run(work())


# What it tells


def test_the_callbacks_are_the_official_ones(server, client):
    ours, on_asyncio_, theirs = [], [], []
    with client.beta.threads.runs.stream(**ARGUMENTS, event_handler=recorder(AssistantEventHandler, ours)) as stream:
        stream.until_done()

    async def work(made):
        handler = async_recorder(AsyncAssistantEventHandler, on_asyncio_)
        async with made.beta.threads.runs.stream(**ARGUMENTS, event_handler=handler) as stream:
            await stream.until_done()

    on_asyncio(server, work)
    official = openai.OpenAI(api_key="sk-test", base_url=server.url)
    with official.beta.threads.runs.stream(
        **ARGUMENTS, event_handler=recorder(openai.AssistantEventHandler, theirs)
    ) as stream:
        stream.until_done()
    assert on_asyncio_ == ours
    # The official package says a second time, when the run ends, that the last tool call is done.
    again = max(position for position, note in enumerate(theirs) if note[0] == "on_tool_call_done")
    assert [note[0] for note in theirs].count("on_tool_call_done") == 3
    del theirs[again]
    assert [note[0] for note in ours] == [note[0] for note in theirs]
    assert ours == theirs


def test_iterating_gives_the_events_after_their_callbacks(client):
    seen = []

    class Handler(AssistantEventHandler):
        def on_event(self, event):
            assert self.current_event is event
            seen.append(("callback", event.event))

    with client.beta.threads.runs.stream(**ARGUMENTS, event_handler=Handler()) as stream:
        for event in stream:
            assert stream.current_event is None
            seen.append(("event", event.event))
    assert seen == [(kind, item["event"]) for item in EVENTS for kind in ("callback", "event")]


def test_final_results_text_deltas_and_snapshots(server, client):
    with client.beta.threads.runs.stream(**ARGUMENTS) as stream:
        assert next(stream).event == "thread.created"
        assert list(stream.text_deltas) == ["Hello", ", wör", "ld", "B", "ye"]
        assert stream.get_final_run().status == "completed"
        assert [message.id for message in stream.get_final_messages()] == ["msg_1"]
        (step,) = stream.get_final_run_steps()
        assert (step.status, step.step_details.tool_calls[0].code_interpreter.input) == ("completed", "1+1")
        assert stream.current_message_snapshot.content[2].text.value == "Bye"

    async def work(made):
        async with made.beta.threads.runs.stream(**ARGUMENTS) as stream:
            assert (await anext(stream)).event == "thread.created"
            texts = [piece async for piece in stream.text_deltas]
            await stream.until_done()
            return (
                texts,
                await stream.get_final_run(),
                await stream.get_final_messages(),
                await stream.get_final_run_steps(),
            )

    texts, final_run, messages, steps = on_asyncio(server, work)
    assert texts == ["Hello", ", wör", "ld", "B", "ye"]
    assert (final_run.id, len(messages), len(steps)) == ("run_1", 1, 1)


@pytest.mark.parametrize("method", ["get_final_run", "get_final_messages", "get_final_run_steps"])
def test_what_never_came_cannot_be_final(server, client, method):
    server.answers = [streamed([EVENTS[0]])]
    with client.beta.threads.runs.stream(**ARGUMENTS) as stream, pytest.raises(RuntimeError, match="ended without"):
        getattr(stream, method)()


def test_all_seventeen_callbacks_exist():
    assert len(CALLBACKS) == 17
    for kind in (AssistantEventHandler, AsyncAssistantEventHandler):
        assert {name for name in vars(kind) if name.startswith("on_")} == set(CALLBACKS)
    assert set(CALLBACKS) == {name for name in vars(openai.AssistantEventHandler) if name.startswith("on_")}


def test_a_callback_set_on_the_instance_is_heard(client):
    seen = []
    handler = AssistantEventHandler()
    handler.on_text_delta = lambda delta, snapshot: seen.append((delta.value, snapshot.value))
    with client.beta.threads.runs.stream(**ARGUMENTS, event_handler=handler) as stream:
        stream.until_done()
    assert seen[:3] == [("Hello", "Hello"), (", wör", "Hello, wör"), ("ld", "Hello, wörld")]


# How it ends


def test_a_handler_serves_one_stream(client):
    handler = AssistantEventHandler()
    with client.beta.threads.runs.stream(**ARGUMENTS, event_handler=handler):
        pass
    with (
        pytest.raises(RuntimeError, match="one stream only"),
        client.beta.threads.runs.stream(**ARGUMENTS, event_handler=handler),
    ):
        pass


def test_a_handler_without_a_stream_says_so():
    with pytest.raises(RuntimeError, match="with block"):
        next(AssistantEventHandler())

    async def work():
        await anext(AsyncAssistantEventHandler())

    with pytest.raises(RuntimeError, match="with block"):
        asyncio.run(work())
    AssistantEventHandler().close()


def test_a_callback_that_fails_ends_the_stream_and_is_told(server, client):
    ended = []

    class Handler(AssistantEventHandler):
        def on_text_delta(self, delta, snapshot):
            raise ZeroDivisionError

        def on_exception(self, exception):
            ended.append(type(exception))

        def on_end(self):
            ended.append("end")

    class AsyncHandler(AsyncAssistantEventHandler):
        async def on_text_delta(self, delta, snapshot):
            raise ZeroDivisionError

        async def on_exception(self, exception):
            ended.append(type(exception))

        async def on_end(self):
            ended.append("end")

    with (
        pytest.raises(ZeroDivisionError),
        client.beta.threads.runs.stream(**ARGUMENTS, event_handler=Handler()) as stream,
    ):
        stream.until_done()

    async def work(made):
        async with made.beta.threads.runs.stream(**ARGUMENTS, event_handler=AsyncHandler()) as stream:
            await stream.until_done()

    with pytest.raises(ZeroDivisionError):
        on_asyncio(server, work)
    assert ended == [ZeroDivisionError, "end"] * 2


def test_a_cut_stream_raises_with_the_message_so_far(server, client):
    server.answers = [streamed(EVENTS[:16], done=False)]
    told = []

    class Handler(AssistantEventHandler):
        def on_exception(self, exception):
            told.append(exception)

    with (
        pytest.raises(StreamTruncated) as raised,
        client.beta.threads.runs.stream(**ARGUMENTS, event_handler=Handler()) as stream,
    ):
        stream.until_done()
    assert raised.value.partial.content[0].text.value == "Hello, wör"
    assert told == [raised.value]


class Timed:
    """A stream that times out after some events."""

    def __init__(self, events):
        self._events = iter(events)

    def __iter__(self):
        yield from self._events
        raise APITimeoutError

    async def __aiter__(self):
        for item in self._events:
            yield item
        raise APITimeoutError

    def close(self):
        pass


def test_a_timeout_is_told_twice_and_raised():
    notes = []
    handler = recorder(AssistantEventHandler, notes)
    with pytest.raises(APITimeoutError), AssistantStreamManager(lambda: Timed([]), event_handler=handler) as stream:
        stream.until_done()
    assert notes == [["on_timeout"], ["on_exception", "APITimeoutError"], ["on_end"]]
    with (
        pytest.raises(APITimeoutError) as raised,
        AssistantStreamManager(lambda: Timed(map(cast, EVENTS[:16])), event_handler=AssistantEventHandler()) as stream,
    ):
        stream.until_done()
    assert raised.value.partial.content[0].text.value == "Hello, wör"

    notes.clear()
    handler = async_recorder(AsyncAssistantEventHandler, notes)

    async def work():
        handler._init(Timed([]))
        await handler.until_done()

    with pytest.raises(APITimeoutError):
        asyncio.run(work())
    assert notes == [["on_timeout"], ["on_exception", "APITimeoutError"], ["on_end"]]


def test_leaving_early_ends_and_closes(client):
    notes = []
    with client.beta.threads.runs.stream(**ARGUMENTS, event_handler=recorder(AssistantEventHandler, notes)) as stream:
        next(stream)
        stream.close()
    del stream
    gc.collect()
    assert notes[0][0] == "on_event"


# How it scales


def test_a_hundred_thousand_deltas_cost_no_more_each_than_ten_thousand():
    from antiphon.core.reference import caster_of

    cast = caster_of("beta.assistant_stream_event:AssistantStreamEvent")

    class Handler(AssistantEventHandler):
        last = ""

        def on_text_delta(self, delta, snapshot):
            Handler.last = delta.value

    def seconds(count):
        body = json.loads(json.dumps([EVENTS[12], *(text(0, "twelve bytes") for _ in range(count)), run("completed")]))
        handler = Handler()
        handler._init([cast(item) for item in body])
        began = time.thread_time()
        handler.until_done()
        passed = time.thread_time() - began
        assert len(handler.current_message_snapshot.content[0].text.value) == 12 * count
        return passed

    small = min(seconds(10_000) for _ in range(3))
    assert seconds(100_000) < small * 10 * 3
