"""Evals: runs that sample and grade, over rows that are given, in files, or were stored; counts that agree."""

from __future__ import annotations

import json
from typing import Any

import openai

from ..tour import Tour, user

SCHEMA = {
    "type": "object",
    "properties": {"sum": {"type": "string"}, "result": {"type": "integer"}},
    "required": ["sum", "result"],
}
CUSTOM: Any = {"type": "custom", "item_schema": SCHEMA, "include_sample_schema": True}
RIGHT: Any = {
    "type": "string_check",
    "name": "right",
    "input": "{{sample.output_text}}",
    "reference": "{{item.result}}",
    "operation": "like",
}
ITEMS: list[Any] = [{"sum": f"{n} + 1", "result": n + 1 if n < 4 else 99} for n in range(6)]
ROWS: Any = {"type": "file_content", "content": [{"item": item} for item in ITEMS]}
ASKED: Any = {"type": "template", "template": [{"role": "user", "content": "{{item.sum}}"}]}


def walk(t: Tour) -> None:
    """The chapter."""
    evals = t.client.evals
    made = evals.create(data_source_config=CUSTOM, testing_criteria=[RIGHT], name="sums", metadata={"k": "v"})
    t.same((made.object, made.name, made.testing_criteria[0].to_dict()), ("eval", "sums", RIGHT))
    t.same(evals.update(made.id, name="more sums").name, "more sums")
    t.same(evals.retrieve(made.id).metadata, {"k": "v"})
    for kind in ("completions", "responses"):
        _sampled(t, made.id, kind)
    _given(t, made.id)
    _stored(t)
    _ended(t, made.id)
    t.true(made.id in [each.id for each in evals.list(limit=1, order="desc")])
    t.same(evals.delete(made.id).deleted, True)
    t.gone(evals.retrieve, made.id)
    wrong = [RIGHT | {"input": "{{row.a}}"}]
    t.refused(openai.BadRequestError, evals.create, data_source_config=CUSTOM, testing_criteria=wrong)


def _ran(t: Tour, eval_id: str, source: Any, **more: Any) -> Any:
    runs = t.client.evals.runs
    run = runs.create(eval_id, data_source=source, **more)
    return t.settled(lambda: runs.retrieve(run.id, eval_id=eval_id), "queued", "in_progress")


def _sampled(t: Tour, eval_id: str, kind: str) -> None:
    source = {"type": kind, "source": ROWS, "model": "gpt-4o", "input_messages": ASKED}
    run = _ran(t, eval_id, source, name=kind)
    t.same((run.status, run.result_counts.passed, run.result_counts.failed), ("completed", 4, 2))
    items = list(t.client.evals.runs.output_items.list(run.id, eval_id=eval_id, limit=4))
    t.same([item.status for item in items], ["pass"] * 4 + ["fail"] * 2)
    t.same([item.datasource_item for item in items], ITEMS)
    t.same(items[0].sample.output[0].content, "0 + 1 = 1")
    t.same(run.per_model_usage[0].total_tokens, sum(item.sample.usage.total_tokens for item in items))
    one = t.client.evals.runs.output_items.retrieve(items[0].id, eval_id=eval_id, run_id=run.id)
    t.same(one.to_dict(), items[0].to_dict())


def _given(t: Tour, eval_id: str) -> None:
    lines = [{"item": item, "sample": {"output_text": f"{n + 1}"}} for n, item in enumerate(ITEMS)]
    file = t.upload("rows.jsonl", "\n".join(json.dumps(line) for line in lines), "evals")
    run = _ran(t, eval_id, {"type": "jsonl", "source": {"type": "file_id", "id": file}})
    t.same((run.status, run.result_counts.passed, run.result_counts.total), ("completed", 4, 6))


def _stored(t: Tour) -> None:
    mark = {"suite": "tour-evals"}
    for n in range(3):
        t.client.chat.completions.create(model="gpt-4o", messages=user(f"{n} + 5"), store=True, metadata=mark)
    config: Any = {"type": "stored_completions", "metadata": mark}
    made = t.client.evals.create(data_source_config=config, testing_criteria=[RIGHT | {"reference": "= 6"}]).id
    run = _ran(t, made, {"type": "completions", "source": config})
    t.same((run.result_counts.passed, run.result_counts.failed), (1, 2))


def _ended(t: Tour, eval_id: str) -> None:
    runs = t.client.evals.runs
    source: Any = {"type": "completions", "source": ROWS, "model": "gpt-4o", "input_messages": ASKED}
    made = runs.create(eval_id, data_source=source)
    t.same(runs.cancel(made.id, eval_id=eval_id).status, "canceled")
    t.same([run.id for run in runs.list(eval_id, status="canceled")], [made.id])
    t.same(runs.delete(made.id, eval_id=eval_id).deleted, True)
    t.gone(runs.retrieve, made.id, eval_id=eval_id)
