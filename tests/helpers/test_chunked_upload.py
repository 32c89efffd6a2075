"""Uploads of several parts at a time over real sockets, in both colours: what is sent, and what cannot be."""

from __future__ import annotations

import hashlib
import io
import json
import tracemalloc

import pytest

from antiphon.helpers.chunked_upload import ChunkedUpload

from ..transports.rude import Rude, reply
from .upload_desk import CONTENT, FACTS, KINDS, SIZE, STEP, new, stopped

pytestmark = pytest.mark.usefixtures("files_are_closed")


@pytest.mark.parametrize("concurrency", [1, 4, 50])
@pytest.mark.parametrize("kind", KINDS)
def test_the_server_gets_the_whole_in_order(desk, perform, path, kind, concurrency):
    content = KINDS[kind](path)
    told = []
    upload, result = perform(
        new(content, bytes=SIZE, concurrency=concurrency, md5=True, on_progress=lambda *now: told.append(now))
    )
    assert desk.created == [{"bytes": SIZE, "filename": "a.txt", "mime_type": "text/plain", "purpose": "assistants"}]
    assert desk.whole == CONTENT
    assert desk.completed == [
        {"part_ids": desk.completed[0]["part_ids"], "md5": hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()}
    ]
    assert result.status == "completed"
    assert told == [(done, SIZE) for done in range(STEP, SIZE + 1, STEP)]
    assert upload.state.done == SIZE
    if hasattr(content, "closed"):
        assert not content.closed


def test_parts_are_sent_side_by_side_but_not_more_than_allowed(server, desk, perform, path):
    server.delay = 0.03
    perform(new(path, concurrency=3))
    assert server.most_at_once == 3


def test_the_last_part_may_be_short_and_nothing_may_be_there(desk, perform):
    perform(new(CONTENT[:2500], bytes=2500))
    assert sorted(map(len, desk.parts.values())) == [500, 1000, 1000]
    perform(new(b"", bytes=0))
    assert desk.completed[-1] == {"part_ids": []}


@pytest.mark.parametrize("md5", ["abc", False])
def test_a_checksum_of_ones_own(desk, perform, path, md5):
    perform(new(path, md5=md5))
    assert desk.completed[0].get("md5") == (md5 or None)


def test_memory_stays_constant(server, perform, tmp_path):
    path = tmp_path / "big"
    with path.open("wb") as file:
        file.truncate(64 * 1024 * 1024)
    taken = [0]

    with Rude(reply(b'{"id":"x","object":"upload"}'), keep_bodies=False) as rude:
        tracemalloc.start()
        try:
            perform(
                new(path, part_size=16 * 1024 * 1024, md5=True, on_progress=lambda done, size: taken.append(done)),
                url=f"{rude.url}/v1",
            )
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert rude.uploaded > 64 * 1024 * 1024
    assert taken[-1] == 64 * 1024 * 1024
    # The server's own buffers are in this process too.
    assert peak < 24 * 1024 * 1024


@pytest.mark.parametrize(
    ("wrong", "kind", "said"),
    [
        ({"concurrency": 0}, ValueError, "concurrency"),
        ({"part_size": 0}, ValueError, "part_size"),
        ({"filename": None}, TypeError, "filename"),
        ({"bytes": 5}, ValueError, "10000 bytes, not 5"),
        ({"file": iter([b""])}, TypeError, "bytes"),
        ({"file": io.StringIO("x")}, TypeError, "binary"),
        ({"file": 7}, TypeError, "not int"),
    ],
)
def test_what_cannot_be_uploaded_is_refused_before_anything_is_sent(wrong, kind, said):
    with pytest.raises(kind, match=said):
        ChunkedUpload(None, **{**FACTS, "file": CONTENT, **wrong})
    with pytest.raises(FileNotFoundError):
        ChunkedUpload(None, **{**FACTS, "file": "/nowhere/at/all"})


def test_text_from_an_iterator(desk, perform):
    assert isinstance(stopped(perform, new(iter(["text"]), bytes=4)).__cause__, TypeError)


def test_names_come_from_files(path):
    with path.open("rb") as file:
        for content in (path, str(path), file):
            ChunkedUpload(None, file=content, mime_type="m", purpose="p")


def test_states_that_are_none():
    good = {"upload_id": "u", "size": 10, "part_size": 4, "parts": [{"number": 2, "id": "p", "sha256": "s"}]}
    from antiphon.helpers.upload_state import UploadState

    state = UploadState.from_json(json.dumps(good))
    assert (state.count, state.done, state.length(0)) == (3, 2, 4)
    part = good["parts"][0]
    for bad in (
        [],
        {},
        {**good, "more": 1},
        {**good, "part_size": 0},
        {**good, "parts": [{**part, "number": 3}]},
        {**good, "parts": [{**part, "number": -1}]},
        {**good, "parts": [part, part]},
        {**good, "parts": [{"number": 1}]},
    ):
        with pytest.raises(ValueError, match="no state of an upload"):
            UploadState.from_json(json.dumps(bad))
    with pytest.raises(ValueError, match="Expecting value"):
        UploadState.from_json("nonsense")
