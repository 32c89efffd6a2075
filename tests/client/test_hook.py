"""Hooks: who is told what and when, what a hook that raises does, and what it costs not to have any."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

import antiphon
from antiphon import ErrorInfo, Hooks, RequestInfo, ResponseInfo, RetryInfo, StreamEventInfo
from antiphon.core.effects import Discard, Send, Sleep
from antiphon.errors import ClientClosed
from tests.transports.rude import Rude, chunk, chunked_head, hang, hang_up, reply

from .answer import CHAT, MODEL, chat, create, delta, ok, retrieve, sse, wrong
from .colour import Colour, failure_of
from .ear import Ear


@pytest.fixture
def ear(colour: Colour) -> Ear:
    """Under an async client some of them are coroutine functions."""
    return Ear("on_response", "on_retry", "on_stream_event") if colour.is_async else Ear()


def test_a_call_that_succeeds(colour: Colour, ear: Ear) -> None:
    answer = ok(MODEL, "x-request-id: req_1", "x-ratelimit-remaining-requests: 5", "set-cookie: a=b")
    with Rude(answer) as server, colour.client(server.url, hooks=ear.hooks) as it:
        assert it(retrieve).id == "m"
        root = server.url
    assert ear.names == ["on_request", "on_response"]
    asked, answered = (info for _, info in ear.heard)
    assert isinstance(asked, RequestInfo)
    assert isinstance(answered, ResponseInfo)
    assert (asked.operation, asked.method, asked.url) == ("models.retrieve", "GET", f"{root}/v1/models/m")
    assert (asked.attempt, asked.stream) == (1, False)
    assert asked.headers["Authorization"] == "<redacted>"
    assert answered.request == asked
    assert (answered.status_code, answered.request_id, answered.ratelimit.remaining_requests) == (200, "req_1", 5)
    assert answered.elapsed > 0
    assert answered.headers["set-cookie"] == "<redacted>"


def test_retries_are_told_one_by_one(colour: Colour, ear: Ear) -> None:
    answers = (hang_up, wrong(503, "x-request-id: req_1", message="busy"), ok())
    with Rude(*answers) as server, colour.client(server.url, hooks=ear.hooks) as it:
        it(create)
        slept = it.clock.slept
    assert ear.names == [
        *("on_request", "on_retry"),
        *("on_request", "on_response", "on_retry"),
        *("on_request", "on_response"),
    ]
    first, second = ear.infos("on_retry")
    assert isinstance(first, RetryInfo)
    assert [first.delay, second.delay] == slept
    assert (first.request.attempt, second.request.attempt) == (1, 2)
    assert isinstance(first.error, antiphon.APIConnectionError)
    assert first.response is None
    assert isinstance(second.error, antiphon.InternalServerError)
    assert "busy" in second.error.message
    assert second.response is not None
    assert second.response.request_id == "req_1"
    assert [info.attempt for info in ear.infos("on_request")] == [1, 2, 3]
    assert len({info.call for info in ear.infos("on_request")}) == 1
    assert [info.headers["x-stainless-retry-count"] for info in ear.infos("on_request")] == ["0", "1", "2"]


def test_a_refused_stream_is_told_with_what_the_server_said(colour: Colour, ear: Ear) -> None:
    with Rude(wrong(500, message="mine"), CHAT) as server, colour.client(server.url, hooks=ear.hooks) as it:
        assert len(it(chat)) == 3
    (told,) = ear.infos("on_retry")
    assert "mine" in told.error.message


@pytest.mark.parametrize(
    ("answer", "kind", "names"),
    [
        (wrong(404), antiphon.NotFoundError, ["on_request", "on_response", "on_error"]),
        (hang_up, antiphon.APIConnectionError, ["on_request", "on_error"]),
        (ok("<html>", "Content-Type: text/html"), antiphon.APIError, ["on_request", "on_response", "on_error"]),
        (ok({"error": {"message": "x"}}), antiphon.APIError, ["on_request", "on_response", "on_error"]),
    ],
)
def test_an_error_is_told_once_whatever_it_is(
    answer: Any, kind: type[Exception], names: list[str], colour: Colour, ear: Ear
) -> None:
    with Rude(answer) as server, colour.client(server.url, hooks=ear.hooks, max_retries=0) as it:
        error = failure_of(it, create)
    assert isinstance(error, kind)
    assert ear.names == names
    (told,) = ear.infos("on_error")
    assert isinstance(told, ErrorInfo)
    assert told.error is error
    assert (told.request.operation, told.request.attempt) == ("responses.create", 1)
    assert (told.response is None) == ("on_response" not in names)


def test_the_last_error_counts_the_attempts(colour: Colour, ear: Ear) -> None:
    with Rude(wrong(500)) as server, colour.client(server.url, hooks=ear.hooks) as it:
        failure_of(it, create)
    (told,) = ear.infos("on_error")
    assert told.request.attempt == 3
    assert ear.names.count("on_retry") == 2


def test_events_are_told_before_they_are_handed_out(colour: Colour, ear: Ear) -> None:
    with Rude(CHAT) as server, colour.client(server.url, hooks=ear.hooks) as it:
        stream, first = it.first(chat)
        assert ear.names == ["on_request", "on_response", "on_stream_event"]  # one of three that came together
        rest = it.items(lambda _: stream)
    told = ear.infos("on_stream_event")
    assert all(isinstance(info, StreamEventInfo) for info in told)
    assert [info.index for info in told] == [0, 1, 2]
    assert [info.event for info in told] == [first, *rest]
    assert told[0].event is first
    assert told[0].request.operation == "chat.completions.create"
    assert told[0].request.stream
    assert told[0].request.call == ear.infos("on_request")[0].call


@pytest.mark.parametrize(
    ("answer", "kind", "count"),
    [
        ([chunked_head("Content-Type: text/event-stream"), hang_up], antiphon.StreamInterrupted, 0),
        (sse(delta("a"), done=False), antiphon.StreamTruncated, 1),
        (sse(delta("a"), {"error": {"message": "broken"}}), antiphon.APIError, 1),
        (sse(delta("a"), "{"), antiphon.MalformedStream, 1),
        (reply(b'{"error": {"message": "no"}}', 200, "Content-Type: application/json"), antiphon.APIError, 0),
    ],
)
def test_a_stream_that_breaks_is_told_once(
    answer: Any, kind: type[Exception], count: int, colour: Colour, ear: Ear
) -> None:
    with Rude(answer) as server, colour.client(server.url, hooks=ear.hooks, max_retries=0) as it:
        events, error = it.events(chat)
    assert isinstance(error, kind)
    assert len(events) == count
    assert ear.names == ["on_request", "on_response", *["on_stream_event"] * count, "on_error"]
    assert ear.infos("on_error")[0].error is error


def test_a_stream_left_early_is_no_error(colour: Colour, ear: Ear) -> None:
    endless = [chunked_head("Content-Type: text/event-stream"), chunk(EVENT), hang]
    with Rude(endless) as server, colour.client(server.url, hooks=ear.hooks) as it:
        stream, _ = it.first(chat)
        it.wait(stream.close())
        it.turn()
        assert server.left()
    assert "on_error" not in ear.names


EVENT = b'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[]}\n\n'


def test_events_of_a_reply_that_is_no_event_stream(colour: Colour, ear: Ear) -> None:
    one = delta("a", "stop")
    with Rude(ok(one)) as server, colour.client(server.url, hooks=ear.hooks) as it:
        assert [item.choices[0].delta.content for item in it(chat)] == ["a"]
    assert ear.names == ["on_request", "on_response", "on_stream_event"]


def test_helpers_streams_pages_and_raw_calls_are_told_of(colour: Colour, ear: Ear) -> None:
    page = {"object": "list", "data": [{"id": "a"}], "has_more": False}
    with Rude(CHAT, ok(page), ok(), ok()) as server, colour.client(server.url, hooks=ear.hooks) as it:
        text = it.entered(
            lambda client: client.chat.completions.stream(model="m", messages=[]),
            lambda stream: stream.get_final_completion(),
        )
        assert text.choices[0].message.content == "Hello"
        assert len(it.items(lambda client: client.files.list())) == 1
        it(lambda client: client.get("/things", cast_to=dict))
        it(lambda client: client.models.with_raw_response.retrieve("m"))
    asked = [info.operation for info in ear.infos("on_request")]
    assert asked == ["chat.completions.create", "files.list", "GET /things", "models.retrieve"]
    assert ear.names.count("on_stream_event") == 3


def test_a_redirect_is_the_same_attempt_elsewhere(colour: Colour, ear: Ear) -> None:
    with Rude(reply(b"", 307, "Location: /v1/moved"), ok()) as server:
        with colour.client(server.url, hooks=ear.hooks) as it:
            it(retrieve)
    assert ear.names == ["on_request", "on_response", "on_request", "on_response"]
    assert [info.attempt for info in ear.infos("on_request")] == [1, 1]
    assert ear.infos("on_request")[1].url.endswith("/moved")


def test_a_policy_that_repeats_without_a_pause_is_told_of_too(colour: Colour, ear: Ear) -> None:
    async def again(request: Any, forward: Any) -> Any:
        await Sleep(0.5)  # before there was anything to repeat
        first = await forward(request)
        return await forward(request) if first.status_code == 401 else first

    with Rude(wrong(401), ok()) as server:
        with colour.client(server.url, hooks=ear.hooks, policies=[again]) as it:
            it(retrieve)
    assert ear.names == ["on_request", "on_response", "on_retry", "on_request", "on_response"]
    assert ear.infos("on_retry")[0].delay == 0


@pytest.mark.parametrize("answer", [ok(), wrong(500), hang_up])
def test_what_a_policy_asks_for_itself_is_no_attempt(answer: Any, colour: Colour, ear: Ear) -> None:
    async def ask_first(request: Any, forward: Any) -> Any:
        aside = antiphon.Request("GET", request.origin, "/token?secret=1", antiphon.Headers(), None, request.timeout)
        with suppress(antiphon.APIConnectionError):
            await Discard(await Send(aside))
        await Sleep(0.1)
        return await forward(request)

    with Rude(answer, ok()) as server:
        with colour.client(server.url, hooks=ear.hooks, policies=[ask_first]) as it:
            it(retrieve)
    asked = ear.infos("on_request")
    assert [info.operation for info in asked] == [None, "models.retrieve"]
    assert [info.attempt for info in asked] == [1, 1]
    assert asked[0].url.endswith("/token")
    assert not {"on_retry", "on_error"} & {*ear.names}
    assert ear.names.count("on_response") == (1 if answer is hang_up else 2)


@pytest.mark.parametrize("kind", [ValueError, ClientClosed])
def test_what_a_policy_raises_is_told(kind: type[Exception], colour: Colour, ear: Ear) -> None:
    async def refuse(request: Any, forward: Any) -> Any:
        raise kind("no")

    with colour.client("http://127.0.0.1:1", hooks=ear.hooks, policies=[refuse]) as it:
        error = failure_of(it, retrieve)
    assert ear.names == ["on_error"]
    (told,) = ear.infos("on_error")
    assert (told.error, told.response, told.request.operation) == (error, None, "models.retrieve")


def test_a_refusal_that_breaks_off_is_told_as_the_refusal_it_is(colour: Colour, ear: Ear) -> None:
    broken = [reply(b'{"error"', 503, length=500), hang_up]
    with Rude(broken, CHAT) as server, colour.client(server.url, hooks=ear.hooks) as it:
        assert len(it(chat)) == 3
        told: list[Any] = []
        server.script[:] = [broken, CHAT]
        server.requests.clear()
        assert len(it(lambda client: chat(client.with_options(hooks=None).with_retries(on_retry=told.append)))) == 3
    for info in (*ear.infos("on_retry"), *told):
        assert isinstance(info.error, antiphon.InternalServerError)


class Veto(Exception):
    """What a hook raises."""


class VetoOfTheNet(antiphon.APIConnectionError):
    """What a hook raises, and policies could take for a failure of the network."""


@pytest.mark.parametrize("kind", [Veto, VetoOfTheNet])
@pytest.mark.parametrize(("name", "sent"), [("on_request", 0), ("on_response", 1), ("on_retry", 1), ("on_error", 3)])
def test_a_hook_that_raises_ends_the_call(
    name: str, sent: int, kind: type[Exception], colour: Colour, recwarn: pytest.WarningsRecorder
) -> None:
    def veto(info: Any) -> None:
        raise kind

    ear = Ear(**{name: veto})
    with Rude(wrong(500), wrong(500), wrong(500), ok()) as server:
        with colour.client(server.url, hooks=ear.hooks) as it:
            error = failure_of(it, create)
            assert type(error) is kind
            assert len(server.requests) == sent
            assert ear.names.count("on_error") == 0
            # The client goes on as if nothing had been.
            it.raw.hooks = None
            it(lambda client: create(client.with_options(max_retries=5)))
    assert not recwarn.list
    if name == "on_error":
        assert isinstance(error.__context__, antiphon.InternalServerError)


def test_a_hook_that_raises_gives_an_open_reply_back(colour: Colour) -> None:
    def veto(info: Any) -> None:
        raise Veto

    for name in ("on_response", "on_stream_event"):
        stalled = [chunked_head("Content-Type: text/event-stream"), chunk(EVENT), hang]
        with Rude(stalled) as server, colour.client(server.url, hooks=Hooks(**{name: veto})) as it:
            events, error = it.events(chat)
            assert (events, type(error)) == ([], Veto)
            it.turn()
            assert server.left()


def test_a_plain_function_that_gives_an_awaitable_is_refused_where_nobody_awaits() -> None:
    async def hear(info: Any) -> None:
        """Never run."""

    for name in ("on_request", "on_error", "on_stream_event"):
        hooks = Hooks(**{name: lambda info: hear(info)})
        with Rude(CHAT if name == "on_stream_event" else wrong(404)) as server:
            with Colour("sync", "own").client(server.url, hooks=hooks) as it, pytest.raises(TypeError, match="await"):
                it(chat)
