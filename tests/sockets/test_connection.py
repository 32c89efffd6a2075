"""Connections of both colours against a real server: what is sent, received, kept, given up and refused."""

import asyncio
import json
import logging
import subprocess
import sys
import threading
import time
import traceback

import pytest
from websockets.exceptions import ConnectionClosed, ConnectionClosedError, InvalidStatus, SecurityError

from antiphon.core.omit import omit
from antiphon.errors import (
    APIError,
    InvalidBody,
    OpenAIError,
    WebSocketConnectionClosedError,
    WebSocketQueueFullError,
)
from antiphon.sockets import connection as names

from .conftest import AsyncHost, Host, cut, event, listens, says

QUICK = {"initial_delay": 0.01, "max_delay": 0.02}


def types_of(events):
    return [item.type for item in events]


# Opening


@pytest.mark.parametrize(
    ("name", "arguments", "target", "beta"),
    [
        ("Realtime", {"model": "gpt-realtime"}, "/v1/realtime?model=gpt-realtime", None),
        ("Realtime", {"call_id": "c 1"}, "/v1/realtime?call_id=c%201", None),
        ("Translations", {"model": "m"}, "/v1/realtime/translations?model=m", None),
        ("Responses", {}, "/v1/responses", None),
        ("BetaResponses", {}, "/v1/responses", None),
        ("BetaRealtime", {"model": "m"}, "/v1/realtime?model=m", "realtime=v1"),
        ("Live", {}, "/v1/live/sessions", None),
        ("Forks", {"session_id": "s/1"}, "/v1/live/sessions/s%2F1/fork", None),
        ("Sideband", {"session_id": "s"}, "/v1/live/sessions/s/attach", None),
        (
            "Sideband",
            {"session_id": "s", "graceful_close": True},
            "/v1/live/sessions/s/attach?graceful_close=true",
            None,
        ),
        (
            "Realtime",
            {"model": "m", "call_id": "mine", "extra_query": {"model": "other", "call_id": "x", "l": ["a", None]}},
            "/v1/realtime?model=other&call_id=mine&l=a&l=",
            None,
        ),
    ],
)
def test_where_each_endpoint_connects_and_as_whom(server, colour, name, arguments, target, beta):
    running = server(says())

    async def work(colour):
        async with colour.opened(colour.manager(name, colour.host(running.url), **arguments)) as connection:
            assert await colour.events(connection) == []

    colour.run(work)
    request = running.requests[0]
    assert request.path == target
    assert request.headers["Authorization"] == "Bearer sk-very-secret"
    assert request.headers["OpenAI-Organization"] == "org-1"
    assert request.headers.get("OpenAI-Beta") == beta
    assert "User-Agent" not in request.headers


def test_the_base_urls_query_and_the_defaults_are_kept_below_the_callers(server, colour):
    running = server(says())
    host = colour.host(
        "http://elsewhere.invalid/v1", f"ws://127.0.0.1:{running.port}/base?a=1&b=2", {"b": 3, "c": [4], "d": 5}
    )

    async def work(colour):
        manager = colour.manager("Responses", host, extra_query={"a": "own", "d": omit})
        async with colour.opened(manager) as connection:
            await colour.events(connection)

    colour.run(work)
    assert running.requests[0].path == "/base/responses?c%5B%5D=4&b=2&a=own"


def test_extra_headers_replace_and_remove(server, colour):
    running = server(says())

    async def work(colour):
        headers = {"authorization": "Bearer other", "OpenAI-Organization": omit, "X-More": "1"}
        manager = colour.manager("BetaRealtime", colour.host(running.url), model="m", extra_headers=headers)
        async with colour.opened(manager) as connection:
            await colour.events(connection)

    colour.run(work)
    headers = running.requests[0].headers
    assert headers.get_all("Authorization") == ["Bearer other"]
    assert "OpenAI-Organization" not in headers
    assert (headers["X-More"], headers["OpenAI-Beta"]) == ("1", "realtime=v1")


def test_messages_are_unbounded_and_not_compressed_unless_asked(server, colour):
    big = event("session.created", session={"instructions": "x" * 2_000_000})
    running = server(says(big), says(event("a")))

    async def work(colour):
        async with colour.opened(colour.manager("Realtime", colour.host(running.url))) as connection:
            assert len((await colour.events(connection))[0].session.instructions) == 2_000_000
        options = {"max_size": 1000}
        manager = colour.manager("Realtime", colour.host(running.url), websocket_connection_options=options)
        async with colour.opened(manager) as connection:
            await colour.events(connection)

    colour.run(work)
    assert "Sec-WebSocket-Extensions" not in running.requests[0].headers
    assert "permessage-deflate" in running.requests[1].headers["Sec-WebSocket-Extensions"]


def test_an_empty_path_value_is_refused_at_once(colour):
    with pytest.raises(ValueError, match="session_id"):
        colour.manager("Forks", colour.host("http://127.0.0.1:9/v1"), session_id="")


def test_enter_opens_without_a_block(server):
    running = server(listens(0, event("a")), listens(0, event("b")))
    connection = names.RealtimeConnectionManager(Host(running.url)).enter()
    assert types_of(connection) == ["a"]
    connection.close()

    async def work():
        connection = await names.AsyncRealtimeConnectionManager(AsyncHost(running.url)).enter()
        assert [item.type async for item in connection] == ["b"]
        await connection.close()

    asyncio.run(work())


def test_a_server_that_refuses_is_seen_as_it_is(server, colour):
    def refuse(connection, request):
        return connection.respond(401, "no such key\n")

    running = server(process_request=refuse)

    async def work(colour):
        async with colour.opened(colour.manager("Realtime", colour.host(running.url))):
            pass

    with pytest.raises(InvalidStatus) as raised:
        colour.run(work)
    assert raised.value.response.status_code == 401


# Sending and receiving


def test_parts_send_the_events_they_are_named_after(server, colour):
    running = server(listens(3, event("response.done", response={"id": "r"})))

    async def work(colour):
        async with colour.opened(colour.manager("Realtime", colour.host(running.url))) as connection:
            await colour.call(connection.session.update, session={"type": "realtime"}, event_id="e1")
            item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Grüße"}]}
            await colour.call(connection.conversation.item.create, item=item)
            await colour.call(connection.response.create)
            return await colour.events(connection)

    events = colour.run(work)
    assert [json.loads(message)["type"] for message in running.received] == [
        "session.update",
        "conversation.item.create",
        "response.create",
    ]
    assert json.loads(running.received[0]) == {
        "type": "session.update",
        "session": {"type": "realtime"},
        "event_id": "e1",
    }
    assert "Grüße" in running.received[1]
    assert json.loads(running.received[2]) == {"type": "response.create"}
    assert type(events[0]).__name__ == "ResponseDoneEvent"
    assert events[0].response.id == "r"


def test_models_sentinels_and_raw_frames_can_be_sent(server, colour):
    from antiphon.types.realtime import InputAudioBufferClearEvent

    running = server(listens(4))

    async def work(colour):
        async with colour.opened(colour.manager("Realtime", colour.host(running.url))) as connection:
            await colour.call(connection.send, InputAudioBufferClearEvent(type="input_audio_buffer.clear"))
            await colour.call(connection.send, {"type": "x", "nothing": omit})
            await colour.call(connection.send_raw, "raw text")
            await colour.call(connection.send_raw, b"\x00\xff")
            with pytest.raises(InvalidBody) as refused:
                await colour.call(connection.send, {"type": "x", "deep": [{"n": float("nan")}]})
            await colour.events(connection)
            return refused.value.path

    assert "deep" in colour.run(work)
    assert [json.loads(message) for message in running.received[:2]] == [
        {"type": "input_audio_buffer.clear"},
        {"type": "x"},
    ]
    assert running.received[2:] == ["raw text", b"\x00\xff"]


def test_recv_and_recv_bytes(server, colour):
    running = server(says(event("session.created"), event("ä"), b'{"type":"binary"}', "not json"))

    async def work(colour):
        async with colour.opened(colour.manager("Realtime", colour.host(running.url))) as connection:
            first = await colour.call(connection.recv)
            second = await colour.call(connection.recv_bytes)
            third = await colour.call(connection.recv)
            with pytest.raises(APIError, match="not JSON"):
                await colour.call(connection.recv)
            with pytest.raises(ConnectionClosed):
                await colour.call(connection.recv)
            return first.type, connection.parse_event(second).type, third.type

    assert colour.run(work) == ("session.created", "ä", "binary")


def test_unknown_events_and_fields_survive(server, colour):
    running = server(says(event("brand.new", thing={"a": [1]})))

    async def work(colour):
        async with colour.opened(colour.manager("Live", colour.host(running.url))) as connection:
            return await colour.events(connection)

    (item,) = colour.run(work)
    assert item.to_dict() == {"type": "brand.new", "event_id": "e", "thing": {"a": [1]}}


def test_what_was_queued_before_goes_out_first(server, colour):
    running = server(listens(3))

    async def work(colour):
        manager = colour.manager("Realtime", colour.host(running.url))
        manager.send({"type": "first"})
        manager.send({"type": "second"})
        async with colour.opened(manager) as connection:
            await colour.call(connection.send, {"type": "third"})
            await colour.events(connection)

    colour.run(work)
    assert [json.loads(message)["type"] for message in running.received] == ["first", "second", "third"]


def test_the_queue_before_the_connection_is_bounded(colour):
    manager = colour.manager("Realtime", colour.host("http://127.0.0.1:9/v1"), max_queue_size=20)
    manager.send({"type": "short"})
    with pytest.raises(WebSocketQueueFullError, match="20 bytes"):
        manager.send({"type": "one too many"})


@pytest.mark.parametrize(
    ("name", "limit"), [("Realtime", 2**20), ("Responses", 2**20), ("Live", 2**21), ("Sideband", 2**21)]
)
def test_the_queues_usual_size(colour, name, limit):
    arguments = {"session_id": "s"} if name == "Sideband" else {}
    assert colour.manager(name, colour.host("http://h/v1"), **arguments)._outbox.limit == limit


def test_sending_on_a_closed_connection_fails(server, colour):
    running = server(listens(1))

    async def work(colour):
        async with colour.opened(colour.manager("Realtime", colour.host(running.url))) as connection:
            await colour.call(connection.close, code=1001, reason="going")
            await colour.call(connection.close)
            with pytest.raises(ConnectionClosed):
                await colour.call(connection.send, {"type": "late"})
            return await colour.events(connection)

    assert colour.run(work) == []


# Dispatching


def test_events_are_dispatched_to_handlers(server, colour):
    running = server(says(event("a"), event("b"), event("a")))
    seen = []

    async def work(colour):
        manager = colour.manager("Responses", colour.host(running.url))
        manager.on("a", lambda e: seen.append("before"))
        async with colour.opened(manager) as connection:
            assert connection.on("event", lambda e: seen.append(f"every {e.type}")) is connection

            @connection.once("a")
            def once(item):
                seen.append("once")

            await colour.call(connection.dispatch_events)

    colour.run(work)
    assert seen == ["before", "once", "every a", "every b", "before", "every a"]


def test_coroutine_handlers_are_awaited_on_asyncio(server):
    running = server(says(event("a")))
    seen = []

    async def work():
        async with names.AsyncResponsesConnectionManager(AsyncHost(running.url)) as connection:

            @connection.on("a")
            async def later(item):
                await asyncio.sleep(0)
                seen.append(item.type)

            await connection.dispatch_events()

    asyncio.run(work())
    assert seen == ["a"]


def test_an_error_that_nobody_hears_is_raised(server, colour):
    running = server(says(event("error", error={"message": "session expired", "type": "invalid"})))

    async def work(colour):
        async with colour.opened(colour.manager("Realtime", colour.host(running.url))) as connection:
            await colour.call(connection.dispatch_events)

    with pytest.raises(OpenAIError, match="session expired"):
        colour.run(work)


# Ending and reconnecting


@pytest.mark.parametrize("ending", [says(code=1011, reason="broken"), says(code=1008), cut()])
def test_an_abnormal_end_is_raised_when_nobody_reconnects(server, colour, ending):
    running = server(ending)

    async def work(colour):
        async with colour.opened(colour.manager("Realtime", colour.host(running.url))) as connection:
            await colour.events(connection)

    with pytest.raises(ConnectionClosedError):
        colour.run(work)
    assert len(running.requests) == 1


@pytest.mark.parametrize(
    "ending", [says(event("one"), code=code) for code in (1001, 1011, 1012, 1013)] + [cut(event("one"))]
)
def test_recoverable_ends_are_recovered(server, colour, ending):
    running = server(ending, says(event("two")))
    asked = []

    async def work(colour):
        manager = colour.manager("Realtime", colour.host(running.url), on_reconnecting=asked.append, **QUICK)
        async with colour.opened(manager) as connection:
            return types_of(await colour.events(connection))

    assert colour.run(work) == ["one", "two"]
    assert (asked[0].attempt, asked[0].max_attempts) == (1, 5)
    assert 0.0075 <= asked[0].delay <= 0.01
    assert len(running.requests) == 2


@pytest.mark.parametrize("code", [1002, 1003, 1008, 1009, 4000])
def test_final_ends_are_not(server, colour, code):
    running = server(says(event("one"), code=code))
    asked = []

    async def work(colour):
        manager = colour.manager("Realtime", colour.host(running.url), on_reconnecting=asked.append, **QUICK)
        async with colour.opened(manager) as connection:
            await colour.events(connection)

    with pytest.raises(ConnectionClosedError):
        colour.run(work)
    assert asked == []


def test_the_callback_moves_the_next_connection_and_the_credentials_are_asked_for_again(server, colour):
    running = server(says(code=1012), says())
    host = colour.host(running.url)

    def moved(item):
        return {"extra_query": {"at": "2"}, "extra_headers": {"X-Try": str(item.attempt)}}

    async def work(colour):
        manager = colour.manager("Realtime", host, model="m", extra_query={"at": "1"}, on_reconnecting=moved, **QUICK)
        async with colour.opened(manager) as connection:
            await colour.events(connection)

    colour.run(work)
    assert [request.path for request in running.requests] == ["/v1/realtime?model=m&at=1", "/v1/realtime?model=m&at=2"]
    assert running.requests[1].headers["X-Try"] == "1"
    assert host.asked == 2


@pytest.mark.parametrize("answer", [{"abort": True}, ZeroDivisionError()])
def test_the_callback_can_give_up(server, colour, answer):
    running = server(says(code=1012))

    def asked(item):
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def work(colour):
        manager = colour.manager("Realtime", colour.host(running.url), on_reconnecting=asked, **QUICK)
        async with colour.opened(manager) as connection:
            await colour.events(connection)

    with pytest.raises(ConnectionClosedError):
        colour.run(work)
    assert len(running.requests) == 1


def test_a_server_that_only_complains_uses_the_attempts_up(server, colour):
    complaint = says(event("error", error={"message": "no"}), code=1013)
    running = server(*[complaint] * 3)
    asked = []

    async def work(colour):
        manager = colour.manager(
            "Realtime", colour.host(running.url), on_reconnecting=asked.append, max_retries=2, **QUICK
        )
        async with colour.opened(manager) as connection:
            await colour.events(connection)

    with pytest.raises(ConnectionClosedError):
        colour.run(work)
    assert [item.attempt for item in asked] == [1, 2]


def test_events_fill_the_attempts_up_again(server, colour):
    running = server(*[says(event("fine"), code=1013)] * 4, says())
    asked = []

    async def work(colour):
        manager = colour.manager(
            "Realtime", colour.host(running.url), on_reconnecting=asked.append, max_retries=1, **QUICK
        )
        async with colour.opened(manager) as connection:
            return len(await colour.events(connection))

    assert colour.run(work) == 4
    assert [item.attempt for item in asked] == [1, 1, 1, 1]


def test_what_is_sent_while_reconnecting_goes_out_on_the_next_connection(server, colour):
    running = server(says(code=1012), listens(2))
    holder = {}

    async def work(colour):
        def asked(item):
            # The session is between two connections here.
            holder["connection"]._session.admit('{"type":"one"}')
            holder["connection"]._session.admit(b"two")

        manager = colour.manager("Realtime", colour.host(running.url), on_reconnecting=asked, **QUICK)
        async with colour.opened(manager) as connection:
            holder["connection"] = connection
            await colour.events(connection)

    colour.run(work)
    assert running.received == ['{"type":"one"}', b"two"]


def test_what_could_never_be_sent_is_in_the_error(server, colour):
    running = server(says(code=1012))
    full = []

    async def work(colour):
        def asked(item):
            holder["connection"]._session.admit("kept")
            with pytest.raises(WebSocketQueueFullError):
                holder["connection"]._session.admit("too long for the queue")
            full.append(item)
            return {"abort": True}

        manager = colour.manager(
            "Realtime", colour.host(running.url), on_reconnecting=asked, max_queue_size=10, **QUICK
        )
        async with colour.opened(manager) as connection:
            holder["connection"] = connection
            await colour.events(connection)

    holder = {}
    with pytest.raises(WebSocketConnectionClosedError) as raised:
        colour.run(work)
    assert raised.value.unsent_messages == ["kept"]
    assert raised.value.code == 1012
    assert isinstance(raised.value.__cause__, ConnectionClosedError)
    assert len(full) == 1


def test_a_server_that_is_gone_uses_the_attempts_up(server, colour):
    running = server(says(code=1012))
    asked = []

    async def work(colour):
        def leave(item):
            asked.append(item.attempt)
            running.close()

        manager = colour.manager("Realtime", colour.host(running.url), on_reconnecting=leave, max_retries=3, **QUICK)
        async with colour.opened(manager) as connection:
            await colour.events(connection)

    with pytest.raises(ConnectionClosedError):
        colour.run(work)
    assert asked == [1, 2, 3]


def test_closing_ends_a_long_wait_to_reconnect_at_once(server, colour):
    running = server(says(code=1012))

    async def work(colour):
        waiting = threading.Event()
        manager = colour.manager(
            "Realtime",
            colour.host(running.url),
            on_reconnecting=lambda item: waiting.set(),
            initial_delay=600.0,
            max_delay=600.0,
        )
        async with colour.opened(manager) as connection:
            reading = asyncio.create_task(colour.events(connection))
            await asyncio.to_thread(waiting.wait, 30)
            began = time.monotonic()
            await colour.call(connection.close)
            with pytest.raises(ConnectionClosedError):
                await reading
            return time.monotonic() - began

    assert colour.run(work) < 60


def test_threads_send_while_one_reads_and_every_frame_arrives_once(server):
    count = 8
    running = server(listens(count * 50))
    with names.RealtimeConnectionManager(Host(running.url)) as connection:
        threads = [
            threading.Thread(target=lambda n=n: [connection.send({"type": "x", "n": n * 50 + i}) for i in range(50)])
            for n in range(count)
        ]
        for thread in threads:
            thread.start()
        assert list(connection) == []
        for thread in threads:
            thread.join()
    assert sorted(json.loads(message)["n"] for message in running.received) == list(range(count * 50))


def test_a_cancelled_reader_loses_no_event_and_leaves_nothing_behind(server):
    def later(running, connection):
        running.take(connection)
        connection.send(event("after"))

    running = server(later)

    async def work():
        async with names.AsyncRealtimeConnectionManager(AsyncHost(running.url)) as connection:
            reading = asyncio.create_task(connection.recv())
            await asyncio.sleep(0)
            reading.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reading
            await connection.send({"type": "go"})
            item = await connection.recv()
        return item.type, [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]

    assert asyncio.run(work()) == ("after", [])


# Credentials


def redirect_to(location):
    def answer(connection, request):
        if request.path.startswith("/v1/"):
            response = connection.respond(307, "")
            response.headers["Location"] = location() if callable(location) else location
            return response
        return None

    return answer


def test_another_origin_never_sees_the_credentials(server, colour):
    elsewhere = server(says(event("stolen")))
    running = server(process_request=redirect_to(f"ws://127.0.0.1:{elsewhere.port}/v2"))

    async def work(colour):
        async with colour.opened(colour.manager("Realtime", colour.host(running.url))):
            pass

    with pytest.raises(SecurityError, match=f"127.0.0.1:{elsewhere.port}.*websocket_base_url"):
        colour.run(work)
    assert elsewhere.requests == []


def test_a_redirect_on_the_same_origin_is_followed(server, colour):
    running = server(says(event("here")), process_request=redirect_to("/v2/realtime"))

    async def work(colour):
        async with colour.opened(colour.manager("Realtime", colour.host(running.url))) as connection:
            return types_of(await colour.events(connection))

    assert colour.run(work) == ["here"]
    assert running.requests[0].headers["Authorization"] == "Bearer sk-very-secret"


def test_no_key_is_in_reprs_tracebacks_or_logs(server, colour, caplog):
    def refuse(connection, request):
        return connection.respond(403, "no\n")

    running = server(process_request=refuse)
    shown = []

    async def work(colour):
        manager = colour.manager("Realtime", colour.host(running.url), extra_headers={"api-key": "sk-very-secret"})
        shown.append(f"{manager!r} {vars(manager)}")
        async with colour.opened(manager):
            pass

    with caplog.at_level(logging.DEBUG):
        try:
            colour.run(work)
        except InvalidStatus as error:
            shown.append("".join(traceback.TracebackException.from_exception(error, capture_locals=True).format()))
    shown += [
        record.getMessage() for record in caplog.records if record.name.startswith(("antiphon", "websockets.client"))
    ]
    assert any("authorization: <redacted>" in text.lower() for text in shown)
    assert len(shown) > 3
    assert not any("sk-very-secret" in text for text in shown)


# The module


def test_every_name_is_there_and_others_are_not():
    for name in names.__all__:
        found = getattr(names, name)
        assert found.__name__ == name.replace("Beta", "")
    with pytest.raises(AttributeError, match="NoConnection"):
        _ = names.NoConnection


def test_the_library_is_not_loaded_before_a_connection_is_opened():
    code = (
        "import sys; from antiphon.sockets import connection as names; names.RealtimeConnectionManager;"
        "print([m for m in sys.modules if m.startswith('websockets')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_without_the_library_the_extra_is_named(colour):
    opening = "with m: pass" if not colour.prefix else "asyncio.run(m.__aenter__())"
    code = f"""
import asyncio, sys
sys.modules["websockets"] = None
from antiphon.sockets import connection as names
from tests.sockets.host import Host, AsyncHost
m = names.{colour.prefix}RealtimeConnectionManager({colour.prefix}Host("http://127.0.0.1:9/v1"))
try:
    {opening}
except Exception as error:
    print(type(error).__name__, error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().startswith("OpenAIError")
    assert "pip install antiphon[realtime]" in done.stdout
