"""Uploads in parts: the same calls as the official package, parts read while they are sent, memory constant."""

from __future__ import annotations

import io
import re
import tracemalloc
from types import SimpleNamespace as Thing

import openai
import pytest

import antiphon
from antiphon.core.effects import Perform
from antiphon.helpers.upload import upload_file_chunked
from antiphon.helpers.upload_source import Window

from .conftest import plain

CONTENT = bytes(range(256)) * 40


def step(flow, read=True):
    """Run the flow by hand; the calls it made, and the bytes of each part."""
    calls, parts = [], []
    try:
        effect = flow.send(None)
        while True:
            assert isinstance(effect, Perform)
            calls.append(effect.call)
            if effect.call.operation.name == "uploads.parts.create":
                part = effect.call.body["data"]
                parts.append(part.read() if read else part)
            effect = flow.send(Thing(id=f"id_{len(calls)}"))
    except StopIteration as end:
        return end.value, calls, parts


@pytest.fixture
def path(tmp_path):
    made = tmp_path / "paper.pdf"
    made.write_bytes(CONTENT)
    return made


@pytest.mark.parametrize("part_size", [1000, len(CONTENT), len(CONTENT) + 1, 5120, None])
@pytest.mark.parametrize("memory", [False, True])
def test_parts(path, part_size, memory):
    more = {"file": CONTENT, "filename": "paper.pdf", "bytes": len(CONTENT)} if memory else {"file": path}
    flow = upload_file_chunked(
        None, mime_type="application/pdf", purpose="assistants", part_size=part_size, md5="x", **more
    )
    _, calls, parts = step(flow)
    assert b"".join(parts) == CONTENT
    assert max(map(len, parts)) <= (part_size or 64 * 1024 * 1024)
    assert calls[0].body == {
        "bytes": len(CONTENT),
        "filename": "paper.pdf",
        "mime_type": "application/pdf",
        "purpose": "assistants",
    }
    assert calls[1].path == {"upload_id": "id_1"}
    assert calls[-1].body == {"part_ids": [f"id_{n}" for n in range(2, 2 + len(parts))], "md5": "x"}


def test_arguments_are_checked_before_anything_is_sent(path):
    base = {"mime_type": "m", "purpose": "p"}
    with pytest.raises(TypeError, match="filename"):
        step(upload_file_chunked(None, file=b"x", bytes=1, **base))
    with pytest.raises(TypeError, match="bytes"):
        step(upload_file_chunked(None, file=b"x", filename="f", **base))
    with pytest.raises(ValueError, match="part_size"):
        step(upload_file_chunked(None, file=path, part_size=0, **base))
    with pytest.raises(FileNotFoundError):
        step(upload_file_chunked(None, file=path.parent / "gone", **base))


def test_a_part_is_closed_after_it_was_sent_and_when_it_fails(path):
    flow = upload_file_chunked(None, file=path, mime_type="m", purpose="p", part_size=6000)
    _, _, parts = step(flow, read=False)
    assert all(part.closed for part in parts)
    flow = upload_file_chunked(None, file=path, mime_type="m", purpose="p")
    flow.send(None)
    part = flow.send(Thing(id="u")).call.body["data"]
    with pytest.raises(OSError, match="gone"):
        flow.throw(OSError("gone"))
    assert part.closed


def test_a_window_is_a_file_of_its_own(path):
    window = Window(str(path), 100, 50)
    assert (window.readable(), window.seekable(), window.tell()) == (True, True, 0)
    assert window.read(10) == CONTENT[100:110]
    assert window.tell() == 10
    assert window.read() == CONTENT[110:150]
    assert window.read() == b""
    assert window.seek(0) == 0
    assert window.seek(-5, io.SEEK_END) == 45
    assert window.read() == CONTENT[145:150]
    assert window.seek(-60, io.SEEK_CUR) == 0
    assert window.read() == CONTENT[100:150]
    window.close()
    window.close()


def test_memory_is_constant(tmp_path):
    path = tmp_path / "big.bin"
    with path.open("wb") as file:
        file.truncate(64 * 1024 * 1024)

    def consume(flow):
        try:
            effect = flow.send(None)
            while True:
                if effect.call.operation.name == "uploads.parts.create":
                    part = effect.call.body["data"]
                    while part.read(65536):
                        pass
                effect = flow.send(Thing(id="x"))
        except StopIteration:
            pass

    tracemalloc.start()
    consume(upload_file_chunked(None, file=path, mime_type="m", purpose="p", part_size=16 * 1024 * 1024))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1024 * 1024


def form_field(asked):
    boundary = asked.headers["content-type"].partition("boundary=")[2].encode()
    head, _, rest = asked.body.partition(b"\r\n\r\n")
    return re.sub(rb"boundary|" + re.escape(boundary), b"", head).strip(b"-\r\n").lower(), rest.rpartition(b"\r\n--")[0]


@pytest.mark.parametrize("memory", [False, True])
def test_side_by_side(server, path, memory):
    made = {"id": "up_1", "object": "upload", "status": "pending"}
    server.answers = [plain(made)]
    more = {"file": CONTENT, "filename": "paper.pdf", "bytes": len(CONTENT)} if memory else {"file": path}
    for package in (openai, antiphon):
        with package.OpenAI(api_key="sk-1", base_url=server.url, max_retries=0) as client:
            client.uploads.upload_file_chunked(
                mime_type="application/pdf", purpose="assistants", part_size=6000, **more
            )
    half = len(server.asked) // 2
    assert half == 4
    for theirs, mine in zip(server.asked[:half], server.asked[half:], strict=True):
        assert (mine.verb, mine.path) == (theirs.verb, theirs.path)
        if "multipart" in theirs.headers["content-type"]:
            assert form_field(mine)[1] == form_field(theirs)[1]
            assert b'name="data"' in form_field(mine)[0]
        else:
            assert mine.json == theirs.json
