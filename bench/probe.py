"""One measurement of one client in a process of its own: `python -m bench.probe WHAT CLIENT PORT ROUNDS`. Prints JSON.

Times are CPU seconds of this process alone (user and system), so that a slow server or a busy neighbour counts as little as
it can. `CLIENT` is "openai", "antiphon", or, where it makes sense, "bare": a socket that sends the same bytes and parses
nothing.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import resource
import socket
import sys
import time
from collections.abc import Awaitable, Callable
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

R = TypeVar("R")
MESSAGES = [{"role": "user", "content": "Sing the first line."}]


def made(client: str, port: int, *, asynchronous: bool = False) -> Any:
    """A client of the package under test."""
    module = import_module(client)
    kind = module.AsyncOpenAI if asynchronous else module.OpenAI
    return kind(api_key="sk-bench", base_url=f"http://127.0.0.1:{port}/v1", max_retries=0)


def cpu(work: Callable[[], Any], rounds: int) -> float:
    """Microseconds of CPU a round."""
    gc.collect()
    before = time.process_time()
    work()
    return (time.process_time() - before) / rounds * 1e6


def sync_request(client: str, port: int, rounds: int) -> dict[str, float]:
    """A blocking request, one after another."""
    if client == "bare":
        return {"us": _bare_sync(port, rounds)}
    create = made(client, port).chat.completions.create

    def work(times: int) -> None:
        for _ in range(times):
            create(model="gpt-5.5", messages=MESSAGES, temperature=0.5)

    work(max(50, rounds // 10))
    return {"us": cpu(lambda: work(rounds), rounds)}


def _wire_bytes(path: str, body: dict[str, Any]) -> bytes:
    """A request of the size a client sends."""
    content = json.dumps(body, separators=(",", ":")).encode()
    filler = b"".join(b"x-stainless-field-%d: some value\r\n" % n for n in range(9))
    head = (
        b"POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer sk-bench\r\nContent-Type: application/json\r\n"
        % path.encode()
    )
    return head + filler + b"Content-Length: %d\r\n\r\n" % len(content) + content


def _bare_sync(port: int, rounds: int) -> float:
    request = _wire_bytes("/v1/chat/completions", {"model": "gpt-5.5", "messages": MESSAGES, "temperature": 0.5})
    with socket.create_connection(("127.0.0.1", port)) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def work(times: int) -> None:
            for _ in range(times):
                sock.sendall(request)
                sock.recv(65536)

        work(rounds // 10)
        return cpu(lambda: work(rounds), rounds)


async def _flock(one: Callable[[], Awaitable[Any]], flight: int, rounds: int) -> None:
    """`rounds` calls, `flight` of them at a time."""

    async def worker(times: int) -> None:
        for _ in range(times):
            await one()

    await asyncio.gather(*(worker(max(1, rounds // flight)) for _ in range(flight)))


async def _async_us(client: str, port: int, rounds: int, flight: int) -> float:
    if client == "bare":
        return await _bare_async(port, rounds, flight)
    made_client = made(client, port, asynchronous=True)
    create = made_client.chat.completions.create

    async def one() -> None:
        await create(model="gpt-5.5", messages=MESSAGES, temperature=0.5)

    await _flock(one, flight, max(flight, rounds // 10))
    gc.collect()
    before = time.process_time()
    await _flock(one, flight, rounds)
    spent = time.process_time() - before
    await made_client.close()
    return spent / (max(1, rounds // flight) * flight) * 1e6


class _Bare(asyncio.BufferedProtocol):
    """Sends the same bytes, takes what comes as a whole reply; into one buffer, the cheapest way asyncio has."""

    buffer = memoryview(bytearray(65536))

    def get_buffer(self, sizehint: int) -> memoryview:
        return self.buffer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.Transport = transport  # type: ignore[assignment]

    def buffer_updated(self, nbytes: int) -> None:
        self.answer.set_result(bytes(self.buffer[:nbytes]))

    async def ask(self, request: bytes) -> bytes:
        self.answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return await self.answer


async def _bare_async(port: int, rounds: int, flight: int) -> float:
    request = _wire_bytes("/v1/chat/completions", {"model": "gpt-5.5", "messages": MESSAGES, "temperature": 0.5})
    loop = asyncio.get_running_loop()
    free = [(await loop.create_connection(_Bare, "127.0.0.1", port))[1] for _ in range(flight)]

    async def one() -> None:
        connection = free.pop()
        await connection.ask(request)
        free.append(connection)

    await _flock(one, flight, max(flight, rounds // 10))
    before = time.process_time()
    await _flock(one, flight, rounds)
    spent = time.process_time() - before
    for connection in free:
        connection.transport.close()
    return spent / (max(1, rounds // flight) * flight) * 1e6


def async_request(client: str, port: int, rounds: int, flight: int = 64, loop: str = "asyncio") -> dict[str, float]:
    """An asyncio request, `flight` of them at a time."""
    if loop == "uvloop":
        return {"us": import_module("uvloop").run(_async_us(client, port, rounds, flight))}
    return {"us": asyncio.run(_async_us(client, port, rounds, flight))}


def sync_events(client: str, port: int, rounds: int, read: int = 0) -> dict[str, float]:
    """An event of a blocking stream; every event is an HTTP chunk of its own. `read` reads its text too."""
    create = made(client, port).chat.completions.create

    def work() -> None:
        with create(model="gpt-5.5", messages=MESSAGES, stream=True, extra_query={"count": rounds}) as stream:
            for event in stream:
                if read and event.choices:
                    _ = event.choices[0].delta.content

    work()
    return {"us": cpu(work, rounds)}


def async_events(client: str, port: int, rounds: int, read: int = 0) -> dict[str, float]:
    """An event of an asyncio stream."""

    async def main() -> float:
        made_client = made(client, port, asynchronous=True)

        async def work() -> None:
            stream = await made_client.chat.completions.create(
                model="gpt-5.5", messages=MESSAGES, stream=True, extra_query={"count": rounds}
            )
            async for event in stream:
                if read and event.choices:
                    _ = event.choices[0].delta.content

        await work()
        gc.collect()
        before = time.process_time()
        await work()
        spent = time.process_time() - before
        await made_client.close()
        return spent / rounds * 1e6

    return {"us": asyncio.run(main())}


def helper_events(client: str, port: int, rounds: int) -> dict[str, float]:
    """An event of `responses.stream()`, with snapshots."""
    responses = made(client, port).responses

    def work() -> None:
        with responses.stream(model="gpt-5.5", input="Sing.", extra_query={"count": rounds}) as stream:
            for event in stream:
                if event.type == "response.output_text.delta":
                    _ = event.delta
            stream.get_final_response()

    work()
    return {"us": cpu(work, rounds)}


def decode(client: str, port: int, rounds: int) -> dict[str, float]:
    """A response's body, decoded into a model and read."""
    from .payload import response

    body = response()
    read = _decoder(client)

    def work() -> None:
        for _ in range(rounds):
            read(body)

    work()
    return {"us": cpu(work, rounds)}


def _decoder(client: str) -> Callable[[bytes], Any]:
    if client == "antiphon":
        from antiphon.core.json import decode_json
        from antiphon.types.responses import Response

        return lambda body: Response._view(decode_json(body))
    models = import_module("openai._models")
    response = import_module("openai.types.responses").Response
    return lambda body: models.construct_type(type_=response, value=json.loads(body))


async def _waves(one: Callable[[], Awaitable[R]], rounds: int) -> list[R]:
    """So many of them, opened 30 at a time: what opening takes is to be free again before what is open gets counted."""
    made: list[R] = []
    while len(made) < rounds:
        made += await asyncio.gather(*(one() for _ in range(min(30, rounds - len(made)))))
    return made


async def _bare_held(port: int, rounds: int) -> dict[str, float]:
    """As many asyncio connections with a reply begun: what any client on asyncio has to pay."""
    body = {"model": "gpt-5.5", "messages": MESSAGES, "stream": True}
    request = _wire_bytes("/v1/chat/completions?count=-1", body)
    loop = asyncio.get_running_loop()

    async def opened() -> _Bare:
        connection = (await loop.create_connection(_Bare, "127.0.0.1", port))[1]
        await connection.ask(request)
        return connection

    warm = await _waves(opened, 8)
    gc.collect()
    before = _rss()
    connections = await _waves(opened, rounds)
    gc.collect()
    held = (_rss() - before) / rounds
    for connection in warm + connections:
        connection.transport.abort()
    return {"kilobytes": held}


def held_streams(client: str, port: int, rounds: int) -> dict[str, float]:
    """Streams that are open at the same time: kilobytes of memory for each."""
    if client == "bare":
        return asyncio.run(_bare_held(port, rounds))

    async def main() -> dict[str, float]:
        made_client = made(client, port, asynchronous=True)

        async def opened() -> Any:
            stream = await made_client.chat.completions.create(
                model="gpt-5.5", messages=MESSAGES, stream=True, extra_query={"count": -1}
            )
            return stream, await anext(aiter(stream))

        warm = await _waves(opened, 8)
        gc.collect()
        before = _rss()
        started = time.process_time()
        streams = await _waves(opened, rounds)
        gc.collect()
        held = (_rss() - before) / rounds
        await made_client.chat.completions.with_raw_response.create(model="x", messages=MESSAGES)
        spent = time.process_time() - started
        for stream, _ in warm + streams:
            await stream.close()
        await made_client.close()
        return {"kilobytes": held, "us": spent / rounds * 1e6}

    return asyncio.run(main())


def upload(client: str, port: int, rounds: int) -> dict[str, float]:
    """A file of `rounds` MiB by its path: seconds of CPU and megabytes of peak memory above the start."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "large.bin")
        with path.open("wb") as file:
            file.truncate(rounds * 1024 * 1024)
        made_client = made(client, port)
        made_client.files.create(file=b"x", purpose="user_data")
        before = _peak()
        started = time.process_time()
        made_client.files.create(file=path, purpose="user_data")
        return {"us": (time.process_time() - started) * 1e6, "megabytes": (_peak() - before) / 1024}


def _rss() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024


def _peak() -> float:
    return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


PROBES: dict[str, Callable[..., dict[str, float]]] = {
    probe.__name__: probe
    for probe in (
        sync_request,
        async_request,
        sync_events,
        async_events,
        helper_events,
        decode,
        held_streams,
        upload,
    )
}


def main(what: str, client: str, port: str, rounds: str, *more: str) -> None:
    """Run one probe and print its figures."""
    options: dict[str, Any] = {}
    for item in more:
        name, _, value = item.partition("=")
        options[name] = int(value) if value.isdigit() else value
    print(json.dumps(PROBES[what](client, int(port), int(rounds), **options)))


if __name__ == "__main__":
    main(*sys.argv[1:])
