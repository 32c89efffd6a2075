"""Fine-tuning: a job that trains, its events and checkpoints, and a model that knows what it was taught."""

from __future__ import annotations

import json
from typing import Any

import openai

from ..tour import Tour

UNDER_WAY = ("validating_files", "queued", "running")


def walk(t: Tour) -> None:
    """The chapter."""
    name = _trained(t)
    _shared(t, name)
    _paused(t)
    _failed(t)
    t.same(t.client.models.delete(name).deleted, True)
    t.gone(t.client.chat.completions.create, model=name, messages=_chat(4)["messages"][:1])


def _chat(number: int) -> dict[str, Any]:
    asked = {"role": "user", "content": f"What is the code of item {number}?"}
    return {"messages": [asked, {"role": "assistant", "content": f"It is X-{number}."}]}


def _started(t: Tour, lines: int = 20, **more: Any) -> Any:
    file = t.upload("train.jsonl", "\n".join(json.dumps(_chat(n)) for n in range(lines)), "fine-tune")
    return t.client.fine_tuning.jobs.create(model="gpt-4o-mini", training_file=file, **more)


def _settled(t: Tour, job: Any) -> Any:
    return t.settled(lambda: t.client.fine_tuning.jobs.retrieve(job.id), *UNDER_WAY)


def _trained(t: Tour) -> str:
    jobs = t.client.fine_tuning.jobs
    made = _started(t, suffix="tour", seed=7, metadata={"team": "tour"})
    t.same((made.status, made.seed, made.fine_tuned_model), ("validating_files", 7, None))
    done = _settled(t, made)
    t.same((done.status, done.hyperparameters.n_epochs), ("succeeded", 5))
    t.true(done.fine_tuned_model.startswith("ft:gpt-4o-mini:") and ":tour:" in done.fine_tuned_model)
    events = list(jobs.list_events(made.id, limit=30))
    losses = [event.data["train_loss"] for event in reversed(events) if event.type == "metrics"]
    t.same(len(losses), 100)
    t.true(sum(losses[-10:]) < sum(losses[:10]) / 2)
    saved = list(jobs.checkpoints.list(made.id))
    t.same([checkpoint.step_number for checkpoint in saved], [100, 80, 60, 40, 20])
    t.same(saved[0].fine_tuned_model_checkpoint, done.fine_tuned_model)
    rows = t.client.files.content(done.result_files[0]).text.splitlines()
    t.same([float(row.split(",")[1]) for row in rows[1:]], losses)
    t.same([job.id for job in jobs.list(metadata={"team": "tour"})], [made.id])
    t.true(done.fine_tuned_model in [model.id for model in t.client.models.list()])
    for name in (done.fine_tuned_model, saved[2].fine_tuned_model_checkpoint):
        answer = t.client.chat.completions.create(model=name, messages=_chat(4)["messages"][:1])
        t.same(answer.choices[0].message.content, "It is X-4.")
    return str(done.fine_tuned_model)


def _shared(t: Tour, name: str) -> None:
    permissions = t.client.fine_tuning.checkpoints.permissions
    made = list(permissions.create(name, project_ids=["proj_a", "proj_b"]))
    t.same([each.project_id for each in made], ["proj_a", "proj_b"])
    t.same([each.id for each in permissions.list(name, limit=1)], [made[1].id, made[0].id])
    t.same(permissions.delete(made[0].id, fine_tuned_model_checkpoint=name).deleted, True)
    t.same([each.id for each in permissions.list(name)], [made[1].id])


def _paused(t: Tour) -> None:
    jobs = t.client.fine_tuning.jobs
    made = _started(t)
    t.settled(lambda: jobs.retrieve(made.id), "validating_files", "queued")
    t.same(jobs.pause(made.id).status, "paused")
    t.house.wait(3600)
    t.same(jobs.retrieve(made.id).status, "paused")
    t.same(jobs.resume(made.id).status, "queued")
    t.same(jobs.cancel(made.id).status, "cancelled")
    t.refused(openai.BadRequestError, jobs.cancel, made.id)
    t.same((jobs.retrieve(made.id).fine_tuned_model), None)


def _failed(t: Tour) -> None:
    done = _settled(t, _started(t, lines=9))
    t.same((done.status, done.error.code, done.error.param), ("failed", "invalid_n_examples", "training_file"))
    jobs, other = t.client.fine_tuning.jobs, t.upload("a.txt", "x")
    t.refused(openai.BadRequestError, jobs.create, model="gpt-4o-mini", training_file=other)
    t.gone(jobs.retrieve, "ftjob-none")
