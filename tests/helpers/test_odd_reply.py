"""Whatever JSON a server replies, each helper gives a result or a typed error that says what is wrong with it."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import struct
import time
from typing import Any

import pydantic
import pytest

import antiphon
from antiphon.helpers.agent_result import AgentTurnResult
from antiphon.helpers.background import AsyncBackground, Background
from antiphon.helpers.chunked_upload import AsyncChunkedUpload, ChunkedUpload
from antiphon.helpers.schema import pydantic_function_tool, pydantic_responses_function_tool
from antiphon.helpers.webhook import key_from
from antiphon.types.beta.agents.sessions import Turn

from .oddity import HARMLESS, Asker, is_typed, look, oddities, official, told
from .recorded import call, choice, completion, message, response, tool_call

COLOURS = pytest.mark.parametrize("colour", ["sync", "async"])


class Answer(pydantic.BaseModel):
    value: int


class Weather(pydantic.BaseModel):
    city: str


TEXT = '{"value":1}'
CITY = '{"city":"Ghent"}'
RESPONSE = response(
    [
        {"id": "rs_1", "type": "reasoning", "summary": []},
        message(TEXT),
        call("Weather", CITY),
    ]
)
COMPLETION = completion(choice(TEXT, tool_calls=[tool_call("Weather", CITY)]))
EMBEDDING = {
    "object": "list",
    "data": [{"object": "embedding", "index": 0, "embedding": base64.b64encode(struct.pack("<2f", 1, 2)).decode()}],
    "model": "m",
    "usage": {"prompt_tokens": 1, "total_tokens": 1},
}
ASKED: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


async def parsed_response(asker: Any, client: Any) -> Any:
    tools = [pydantic_responses_function_tool(Weather)]
    made = await asker.got(client.responses.parse(model="m", input="hi", text_format=Answer, tools=tools))
    return look(made)


async def created_response(asker: Any, client: Any) -> Any:
    return look(await asker.got(client.responses.create(model="m", input="hi")))


async def parsed_completion(asker: Any, client: Any) -> Any:
    tools = [pydantic_function_tool(Weather)]
    made = await asker.got(client.chat.completions.parse(**ASKED, response_format=Answer, tools=tools))
    return look(made)


async def embedded(asker: Any, client: Any) -> Any:
    return look(await asker.got(client.embeddings.create(model="m", input="hi")))


async def background(asker: Any, client: Any) -> Any:
    kind: Any = AsyncBackground if asker.is_async else Background
    job = await asker.got(kind.create(client, model="m", input="hi"))
    repr(job)
    done = await asker.got(job.wait(max_wait_seconds=30))
    repr(job)
    return look(done)


REPLIES = {
    "responses.parse": (RESPONSE, parsed_response),
    "responses.create": (RESPONSE, created_response),
    "chat.completions.parse": (COMPLETION, parsed_completion),
    "embeddings.create": (EMBEDDING, embedded),
    "background": ({**RESPONSE, "background": True}, background),
}


@COLOURS
@pytest.mark.parametrize("name", REPLIES)
def test_a_result_or_a_typed_error(name: str, colour: str) -> None:
    valid, work = REPLIES[name]
    asker = Asker(colour)

    async def run() -> list[str]:
        _, problem = await asker.outcome(lambda verb, path: valid, work)
        assert problem is None, problem
        bad: list[str] = []
        for odd in oddities(valid):
            _, problem = await asker.outcome(lambda verb, path, odd=odd: odd.value, work)
            if problem is not None and not is_typed(problem):
                bad.append(told(odd, problem))
        return bad

    assert asyncio.run(run()) == []


@pytest.mark.parametrize("name", [name for name in REPLIES if name != "background"])
def test_a_result_where_the_official_package_gives_one(name: str) -> None:
    valid, work = REPLIES[name]
    asker = Asker("sync")

    async def run() -> list[str]:
        bad: list[str] = []
        for odd in oddities(valid):
            if odd.how not in HARMLESS or not odd.where:
                continue
            _, problem = await asker.outcome(lambda verb, path, odd=odd: odd.value, work)
            if problem is None:
                continue
            with official(lambda verb, path, odd=odd: odd.value) as client:
                try:
                    await work(asker, client)
                except Exception:
                    continue
            bad.append(told(odd, problem))
        return bad

    assert asyncio.run(run()) == []


RUN = {"id": "run_1", "object": "thread.run", "thread_id": "t_1", "status": "completed"}
FILE = {"id": "file_1", "object": "file", "status": "processed", "bytes": 3, "filename": "a.txt"}
STORED = {"id": "file_1", "object": "vector_store.file", "status": "completed", "vector_store_id": "vs_1"}
BATCH = {"id": "vsfb_1", "status": "completed", "file_counts": {"in_progress": 0, "completed": 1, "total": 1}}
VIDEO = {"id": "video_1", "object": "video", "status": "completed", "progress": 100}
UPLOAD = {"id": "up_1", "object": "upload", "status": "completed", "file": FILE}
PART = {"id": "part_1", "object": "upload.part", "upload_id": "up_1"}
PLACED = {"id": "ef_1", "object": "agent.environment.file", "path": "/workspace/a.txt"}


async def waited_for_file(asker: Any, client: Any) -> Any:
    return look(await asker.got(client.files.wait_for_processing("file_1", max_wait_seconds=30)))


async def waited_for_run(asker: Any, client: Any) -> Any:
    return look(await asker.got(client.beta.threads.runs.create_and_poll(thread_id="t_1", assistant_id="a_1")))


async def waited_for_thread(asker: Any, client: Any) -> Any:
    return look(await asker.got(client.beta.threads.create_and_run_poll(assistant_id="a_1")))


async def stored(asker: Any, client: Any) -> Any:
    files = client.vector_stores.files
    return look(await asker.got(files.upload_and_poll(vector_store_id="vs_1", file=b"abc", max_wait_seconds=30)))


async def batched(asker: Any, client: Any) -> Any:
    return look(await asker.got(client.vector_stores.file_batches.upload_and_poll("vs_1", files=[b"a"])))


async def filmed(asker: Any, client: Any) -> Any:
    return look(await asker.got(client.videos.create_and_poll(prompt="a")))


async def uploaded(asker: Any, client: Any) -> Any:
    facts: Any = {"file": b"abc", "mime_type": "text/plain", "purpose": "assistants", "filename": "a", "bytes": 3}
    return look(await asker.got(client.uploads.upload_file_chunked(**facts, part_size=2)))


async def uploaded_at_once(asker: Any, client: Any) -> Any:
    kind: Any = AsyncChunkedUpload if asker.is_async else ChunkedUpload
    job = kind(client, file=b"abc", mime_type="text/plain", purpose="assistants", filename="a", part_size=2)
    return look(await asker.got(job.run()))


async def placed(asker: Any, client: Any) -> Any:
    files = client.beta.agents.environments.files
    made = await asker.got(files.upload("env_1", file=("a.txt", b"abc"), path="/workspace/a.txt"))
    return look(made.file)


ARTIFACT = {"id": "art_1", "session_id": "sess_1", "turn_id": "turn_1", "path": "/workspace/a.txt"}
ARTIFACTS = {"object": "list", "data": [ARTIFACT], "has_more": False, "first_id": "art_1", "last_id": "art_1"}


async def left_behind(asker: Any, client: Any) -> Any:
    turn = Turn._view({"id": "turn_1", "session_id": "sess_1"})
    artifacts = client.beta.agents.sessions.artifacts.for_result(AgentTurnResult(turn=turn, messages=[]))
    try:
        return await asker.got(artifacts.content("/workspace/a.txt"))
    except ValueError as missing:
        return str(missing).index("artifact")


STEPS: dict[str, tuple[dict[tuple[str, str], Any], Any]] = {
    "files.wait_for_processing": ({("GET", "files/file_1"): FILE}, waited_for_file),
    "runs.create_and_poll": (
        {("POST", "threads/t_1/runs"): RUN, ("GET", "threads/t_1/runs/run_1"): RUN},
        waited_for_run,
    ),
    "threads.create_and_run_poll": (
        {("POST", "threads/runs"): RUN, ("GET", "threads/t_1/runs/run_1"): RUN},
        waited_for_thread,
    ),
    "vector_stores.files.upload_and_poll": (
        {
            ("POST", "files"): FILE,
            ("POST", "vector_stores/vs_1/files"): STORED,
            ("GET", "vector_stores/vs_1/files/file_1"): STORED,
        },
        stored,
    ),
    "vector_stores.file_batches.upload_and_poll": (
        {
            ("POST", "files"): FILE,
            ("POST", "vector_stores/vs_1/file_batches"): BATCH,
            ("GET", "vector_stores/vs_1/file_batches/vsfb_1"): BATCH,
        },
        batched,
    ),
    "videos.create_and_poll": ({("POST", "videos"): VIDEO, ("GET", "videos/video_1"): VIDEO}, filmed),
    "uploads.upload_file_chunked": (
        {("POST", "uploads"): UPLOAD, ("POST", "uploads/up_1/parts"): PART, ("POST", "uploads/up_1/complete"): UPLOAD},
        uploaded,
    ),
    "ChunkedUpload": (
        {("POST", "uploads"): UPLOAD, ("POST", "uploads/up_1/parts"): PART, ("POST", "uploads/up_1/complete"): UPLOAD},
        uploaded_at_once,
    ),
    "agents.sessions.artifacts": (
        {
            ("GET", "agents/sessions/sess_1/artifacts"): ARTIFACTS,
            ("GET", "agents/sessions/sess_1/artifacts/art_1/content"): "abc",
        },
        left_behind,
    ),
    "agents.environments.files.upload": (
        {("POST", "files"): FILE, ("POST", "agents/environments/env_1/files"): PLACED},
        placed,
    ),
}


@COLOURS
@pytest.mark.parametrize("name", STEPS)
def test_a_result_or_a_typed_error_at_each_step(name: str, colour: str) -> None:
    """The odd reply comes once; who looks again gets a valid one. What was sent on is never made of an odd id."""
    valid, work = STEPS[name]
    asker = Asker(colour)

    async def attempt(odd_step: Any, value: Any) -> BaseException | None:
        left = [value]
        known = {(verb, f"/v1/{path}") for verb, path in valid}

        def answer(verb: str, path: str) -> Any:
            if "odd" in path.split("/"):
                return 404, {}, b"{}"
            assert (verb, path) in known, f"asked for {verb} {path}"
            step = (verb, path.removeprefix("/v1/"))
            return left.pop() if left and step == odd_step else valid[step]

        return (await asker.outcome(answer, work))[1]

    async def run() -> list[str]:
        assert await attempt(None, None) is None
        bad: list[str] = []
        for step, reply in valid.items():
            for odd in oddities(reply):
                problem = await attempt(step, odd.value)
                if not is_typed(problem):
                    bad.append(f"{step} {told(odd, problem)}")
        return bad

    assert asyncio.run(run()) == []


EVENT = {
    "id": "evt_1",
    "object": "event",
    "created_at": 1_800_000_000,
    "type": "response.completed",
    "data": {"id": "resp_1"},
}


@COLOURS
def test_a_webhook(colour: str) -> None:
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    asker = Asker(colour)

    async def unwrapped(asker: Any, client: Any) -> Any:
        made = client.webhooks.unwrap(body, headers)
        return look(await asker.got(made))

    bad: list[str] = []
    for odd in oddities(EVENT):
        body = json.dumps(odd.value).encode()
        at = str(int(time.time()))
        digest = hmac.new(key_from(secret), b".".join((b"wh_1", at.encode(), body)), hashlib.sha256).digest()
        signature = "v1," + base64.b64encode(digest).decode()
        headers = {"webhook-id": "wh_1", "webhook-timestamp": at, "webhook-signature": signature}
        result, problem = asyncio.run(asker.outcome(lambda verb, path: None, unwrapped))
        if not is_typed(problem) or not (problem or isinstance(result, antiphon.BaseModel)):
            bad.append(told(odd, problem or TypeError(repr(result))))
    assert bad == []
