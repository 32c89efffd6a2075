"""Multipart bodies with files: each file goes onto the disk as it arrives, the other fields become typed values.

A file that nobody `keep`s is gone when the request is over.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, Final

import msgspec

from . import form
from .multipart import MultipartReader, PartData, PartEnd, PartHead, Piece, boundary
from .problem import Problem

if TYPE_CHECKING:
    from .description import Operation
    from .exchange import Exchange

MOST_FIELD: Final = 1024 * 1024
MOST_PARTS: Final = 5_000
ALSO_FORMS: Final = frozenset({"realtime.calls.create"})
"""Operations with a JSON body that may come as a form too, whose parts say what they are."""


@dataclass(slots=True)
class Incoming:
    """One file of a request: its name, made safe to show, its type, and where its bytes lie for now."""

    filename: str
    content_type: str
    path: Path
    size: int = 0
    kept: bool = False

    def keep(self, target: Path) -> None:
        """Let the bytes stay, under another name."""
        self.path.replace(target)
        self.path, self.kept = target, True

    def read(self) -> bytes:
        """All the bytes; for what is small."""
        return self.path.read_bytes()


@dataclass(slots=True)
class _Arriving:
    """What has come so far."""

    exchange: Exchange
    names: frozenset[str]
    files: list[tuple[str, Incoming]] = field(default_factory=list[tuple[str, Incoming]])
    fields: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    values: dict[str, Any] = field(default_factory=dict[str, Any])
    """Fields that came as JSON."""
    parts: int = 0
    sizes: tuple[int, int] = 0, 0
    """Of all files together, and of all fields."""

    async def read(self) -> None:
        """Take in the body to its end."""
        head, text, out = PartHead("", None, ""), bytearray(), None
        try:
            async for piece in _pieces(self.exchange):
                match piece:
                    case PartHead():
                        head, text = piece, bytearray()
                        self._count()
                        if self._is_file(piece):
                            out = self._begin(piece).path.open("wb")
                    case PartData(data) if out is not None:
                        incoming = self.files[-1][1]
                        incoming.size += len(data)
                        self._weigh(head.name, len(data), 0)
                        out.write(data)
                    case PartData(data):
                        text += data
                        self._weigh(head.name, 0, len(data))
                        _refuse_size(head.name, len(text), MOST_FIELD)
                    case PartEnd() if out is not None:
                        out.close()
                        out = None
                    case PartEnd() if self._is_json(head):
                        self.values[head.name] = _json(head.name, bytes(text))
                    case PartEnd():
                        self.fields.append((head.name, text.decode("utf-8", "replace")))
        finally:
            if out is not None:
                out.close()

    def discard(self) -> None:
        for _, incoming in self.files:
            if not incoming.kept:
                incoming.path.unlink(missing_ok=True)

    def _count(self) -> None:
        self.parts += 1
        if self.parts > MOST_PARTS:
            raise Problem(413, f"The upload has more than {MOST_PARTS} parts.", code="request_too_large")

    def _weigh(self, name: str, file: int, field: int) -> None:
        setting = self.exchange.world.setting
        self.sizes = self.sizes[0] + file, self.sizes[1] + field
        _refuse_size(name, self.sizes[0], setting.max_upload)
        _refuse_size(name, self.sizes[1], setting.max_json)

    def _is_file(self, head: PartHead) -> bool:
        return head.filename is not None or head.name.partition("[")[0] in self.names

    def _is_json(self, head: PartHead) -> bool:
        kind = head.content_type.partition(";")[0].strip().lower()
        return kind == "application/json" and self.exchange.operation.name in ALSO_FORMS

    def _begin(self, head: PartHead) -> Incoming:
        world = self.exchange.world
        path = world.folder() / f"incoming-{next(world.arrivals)}"
        incoming = Incoming(_safe(head.filename), head.content_type, path)
        self.files.append((head.name, incoming))
        return incoming


class Intake:
    """A multipart body being taken in: `async with Intake(exchange):` sets `exchange.body`, and cleans up at the end.

    In the body a file is an `Incoming`; where several may be sent it is a list of them.
    """

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._arriving = _Arriving(exchange, frozenset(_only_files(exchange.operation)))

    async def __aenter__(self) -> None:
        try:
            await self._arriving.read()
            self._exchange.body = self._assembled()
        except BaseException:
            self._arriving.discard()
            raise

    async def __aexit__(self, *_: object) -> None:
        self._arriving.discard()

    def _assembled(self) -> dict[str, Any]:
        operation = self._exchange.operation
        body = form.assemble(operation.schema, operation.fields, self._arriving.fields) | self._arriving.values
        for sent, incoming in self._arriving.files:
            name = sent.partition("[")[0]
            if name not in operation.fields:
                raise Problem(400, f"Unknown parameter: '{name}'.", param=name, code="unknown_parameter")
            known = body.get(name)
            if sent != name or known is not None:
                body[name] = [*(known if isinstance(known, list) else [known] if known is not None else []), incoming]
            else:
                body[name] = incoming
        return body


def is_form(operation: Operation, headers: dict[bytes, bytes]) -> bool:
    """Whether the body is to be read as multipart; where no file is needed, the same fields may come as JSON."""
    sent = headers.get(b"content-type", b"").lower()
    if operation.body != "multipart":
        return operation.name in ALSO_FORMS and sent.startswith(b"multipart/")
    return sent.startswith(b"multipart/") or any(operation.fields[name][1] for name in _only_files(operation))


async def _pieces(exchange: Exchange) -> AsyncIterator[Piece]:
    reader = MultipartReader(boundary(exchange.headers.get(b"content-type", b"")))
    while True:
        message = await exchange.receive()
        if message["type"] == "http.disconnect":
            raise Problem(400, "The upload was broken off.", code="incomplete_upload")
        for piece in reader.feed(message.get("body", b"")):
            yield piece
        if not message.get("more_body"):
            reader.finish()
            return


def _only_files(operation: Operation) -> Iterator[str]:
    """Fields that can be nothing but files: such a part is one even when it has no file's name."""
    for name, (node, _) in operation.fields.items():
        options = operation.schema.members(node)
        inner = [option[1] if option[0] == "list" else option for option in options]
        if all(option in ("file", "null") for option in inner):
            yield name


def _json(name: str, text: bytes) -> Any:
    try:
        return msgspec.json.decode(text)
    except (ValueError, RecursionError) as error:
        raise Problem(400, f"The JSON of '{name}' cannot be read: {error}.", param=name, code="invalid_json") from None


def _refuse_size(name: str, size: int, most: int) -> None:
    if size > most:
        raise Problem(413, f"The upload is larger than {most} bytes.", param=name, code="file_too_large")


def _safe(filename: str | None) -> str:
    """A path without its way up and without control characters, for it is only shown; folders stay, for bundles of files."""
    parts = PurePath((filename or "").replace("\\", "/")).parts
    plain = "/".join(part for part in parts if part not in ("..", ".", "/") and not part.endswith(":"))
    return "".join(sign for sign in plain if sign.isprintable())
