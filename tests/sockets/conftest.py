"""A real WebSocket server on the loopback that plays one script per connection."""

import asyncio
import contextlib
import json
import threading

import pytest
from websockets.sync.server import serve

from .host import AsyncHost, Host


class Server:
    """Plays `scripts` in order, one per connection; a script gets the connection. What was asked is in `requests`."""

    def __init__(self, scripts, **options):
        self.scripts = list(scripts)
        self.requests = []
        self.received = []
        self.failures = []
        self._lock = threading.Lock()
        self._server = serve(self._handle, "127.0.0.1", 0, **options)
        self.port = self._server.socket.getsockname()[1]
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/v1"

    def _handle(self, connection):
        from websockets.exceptions import ConnectionClosed

        with self._lock:
            self.requests.append(connection.request)
            script = self.scripts.pop(0)
        try:
            script(self, connection)
        except ConnectionClosed:
            pass
        except Exception as failure:
            self.failures.append(failure)

    def take(self, connection):
        message = connection.recv()
        self.received.append(message)
        return message

    def close(self):
        self._server.shutdown()
        self._thread.join(10)


@pytest.fixture
def server():
    with contextlib.ExitStack() as stack:

        def start(*scripts, **options):
            running = Server(scripts, **options)
            stack.callback(running.close)
            return running

        yield start


def event(type, **fields):
    return json.dumps({"type": type, "event_id": "e", **fields})


def says(*messages, code=1000, reason=""):
    """A script that sends messages and closes."""

    def script(server, connection):
        for message in messages:
            connection.send(message)
        connection.close(code, reason)

    return script


def cut(*messages):
    """A script that sends messages and drops the TCP connection without a close frame."""

    def script(server, connection):
        for message in messages:
            connection.send(message)
        connection.socket.shutdown(2)
        connection.socket.close()

    return script


def listens(count, *answers):
    """A script that takes messages, then answers and closes normally."""

    def script(server, connection):
        for _ in range(count):
            server.take(connection)
        for answer in answers:
            connection.send(answer)

    return script


class Blocking:
    """The blocking colour behind one interface for tests that hold for both."""

    name = "blocking"
    prefix = ""
    host = Host

    def manager(self, name, host, **arguments):
        from antiphon.sockets import connection

        return getattr(connection, f"{name}ConnectionManager")(host, **arguments)

    def run(self, work):
        return asyncio.run(work(self))

    @contextlib.asynccontextmanager
    async def opened(self, manager):
        with manager as connection:
            yield connection

    async def call(self, function, *arguments, **named):
        return await asyncio.to_thread(function, *arguments, **named)

    async def events(self, connection):
        return await asyncio.to_thread(list, connection)


class Asynchronous(Blocking):
    name = "asyncio"
    prefix = "Async"
    host = AsyncHost

    def manager(self, name, host, **arguments):
        from antiphon.sockets import connection

        return getattr(connection, f"Async{name}ConnectionManager")(host, **arguments)

    @contextlib.asynccontextmanager
    async def opened(self, manager):
        async with manager as connection:
            yield connection

    async def call(self, function, *arguments, **named):
        result = function(*arguments, **named)
        return await result if asyncio.iscoroutine(result) else result

    async def events(self, connection):
        return [event async for event in connection]


@pytest.fixture(params=[Blocking(), Asynchronous()], ids=lambda colour: colour.name)
def colour(request):
    return request.param
