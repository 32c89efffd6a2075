"""Deprecated operations warn in the caller's line, once per call, asynchronous ones when called."""

from __future__ import annotations

import asyncio
import inspect
import warnings

import pytest

from antiphon.core.deprecation import deprecated


@deprecated("use something else")
def old(number: int) -> int:
    """An old thing."""
    return number + 1


@deprecated("use something else")
async def async_old(number: int) -> int:
    return number + 1


def test_a_warning_at_the_call() -> None:
    with pytest.warns(DeprecationWarning, match="^use something else$") as caught:
        assert old(1) == 2  # pyright: ignore[reportDeprecated]
    assert caught[0].filename == __file__
    with pytest.warns(DeprecationWarning, match="use something else"):
        waiting = async_old(1)  # pyright: ignore[reportDeprecated]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert asyncio.run(waiting) == 2


def test_a_mark_for_those_who_look() -> None:
    assert old.__deprecated__ == "use something else"  # type: ignore[attr-defined]  # pyright: ignore[reportDeprecated, reportFunctionMemberAccess]
    assert list(inspect.signature(old).parameters) == ["number"]  # pyright: ignore[reportDeprecated]
    assert inspect.getdoc(old) == "An old thing."  # pyright: ignore[reportDeprecated]
