"""A known difference hides nothing but itself."""

from __future__ import annotations

from typing import Any

import pytest

from .difference import ABSENT, Known, alike, asked, at, confirm, each, holding, place, raised, result, sent, times

REQUEST = {"line": ["GET", "/v1/x?", "a=1"], "authorization": "k", "content-type": "application/json", "": {"a": 1}}
THEIRS: dict[str, Any] = {"result": {"a": 1, "b": [1, 2]}, "requests": [REQUEST], "slept": [0.5]}
OURS: dict[str, Any] = {"result": {"a": 2, "b": [1, 2]}, "requests": [REQUEST], "slept": [0.5]}
KNOWN = place("why", "result.a", 1, 2)


def test_what_is_known_passes() -> None:
    confirm(THEIRS, OURS, KNOWN)
    confirm(THEIRS, OURS, place("why", "result.a", 1, lambda found: found > 1))
    confirm(THEIRS, {**OURS, "result": {"b": [1, 2]}}, place("why", "result.a", 1, ABSENT))


WRONG: dict[str, tuple[dict[str, Any], dict[str, Any], Known, str]] = {
    "ours has changed": (THEIRS, {**OURS, "result": {"a": 3, "b": [1, 2]}}, KNOWN, "ours at result.a"),
    "theirs has changed": ({**THEIRS, "result": {"a": 0, "b": [1, 2]}}, OURS, KNOWN, "theirs at result.a"),
    "it has gone": (THEIRS, THEIRS, place("why", "result.a", 1, 1), "no longer different"),
    "a function says no": (THEIRS, OURS, place("why", "result.a", 1, lambda found: found > 2), "ours at result.a"),
    "another place of the result": (THEIRS, {**OURS, "result": {"a": 2, "b": [1, 3]}}, KNOWN, "result"),
    "one more member": (THEIRS, {**OURS, "result": {"a": 2, "b": [1, 2], "c": 1}}, KNOWN, "result"),
    "another aspect": (THEIRS, {**OURS, "slept": []}, KNOWN, "slept"),
    "another request": (THEIRS, {**OURS, "requests": []}, KNOWN, "requests"),
    "a number of another kind": ({**THEIRS, "slept": [1.0]}, {**OURS, "slept": [1]}, KNOWN, "slept"),
    "sides that do not match": (THEIRS, OURS, Known("why", {"result.a": 1}, {"slept": 2}), "the same places"),
}


@pytest.mark.parametrize("name", WRONG)
def test_whatever_else_differs_fails(name: str) -> None:
    theirs, ours, known, says = WRONG[name]
    with pytest.raises(AssertionError, match=says):
        confirm(theirs, ours, known)


def test_values_are_compared_with_their_kinds() -> None:
    assert alike({"a": [1, float("nan")]}, {"a": [1, float("nan")]})
    assert not alike(1, True)
    assert not alike(1, 1.0)
    assert not alike([1], [1, 2])
    assert not alike({"a": 1}, {"b": 1})


def test_places() -> None:
    assert at(THEIRS, "requests.0.line.1") == "/v1/x?"
    assert at(THEIRS, "requests.0.") == {"a": 1}
    assert at(THEIRS, "requests.7") == at(THEIRS, "result.c") == ABSENT


def test_matchers() -> None:
    requests = THEIRS["requests"]
    assert asked("GET /v1/x?a=1")(requests)
    assert not asked("GET /v1/x")(requests)
    assert holding({"a": 1})(requests)
    assert not holding({"a": 2})(requests)
    assert sent({"a": 1})(requests)
    assert not sent({"a": 1})([{**REQUEST, "content-type": "text/plain"}])
    assert times(1)(requests)
    assert each(["a", "b"], KNOWN) == {"a": KNOWN, "b": KNOWN}
    assert result("why", 1, 2) == Known("why", {"result": 1}, {"result": 2})


def test_errors() -> None:
    assert raised("ValueError") == {"raises": ["ValueError"]}
    nothing = {"code": None, "param": None, "type": None, "body": None}
    assert raised("APIConnectionError") == {"raises": ["APIConnectionError", "APIError", "OpenAIError"], **nothing}
    facts = {**nothing, "request_id": None, "status_code": 404, "message": "m", "text": "m"}
    said = raised("NotFoundError", says="m", status_code=404)
    assert said == {"raises": ["NotFoundError", "APIStatusError", "APIError", "OpenAIError"], **facts}
