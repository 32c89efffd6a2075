"""A hook set on one client is asked from then on, as with the official client, and until it is taken away."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import pytest

import antiphon
from antiphon.hooks.assigned import Assignable
from antiphon.hooks.table import HONOURED
from tests.client.answer import ok

from .hooked_call import retrieve
from .twin import COLOURS, both


def nothing(base: Any) -> dict[str, Any]:
    return {}


@COLOURS
@pytest.mark.parametrize("name", ["get", "request", "_prepare_options"])
def test_what_is_set_on_a_client_is_asked(colour: str, name: str) -> None:
    seen: list[str] = []

    def do(client: Any) -> Any:
        before = getattr(client, name)

        def noting(*arguments: Any, **named: Any) -> Any:
            seen.append(name)
            return before(*arguments, **named)

        setattr(client, name, noting)
        return retrieve(client)

    ours, theirs = both(colour, nothing, do, ok())
    assert ours.error is theirs.error is None
    assert ours.value.id == theirs.value.id == "m"
    assert seen == [name] * 2


@COLOURS
def test_over_an_override_that_goes_on_to_super(colour: str) -> None:
    seen: list[str] = []

    def own(base: Any) -> dict[str, Any]:
        def get(self: Any, path: str, **more: Any) -> Any:
            seen.append("class")
            return super(type(self), self).get(path, **more)

        return {"get": get}

    def do(client: Any) -> Any:
        before = client.get
        client.get = lambda path, **more: (seen.append("client"), before(path, **more))[1]
        return retrieve(client)

    ours, theirs = both(colour, own, do, ok())
    assert ours.error is theirs.error is None
    assert seen == ["client", "class"] * 2


def test_a_client_in_use_heeds_it_until_it_is_taken_away() -> None:
    def do(client: Any) -> Any:
        models = client.models
        first = models.retrieve("m").id
        with patch.object(client, "get", return_value="mocked"):
            second = models.retrieve("m")
            assert client.with_options(timeout=3)._hooks == frozenset()
        return first, second, models.retrieve("m").id, sorted({"perform", "_raw"} & set(vars(client)))

    ours, _ = both("sync", nothing, do, ok(), ok())
    assert ours.error is None
    assert ours.value == ("m", "mocked", "m", [])
    assert len(ours.requests) == 2


def test_every_method_among_the_hooks_can_be_set_and_none_twice_taken_away() -> None:
    for kind in (antiphon.OpenAI, antiphon.AsyncOpenAI, antiphon.AzureOpenAI, antiphon.AsyncAzureOpenAI):
        client: Any = kind.__new__(kind)
        for name in HONOURED:
            found = next(vars(each)[name] for each in kind.__mro__ if name in vars(each))
            assert isinstance(found, (Assignable, property)), (kind, name)
        client.post = len
        assert client.post is len
        del client.post
        assert client.post.__func__ is kind.post
        with pytest.raises(AttributeError, match="post"):
            del client.post
