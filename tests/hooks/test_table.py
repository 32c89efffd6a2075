"""A hook that would be ignored is refused when the class is made, and says what serves instead."""

from __future__ import annotations

from typing import Any

import pytest

import antiphon
from antiphon.hooks.table import _ELSEWHERE, HONOURED


@pytest.mark.parametrize("kind", [antiphon.OpenAI, antiphon.AsyncOpenAI])
@pytest.mark.parametrize("name", sorted(_ELSEWHERE))
def test_what_cannot_be_honoured_is_refused_at_once(kind: Any, name: str) -> None:
    with pytest.raises(TypeError, match=rf"Derived\.{name} would never be called by antiphon; "):
        type("Derived", (kind,), {name: lambda self, *_: None, "__module__": __name__})


def test_every_hook_exists_on_the_client_for_super() -> None:
    assert [name for name in HONOURED if not hasattr(antiphon.OpenAI, name)] == []


def test_hooks_are_inherited_and_found_in_a_mixin() -> None:
    class Mixin:
        def _prepare_request(self, request: Any) -> None:
            return None

    class First(Mixin, antiphon.OpenAI):
        pass

    class Second(First):
        user_agent = property(lambda self: "x")

    assert First._hooks == {"_prepare_request"}
    assert Second._hooks == {"_prepare_request", "user_agent"}
    assert not antiphon.OpenAI._hooks
