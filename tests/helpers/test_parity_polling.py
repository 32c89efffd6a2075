"""Waiting over real sockets asks what the official package asks, in the same order, with the same headers, in both colours."""

from __future__ import annotations

import asyncio
import re
import time
import tracemalloc
import warnings

import openai
import pytest

import antiphon

from ..transports.rude import Rude
from ..transports.rude import reply as rude_reply
from .conftest import plain
from .recorded import dumped

HELPER = ("x-stainless-poll-helper", "x-stainless-custom-poll-interval", "openai-beta")


def states(*names, **more):
    return [
        plain({"id": "x_1", "thread_id": "thread_1", "status": name, **more}, openai_poll_after_ms="1")
        for name in names
    ]


def batches(*counts):
    return [plain({"id": "b_1", "file_counts": {"in_progress": count}}, openai_poll_after_ms="1") for count in counts]


VS = {"vector_store_id": "vs_1"}
CASES = {
    "files.wait_for_processing": ({"id": "file_1", "poll_interval": 0.001}, states("uploaded", "processed")),
    "beta.threads.runs.poll": (
        {"run_id": "run_1", "thread_id": "thread_1"},
        states("queued", "in_progress", "completed"),
    ),
    "beta.threads.runs.create_and_poll": (
        {
            "thread_id": "t",
            "assistant_id": "a",
            "include": ["step_details.tool_calls[*].file_search.results[*].content"],
            "extra_headers": {"X-Mine": "1"},
        },
        states("queued", "queued", "requires_action"),
    ),
    "beta.threads.runs.submit_tool_outputs_and_poll": (
        {
            "thread_id": "t",
            "run_id": "run_1",
            "tool_outputs": [{"tool_call_id": "c", "output": "3"}],
            "poll_interval_ms": 2,
        },
        states("queued", "queued", "expired"),
    ),
    "beta.threads.create_and_run_poll": (
        {"assistant_id": "a", "thread": {"messages": []}},
        states("queued", "queued", "failed"),
    ),
    "vector_stores.files.poll": (
        {"file_id": "file_1", **VS, "poll_interval_ms": 3},
        states("in_progress", "completed"),
    ),
    "vector_stores.files.create_and_poll": (
        {"file_id": "file_1", **VS, "attributes": {"a": 1}, "max_wait_seconds": 5},
        states("in_progress", "in_progress", "failed"),
    ),
    "vector_stores.files.upload": ({**VS, "file": ("a.txt", b"hello")}, states("uploaded", "in_progress")),
    "vector_stores.files.upload_and_poll": (
        {**VS, "file": ("a.txt", b"hello")},
        states("uploaded", "in_progress", "in_progress", "completed"),
    ),
    "vector_stores.file_batches.poll": ({"batch_id": "b_1", **VS}, batches(2, 1, 0)),
    "vector_stores.file_batches.create_and_poll": ({**VS, "file_ids": ["f"]}, batches(2, 1, 0)),
    "videos.poll": ({"video_id": "video_1"}, states("queued", "in_progress", "completed")),
    "videos.create_and_poll": ({"prompt": "a cat"}, states("queued", "queued", "failed")),
}


def method(client, name):
    for part in name.split("."):
        client = getattr(client, part)
    return client


def ask(package, url, colour, name, arguments):
    options = {"api_key": "sk-1", "base_url": url, "max_retries": 0}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        if colour == "sync":
            with package.OpenAI(**options) as client:
                return method(client, name)(**arguments)

        async def run():
            async with package.AsyncOpenAI(**options) as client:
                return await method(client, name)(**arguments)

        return asyncio.run(run())


def essence(asked):
    body = asked.body if "multipart" in asked.headers.get("content-type", "") else asked.body and asked.json
    if isinstance(body, bytes) and asked.headers.get("content-type", "").startswith("multipart"):
        boundary = asked.headers["content-type"].partition("boundary=")[2].encode()
        body = sorted(part.strip() for part in body.split(boundary))
    fields = {name: asked.headers.get(name) for name in (*HELPER, "x-mine")}
    return asked.verb, asked.path, body, fields


@pytest.mark.parametrize("colour", ["sync", "async"])
@pytest.mark.parametrize("name", CASES)
def test_side_by_side(server, name, colour):
    arguments, answers = CASES[name]
    server.answers = [*answers, *answers]
    theirs = ask(openai, server.url, colour, name, arguments)
    half = len(server.asked)
    assert half == len(answers)
    mine = ask(antiphon, server.url, colour, name, arguments)
    assert [essence(one) for one in server.asked[half:]] == [essence(one) for one in server.asked[:half]]
    assert dumped(mine) == dumped(theirs)
    assert type(mine).__name__ == type(theirs).__name__


def reply(asked):
    if not asked.path.endswith("/files"):
        return batches(0)[0]
    name = re.search(rb'filename="(\d+)\.txt"', asked.body)
    return plain({"id": f"file_{name[1].decode()}"})


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_uploads_run_side_by_side_and_keep_their_order(server, colour):
    files = [(f"{number}.txt", str(number).encode()) for number in range(12)]
    server.delay = 0.05
    server.reply_to = reply
    began = time.perf_counter()
    batch = ask(
        antiphon,
        server.url,
        colour,
        "vector_stores.file_batches.upload_and_poll",
        {**VS, "files": files, "file_ids": ["file_x"], "max_concurrency": 4},
    )
    assert batch.id == "b_1"
    assert server.most_at_once == 4
    created = next(one for one in server.asked if one.path.endswith("/file_batches"))
    assert created.json["file_ids"] == ["file_x", *(f"file_{number}" for number in range(12))]
    assert time.perf_counter() - began < 12 * server.delay + 5


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_a_failed_upload_ends_the_whole(server, colour):
    refused = plain({"error": {"message": "too big"}})._replace(status=413)
    server.answers = [refused]
    with pytest.raises(antiphon.APIStatusError, match="too big"):
        ask(
            antiphon,
            server.url,
            colour,
            "vector_stores.file_batches.upload_and_poll",
            {**VS, "files": [b"a"] * 6, "max_concurrency": 2},
        )
    assert all(one.path.endswith("/files") for one in server.asked)


@pytest.mark.parametrize("package", [openai, antiphon])
@pytest.mark.parametrize("colour", ["sync", "async"])
def test_one_failed_upload_among_many_is_raised_and_no_batch_is_made(server, colour, package):
    def one_refused(asked):
        return (
            plain({"error": {"message": "too big"}})._replace(status=413) if b"number 3" in asked.body else reply(asked)
        )

    server.reply_to = one_refused
    with pytest.raises(package.APIStatusError, match="too big") as raised:
        ask(
            package,
            server.url,
            colour,
            "vector_stores.file_batches.upload_and_poll",
            {**VS, "files": [(f"{n}.txt", f"number {n}".encode()) for n in range(6)], "max_concurrency": 2},
        )
    assert raised.value.status_code == 413
    assert all(one.path.endswith("/files") for one in server.asked)


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_files_of_a_batch_are_read_while_they_are_sent(tmp_path, colour):
    size = 32 * 1024 * 1024
    paths = [tmp_path / str(number) for number in range(3)]
    for path in paths:
        with path.open("wb") as file:
            file.truncate(size)
    done = b'{"id":"b_1","file_counts":{"in_progress":0}}'
    with Rude(rude_reply(done), keep_bodies=False) as rude:
        tracemalloc.start()
        try:
            arguments = {**VS, "files": paths, "max_concurrency": 3}
            ask(antiphon, f"{rude.url}/v1", colour, "vector_stores.file_batches.upload_and_poll", arguments)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert rude.uploaded > 3 * size
    # The server's own buffers are in this process too.
    assert peak < size
