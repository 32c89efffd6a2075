"""A turn as a trace in OTLP's JSON: one span for the turn, one below it for each item. Made from what is kept."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from ..shape import Object, part

NANO = 1_000_000_000


def trace(turn: Object, items: list[Object]) -> Object:
    """The trace of one root turn that has ended."""
    trace_id, root = _hex(turn["id"], 32), _hex(turn["id"] + "/", 16)
    start, end = turn["started_at"] or turn["created_at"], turn["completed_at"]
    facts = {"agent.session.id": turn["session_id"], "agent.turn.id": turn["id"], "agent.turn.status": turn["status"]}
    usage = part(turn, "usage")
    facts |= {f"gen_ai.usage.{name}": usage[name] for name in ("input_tokens", "output_tokens") if name in usage}
    spans = [_span(trace_id, root, "", "agent.turn", start, end, facts, failed=turn["status"] == "failed")]
    for item in items:
        told = {"agent.item.id": item["id"], "agent.item.type": item["type"]}
        told |= {f"agent.item.{name}": item[name] for name in ("name", "role", "status") if item.get(name)}
        failed = item.get("status") == "failed"
        spans.append(_span(trace_id, _hex(item["id"], 16), root, item["type"], start, end, told, failed=failed))
    scope = {"scope": {"name": "antiphon.emulator"}, "spans": spans}
    resource = {"attributes": _attributes({"service.name": "agent"})}
    return {
        "id": turn["id"],
        "object": "agent.session.trace",
        "session_id": turn["session_id"],
        "created_at": turn["created_at"],
        "otlp": {"resourceSpans": [{"resource": resource, "scopeSpans": [scope]}]},
    }


def _span(
    trace_id: str, id: str, parent: str, name: str, start: int, end: int, facts: dict[str, Any], *, failed: bool
) -> Object:
    return {
        "traceId": trace_id,
        "spanId": id,
        "parentSpanId": parent,
        "name": name,
        "kind": 1,
        "startTimeUnixNano": str(start * NANO),
        "endTimeUnixNano": str(end * NANO),
        "attributes": _attributes(facts),
        "status": {"code": 2 if failed else 1},
    }


def _attributes(facts: dict[str, Any]) -> list[Object]:
    return [{"key": key, "value": _value(value)} for key, value in facts.items()]


def _value(value: Any) -> Object:
    return {"intValue": str(value)} if isinstance(value, int) else {"stringValue": str(value)}


def _hex(name: str, digits: int) -> str:
    return sha256(name.encode()).hexdigest()[:digits]
