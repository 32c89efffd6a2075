"""Numbers out of range and metadata that is too much."""

from __future__ import annotations

from typing import Any

import pytest

from antiphon.emulator import bound
from antiphon.emulator.problem import Problem


@pytest.mark.parametrize(
    ("operation", "body", "param", "code"),
    [
        ("chat.completions.create", {"temperature": 3}, "temperature", "decimal_above_max_value"),
        ("chat.completions.create", {"temperature": -0.1}, "temperature", "decimal_below_min_value"),
        ("chat.completions.create", {"n": 0}, "n", "integer_below_min_value"),
        ("chat.completions.create", {"n": 129}, "n", "integer_above_max_value"),
        ("responses.create", {"max_output_tokens": 15}, "max_output_tokens", "integer_below_min_value"),
        ("responses.create", {"metadata": {str(i): "" for i in range(17)}}, "metadata", "object_above_max_properties"),
        ("responses.create", {"metadata": {"k": "v" * 513}}, "metadata.k", "string_above_max_length"),
        ("embeddings.create", {"dimensions": 0}, "dimensions", "integer_below_min_value"),
    ],
)
def test_refused(operation: str, body: dict[str, Any], param: str, code: str) -> None:
    with pytest.raises(Problem) as caught:
        bound.check(operation, body)
    assert (caught.value.status, caught.value.param, caught.value.code) == (400, param, code)


def test_bounds_themselves_pass() -> None:
    bound.check("chat.completions.create", {"temperature": 2, "top_p": 0, "n": 128, "metadata": {"k" * 64: "v" * 512}})
    bound.check("responses.create", {"temperature": None, "metadata": None})
    bound.metadata(None)
