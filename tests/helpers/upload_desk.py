"""A server that takes uploads part by part, and content to upload."""

from __future__ import annotations

import contextlib
import io
import re
import threading

import pytest

from antiphon.helpers.chunked_upload import UploadInterrupted

from .conftest import plain

CONTENT = b"".join(number.to_bytes(4, "big") for number in range(2500))
SIZE = len(CONTENT)
STEP = 1000
FACTS = {"mime_type": "text/plain", "purpose": "assistants", "filename": "a.txt", "part_size": STEP}


class Desk:
    """Answers as the API does, keeps the parts, and fails where it is told to."""

    def __init__(self, server):
        self.parts = {}
        self.created, self.completed, self.order = [], [], []
        self.refuse = lambda number, content: None
        self.slow = threading.Event()
        self.slow.set()
        self._lock = threading.Lock()
        server.reply_to = self.answer

    def answer(self, asked):
        if asked.path == "/v1/uploads":
            self.created.append(asked.json)
            return plain({"id": "up_1", "object": "upload", "status": "pending"})
        if asked.path == "/v1/uploads/up_1/complete":
            self.completed.append(asked.json)
            return plain({"id": "up_1", "object": "upload", "status": "completed", "file": {"id": "file_1"}})
        assert asked.path == "/v1/uploads/up_1/parts"
        content = part_of(asked)
        with self._lock:
            number = len(self.order)
            self.order.append(content)
        refused = self.refuse(number, content)
        if refused is not None:
            return plain({"error": {"message": "no"}})._replace(status=refused)
        with self._lock:
            name = f"part_{len(self.parts)}"
            self.parts[name] = content
        return plain({"id": name, "object": "upload.part"})

    @property
    def whole(self):
        return b"".join(self.parts[name] for name in self.completed[-1]["part_ids"])


def part_of(asked):
    boundary = asked.headers["content-type"].partition("boundary=")[2].encode()
    found = re.search(rb'name="data".*?\r\n\r\n(.*)\r\n--' + re.escape(boundary), asked.body, re.DOTALL)
    return found[1]


def new(content, **more):
    return lambda kind, client: kind(client, **{**FACTS, "file": content, **more})


class Pipe(io.RawIOBase):
    """A file that cannot seek."""

    def __init__(self):
        super().__init__()
        self._file = io.BytesIO(CONTENT)

    def readable(self):
        return True

    def readinto(self, buffer):
        return self._file.readinto(memoryview(buffer)[:777])


OPEN = contextlib.ExitStack()


KINDS = {
    "path": lambda path: path,
    "str": str,
    "bytes": lambda path: CONTENT,
    "bytearray": lambda path: bytearray(CONTENT),
    "memoryview": lambda path: memoryview(CONTENT),
    "file": lambda path: OPEN.enter_context(path.open("rb")),
    "memory file": lambda path: io.BytesIO(CONTENT),
    "pipe": lambda path: Pipe(),
    "iterator": lambda path: (CONTENT[start : start + 333] for start in range(0, SIZE, 333)),
    "list": lambda path: [CONTENT[:1], b"", CONTENT[1:]],
}


def stopped(perform, make, **options):
    with pytest.raises(UploadInterrupted) as raised:
        perform(make, **options)
    return raised.value
