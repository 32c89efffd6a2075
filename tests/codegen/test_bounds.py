"""What an OpenAPI document bounds, read off as numbers at places."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from codegen.bounds import bounds
from codegen.description import load

ROOT = Path(__file__).resolve().parents[2]


def document(schema: dict[str, Any], *parameters: dict[str, Any]) -> dict[str, Any]:
    body = {"content": {"application/json": {"schema": schema}}}
    entry = {"requestBody": body, "parameters": list(parameters)}
    shared = {
        "Half": {"type": "number", "maximum": 0.5},
        "Self": {"properties": {"me": {"$ref": "#/components/schemas/Self"}}},
    }
    return {"paths": {"/embeddings": {"post": entry}}, "components": {"schemas": shared}}


def found(schema: dict[str, Any], *parameters: dict[str, Any]) -> Any:
    return bounds(load(ROOT / "api"), document(schema, *parameters)).get("embeddings.create", {})


def properties(**fields: Any) -> dict[str, Any]:
    return {"type": "object", "properties": fields}


def test_numbers_lengths_and_counts_at_any_depth() -> None:
    schema = properties(
        a={"type": "integer", "minimum": 1, "maximum": 9},
        b={"type": "array", "minItems": 1, "items": properties(c={"type": "string", "maxLength": 3})},
        d={"$ref": "#/components/schemas/Half"},
        e={"type": "integer", "exclusiveMinimum": 0},
        f={"type": "string"},
    )
    assert found(schema)["body"] == {
        "a": {"minimum": 1, "maximum": 9},
        "b": {"minItems": 1},
        "b[].c": {"maxLength": 3},
        "d": {"maximum": 0.5},
        "e": {"minimum": 1},
    }


def test_parts_hold_together_and_alternatives_apart() -> None:
    either = {"anyOf": [{"type": "string", "maxLength": 2}, {"type": "array", "maxItems": 4}, {"type": "null"}]}
    wider = {"oneOf": [{"type": "integer", "maximum": 2}, {"type": "integer", "maximum": 5}]}
    kinds = {"anyOf": [properties(x={"minimum": 1}), properties(y={"minimum": 1})]}
    schema = {"allOf": [properties(a=either), properties(b=wider, c=kinds)]}
    assert found(schema)["body"] == {"a": {"maxLength": 2, "maxItems": 4}, "b": {"maximum": 5}}


def test_queries_and_schemas_that_hold_themselves() -> None:
    limit = {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 100}}
    assert found({"$ref": "#/components/schemas/Self"}, limit) == {"query": {"limit": {"maximum": 100}}}


def test_the_file_holds_numbers_only() -> None:
    def leaves(value: Any) -> list[Any]:
        return [leaf for inner in value.values() for leaf in leaves(inner)] if isinstance(value, dict) else [value]

    told = json.loads((ROOT / "api" / "bounds.json").read_text())["bounds"]
    assert set(told) <= {operation.name for operation in load(ROOT / "api").operations}
    assert all(type(leaf) in (int, float) for leaf in leaves(told))
