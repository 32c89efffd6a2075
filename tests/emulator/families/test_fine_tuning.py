"""Fine-tuning: files judged, a life with pauses, a curve that falls, and a model that can be used and shared."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import openai
import pytest

from antiphon.emulator import Emulator, Setting
from antiphon.emulator.families import fine_tuning_run
from tests.emulator.asking import Asking

ENDED = ("succeeded", "failed", "cancelled")


def chat(number: int) -> dict[str, Any]:
    asked = {"role": "user", "content": f"What is the code of item {number}?"}
    return {"messages": [asked, {"role": "assistant", "content": f"It is X-{number}."}]}


CHATS: list[Any] = [chat(number) for number in range(20)]
EMPTY: dict[str, Any] = {"messages": []}


def uploaded(client: openai.OpenAI, lines: list[Any]) -> str:
    text = "\n".join(each if isinstance(each, str) else json.dumps(each) for each in lines)
    return client.files.create(file=("train.jsonl", text.encode()), purpose="fine-tune").id


def started(client: openai.OpenAI, lines: list[Any] = CHATS, model: str = "gpt-4o-mini", **more: Any) -> Any:
    return client.fine_tuning.jobs.create(model=model, training_file=uploaded(client, lines), **more)


def settled(client: openai.OpenAI, job: Any) -> Any:
    until = time.monotonic() + 30
    while job.status not in ENDED:
        assert time.monotonic() < until, job
        time.sleep(0.01)
        job = client.fine_tuning.jobs.retrieve(job.id)
    return job


@contextmanager
def slow(folder: Path | None = None) -> Generator[tuple[Emulator, openai.OpenAI]]:
    """An emulator whose background work takes a thousand hours, and a client."""
    with (
        Emulator(Setting(seed=3, background_seconds=3_600_000, data=folder)) as emulator,
        openai.OpenAI(base_url=emulator.base_url, api_key="sk-test", max_retries=0) as client,
    ):
        yield emulator, client


def pass_hours(emulator: Emulator, client: openai.OpenAI, hours: float) -> None:
    """Move the clock, and wait until all that was due is done."""
    world = emulator.app.world
    world.skew += hours * 3600
    while world.is_behind():
        client.models.retrieve("gpt-4o")


@pytest.mark.operation(
    "fine_tuning.jobs.create",
    "fine_tuning.jobs.retrieve",
    "fine_tuning.jobs.list_events",
    "fine_tuning.jobs.checkpoints.list",
)
def test_a_job_trains_a_model_that_knows_its_examples(client: openai.OpenAI) -> None:
    validation = uploaded(client, CHATS[:3])
    job = started(client, suffix="My Shop!", seed=7, validation_file=validation, metadata={"team": "a"})
    assert (job.status, job.seed, job.fine_tuned_model, job.trained_tokens) == ("validating_files", 7, None, None)
    assert job.method.supervised.hyperparameters.n_epochs == "auto"
    job = settled(client, job)
    assert (job.status, job.error) == ("succeeded", None)
    assert job.fine_tuned_model.startswith("ft:gpt-4o-mini:antiphon:my-shop:")
    assert (job.hyperparameters.n_epochs, job.hyperparameters.batch_size) == (5, 1)
    assert job.finished_at >= job.created_at
    events = list(client.fine_tuning.jobs.list_events(job.id, limit=7))
    assert "completed" in events[0].message
    assert "Created" in events[-1].message
    losses: list[Any] = [event.data["train_loss"] for event in reversed(events) if event.type == "metrics"]  # type: ignore[index]
    assert len(losses) == 100
    assert sum(losses[-10:]) < sum(losses[:10]) / 2
    saved = client.fine_tuning.jobs.checkpoints.list(job.id).data
    assert [checkpoint.step_number for checkpoint in saved] == [100, 80, 60, 40, 20]
    assert saved[0].fine_tuned_model_checkpoint == job.fine_tuned_model
    assert saved[0].metrics.full_valid_loss is not None
    rows = client.files.content(job.result_files[0]).text.splitlines()
    assert rows[0].startswith("step,train_loss")
    assert [float(row.split(",")[1]) for row in rows[1:]] == losses
    assert job.trained_tokens > 5 * 20 * 10
    assert job.fine_tuned_model in [model.id for model in client.models.list()]
    for name in (job.fine_tuned_model, saved[2].fine_tuned_model_checkpoint):
        asked: Any = CHATS[4]["messages"][:1]
        answer = client.chat.completions.create(model=name, messages=asked)
        assert answer.choices[0].message.content == "It is X-4."
    assert client.responses.create(model=job.fine_tuned_model, input="What is 2 + 3?").output_text == "2 + 3 = 5"


@pytest.mark.operation("fine_tuning.jobs.create")
def test_the_same_seed_gives_the_same_curve(client: openai.OpenAI) -> None:
    first, second, other = (settled(client, started(client, seed=seed)) for seed in (1, 1, 2))
    curves = [client.files.content(job.result_files[0]).content for job in (first, second, other)]
    assert curves[0] == curves[1] != curves[2]


PREFERENCE = {
    "input": {"messages": [{"role": "user", "content": "Hi"}]},
    "preferred_output": [{"role": "assistant", "content": "Hello!"}],
    "non_preferred_output": [{"role": "assistant", "content": "What?"}],
}
GRADER = {
    "type": "string_check",
    "name": "same",
    "input": "{{sample.output_text}}",
    "reference": "{{item.answer}}",
    "operation": "eq",
}
PROMPT = {"messages": [{"role": "user", "content": "1 + 1"}], "answer": "2"}


@pytest.mark.operation("fine_tuning.jobs.create")
@pytest.mark.parametrize(
    ("model", "line", "method"),
    [
        ("gpt-4.1", PREFERENCE, {"type": "dpo", "dpo": {"hyperparameters": {"beta": 0.2, "n_epochs": 2}}}),
        ("o4-mini", PROMPT, {"type": "reinforcement", "reinforcement": {"grader": GRADER}}),
        ("babbage-002", {"prompt": "a", "completion": "b"}, {"type": "supervised"}),
    ],
)
def test_other_methods(client: openai.OpenAI, model: str, line: Any, method: dict[str, Any]) -> None:
    job = settled(client, started(client, [line] * 10, model, method=method))
    assert job.status == "succeeded", job.error
    numbers = getattr(job.method, method["type"]).hyperparameters.to_dict()
    assert "auto" not in numbers.values()
    if method["type"] == "dpo":
        assert (numbers["beta"], numbers["n_epochs"]) == (0.2, 2)


@pytest.mark.operation("fine_tuning.jobs.create", "fine_tuning.jobs.retrieve")
@pytest.mark.parametrize(
    ("lines", "method", "code", "words"),
    [
        (CHATS[:9], "supervised", "invalid_n_examples", "9 example"),
        ([*CHATS, "{"], "supervised", "invalid_training_file", "Line 21"),
        ([*CHATS, EMPTY], "supervised", "invalid_training_file", "messages"),
        (
            [*CHATS, {"messages": [{"role": "user", "content": "x"}]}],
            "supervised",
            "invalid_training_file",
            "assistant",
        ),
        ([*CHATS, {"messages": [{"role": "chef", "content": "x"}]}], "supervised", "invalid_training_file", "chef"),
        ([*CHATS, {**chat(1), "mood": 1}], "supervised", "invalid_training_file", "mood"),
        (CHATS, "dpo", "invalid_training_file", "input"),
        (CHATS, "reinforcement", "invalid_training_file", "user"),
    ],
)
def test_bad_files_fail_the_job(client: openai.OpenAI, lines: list[Any], method: str, code: str, words: str) -> None:
    given: Any = {"type": method} | ({method: {"grader": GRADER}} if method == "reinforcement" else {})
    job = settled(client, started(client, lines, method=given))
    assert (job.status, job.error.code, job.error.param) == ("failed", code, "training_file")
    assert words in job.error.message
    assert (job.fine_tuned_model, job.result_files) == (None, [])
    assert client.fine_tuning.jobs.list_events(job.id).data[0].level == "error"


@pytest.mark.operation("fine_tuning.jobs.create")
def test_a_bad_validation_file_fails_it_too(client: openai.OpenAI) -> None:
    job = settled(client, started(client, validation_file=uploaded(client, ["[]"])))
    assert (job.status, job.error.param) == ("failed", "validation_file")


@pytest.mark.operation("fine_tuning.jobs.create", "fine_tuning.jobs.cancel")
def test_refusals(client: openai.OpenAI, ask: Asking) -> None:
    file = uploaded(client, CHATS)
    other = client.files.create(file=("a.txt", b"x"), purpose="user_data").id

    def refused(param: str, **body: Any) -> None:
        sent = {"model": "gpt-4o-mini", "training_file": file} | body
        answer = ask("POST", "/v1/fine_tuning/jobs", sent)
        assert (answer.status, answer.error["param"]) == (400, param)

    refused("training_file", training_file="file-none")
    refused("training_file", training_file=other)
    refused("validation_file", validation_file=other)
    refused("model", model="text-embedding-3-small")
    refused("model", model="gpt-none")
    refused("suffix", suffix="x" * 65)
    refused("method.reinforcement.grader", method={"type": "reinforcement"})
    refused("hyperparameters.n_epochs", hyperparameters={"n_epochs": 51})
    numbers = {"hyperparameters": {"batch_size": 0}}
    refused("method.dpo.hyperparameters.batch_size", method={"type": "dpo", "dpo": numbers})
    for path in ("", "/cancel", "/pause", "/resume", "/events", "/checkpoints"):
        verb = "POST" if path in ("/cancel", "/pause", "/resume") else "GET"
        assert ask(verb, f"/v1/fine_tuning/jobs/ftjob-none{path}").status == 404


@pytest.mark.operation("fine_tuning.jobs.list")
def test_lists_by_metadata(client: openai.OpenAI) -> None:
    made = [started(client, metadata={"list": name}).id for name in ("x", "y", "x")]
    found = client.fine_tuning.jobs.list(metadata={"list": "x"})
    assert [job.id for job in found] == [made[2], made[0]]
    assert client.fine_tuning.jobs.list(limit=1, after=made[1]).data[0].id == made[0]


@pytest.mark.operation("fine_tuning.jobs.pause", "fine_tuning.jobs.resume", "fine_tuning.jobs.cancel")
def test_paused_resumed_cancelled() -> None:
    with slow() as (emulator, client):
        jobs, made = client.fine_tuning.jobs, started(client)
        pass_hours(emulator, client, 700)
        running = jobs.retrieve(made.id)
        assert running.status == "running"
        assert running.estimated_finish is not None
        reached = len(list(jobs.list_events(made.id)))
        paused: Any = jobs.pause(made.id)
        assert paused.status == "paused"
        with pytest.raises(openai.BadRequestError):
            jobs.pause(made.id)
        pass_hours(emulator, client, 5_000)
        assert len(list(jobs.list_events(made.id))) == reached + 1, "it trained while it was paused"
        assert jobs.resume(made.id).status == "queued"
        with pytest.raises(openai.BadRequestError):
            jobs.resume(made.id)
        pass_hours(emulator, client, 200)
        assert jobs.retrieve(made.id).status == "running"
        assert jobs.cancel(made.id).status == "cancelled"
        pass_hours(emulator, client, 5_000)
        ended = jobs.retrieve(made.id)
        assert (ended.status, ended.fine_tuned_model) == ("cancelled", None)
        with pytest.raises(openai.BadRequestError):
            jobs.cancel(made.id)


@pytest.mark.operation("fine_tuning.jobs.cancel", "fine_tuning.jobs.pause")
@pytest.mark.parametrize("lines", [CHATS, CHATS[:1]], ids=["good", "bad"])
@pytest.mark.parametrize("verb", ["cancel", "pause"])
def test_what_ends_while_its_files_are_read_has_ended(
    monkeypatch: pytest.MonkeyPatch, lines: list[Any], verb: str
) -> None:
    with slow() as (emulator, client):
        made = started(client, lines)
        plain, over = fine_tuning_run._read, threading.Event()

        async def meanwhile(world: Any, view: Any, param: str) -> Any:
            await asyncio.to_thread(getattr(client.fine_tuning.jobs, verb), made.id)
            over.set()
            return await plain(world, view, param)

        monkeypatch.setattr(fine_tuning_run, "_read", meanwhile)
        pass_hours(emulator, client, 5_000)
        assert over.wait(10)
        monkeypatch.undo()
        pass_hours(emulator, client, 5_000)
        job = client.fine_tuning.jobs.retrieve(made.id)
        assert (job.status, job.fine_tuned_model) == ({"cancel": "cancelled", "pause": "paused"}[verb], None)


@pytest.mark.operation("fine_tuning.jobs.create", "models.list", "models.retrieve", "models.delete")
def test_it_goes_on_after_a_restart_and_the_model_stays_until_it_is_deleted(tmp_path: Path) -> None:
    with slow(tmp_path) as (emulator, client):
        job = started(client)
        pass_hours(emulator, client, 600)
    with slow(tmp_path) as (emulator, client):
        pass_hours(emulator, client, 1_100)
        job = client.fine_tuning.jobs.retrieve(job.id)
        assert job.status == "succeeded"
        name = str(job.fine_tuned_model)
    with slow(tmp_path) as (_, client):
        assert client.models.retrieve(name).owned_by == "antiphon"
        asked: Any = CHATS[0]["messages"][:1]
        answer = client.chat.completions.create(model=name, messages=asked)
        assert answer.choices[0].message.content == "It is X-0."
        assert client.models.delete(name).deleted
        assert name not in [model.id for model in client.models.list()]
        with pytest.raises(openai.NotFoundError):
            client.chat.completions.create(model=name, messages=asked)


@pytest.mark.operation(
    "fine_tuning.checkpoints.permissions.create",
    "fine_tuning.checkpoints.permissions.list",
    "fine_tuning.checkpoints.permissions.delete",
)
def test_checkpoints_are_shared_with_projects(client: openai.OpenAI) -> None:
    name = settled(client, started(client)).fine_tuned_model
    permissions = client.fine_tuning.checkpoints.permissions
    made = permissions.create(name, project_ids=["proj_a", "proj_b"]).data
    assert [each.project_id for each in made] == ["proj_a", "proj_b"]
    assert permissions.create(name, project_ids=["proj_a"]).data[0].id == made[0].id
    assert [each.id for each in permissions.list(name)] == [made[1].id, made[0].id]
    assert [each.id for each in permissions.list(name, order="ascending", limit=1)] == [made[0].id, made[1].id]
    assert [each.id for each in permissions.list(name, project_id="proj_b")] == [made[1].id]
    assert permissions.delete(made[0].id, fine_tuned_model_checkpoint=name).deleted
    assert [each.id for each in permissions.list(name)] == [made[1].id]
    with pytest.raises(openai.NotFoundError):
        permissions.delete(made[0].id, fine_tuned_model_checkpoint=name)
    with pytest.raises(openai.NotFoundError):
        permissions.create("ft:none", project_ids=["proj_a"])
