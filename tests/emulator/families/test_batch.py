"""Batches: validated, carried out, counted, cancelled, expired, taken up again after a restart."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import openai
import pytest

from antiphon.emulator import Emulator, Setting
from tests.emulator.asking import Asking

CHAT = "/v1/chat/completions"


def line(number: int, **more: Any) -> dict[str, Any]:
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": f"{number} + 1"}]}
    return {"custom_id": f"r{number}", "method": "POST", "url": CHAT, "body": body} | more


def uploaded(client: openai.OpenAI, lines: list[Any]) -> str:
    text = "\n".join(each if isinstance(each, str) else json.dumps(each) for each in lines)
    return client.files.create(file=("in.jsonl", text.encode()), purpose="batch").id


def started(client: openai.OpenAI, lines: list[Any], **more: Any) -> Any:
    file = uploaded(client, lines)
    return client.batches.create(input_file_id=file, endpoint=CHAT, completion_window="24h", **more)


def settled(client: openai.OpenAI, batch: Any, seen: Callable[[Any], None] = lambda _: None) -> Any:
    until = time.monotonic() + 30
    while batch.status in ("validating", "in_progress", "finalizing", "cancelling"):
        assert time.monotonic() < until, batch
        time.sleep(0.01)
        batch = client.batches.retrieve(batch.id)
        seen(batch)
    return batch


def read(client: openai.OpenAI, file: str | None) -> dict[str, Any]:
    assert file is not None
    rows = [json.loads(row) for row in client.files.content(file).text.splitlines()]
    assert len({row["id"] for row in rows}) == len(rows)
    return {row["custom_id"]: row for row in rows}


def counted(batch: Any) -> int:
    done: int = batch.request_counts.completed
    return done


@contextmanager
def slow(folder: Path | None = None) -> Generator[tuple[Emulator, openai.OpenAI]]:
    """An emulator whose background work takes two days, and a client."""
    with (
        Emulator(Setting(seed=3, background_seconds=200_000, data=folder)) as emulator,
        openai.OpenAI(base_url=emulator.base_url, api_key="sk-test", max_retries=0) as client,
    ):
        yield emulator, client


@pytest.mark.operation("batches.create", "batches.retrieve")
def test_every_line_is_carried_out_and_its_answer_written(client: openai.OpenAI) -> None:
    lines = [line(n) for n in range(100)]
    lines[7]["body"] = lines[7]["body"] | {"temperature": 9}
    batch = started(
        client, lines, metadata={"run": "1"}, output_expires_after={"anchor": "created_at", "seconds": 3600}
    )
    assert (batch.status, batch.request_counts.total, batch.output_file_id) == ("validating", 0, None)
    seen: list[Any] = []
    batch = settled(client, batch, seen.append)
    assert batch.status == "completed"
    assert (batch.model, batch.metadata) == ("gpt-4o", {"run": "1"})
    assert batch.request_counts.model_dump() == {"completed": 99, "failed": 1, "total": 100}
    assert len({view.request_counts.completed for view in seen}) > 3, "the counts were never seen to grow"
    answers, errors = read(client, batch.output_file_id), read(client, batch.error_file_id)
    assert answers.keys() | errors.keys() == {f"r{n}" for n in range(100)}
    assert answers["r41"]["response"]["status_code"] == 200
    assert answers["r41"]["error"] is None
    completion = answers["r41"]["response"]["body"]
    assert (completion["object"], completion["choices"][0]["message"]["content"]) == ("chat.completion", "41 + 1 = 42")
    assert errors["r7"]["response"]["status_code"] == 400
    assert errors["r7"]["response"]["body"]["error"]["param"] == "temperature"
    spent = [row["response"]["body"]["usage"] for row in answers.values()]
    assert batch.usage.total_tokens == sum(usage["total_tokens"] for usage in spent) > 0
    assert batch.usage.output_tokens == sum(usage["completion_tokens"] for usage in spent)
    file = client.files.retrieve(batch.output_file_id)
    assert (file.purpose, file.expires_at) == ("batch_output", file.created_at + 3600)
    assert batch.created_at <= batch.in_progress_at <= batch.finalizing_at <= batch.completed_at


@pytest.mark.parametrize(
    ("endpoint", "body"),
    [
        ("/v1/responses", {"model": "gpt-4o", "input": "Hello"}),
        ("/v1/embeddings", {"model": "text-embedding-3-small", "input": "Hello", "dimensions": 8}),
        ("/v1/completions", {"model": "gpt-3.5-turbo-instruct", "prompt": "Hello"}),
        ("/v1/moderations", {"input": "Hello", "model": "omni-moderation-latest"}),
    ],
)
@pytest.mark.operation("batches.create")
def test_other_endpoints(client: openai.OpenAI, endpoint: Any, body: dict[str, Any]) -> None:
    file = uploaded(client, [line(0, url=endpoint, body=body), line(1, url=endpoint, body=body | {"stream": True})])
    batch = settled(client, client.batches.create(input_file_id=file, endpoint=endpoint, completion_window="24h"))
    assert read(client, batch.output_file_id)["r0"]["response"]["body"]
    assert read(client, batch.error_file_id)["r1"]["response"]["status_code"] == 400


@pytest.mark.operation("batches.create")
def test_what_the_lines_cost_is_counted_as_a_batch() -> None:
    with Emulator(Setting(seed=4)) as emulator, openai.OpenAI(base_url=emulator.base_url, api_key="k") as client:
        file = uploaded(client, [line(n, url="/v1/moderations", body={"input": "One, two"}) for n in range(7)])
        batch = client.batches.create(input_file_id=file, endpoint="/v1/moderations", completion_window="24h")
        assert settled(client, batch).status == "completed"
        rows = [row for row in emulator.app.world.meter.rows(0, float("inf")) if row["kind"] == "moderations"]
        assert sum(row["requests"] for row in rows) == 7
        assert all(row["batch"] for row in rows)


@pytest.mark.operation("batches.create")
def test_a_file_that_is_wrong_fails_with_the_lines(client: openai.OpenAI) -> None:
    other = line(5)["body"] | {"model": "gpt-4o-mini"}
    headless = {name: value for name, value in line(9).items() if name != "custom_id"}
    lines = [
        line(0),
        "{nope",
        line(0),
        line(3, method="GET"),
        line(4, url="/v1/responses"),
        line(5, body=other),
        headless,
    ]
    batch = settled(client, started(client, [*lines, "[]"]))
    assert batch.status == "failed"
    assert batch.failed_at is not None
    found = [(error.line, error.code, error.param) for error in batch.errors.data]
    assert found == [
        (2, "invalid_json_line", None),
        (3, "duplicate_custom_id", "custom_id"),
        (4, "invalid_method", "method"),
        (5, "invalid_url", "url"),
        (6, "mismatched_model", "body.model"),
        (7, "missing_required_parameter", "custom_id"),
        (8, "invalid_request", None),
    ]
    assert (batch.output_file_id, batch.error_file_id) == (None, None)


@pytest.mark.operation("batches.create")
def test_files_that_hold_no_batch(client: openai.OpenAI) -> None:
    assert settled(client, started(client, ["\n"])).errors.data[0].code == "empty_file"
    unknown = line(0)["body"] | {"model": "gpt-none"}
    assert settled(client, started(client, [line(0, body=unknown)])).errors.data[0].code == "model_not_found"
    with pytest.raises(openai.BadRequestError) as caught:
        client.batches.create(input_file_id="file-none", endpoint=CHAT, completion_window="24h")
    assert caught.value.param == "input_file_id"
    other = client.files.create(file=("a.txt", b"x"), purpose="user_data").id
    with pytest.raises(openai.BadRequestError, match="purpose"):
        client.batches.create(input_file_id=other, endpoint=CHAT, completion_window="24h")


@pytest.mark.operation("batches.list", "batches.retrieve")
def test_listed_newest_first_and_unknown_ones_are_not_found(client: openai.OpenAI, ask: Asking) -> None:
    made = [started(client, [line(0)]).id for _ in range(3)]
    assert [batch.id for batch in client.batches.list(limit=2).data] == made[:0:-1]
    assert client.batches.list(limit=1, after=made[1]).data[0].id == made[0]
    assert ask("GET", "/v1/batches/batch_none").status == 404
    assert ask("POST", "/v1/batches/batch_none/cancel").status == 404


@pytest.mark.operation("batches.cancel")
def test_a_cancelled_batch_gives_what_it_has() -> None:
    with slow() as (emulator, client):
        batch = started(client, [line(n) for n in range(40)])
        emulator.app.world.skew += 70_000
        while counted(batch := client.batches.retrieve(batch.id)) < 4:
            assert batch.status in ("validating", "in_progress")
        batch = client.batches.cancel(batch.id)
        assert (batch.status, batch.cancelled_at) == ("cancelling", None)
        assert client.batches.cancel(batch.id).status == "cancelling"
        emulator.app.world.skew += 60_000
        batch = settled(client, batch)
        assert batch.status == "cancelled"
        assert batch.cancelled_at > batch.cancelling_at
        answers, left = read(client, batch.output_file_id), read(client, batch.error_file_id)
        assert len(answers) == batch.request_counts.completed
        assert len(answers) + len(left) == 40
        assert {row["error"]["code"] for row in left.values()} == {"batch_cancelled"}
        with pytest.raises(openai.ConflictError):
            client.batches.cancel(batch.id)


@pytest.mark.operation("batches.retrieve")
def test_a_batch_whose_file_is_deleted_fails() -> None:
    with slow() as (emulator, client):
        batch = started(client, [line(n) for n in range(40)])
        emulator.app.world.skew += 70_000
        while (batch := client.batches.retrieve(batch.id)).status != "in_progress":
            pass
        client.files.delete(batch.input_file_id)
        emulator.app.world.skew += 10_000
        batch = settled(client, batch)
        assert (batch.status, batch.errors.data[0].code, batch.output_file_id) == ("failed", "invalid_file", None)


@pytest.mark.operation("batches.cancel")
def test_cancelled_before_anything_was_done() -> None:
    with slow() as (emulator, client):
        batch = client.batches.cancel(started(client, [line(0)]).id)
        emulator.app.world.skew += 200_000
        batch = settled(client, batch)
        assert (batch.status, batch.output_file_id, batch.error_file_id) == ("cancelled", None, None)


@pytest.mark.operation("batches.retrieve")
def test_the_window_closes() -> None:
    with slow() as (emulator, client):
        batch = started(client, [line(n) for n in range(40)])
        emulator.app.world.skew += 86_400 + 60_000
        batch = settled(client, batch)
        assert batch.status == "expired"
        assert batch.expired_at >= batch.expires_at == batch.created_at + 86_400
        answers, left = read(client, batch.output_file_id), read(client, batch.error_file_id)
        assert 0 < len(answers) < 40
        assert len(answers) + len(left) == 40
        assert {row["error"]["code"] for row in left.values()} == {"batch_expired"}


@pytest.mark.operation("batches.create")
def test_it_goes_on_after_a_restart(tmp_path: Path) -> None:
    with slow(tmp_path) as (emulator, client):
        batch = started(client, [line(n) for n in range(40)])
        emulator.app.world.skew += 80_000
        while counted(batch := client.batches.retrieve(batch.id)) < 10:
            pass
        draft = tmp_path / "files" / f"{batch.id}.output"
        draft.write_bytes(draft.read_bytes() + b'{"half": ')  # what a killed process leaves
    with slow(tmp_path) as (emulator, client):
        emulator.app.world.skew += 80_000
        done = counted(client.batches.retrieve(batch.id))
        assert 10 <= done < 40
        emulator.app.world.skew += 70_000
        batch = settled(client, client.batches.retrieve(batch.id))
        assert len(read(client, batch.output_file_id)) == batch.request_counts.completed > 10


@pytest.mark.operation("batches.create")
def test_thousands_of_lines_keep_nobody_waiting(client: openai.OpenAI, ask: Asking) -> None:
    batch = started(client, [line(n) for n in range(2_000)])
    waits: list[float] = []
    while client.batches.retrieve(batch.id).status in ("validating", "in_progress"):
        before = time.monotonic()
        assert ask("GET", "/v1/models/gpt-4o").status == 200
        waits.append(time.monotonic() - before)
    assert sorted(waits)[len(waits) // 2] < 0.1, "half of the requests waited for the batch"
    assert counted(settled(client, batch)) == 2_000
