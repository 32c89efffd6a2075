"""Batches: a hundred lines that are carried out, one of them wrong; other endpoints; cancelled; a file that is wrong."""

from __future__ import annotations

import json
from typing import Any

import openai

from ..tour import Tour

CHAT = "/v1/chat/completions"
UNDER_WAY = ("validating", "in_progress", "finalizing", "cancelling")


def walk(t: Tour) -> None:
    """The chapter."""
    _hundred(t)
    _other_endpoints(t)
    _ended(t)


def _line(number: int, **more: Any) -> dict[str, Any]:
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": f"{number} + 1"}]}
    return {"custom_id": f"r{number}", "method": "POST", "url": CHAT, "body": body} | more


def _started(t: Tour, lines: list[Any], endpoint: Any = CHAT, **more: Any) -> Any:
    file = t.upload("in.jsonl", "\n".join(json.dumps(line) for line in lines), "batch")
    return t.client.batches.create(input_file_id=file, endpoint=endpoint, completion_window="24h", **more)


def _settled(t: Tour, batch: Any) -> Any:
    return t.settled(lambda: t.client.batches.retrieve(batch.id), *UNDER_WAY)


def _rows(t: Tour, file: str) -> dict[str, Any]:
    lines = map(json.loads, t.client.files.content(file).text.splitlines())
    return {line["custom_id"]: line for line in lines}


def _hundred(t: Tour) -> None:
    lines = [_line(n) for n in range(100)]
    lines[7]["body"]["temperature"] = 9
    made = _started(t, lines, metadata={"run": "tour"})
    t.same((made.status, made.metadata, made.output_file_id), ("validating", {"run": "tour"}, None))
    done = _settled(t, made)
    t.same((done.status, done.model), ("completed", "gpt-4o"))
    t.same((done.request_counts.total, done.request_counts.completed, done.request_counts.failed), (100, 99, 1))
    answers, errors = _rows(t, done.output_file_id), _rows(t, done.error_file_id)
    t.same((set(answers) | set(errors), set(errors)), ({f"r{n}" for n in range(100)}, {"r7"}))
    for number in set(range(100)) - {7}:
        answer = answers[f"r{number}"]
        said = answer["response"]["body"]["choices"][0]["message"]["content"]
        t.same((answer["response"]["status_code"], said), (200, f"{number} + 1 = {number + 1}"))
    wrong = errors["r7"]["response"]
    t.same((wrong["status_code"], wrong["body"]["error"]["param"]), (400, "temperature"))
    t.same(done.usage.total_tokens, sum(a["response"]["body"]["usage"]["total_tokens"] for a in answers.values()))
    t.same(t.client.files.retrieve(done.output_file_id).purpose, "batch_output")
    t.true(done.created_at <= done.in_progress_at <= done.finalizing_at <= done.completed_at)
    t.true(made.id in [batch.id for batch in t.client.batches.list(limit=1)])


def _other_endpoints(t: Tour) -> None:
    bodies: dict[str, Any] = {
        "/v1/responses": {"model": "gpt-4o", "input": "What is 2+2?"},
        "/v1/embeddings": {"model": "text-embedding-3-small", "input": "Hello", "dimensions": 8},
        "/v1/completions": {"model": "gpt-3.5-turbo-instruct", "prompt": "Hello"},
        "/v1/moderations": {"input": "Hello", "model": "omni-moderation-latest"},
    }
    for url, body in bodies.items():
        done = _settled(t, _started(t, [_line(0, url=url, body=body)], url))
        t.same((done.status, done.request_counts.completed), ("completed", 1))
        t.same(_rows(t, done.output_file_id)["r0"]["response"]["status_code"], 200)


def _ended(t: Tour) -> None:
    made = _started(t, [_line(n) for n in range(50)])
    t.true(t.client.batches.cancel(made.id).status in ("cancelling", "cancelled"))
    t.same(_settled(t, made).status, "cancelled")
    failed = _settled(t, _started(t, [_line(1), _line(1)]))
    t.same((failed.status, failed.errors.data[0].line), ("failed", 2))
    t.refused(openai.ConflictError, t.client.batches.cancel, made.id)
    t.gone(t.client.batches.retrieve, "batch_none")
