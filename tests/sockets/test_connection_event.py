"""What goes over an open connection: events and raw frames sent, received and dispatched, in both colours."""

import asyncio
import json

import pytest
from websockets.exceptions import ConnectionClosed

from antiphon.core.omit import omit
from antiphon.errors import APIError, InvalidBody, OpenAIError, WebSocketQueueFullError
from antiphon.sockets import connection as names

from .conftest import AsyncHost, event, listens, says


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
