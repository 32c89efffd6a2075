"""The two shells: how each performs what the session asks for, and what it does with what nobody expects."""

import asyncio
import threading

import pytest
from websockets.exceptions import ConnectionClosed, ConnectionClosedError

from antiphon.core.effects import Effect
from antiphon.errors import APIError, OpenAIError
from antiphon.sockets import connection as names
from antiphon.sockets.outbox import Outbox
from antiphon.sockets.session import Session

from .conftest import Asynchronous, Host, event, listens, says
from .host import AsyncHost

QUICK = {"initial_delay": 0.01, "max_delay": 0.02}


def test_a_connection_closes_itself_in_a_block(server, colour):
    running = server(listens(1))

    async def work(colour):
        manager = colour.manager("Realtime", colour.host(running.url))
        if isinstance(colour, Asynchronous):
            async with await manager.enter() as connection:
                pass
        else:
            with manager.enter() as connection:
                pass
        with pytest.raises(ConnectionClosed):
            await colour.call(connection.recv)

    colour.run(work)


def test_what_is_no_end_of_the_connection_is_raised_as_it_is(server, colour):
    running = server(says("not json"))
    asked = []

    async def work(colour):
        manager = colour.manager("Realtime", colour.host(running.url), on_reconnecting=asked.append)
        async with colour.opened(manager) as connection:
            await colour.events(connection)

    with pytest.raises(APIError, match="not JSON"):
        colour.run(work)
    assert asked == []


def test_closing_during_a_handshake_hangs_the_new_connection_up(server, colour):
    knocked, closed = threading.Event(), threading.Event()

    def wait(connection, request):
        if len(running.requests) == 1:
            knocked.set()
            closed.wait(30)

    def seen_closed(running, connection):
        with pytest.raises(ConnectionClosed):
            connection.recv()
        running.received.append("closed")

    running = server(says(code=1012), seen_closed, process_request=wait)

    async def work(colour):
        manager = colour.manager("Realtime", colour.host(running.url), on_reconnecting=lambda item: None, **QUICK)
        async with colour.opened(manager) as connection:
            reading = asyncio.create_task(colour.events(connection))
            await asyncio.to_thread(knocked.wait, 30)
            await colour.call(connection.close)
            closed.set()
            with pytest.raises(ConnectionClosedError):
                await reading

    colour.run(work)
    running.close()
    assert running.received == ["closed"]


def test_a_coroutine_may_answer_on_reconnecting_on_asyncio(server):
    running = server(says(code=1012), says(event("again")))

    async def moved(item):
        await asyncio.sleep(0)
        return {"extra_query": {"n": item.attempt}}

    async def work():
        manager = names.AsyncRealtimeConnectionManager(AsyncHost(running.url), on_reconnecting=moved, **QUICK)
        async with manager as connection:
            return [item.type async for item in connection]

    assert asyncio.run(work()) == ["again"]
    assert running.requests[1].path == "/v1/realtime?n=1"


class Broken:
    """A connection that cannot even be closed."""

    def close(self, **anything):
        raise OSError("already gone")


def test_leaving_a_block_keeps_the_error_that_made_it_leave():
    manager = names.RealtimeConnectionManager(Host("http://127.0.0.1:9/v1"))
    manager._connection = Broken()
    with pytest.raises(OSError, match="already gone"):
        manager.__exit__(None, None, None)
    manager.__exit__(ValueError, ValueError(), None)

    async def work():
        manager = names.AsyncRealtimeConnectionManager(AsyncHost("http://127.0.0.1:9/v1"))
        await manager.__aexit__(None, None, None)
        manager._connection = Broken()
        with pytest.raises(OSError, match="already gone"):
            await manager.__aexit__(None, None, None)
        await manager.__aexit__(ValueError, ValueError(), None)

    asyncio.run(work())
    names.RealtimeConnectionManager(Host("http://127.0.0.1:9/v1")).__exit__(None, None, None)


def test_a_session_that_was_never_opened_closes():
    names.RealtimeConnection(Session(Outbox(1)), None).close()

    async def work():
        await names.AsyncRealtimeConnection(Session(Outbox(1)), None).close()

    asyncio.run(work())


class Strange(Effect):
    pass


async def asks():
    return await Strange()


def test_an_effect_that_is_no_sessions_is_refused():
    with pytest.raises(TypeError, match="not an effect"):
        names.RealtimeConnection(Session(Outbox(1)), None)._perform(asks())

    async def work():
        await names.AsyncRealtimeConnection(Session(Outbox(1)), None)._perform(asks())

    with pytest.raises(TypeError, match="not an effect"):
        asyncio.run(work())


def test_cancelling_a_reader_that_reconnects_ends_cleanly(server):
    running = server(says(code=1012))

    async def work():
        waiting = asyncio.Event()
        manager = names.AsyncRealtimeConnectionManager(
            AsyncHost(running.url), on_reconnecting=lambda item: waiting.set(), initial_delay=600, max_delay=600
        )
        async with manager as connection:

            async def read():
                return [item async for item in connection]

            reading = asyncio.create_task(read())
            await waiting.wait()
            await asyncio.sleep(0)
            reading.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reading
            with pytest.raises(ConnectionClosed):
                await connection.send({"type": "late"})

    asyncio.run(work())


def test_an_error_event_in_dispatch_closes_nothing_by_itself(server, colour):
    running = server(says(event("error", error={"message": "m"}), event("after")))

    async def work(colour):
        async with colour.opened(colour.manager("Realtime", colour.host(running.url))) as connection:
            with pytest.raises(OpenAIError):
                await colour.call(connection.dispatch_events)
            return (await colour.call(connection.recv)).type

    assert colour.run(work) == "after"
