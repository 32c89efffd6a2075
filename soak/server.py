"""The bench's server with structured answers, and with a count of who is connected.

Paths, besides those of `bench.server`: `/verse/chat/completions` and `/verse/responses` answer with the JSON text of a verse
(streamed, when the body says so, in one event for each of its letters); `/connections` tells how many clients are
connected, the asking one left out.
"""

from __future__ import annotations

import asyncio
import json
import sys
from functools import lru_cache
from typing import ClassVar

from bench.payload import COMPLETION, chat_events, response, response_events
from bench.server import _STREAM_HEAD, Connection, _chunked, _json

VERSE = json.dumps({"title": "call and response", "lines": ["sing", "sing again"], "stars": 5})


@lru_cache
def verse(path: str) -> bytes:
    """A whole reply whose text is the verse."""
    if path.endswith("/responses"):
        whole = json.loads(response(texts=1, calls=0))
        whole["output"][0]["content"][0]["text"] = VERSE
    else:
        whole = json.loads(COMPLETION)
        whole["choices"][0]["message"]["content"] = VERSE
    return _json(json.dumps(whole).encode())


@lru_cache
def verse_stream(path: str) -> bytes:
    """The same as events: the bench's, with the letters of the verse instead of its words."""
    letters = list(VERSE)
    if path.endswith("/responses"):
        events = [_lettered(event, letters) for event in response_events(len(letters))]
    else:
        *chunks, last, done = chat_events(len(letters) + 1)
        word = b'" word"'
        events = [
            *(c.replace(word, json.dumps(letter).encode()) for c, letter in zip(chunks, letters, strict=True)),
            last,
            done,
        ]
    return _STREAM_HEAD + _chunked(events) + b"0\r\n\r\n"


def _lettered(event: bytes, letters: list[str]) -> bytes:
    """An event of a response with its part of the verse."""
    name, _, data = event.partition(b"\ndata: ")
    value = json.loads(data)
    if value["type"] == "response.output_text.delta":
        value["delta"] = letters.pop(0)
    text = json.dumps(value, separators=(",", ":")).replace(
        '"text":"' + " word" * len(VERSE), f'"text":{json.dumps(VERSE)[:-1]}'
    )
    return name + b"\ndata: " + text.encode() + b"\n\n"


class CountedConnection(Connection):
    """One client's connection, counted while it stands."""

    standing: ClassVar[set[CountedConnection]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.standing.add(self)

    def connection_lost(self, _: Exception | None) -> None:
        super().connection_lost(_)
        self.standing.discard(self)

    def _answer(self, body: bytes) -> None:
        if self.path == "/connections":
            self.transport.write(_json(b"%d" % (len(self.standing) - 1)))
        elif self.path.startswith("/verse/"):
            self.transport.write(verse_stream(self.path) if b'"stream":true' in body else verse(self.path))
        else:
            super()._answer(body)


async def main() -> None:
    """Serve until the process is ended; prints the port."""
    server = await asyncio.get_running_loop().create_server(CountedConnection, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    import uvloop

    sys.exit(uvloop.run(main()))
