"""The room's public names: each is there when it is asked for, and no other."""

from __future__ import annotations

from typing import Any

import pytest

from antiphon import policies


@pytest.mark.parametrize("name", policies.__all__)
def test_each_name_is_what_it_says_and_stays_it(name: str) -> None:
    known: dict[str, Any] = policies.__dict__
    known.pop(name, None)
    found: Any = getattr(policies, name)
    assert found is not None
    assert name in ("OFFICIAL_RULES", "RELIABLE_RULES") or found.__name__ == name
    assert known[name] is found
    assert name in dir(policies)


def test_another_name_is_none_of_them() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Retries'"):
        getattr(policies, "Retries")  # noqa: B009
    assert "Retries" not in dir(policies)
    assert "annotations" in dir(policies)
