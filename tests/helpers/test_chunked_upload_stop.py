"""Uploads that stop, by a fault, a callback, a cancelled task or Ctrl-C, and how they go on; in both colours."""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
import pickle
import threading
import time

import pytest

import antiphon
from antiphon import Hooks
from antiphon.errors import APIConnectionError, InternalServerError, NotFoundError
from antiphon.helpers.chunked_upload import AsyncChunkedUpload, ChunkedUpload, ContentChanged, UploadInterrupted

from ..transports.rude import Rude, hang, pause, reply
from .conftest import plain
from .upload_desk import CONTENT, FACTS, KINDS, SIZE, STEP, new, stopped

pytestmark = pytest.mark.usefixtures("files_are_closed")


def again(state, content, **more):
    return lambda kind, client: kind.resumed(client, state, file=content, **more)


@pytest.mark.parametrize("concurrency", [1, 3])
@pytest.mark.parametrize("kind", KINDS)
def test_a_part_that_fails_stops_the_others_and_the_rest_goes_on_later(desk, perform, path, kind, concurrency):
    refused = threading.Event()

    def refuse(number, content):
        if number > 4:
            # Parts under way are answered once the client knows that one has failed, lest they all be sent before.
            assert refused.wait(30)
            time.sleep(0.1)
        return 500 if number == 4 else None

    def know(answered):
        if answered.status_code == 500:
            refused.set()

    desk.refuse = refuse
    error = stopped(perform, new(KINDS[kind](path), bytes=SIZE, concurrency=concurrency), hooks=Hooks(on_response=know))
    assert isinstance(error.__cause__, InternalServerError)
    assert "ChunkedUpload.resumed" in str(error)
    assert f"{len(error.state.parts)} of 10 parts" in str(error)
    assert len(desk.order) < 10
    assert desk.completed == []

    desk.refuse = lambda number, content: None
    kept = type(error.state).from_json(error.state.to_json())
    assert kept == error.state == pickle.loads(pickle.dumps(error)).state
    told = []
    perform(again(kept, KINDS[kind](path), concurrency=concurrency, on_progress=lambda *now: told.append(now)))
    assert desk.whole == CONTENT
    assert len(desk.created) == 1
    assert len(told) == 10 - len(kept.parts)
    assert told[0] == ((len(kept.parts) + 1) * STEP, SIZE)
    assert told[-1] == (SIZE, SIZE)


def test_the_same_object_goes_on(desk, perform, path):
    desk.refuse = lambda number, content: 500 if number == 4 else None
    upload = None

    def make(kind, client):
        nonlocal upload
        upload = upload or new(path)(kind, client)
        upload._client = client
        return upload

    stopped(perform, make)
    perform(make)
    assert desk.whole == CONTENT
    assert perform(make)[1].status == "completed"
    assert (len(desk.created), len(desk.completed)) == (1, 1)


def test_what_is_read_once_needs_its_start_again(desk, perform):
    desk.refuse = lambda number, content: 500
    content = iter([CONTENT])
    upload = None

    def make(kind, client):
        nonlocal upload
        upload = upload or new(content, bytes=SIZE)(kind, client)
        upload._client = client
        return upload

    stopped(perform, make)
    with pytest.raises(ValueError, match="read already"):
        perform(make)


def test_when_only_the_end_failed_only_the_end_is_asked_for_again(server, desk, perform, path):
    def failing(asked):
        if asked.path.endswith("/complete"):
            return plain({"error": {"message": "no"}})._replace(status=503)
        return desk.answer(asked)

    server.reply_to = failing
    for content in (path, iter([CONTENT])):
        error = stopped(perform, new(content, bytes=SIZE))
        assert error.state.done == SIZE
    server.reply_to = desk.answer
    count = len(desk.order)
    perform(again(error.state, path, md5=True))
    perform(again(error.state, iter([CONTENT]), md5=True))
    assert len(desk.order) == count
    assert desk.completed[0] == desk.completed[1]
    assert desk.completed[0]["md5"] == hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()


@pytest.mark.parametrize("kind", ["path", "memory file", "iterator"])
def test_other_content_is_noticed(desk, perform, path, kind):
    desk.refuse = lambda number, content: 500 if number == 6 else None
    error = stopped(perform, new(path, concurrency=1))
    other = b"x" + CONTENT[1:]
    path.write_bytes(other)
    content = {"path": path, "memory file": io.BytesIO(other), "iterator": iter([other])}[kind]
    with pytest.raises(ContentChanged, match="part 0"):
        perform(again(error.state, content))
    assert desk.completed == []
    with pytest.raises(ValueError, match="has 3 bytes"):
        perform(again(error.state, b"abc"))


def test_an_upload_that_has_expired(server, desk, perform, path):
    desk.refuse = lambda number, content: 500 if number == 2 else None
    error = stopped(perform, new(path, concurrency=1))
    desk.refuse = lambda number, content: 404
    assert isinstance(stopped(perform, again(error.state, path)).__cause__, NotFoundError)


def test_what_cannot_begin_raises_its_own_error(server, perform, path):
    server.answers = [plain({"error": {"message": "no"}})._replace(status=404)]
    with pytest.raises(NotFoundError):
        perform(new(path))


def test_a_callback_that_raises_stops_the_upload(desk, perform, path):
    def once(done, size):
        if done == 3 * STEP:
            raise KeyError("enough")

    error = stopped(perform, new(path, concurrency=1, on_progress=once))
    assert isinstance(error.__cause__, KeyError)
    assert error.state.done == 3 * STEP


@pytest.mark.parametrize(("content", "said"), [([CONTENT, b"x"], "goes on after"), ([CONTENT[:-1]], "ended after")])
def test_an_iterator_of_another_size_than_was_said(desk, perform, content, said):
    error = stopped(perform, new(iter(content), bytes=SIZE))
    assert said in str(error)
    assert desk.completed == []


def test_a_server_that_hangs_up_and_one_that_falls_silent(perform, path):
    created = reply(b'{"id":"up_1","object":"upload"}')
    with Rude(created, hang) as rude:
        error = stopped(perform, new(path, concurrency=2), url=f"{rude.url}/v1", timeout=0.3)
    assert isinstance(error.__cause__, APIConnectionError)
    assert error.state.upload_id == "up_1"
    assert error.state.done == 0


def test_parts_in_flight_stop_with_the_one_that_failed(tmp_path):
    """A thread that is sending gives up at its next look into the file, not at the end of its part."""
    path = tmp_path / "big"
    part = 64 * 1024 * 1024
    with path.open("wb") as file:
        file.truncate(2 * part)
    created = reply(b'{"id":"up_1","object":"upload"}')
    refused = reply(b'{"error":{"message":"no"}}', 500)
    # One part is refused before its body was read; the other one is read, but only some time after.
    with Rude(created, pause(0.5), refused, early=True, keep_bodies=False) as rude:
        with antiphon.OpenAI(api_key="sk-1", base_url=f"{rude.url}/v1", max_retries=0, timeout=10) as client:
            upload = ChunkedUpload(client, **{**FACTS, "file": path, "part_size": part}, concurrency=2)
            with pytest.raises(UploadInterrupted) as raised:
                upload.run()
        assert isinstance(raised.value.__cause__, InternalServerError)
        assert rude.uploaded < part


def test_what_is_read_once_is_read_no_further_than_what_is_sent(desk, perform):
    taken = []

    def content():
        for start in range(0, SIZE, STEP):
            taken.append(start)
            yield CONTENT[start : start + STEP]

    desk.refuse = lambda number, content: 500
    stopped(perform, new(content(), bytes=SIZE, concurrency=1))
    assert taken == [0]


def test_progress_is_told_by_one_thread_at_a_time(server, desk, path):
    inside, most = [0], [0]

    def progress(done, size):
        inside[0] += 1
        most[0] = max(most[0], inside[0])
        time.sleep(0.02)
        inside[0] -= 1

    with antiphon.OpenAI(api_key="sk-1", base_url=server.url, max_retries=0) as client:
        ChunkedUpload(client, **{**FACTS, "file": path}, concurrency=10, on_progress=progress).run()
    assert most == [1]


def test_a_task_that_is_cancelled_leaves_the_state(server, desk, path):
    async def main():
        async with antiphon.AsyncOpenAI(api_key="sk-1", base_url=server.url, max_retries=0) as client:
            upload = AsyncChunkedUpload(client, **{**FACTS, "file": path}, concurrency=2)
            server.delay = 0.05
            running = asyncio.ensure_future(upload.run())
            while upload.state is None or len(upload.state.parts) < 3:
                await asyncio.sleep(0.01)
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running
            count, state = len(desk.order), upload.state
            server.delay = 0.0
            await AsyncChunkedUpload.resumed(client, state, file=path).run()
            assert 3 <= len(state.parts) < 10
            assert count < 10

    asyncio.run(asyncio.wait_for(main(), 60))
    assert desk.whole == CONTENT


def test_ctrl_c_leaves_the_state(server, desk, path):
    import signal

    server.delay = 0.05
    with antiphon.OpenAI(api_key="sk-1", base_url=server.url, max_retries=0) as client:
        fired = threading.Event()

        def progress(done, size):
            if done == 3 * STEP and not fired.is_set():
                fired.set()
                os.kill(os.getpid(), signal.SIGINT)

        upload = ChunkedUpload(client, **{**FACTS, "file": path}, concurrency=2, on_progress=progress)
        with pytest.raises(KeyboardInterrupt):
            upload.run()
        assert 3 <= len(upload.state.parts) < 10
        server.delay = 0.0
        upload.run()
    assert desk.whole == CONTENT
