"""How connections end and come back: closings, cuts, attempts, what is sent meanwhile; in both colours."""

import asyncio
import json
import threading
import time

import pytest
from websockets.exceptions import ConnectionClosedError

from antiphon.errors import WebSocketConnectionClosedError, WebSocketQueueFullError
from antiphon.sockets import connection as names

from .conftest import AsyncHost, Host, cut, event, listens, says
from .kind import types_of

QUICK = {"initial_delay": 0.01, "max_delay": 0.02}


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
