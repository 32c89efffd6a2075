"""Whatever events a server streams, each stream helper gives a result or a typed error, and keeps what had come."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from antiphon.helpers.assistant_stream import AssistantEventHandler, AsyncAssistantEventHandler
from antiphon.helpers.background import AsyncBackground, Background
from antiphon.helpers.schema import pydantic_function_tool, pydantic_responses_function_tool

from . import agent_session, assistant_run
from .oddity import HARMLESS, Asker, is_typed, lines, look, odd_streams, official, streamed, told
from .recorded import (
    call,
    call_chunks,
    call_events,
    chunk,
    content_chunks,
    message,
    message_events,
    response_events,
    token,
    usage_chunk,
)
from .test_odd_reply import ASKED, CITY, TEXT, Answer, Weather

COLOURS = pytest.mark.parametrize("colour", ["sync", "async"])

SMALL = ("id", "object", "status", "error", "output")


def small(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Events whose response has only the fields that matter."""
    return [
        {**event, "response": {name: event["response"][name] for name in SMALL}} if "response" in event else event
        for event in events
    ]


RESPONSE_EVENTS = small(
    response_events(
        [*message_events(TEXT, 0, size=7), *call_events("Weather", CITY, 1)[:2], *call_events("Weather", CITY, 1)[-1:]],
        [message(TEXT), call("Weather", CITY)],
    )
)
PLAIN_EVENTS = small(response_events(message_events(TEXT, 0, size=12)[:4], [message(TEXT)]))
CHUNKS = [
    {"id": "c_1", "object": "chat.completion.chunk", "choices": made["choices"]}
    for made in [
        *content_chunks(TEXT, size=7),
        chunk({"content": TEXT}, index=1, finish="stop", logprobs={"content": [token("a")], "refusal": None}),
    ]
] + [usage_chunk()]
CALL_CHUNKS = [
    {"id": "c_1", "object": "chat.completion.chunk", "choices": made["choices"]}
    for made in call_chunks(("Weather", CITY))
]


def event_of(value: Any) -> Any:
    """An event as a user's code looks at it."""
    for name in ("snapshot", "parsed", "arguments", "parsed_arguments", "delta", "type"):
        getattr(value, name, None)
    return look(value)


async def response_stream(asker: Any, client: Any) -> Any:
    tools = [pydantic_responses_function_tool(Weather)]
    manager = client.responses.stream(model="m", input="hi", text_format=Answer, tools=tools)

    async def use(stream: Any) -> Any:
        await asker.events(stream, event_of)
        if hasattr(stream, "current_response_snapshot"):
            look(stream.current_response_snapshot)
        return look(await asker.got(stream.get_final_response()))

    return await asker.within(manager, use)


async def stored(asker: Any, client: Any) -> Any:
    manager = client.responses.stream(response_id="resp_1", starting_after=2)

    async def use(stream: Any) -> Any:
        await asker.events(stream, event_of)
        return look(await asker.got(stream.get_final_response()))

    return await asker.within(manager, use)


async def completion_stream(asker: Any, client: Any) -> Any:
    tools = [pydantic_function_tool(Weather)]
    manager = client.chat.completions.stream(**ASKED, response_format=Answer, tools=tools)

    async def use(stream: Any) -> Any:
        await asker.events(stream, event_of)
        look(stream.current_completion_snapshot)
        return look(await asker.got(stream.get_final_completion()))

    return await asker.within(manager, use)


async def plain_completion_stream(asker: Any, client: Any) -> Any:
    async def use(stream: Any) -> Any:
        await asker.events(stream, event_of)
        return look(await asker.got(stream.get_final_completion()))

    return await asker.within(client.chat.completions.stream(**ASKED), use)


STREAMS: dict[str, tuple[list[Any], bool, Any]] = {
    "responses.stream": (RESPONSE_EVENTS, False, response_stream),
    "responses.stream of a stored one": (PLAIN_EVENTS, False, stored),
    "chat.completions.stream": (CHUNKS, True, completion_stream),
    "chat.completions.stream, plain": (CHUNKS, True, plain_completion_stream),
    "chat.completions.stream with calls": (CALL_CHUNKS, True, completion_stream),
}


def check_partial(problem: BaseException) -> None:
    """What an error has kept can be looked at."""
    look(getattr(problem, "partial", None))


@COLOURS
@pytest.mark.parametrize("name", STREAMS)
def test_a_result_or_a_typed_error(name: str, colour: str) -> None:
    events, done, work = STREAMS[name]
    asker = Asker(colour)

    async def attempt(events: list[Any]) -> BaseException | None:
        body = lines(events, done=done)
        return (await asker.outcome(lambda verb, path: streamed(body), work))[1]

    async def run() -> list[str]:
        problem = await attempt(events)
        assert problem is None, problem
        bad: list[str] = []
        for odd in odd_streams(events):
            if not isinstance(odd.value, list):
                continue
            problem = await attempt(odd.value)
            if problem is not None:
                check_partial(problem)
            if not is_typed(problem):
                bad.append(told(odd, problem))
        return bad

    assert asyncio.run(run()) == []


@pytest.mark.parametrize("name", STREAMS)
def test_a_result_where_the_official_package_gives_one(name: str) -> None:
    events, done, work = STREAMS[name]
    asker = Asker("sync")

    async def run() -> list[str]:
        bad: list[str] = []
        for odd in odd_streams(events):
            if odd.how not in HARMLESS or not odd.where:
                continue
            body = lines(odd.value, done=done)
            _, problem = await asker.outcome(lambda verb, path, body=body: streamed(body), work)
            if problem is None:
                continue
            with official(lambda verb, path, body=body: streamed(body)) as client:
                try:
                    await work(asker, client)
                except Exception:
                    continue
            bad.append(told(odd, problem))
        return bad

    assert asyncio.run(run()) == []


async def resumed(asker: Any, client: Any) -> Any:
    kind: Any = AsyncBackground if asker.is_async else Background

    async def use(stream: Any) -> Any:
        await asker.events(stream, event_of)
        return look(await asker.got(stream.get_final_response()))

    return await asker.within(kind.streaming(client, model="m", input="hi", resume=2), use)


@COLOURS
def test_a_stream_that_was_taken_up(colour: str) -> None:
    """The first half breaks off; the rest comes over another connection, and is odd."""
    asker = Asker(colour)
    events = [dict(event) for event in PLAIN_EVENTS]
    events[0] = {**events[0], "response": {**events[0]["response"], "background": True}}

    async def attempt(rest: list[Any]) -> BaseException | None:
        def answer(verb: str, path: str) -> Any:
            return streamed(lines(events[:3]) if verb == "POST" else lines(rest))

        return (await asker.outcome(answer, resumed))[1]

    async def run() -> list[str]:
        assert await attempt(events[3:]) is None
        assert await attempt(events[1:]) is None
        bad: list[str] = []
        for odd in odd_streams(events[3:]):
            problem = await attempt(odd.value) if isinstance(odd.value, list) else None
            if not is_typed(problem):
                bad.append(told(odd, problem))
        return bad

    assert asyncio.run(run()) == []


def looker(asker: Any) -> Any:
    """A callback that looks at what it is given."""

    def callback(self: Any, *arguments: Any) -> None:
        for argument in arguments:
            look(argument)

    async def async_callback(self: Any, *arguments: Any) -> None:
        callback(self, *arguments)

    return async_callback if asker.is_async else callback


def followed_run(heard: bool) -> Any:
    async def follow(asker: Any, client: Any) -> Any:
        """With all callbacks, or none."""
        bases: Any = (AssistantEventHandler, AsyncAssistantEventHandler)
        base = bases[asker.is_async]
        handler = type("Looker", (base,), {name: looker(asker) for name in assistant_run.CALLBACKS} if heard else {})()

        async def use(handler: Any) -> Any:
            await asker.events(handler, event_of)
            for value in (handler.current_run, handler.current_message_snapshot, handler.current_run_step_snapshot):
                look(value)
            await asker.got(handler.get_final_messages())
            await asker.got(handler.get_final_run_steps())
            return await asker.got(handler.get_final_run())

        manager = client.beta.threads.runs.stream(thread_id="t_1", assistant_id="a_1", event_handler=handler)
        return await asker.within(manager, use)

    return follow


def assistant_lines(events: list[Any]) -> bytes:
    named = [event for event in events if isinstance(event, dict) and isinstance(event.get("event"), str)]
    made = [{"event": event["event"], "data": event.get("data")} for event in named]
    return assistant_run.wire(made)


RUN_EVENTS = [
    assistant_run.run("created"),
    assistant_run.event("thread.run.step.created", **assistant_run.STEP, step_details=assistant_run.CALLS),
    assistant_run.code(0, input="", outputs=[]),
    assistant_run.code(0, input="1", outputs=[{"index": 0, "type": "logs", "logs": "2"}]),
    assistant_run.event("thread.run.step.completed", **assistant_run.DONE_STEP),
    assistant_run.event("thread.message.created", id="msg_1", content=[]),
    assistant_run.text(0, "wör"),
    assistant_run.text(0, "ld", annotations=[assistant_run.QUOTE]),
    assistant_run.event("thread.message.completed", id="msg_1", content=[{"type": "text", "text": {"value": "wörld"}}]),
    assistant_run.run("completed"),
]


@COLOURS
@pytest.mark.parametrize("heard", [True, False], ids=["heard", "unheard"])
def test_a_run_of_an_assistant(heard: bool, colour: str) -> None:
    asker, work = Asker(colour), followed_run(heard)

    async def attempt(events: list[Any]) -> BaseException | None:
        body = assistant_lines(events)
        return (await asker.outcome(lambda verb, path: streamed(body), work))[1]

    async def run() -> list[str]:
        problem = await attempt(RUN_EVENTS)
        assert problem is None, problem
        bad: list[str] = []
        for odd in odd_streams(RUN_EVENTS):
            problem = await attempt(odd.value) if isinstance(odd.value, list) else None
            if problem is not None:
                check_partial(problem)
            if not is_typed(problem):
                bad.append(told(odd, problem))
        return bad

    assert asyncio.run(run()) == []


async def agent_session_result(asker: Any, client: Any) -> Any:
    called: list[Any] = []
    sessions = client.beta.agents.sessions
    manager = sessions.stream(
        "sess_1", input="Hi", tool_handlers={"weather": lambda given: called.append(given) or "sun"}
    )

    async def use(stream: Any) -> Any:
        result = await asker.got(stream.get_final_result())
        return look(result.turn), result.output_text

    return await asker.within(manager, use)


async def agent_session_events(asker: Any, client: Any) -> Any:
    manager = client.beta.agents.sessions.stream("sess_1", input="Hi", tool_handlers={"weather": lambda given: "sun"})

    async def use(stream: Any) -> Any:
        stream.with_result_collection()
        await asker.events(stream, event_of)
        return (await asker.got(stream.get_final_result())).output_text

    return await asker.within(manager, use)


async def agent_creation(asker: Any, client: Any) -> Any:
    """A session that is created with a stream."""
    agents: Any = {"model": "m"}
    handlers = {"weather": lambda given: "sun"}
    stream = await asker.got(
        client.beta.agents.sessions.create(agent=agents, environment={}, stream=True, tool_handlers=handlers)
    )
    return (await asker.got(stream.get_final_result())).output_text


SESSION_EVENTS = [
    agent_session.turn("created"),
    agent_session.event("requires_action", session={"id": "sess_1", "required_actions": [agent_session.action()]}),
    agent_session.call(),
    agent_session.event("in_progress"),
    agent_session.message("It is "),
    agent_session.message("sunny", index=2, id="msg_2"),
    agent_session.turn("completed", status="completed"),
    agent_session.event("idle", session={"id": "sess_1"}),
]
AGENTS = {"result": agent_session_result, "events": agent_session_events, "creation": agent_creation}


@COLOURS
@pytest.mark.parametrize("name", AGENTS)
def test_a_session_of_an_agent(name: str, colour: str) -> None:
    asker, work = Asker(colour), AGENTS[name]

    async def attempt(events: list[Any]) -> BaseException | None:
        body = lines(events)

        def answer(verb: str, path: str) -> Any:
            if verb == "GET" and path.endswith("/sess_1"):
                return agent_session.SESSION
            if (verb == "GET" and path.endswith("/events")) or path.endswith("/sessions"):
                return streamed(body)
            return 204, {}, b""

        return (await asker.outcome(answer, work))[1]

    async def run() -> list[str]:
        problem = await attempt(SESSION_EVENTS)
        assert problem is None, problem
        bad: list[str] = []
        for odd in odd_streams(SESSION_EVENTS):
            problem = await attempt(odd.value) if isinstance(odd.value, list) else None
            if not is_typed(problem):
                bad.append(told(odd, problem))
        return bad

    assert asyncio.run(run()) == []
