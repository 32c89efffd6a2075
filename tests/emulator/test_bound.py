"""Numbers, lengths and counts out of their bounds, and metadata that is too much."""

from __future__ import annotations

from typing import Any

import pytest

from antiphon.emulator import bound
from antiphon.emulator.description import description
from antiphon.emulator.problem import Problem

from .asking import Asking, chat, response


@pytest.mark.parametrize(
    ("operation", "body", "param", "code"),
    [
        ("chat.completions.create", {"max_tokens": 0}, "max_tokens", "integer_below_min_value"),
        ("responses.create", {"max_output_tokens": 15}, "max_output_tokens", "integer_below_min_value"),
    ],
)
def test_what_the_description_leaves_open(operation: str, body: dict[str, Any], param: str, code: str) -> None:
    with pytest.raises(Problem) as caught:
        bound.check(operation, body)
    assert (caught.value.status, caught.value.param, caught.value.code) == (400, param, code)


@pytest.mark.parametrize(
    ("operation", "body", "param", "code"),
    [
        ("chat.completions.create", chat("x", temperature=3), "temperature", "decimal_above_max_value"),
        ("chat.completions.create", chat("x", temperature=-0.1), "temperature", "decimal_below_min_value"),
        ("chat.completions.create", chat("x", n=0), "n", "integer_below_min_value"),
        ("chat.completions.create", chat("x", n=129), "n", "integer_above_max_value"),
        ("chat.completions.create", chat("x") | {"messages": []}, "messages", "empty_array"),
        ("chat.completions.create", chat("x", stop=[*"abcde"]), "stop", "array_above_max_length"),
        ("responses.create", response("x", safety_identifier="x" * 65), "safety_identifier", "string_above_max_length"),
        (
            "responses.create",
            response("x", context_management=[{"type": "compaction", "compact_threshold": 1}]),
            "context_management[0].compact_threshold",
            "integer_below_min_value",
        ),
        ("embeddings.create", {"model": "m", "input": "x", "dimensions": 0}, "dimensions", "integer_below_min_value"),
        ("embeddings.create", {"model": "m", "input": ["x"] * 2049}, "input", "array_above_max_length"),
        (
            "vector_stores.create",
            {"expires_after": {"anchor": "last_active_at", "days": 366}},
            "expires_after.days",
            "integer_above_max_value",
        ),
        (
            "responses.create",
            response("x", metadata={str(i): "" for i in range(17)}),
            "metadata",
            "object_above_max_properties",
        ),
        ("beta.agents.vaults.create", {"metadata": {"k": "v" * 513}}, "metadata.k", "string_above_max_length"),
    ],
)
def test_what_the_description_bounds(operation: str, body: dict[str, Any], param: str, code: str) -> None:
    with pytest.raises(Problem) as caught:
        description().operations[operation].check_body(body)
    assert (caught.value.status, caught.value.param, caught.value.code) == (400, param, code)


def test_bounds_themselves_pass() -> None:
    told = description().operations
    told["chat.completions.create"].check_body(chat("x", temperature=2, top_p=0, n=128, stop=[*"abcd"]))
    told["responses.create"].check_body(response("x", temperature=None, safety_identifier="x" * 64))
    told["beta.agents.vaults.create"].check_body({"metadata": {"k" * 64: "v" * 512}})
    bound.check("responses.create", {"max_output_tokens": None, "metadata": None})
    bound.metadata(None)


def test_each_kind_of_bound_speaks_of_its_own_kind_of_value() -> None:
    limits = {"a": {"minimum": 1, "maxLength": 2, "maxItems": 1, "maxProperties": 1}}
    for fine in (1, "xx", [1], {"b": 1}, True, None):
        bound.keeper(limits)({"a": fine})
    for wrong, code in ((0, "integer_below_min_value"), ("xxx", "string_above_max_length"), ([1, 2], "array_above")):
        with pytest.raises(Problem) as caught:
            bound.keeper(limits)({"a": wrong})
        assert (caught.value.code or "").startswith(code)


def test_a_query_is_bounded_too(ask: Asking) -> None:
    heard = ask("GET", "/v1/organization/usage/completions?start_time=1&limit=0")
    assert (heard.status, heard.error["param"]) == (400, "limit")
