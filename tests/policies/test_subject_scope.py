"""The scope: another one for every other credential, organization and project, masked or not."""

from __future__ import annotations

import pytest

from antiphon.core.headers import Headers
from antiphon.policies.subject import scope_of

from .stepping import request


def scope(**fields: str) -> str:
    headers = Headers()
    for name, value in fields.items():
        headers[name.replace("_", "-")] = value  # masked, where it is a credential
    return scope_of(request(headers=headers))


@pytest.mark.parametrize("name", ["Authorization", "api_key", "OpenAI_Organization", "OpenAI_Project"])
def test_each_part_makes_another_scope(name: str) -> None:
    assert scope(**{name: "one"}) != scope(**{name: "two"})
    assert scope(**{name: "one"}) == scope(**{name: "one"})
    assert len({scope(), scope(**{name: "one"}), scope(x="one")}) == 2


def test_masked_and_plain_are_one() -> None:
    plain = request(headers=Headers([("Authorization", "Bearer sk-1")]))
    assert scope_of(plain) == scope(Authorization="Bearer sk-1")
    assert "sk-1" not in scope_of(plain)
