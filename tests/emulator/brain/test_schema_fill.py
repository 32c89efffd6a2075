"""JSON for any schema: always valid, and filled from the prompt where names match."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from antiphon.emulator.brain.schema_fill import fill
from tests.emulator.brain.pattern_list import PATTERNS
from tests.emulator.brain.validity import SHAPES, valid

NAMES = st.sampled_from(
    [
        "name",
        "age",
        "city",
        "date",
        "tags",
        "items",
        "price",
        "email",
        "is_active",
        "answer",
        "steps",
        "kind",
        "parent",
        "children",
        "note",
        "x",
    ]
)
SCALARS = st.one_of(
    st.builds(
        lambda low, span: {"type": "integer", "minimum": low, "maximum": low + span},
        st.integers(-50, 50),
        st.integers(0, 9),
    ),
    st.builds(lambda step: {"type": "integer", "multipleOf": step, "minimum": 1}, st.integers(1, 9)),
    st.builds(
        lambda low, span: {"type": "number", "exclusiveMinimum": low, "exclusiveMaximum": low + span},
        st.integers(-50, 50),
        st.floats(0.01, 10),
    ),
    st.builds(
        lambda low, span: {"type": "string", "minLength": low, "maxLength": low + span},
        st.integers(0, 30),
        st.integers(0, 9),
    ),
    st.builds(lambda shape: {"type": "string", "format": shape}, st.sampled_from(sorted(SHAPES))),
    st.builds(lambda pattern: {"type": "string", "pattern": pattern}, st.sampled_from(PATTERNS)),
    st.builds(
        lambda values: {"enum": values},
        st.lists(st.sampled_from(["red", "blue", 3, None, True]), min_size=1, unique_by=repr),
    ),
    st.builds(lambda value: {"const": value}, st.sampled_from(["x", 7, None, {"a": [1]}])),
    st.sampled_from([{"type": "boolean"}, {"type": "null"}, {"type": ["string", "null"]}, {"type": "number"}, {}]),
    st.just({"$ref": "#/$defs/Node"}),
    st.just({"$ref": "#/$defs/Word"}),
)


def objects(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.dictionaries(NAMES, inner, max_size=4).flatmap(
        lambda properties: st.builds(
            lambda required: {
                "type": "object",
                "properties": properties,
                "required": [*required, "extra"] if len(required) == 1 else required,
                "additionalProperties": len(required) == 1,
            },
            st.lists(st.sampled_from(sorted(properties)), unique=True) if properties else st.just([]),
        )
    )


SCHEMAS = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        objects(inner),
        st.builds(
            lambda item, low, span: {"type": "array", "items": item, "minItems": low, "maxItems": low + span},
            inner,
            st.integers(0, 3),
            st.integers(0, 3),
        ),
        st.builds(
            lambda low: {"type": "array", "items": {"type": "string"}, "uniqueItems": True, "minItems": low},
            st.integers(0, 5),
        ),
        st.builds(
            lambda item, low: {"type": "array", "items": item, "uniqueItems": True, "minItems": low},
            st.sampled_from(
                [
                    {"type": "integer", "minimum": 3},
                    {"type": "number", "multipleOf": 0.5},
                    {"enum": ["a", "b", "c", "d"]},
                    {"type": "string", "minLength": 2},
                ]
            ),
            st.integers(0, 4),
        ),
        st.builds(
            lambda item, low: {"properties": {"name": item}, "additionalProperties": item, "minProperties": low},
            inner,
            st.integers(0, 4),
        ),
        st.builds(lambda item, low: {"items": item, "minItems": low}, inner, st.integers(0, 3)),
        st.builds(
            lambda part, other: {"allOf": [{"type": "integer", "minimum": part}, {"minimum": other}]},
            st.integers(),
            st.integers(),
        ),
        st.builds(lambda low: {"minimum": low}, st.integers(-5, 5)),
        st.builds(lambda options: {"anyOf": options}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(
            lambda first: {"type": "array", "prefixItems": first, "minItems": len(first)}, st.lists(inner, max_size=2)
        ),
    ),
    max_leaves=12,
)
DEFS = {
    "Word": {"type": "string", "maxLength": 12},
    "Node": {
        "type": "object",
        "properties": {
            "value": {"type": "integer"},
            "children": {"type": "array", "items": {"$ref": "#/$defs/Node"}},
            "parent": {"anyOf": [{"$ref": "#/$defs/Node"}, {"type": "null"}]},
        },
        "required": ["value", "children", "parent"],
        "additionalProperties": False,
    },
}
PROMPTS = st.one_of(
    st.sampled_from(["", "Alice is 30 years old and lives in Paris; tags: a, b", "What is 6*7?"]), st.text(max_size=60)
)


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(SCHEMAS, PROMPTS)
def test_always_valid(schema: Any, prompt: str) -> None:
    root = {**schema, "$defs": DEFS}
    made = fill(root, prompt)
    assert valid(made, root, root), json.dumps({"schema": schema, "made": made})


def strict(properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
        **more,
    }


TEXT, WHOLE, TEXTS = {"type": "string"}, {"type": "integer"}, {"type": "array", "items": {"type": "string"}}


@pytest.mark.parametrize(
    ("prompt", "schema", "made"),
    [
        ("Alice is 30 years old", strict({"name": TEXT, "age": WHOLE}), {"name": "Alice", "age": 30}),
        (
            "Alice and Bob are going to a science fair on Friday.",
            strict({"name": TEXT, "date": TEXT, "participants": TEXTS}),
            {"name": "science fair", "date": "Friday", "participants": ["Alice", "Bob"]},
        ),
        ("It cost $12.50", strict({"price": {"type": "number"}}), {"price": 12.5}),
        ("It cost $12", strict({"price": {"type": "number", "maximum": 10}}), {"price": 10}),
        ("The parcel is blue", strict({"colour": {"enum": ["red", "blue"]}}), {"colour": "blue"}),
        ("I love it!", strict({"sentiment": {"enum": ["negative", "neutral", "positive"]}}), {"sentiment": "positive"}),
        (
            "Ticket ABC-123 is late",
            strict({"id": {"type": "string", "pattern": r"^[A-Z]{3}-\d{3}$"}}),
            {"id": "ABC-123"},
        ),
        ("due 2026-02-03", strict({"due": {"type": "string", "format": "date"}}), {"due": "2026-02-03"}),
        ("Buy milk and eggs", strict({"items": TEXTS}), {"items": ["milk", "eggs"]}),
        ("numbers 3, 1, 2", strict({"values": {"type": "array", "items": WHOLE}}), {"values": [3, 1, 2]}),
        (
            "solve 2x = 6",
            strict(
                {
                    "steps": {"type": "array", "items": strict({"explanation": TEXT, "output": TEXT})},
                    "final_answer": TEXT,
                }
            ),
            {
                "steps": [
                    {"explanation": "Start with", "output": "2x = 6"},
                    {"explanation": "Divide both sides by 2", "output": "x = 3"},
                ],
                "final_answer": "x = 3",
            },
        ),
    ],
)
def test_filled_from_the_prompt(prompt: str, schema: Any, made: Any) -> None:
    assert fill(schema, prompt) == made


def test_result_fields_take_the_answer() -> None:
    assert fill(strict({"answer": TEXT}), "What is 6*7?", lambda: "6*7 = 42") == {"answer": "6*7 = 42"}


def test_all_of_and_siblings_of_references_are_merged() -> None:
    root = {
        "allOf": [{"$ref": "#/$defs/A"}, strict({"b": {"type": "integer", "minimum": 5}})],
        "$defs": {"A": {"type": "object", "properties": {"a": TEXT}, "required": ["a"]}},
    }
    made = fill(root, "b: 1, a: word")
    assert made == {"b": 5, "a": "word"}


@pytest.mark.parametrize(
    ("prompt", "schema", "made"),
    [
        ("x: 7", {"type": "integer", "minimum": 10**40 + 1}, 10**40 + 1),
        ("x: 7", {"type": "number", "multipleOf": 0.1, "maximum": 0.35}, 0.3),
        ("x: 7", {"type": "integer", "exclusiveMaximum": 7}, 6),
        ("x: 7", {"type": "number", "exclusiveMinimum": 7}, 8),
        ("x: 7", {"type": "number", "exclusiveMinimum": 7, "maximum": 8}, 7.5),
        ("x: 7", {"type": "integer", "multipleOf": 5, "minimum": 1}, 5),
        ("x: " + "9" * 400, {"type": "number"}, 0),
    ],
)
def test_numbers_hold_their_bounds_exactly(prompt: str, schema: Any, made: float) -> None:
    assert fill(strict({"x": schema}), prompt) == {"x": made}


def test_root_reference_ends() -> None:
    root = strict({"value": WHOLE, "next": {"anyOf": [{"$ref": "#"}, {"type": "null"}]}})
    assert valid(fill(root, "value 3"), root, root)


@pytest.mark.parametrize("schema", [{}, {"type": "object"}, {"$ref": "#/nowhere"}, {"type": []}, {"anyOf": []}])
def test_odd_schemas_do_not_fail(schema: Any) -> None:
    json.dumps(fill(schema, "text"))
