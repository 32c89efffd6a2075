"""Evals: rows from everywhere, answers sampled and graded, counts and usage that agree with the output items."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import openai
import pytest

from antiphon.emulator import Emulator, Setting
from tests.emulator.asking import Asking

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
NEAR: Any = {
    "type": "text_similarity",
    "name": "near",
    "input": "{{sample.output_text}}",
    "reference": "{{item.sum}} = {{item.result}}",
    "evaluation_metric": "fuzzy_match",
    "pass_threshold": 0.9,
}
JUDGE: Any = {
    "type": "score_model",
    "name": "judge",
    "model": "gpt-4o-mini",
    "input": [{"role": "user", "content": "The score is 1"}],
    "range": [0, 1],
    "pass_threshold": 0.5,
}
ITEMS: list[Any] = [{"sum": f"{n} + 1", "result": n + 1 if n < 4 else 99} for n in range(6)]
ASKED: Any = {"type": "template", "template": [{"role": "user", "content": "{{item.sum}}"}]}


def rows(items: list[Any] = ITEMS) -> Any:
    return {"type": "file_content", "content": [{"item": item} for item in items]}


def made(client: openai.OpenAI, *criteria: Any, config: Any = CUSTOM, **more: Any) -> str:
    return client.evals.create(data_source_config=config, testing_criteria=list(criteria or (RIGHT,)), **more).id


def settled(client: openai.OpenAI, run: Any) -> Any:
    until = time.monotonic() + 30
    while run.status in ("queued", "in_progress"):
        assert time.monotonic() < until, run
        time.sleep(0.01)
        run = client.evals.runs.retrieve(run.id, eval_id=run.eval_id)
    return run


def ran(client: openai.OpenAI, eval_id: str, source: Any, **more: Any) -> Any:
    return settled(client, client.evals.runs.create(eval_id, data_source=source, **more))


@pytest.mark.operation("evals.create", "evals.retrieve", "evals.update", "evals.delete", "evals.list")
def test_an_eval_is_kept_changed_and_removed(client: openai.OpenAI, ask: Asking) -> None:
    first = client.evals.create(
        data_source_config=CUSTOM, testing_criteria=[RIGHT, NEAR], name="a", metadata={"k": "v"}
    )
    assert (first.object, first.name, first.metadata) == ("eval", "a", {"k": "v"})
    schema = first.data_source_config.to_dict()["schema"]
    assert schema["properties"]["item"] == SCHEMA  # type: ignore[index]
    assert schema["required"] == ["item", "sample"]  # type: ignore[index]
    assert [criterion.to_dict() for criterion in first.testing_criteria] == [RIGHT, NEAR]
    second = made(client, name="b")
    time.sleep(0.002)
    assert client.evals.update(first.id, name="c").name == "c"
    assert client.evals.retrieve(first.id).metadata == {"k": "v"}
    newest = [each.id for each in client.evals.list(order="desc", limit=2).data]
    assert newest == [second, first.id]
    changed = [each.id for each in client.evals.list(order="desc", order_by="updated_at", limit=1).data]
    assert changed == [first.id]
    gone = client.evals.delete(first.id)
    assert (gone.deleted, gone.eval_id, gone.object) == (True, first.id, "eval.deleted")
    assert ask("GET", f"/v1/evals/{first.id}").status == 404


@pytest.mark.operation("evals.create")
@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"testing_criteria": []}, "testing_criteria"),
        ({"testing_criteria": [RIGHT, RIGHT | {"input": "{{row.a}}"}]}, "testing_criteria[1].input"),
        (
            {"testing_criteria": [{k: v for k, v in NEAR.items() if k != "pass_threshold"}]},
            "testing_criteria[0].pass_threshold",
        ),
        (
            {"data_source_config": {"type": "custom", "item_schema": {"type": "thing"}}},
            "data_source_config.item_schema",
        ),
    ],
)
def test_what_cannot_be_tested_is_refused(ask: Asking, change: dict[str, Any], param: str) -> None:
    answer = ask("POST", "/v1/evals", {"data_source_config": CUSTOM, "testing_criteria": [RIGHT]} | change)
    assert (answer.status, answer.error["param"]) == (400, param)


@pytest.mark.operation(
    "evals.runs.create", "evals.runs.retrieve", "evals.runs.output_items.list", "evals.runs.output_items.retrieve"
)
@pytest.mark.parametrize("kind", ["completions", "responses"])
def test_a_run_samples_and_grades(client: openai.OpenAI, kind: str) -> None:
    eval_id = made(client, RIGHT, NEAR, JUDGE)
    source = {"type": kind, "source": rows(), "model": "gpt-4o", "input_messages": ASKED}
    started = client.evals.runs.create(eval_id, data_source=source, name="first", metadata={"a": "b"})  # type: ignore[arg-type]
    assert (started.status, started.name, started.model) == ("queued", "first", "gpt-4o")
    run = settled(client, started)
    assert run.status == "completed"
    assert run.result_counts.to_dict() == {"total": 6, "errored": 0, "failed": 2, "passed": 4}
    results = {each.testing_criteria: (each.passed, each.failed) for each in run.per_testing_criteria_results}
    assert results["right"] == (4, 2)
    assert results["judge"] == (6, 0)
    items = client.evals.runs.output_items.list(run.id, eval_id=eval_id).data
    assert [item.datasource_item for item in items] == ITEMS
    assert [item.status for item in items] == ["pass"] * 4 + ["fail"] * 2
    first = items[0]
    assert first.sample.output[0].content == "0 + 1 = 1"
    assert (first.sample.input[0].role, first.sample.input[0].content) == ("user", "0 + 1")
    assert [(each.name, each.passed) for each in first.results] == [("right", True), ("near", True), ("judge", True)]
    usage = {each.model_name: each for each in run.per_model_usage}
    assert (usage["gpt-4o"].invocation_count, usage["gpt-4o-mini"].invocation_count) == (6, 6)
    assert usage["gpt-4o"].total_tokens == sum(item.sample.usage.total_tokens for item in items) > 0
    failed = client.evals.runs.output_items.list(run.id, eval_id=eval_id, status="fail", limit=1)
    assert [item.id for item in failed] == [items[4].id, items[5].id]
    again = client.evals.runs.output_items.retrieve(first.id, eval_id=eval_id, run_id=run.id)
    assert again.to_dict() == first.to_dict()
    with pytest.raises(openai.NotFoundError):
        client.evals.runs.output_items.retrieve("outputitem_none", eval_id=eval_id, run_id=run.id)


@pytest.mark.operation("evals.runs.create")
def test_answers_that_are_there_are_graded(client: openai.OpenAI) -> None:
    lines = [{"item": item, "sample": {"output_text": f"{item['sum']} = {n + 1}"}} for n, item in enumerate(ITEMS)]
    text = "\n".join(json.dumps(line) for line in lines)
    file = client.files.create(file=("rows.jsonl", text.encode()), purpose="evals").id
    run = ran(client, made(client, RIGHT), {"type": "jsonl", "source": {"type": "file_id", "id": file}})
    assert run.result_counts.to_dict() == {"total": 6, "errored": 0, "failed": 2, "passed": 4}
    assert run.per_model_usage == []
    items = client.evals.runs.output_items.list(run.id, eval_id=run.eval_id).data
    assert items[2].sample.output[0].content == "2 + 1 = 3"


@pytest.mark.operation("evals.runs.create")
def test_stored_completions_and_responses_are_graded(client: openai.OpenAI) -> None:
    mark = {"suite": "stored-7"}
    for n in range(3):
        asked: Any = [{"role": "user", "content": f"{n} + 5"}]
        client.chat.completions.create(model="gpt-4o", messages=asked, store=True, metadata=mark)
        client.responses.create(model="gpt-4o", input=f"{n} + 5", metadata=mark)
    unmarked: Any = [{"role": "user", "content": "1 + 5"}]
    client.chat.completions.create(model="gpt-4o", messages=unmarked, store=True, metadata={"suite": "other"})
    client.responses.create(model="gpt-4o", input="1 + 5")
    six = RIGHT | {"reference": "= 6"}
    stored = made(client, six, config={"type": "stored_completions", "metadata": mark})
    run = ran(client, stored, {"type": "completions", "source": {"type": "stored_completions", "metadata": mark}})
    assert run.result_counts.to_dict() == {"total": 3, "errored": 0, "failed": 2, "passed": 1}
    logs = made(client, six, config={"type": "logs", "metadata": mark})
    run = ran(client, logs, {"type": "responses", "source": {"type": "responses", "metadata": mark}})
    assert run.result_counts.to_dict() == {"total": 3, "errored": 0, "failed": 2, "passed": 1}
    asked_again = {
        "type": "completions",
        "model": "gpt-4o-mini",
        "source": {"type": "stored_completions", "metadata": mark},
    }
    run = ran(client, stored, asked_again)
    assert (run.result_counts.passed, run.per_model_usage[0].model_name) == (1, "gpt-4o-mini")


@pytest.mark.operation("evals.runs.create")
def test_rows_that_do_not_fit(client: openai.OpenAI) -> None:
    eval_id = made(client, RIGHT)
    source = {"type": "jsonl", "source": rows([ITEMS[0], {"sum": "1", "result": "two"}])}
    run = ran(client, eval_id, source)
    assert (run.status, run.error.code) == ("failed", "invalid_data_source")
    assert "Row 2" in run.error.message
    assert "result" in run.error.message
    source = {
        "type": "completions",
        "source": rows(),
        "model": "gpt-4o",
        "input_messages": ASKED | {"template": [{"role": "user", "content": "{{item.none}}"}]},
    }
    run = ran(client, eval_id, source)
    assert (run.status, run.result_counts.errored, run.result_counts.total) == ("completed", 6, 6)
    item = client.evals.runs.output_items.list(run.id, eval_id=eval_id).data[0]
    assert (item.status, item.sample.error.code) == ("error", "invalid_template")


@pytest.mark.operation("evals.runs.create")
def test_refusals(client: openai.OpenAI, ask: Asking) -> None:
    path = f"/v1/evals/{made(client)}/runs"

    def refused(status: int, param: str, source: Any) -> None:
        answer = ask("POST", path, {"data_source": source})
        assert (answer.status, answer.error["param"]) == (status, param)

    refused(404, "data_source.source.id", {"type": "jsonl", "source": {"type": "file_id", "id": "file-none"}})
    refused(404, "model", {"type": "completions", "source": rows(), "model": "none", "input_messages": ASKED})
    refused(400, "data_source.input_messages", {"type": "completions", "source": rows(), "model": "gpt-4o"})
    refused(400, "data_source.model", {"type": "completions", "source": rows(), "input_messages": ASKED})
    refused(400, "data_source.source.content", {"type": "jsonl", "source": rows([])})
    assert ask("POST", "/v1/evals/eval_none/runs", {"data_source": {"type": "jsonl", "source": rows()}}).status == 404


@pytest.mark.operation("evals.runs.list", "evals.runs.cancel", "evals.runs.delete", "evals.delete")
def test_runs_are_listed_cancelled_and_removed(tmp_path: Path) -> None:
    """A clock that is moved by hand; what was begun goes on in another process."""
    setting = Setting(seed=5, background_seconds=100_000, data=tmp_path)
    source: Any = {"type": "completions", "source": rows(), "model": "gpt-4o", "input_messages": ASKED}
    with Emulator(setting) as emulator, openai.OpenAI(base_url=emulator.base_url, api_key="k") as client:
        eval_id = made(client)
        first, second, third = (client.evals.runs.create(eval_id, data_source=source).id for _ in range(3))
        emulator.app.world.skew += 50_000
        while emulator.app.world.is_behind():
            client.evals.retrieve(eval_id)
        working = client.evals.runs.retrieve(first, eval_id=eval_id)
        assert working.status == "in_progress"
        assert 0 < working.result_counts.total < 6
        assert client.evals.runs.cancel(second, eval_id=eval_id).status == "canceled"
        with pytest.raises(openai.BadRequestError):
            client.evals.runs.cancel(second, eval_id=eval_id)
        assert len(client.evals.runs.output_items.list(second, eval_id=eval_id).data) == working.result_counts.total
        gone = client.evals.runs.delete(third, eval_id=eval_id)
        assert (gone.deleted, gone.run_id) == (True, third)
    with Emulator(setting) as emulator, openai.OpenAI(base_url=emulator.base_url, api_key="k") as client:
        emulator.app.world.skew += 200_000
        while emulator.app.world.is_behind():
            client.evals.retrieve(eval_id)
        listed = {run.id: run.status for run in client.evals.runs.list(eval_id)}
        assert listed == {first: "completed", second: "canceled"}
        assert [run.id for run in client.evals.runs.list(eval_id, status="canceled")] == [second]
        assert client.evals.runs.retrieve(first, eval_id=eval_id).result_counts.total == 6
        assert len({item.id for item in client.evals.runs.output_items.list(first, eval_id=eval_id)}) == 6
        client.evals.delete(eval_id)
        with pytest.raises(openai.NotFoundError):
            client.evals.runs.list(eval_id)
        assert not list((tmp_path / "files").glob("*.rows"))
