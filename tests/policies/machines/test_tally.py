"""Usage as servers tell it, and as they should not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.policies.machines.tally import LARGEST, Tally, tally


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({"input_tokens": 9, "output_tokens": 2, "total_tokens": 11}, Tally(9, 2)),
        ({"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}, Tally(9, 2)),
        ({"prompt_tokens": 9, "total_tokens": 9}, Tally(9, 0)),
        ({"prompt_tokens": 8, "total_tokens": 10}, Tally(8, 2)),
        ({"completion_tokens": 2, "total_tokens": 10}, None),
        ({"total_tokens": 9}, Tally(9, 0)),
        ({"input_tokens": LARGEST, "output_tokens": 0}, Tally(LARGEST, 0)),
        ({"input_tokens": LARGEST + 1, "output_tokens": 0}, None),
        ({"input_tokens": 9, "output_tokens": 2, "input_tokens_details": {"cached_tokens": 0}}, Tally(9, 2)),
        ({"input_tokens": 9, "output_tokens": 2, "output_tokens_details": {"reasoning_tokens": 1}}, Tally(9, 2)),
        ({"type": "duration", "seconds": 12.2}, Tally(seconds=13)),
        ({"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 31}, Tally(9, 22)),
        (
            {
                "input_tokens": 9,
                "output_tokens": 5,
                "input_tokens_details": {"cached_tokens": 4, "image_tokens": 3},
                "output_tokens_details": {"reasoning_tokens": 3, "image_tokens": 2},
            },
            Tally(9, 5, cached=4, image=(3, 2)),
        ),
        (
            {
                "input_tokens": 9,
                "output_tokens": 0,
                "input_tokens_details": {"cached_tokens": 6, "cache_write_tokens": 6},
            },
            Tally(9, 0, cached=6, written=3),
        ),
        (
            {
                "prompt_tokens": 9,
                "completion_tokens": 5,
                "prompt_tokens_details": {"audio_tokens": 2, "cached_tokens": 0},
                "completion_tokens_details": {"audio_tokens": 5},
            },
            Tally(9, 5, audio=(2, 5)),
        ),
    ],
)
def test_what_can_be_believed(usage: dict[str, Any], expected: Tally) -> None:
    assert tally(usage) == expected


@pytest.mark.parametrize(
    "usage",
    [
        None,
        {},
        {"input_tokens": -9, "output_tokens": 2},
        {"input_tokens": 9, "output_tokens": 10**18},
        {"input_tokens": "12", "output_tokens": 2},
        {"input_tokens": True, "output_tokens": 2},
        {"input_tokens": float("nan"), "output_tokens": 2},
        {"input_tokens": [], "output_tokens": 2},
        {"type": "duration", "seconds": -1},
        {"type": "duration"},
    ],
)
def test_row_44_nonsense_is_no_usage(usage: dict[str, Any] | None) -> None:
    assert tally(usage) is None


@pytest.mark.parametrize(
    "usage",
    [
        {"input_tokens": 9, "output_tokens": 2, "total_tokens": 3},
        {"input_tokens": 9, "output_tokens": 2, "total_tokens": "x"},
        {"input_tokens": 9, "output_tokens": 2, "input_tokens_details": {"cached_tokens": 50}},
        {"input_tokens": 9, "output_tokens": 2, "input_tokens_details": {"cached_tokens": -50}},
    ],
)
def test_row_44_parts_that_do_not_fit_are_clamped_and_flagged(usage: dict[str, Any]) -> None:
    found = tally(usage)
    assert found is not None
    assert found.odd
    assert (found.input, found.output) == (9, 2)
    assert 0 <= found.cached <= 9


_ANY = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
_DETAILS = st.dictionaries(
    st.sampled_from(["cached_tokens", "cache_write_tokens", "audio_tokens", "image_tokens"]), _ANY
)


@settings(derandomize=True, deadline=None)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            **dict.fromkeys(
                ("input_tokens", "output_tokens", "prompt_tokens", "completion_tokens", "total_tokens"), _ANY
            ),
            "type": st.just("duration"),
            "seconds": _ANY,
            "input_tokens_details": _ANY | _DETAILS,
            "output_tokens_details": _ANY | _DETAILS,
        },
    )
)
def test_row_44_whatever_comes_counts_stay_within_reason(usage: dict[str, Any]) -> None:
    found = tally(usage)
    if found is not None:
        assert 0 <= found.input <= LARGEST
        assert 0 <= found.output <= LARGEST
        assert 0 <= found.cached + found.written <= found.input
        assert all(0 <= n <= most for n, most in zip(found.audio, (found.input, found.output), strict=True))
        assert 0 <= found.seconds <= LARGEST
