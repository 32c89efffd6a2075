"""The scope: another one for every other credential, organization and project, masked or not."""

from __future__ import annotations

import pickle
from copy import copy, deepcopy
from functools import partial
from typing import Any

import pytest

from antiphon.core.credential import PENDING, pending
from antiphon.core.headers import Headers
from antiphon.core.request import Request
from antiphon.core.secret import Secret
from antiphon.credentials import EnvKey
from antiphon.policies.authorize import Authorize
from antiphon.policies.chain import send
from antiphon.policies.subject import asked_scope_of, common_scope_of, scope_of

from .stepping import Script, reply, request


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


@pytest.mark.parametrize("change", ["added", "replaced", "removed"])
def test_a_credential_that_changes_later_is_another_caller(change: str) -> None:
    """A scope that was asked for is kept with the fields, and no longer than they stay as they are."""
    asked = request(headers=Headers([] if change == "added" else [("Authorization", "Bearer sk-1")]))
    before = scope_of(asked)
    if change == "removed":
        del asked.headers["Authorization"]
    else:
        asked.headers["Authorization"] = "Bearer sk-2"
    assert scope_of(asked) == (scope() if change == "removed" else scope(Authorization="Bearer sk-2"))
    assert scope_of(asked) != before
    assert scope_of(request(headers=asked.headers.copy())) == scope_of(asked)


class Vault:
    """Keys of a house."""

    def key(self) -> str:
        return "sk-1"


def asking(source: Any, field: str = "Authorization", **fields: str) -> Request:
    """A request whose key a function will give."""
    return request(headers=Headers({field: pending(source).reveal(), **fields}))


def test_each_function_is_somebody_else_and_the_same_one_is_not() -> None:
    def one() -> str:
        return "sk-1"

    vault, other = Vault(), Vault()
    method = vault.key
    scopes = [scope_of(asking(source)) for source in (one, lambda: "sk-1", method, other.key, partial(one))]
    assert len(set(scopes)) == 5
    assert scopes[0] == scope_of(asking(one))
    assert scopes[2] == scope_of(asking(vault.key)), "a method is made anew each time it is looked up"
    assert scope_of(asking(one)) != scope_of(asking(one, **{"OpenAI-Organization": "o"}))
    assert scope_of(asking(one)) != scope_of(request(headers=Headers({"Authorization": PENDING.reveal()})))


def test_a_source_that_cannot_be_held_weakly_has_a_name_too() -> None:
    class Odd:
        __slots__ = ()
        __hash__: Any = None

        def __call__(self) -> str:
            return "sk-1"

    one, two = Odd(), Odd()
    assert scope_of(asking(one)) == scope_of(asking(one)) != scope_of(asking(two))


def test_a_name_is_not_given_again_when_its_source_is_gone() -> None:
    assert len({scope_of(asking(lambda: "sk-1")) for _ in range(200)}) == 200


def test_for_other_processes_it_is_the_key_that_was_given_last() -> None:
    vault = Vault()
    made, script = asking(vault.key), Script([reply()] * 2)
    assert common_scope_of(made) == scope_of(made), "before it was asked"
    for script.key in ("sk-1", "sk-2"):
        script.run(Authorize(vault.key)(made, send))
        assert common_scope_of(made) == scope(Authorization=f"Bearer {script.key}")


def test_a_source_is_known_by_its_description_whichever_key_it_gives() -> None:
    one, twin, other = (asking(EnvKey(name)) for name in ("A_KEY", "A_KEY", "B_KEY"))
    assert common_scope_of(one) == common_scope_of(twin) != common_scope_of(other)
    assert scope_of(one) != scope_of(twin)


@pytest.mark.parametrize(("field", "whole"), [("Authorization", "Bearer sk-asked"), ("api-key", "sk-asked")])
def test_where_it_must_be_certain_the_function_is_asked(field: str, whole: str) -> None:
    made = asking(Vault().key, field)
    assert Script([]).run(asked_scope_of(made)) == scope(**{field: whole})
    plain = request(headers=Headers({field: whole}))
    assert Script([]).run(asked_scope_of(plain)) == scope(**{field: whole})


def test_who_asks_is_not_taken_for_who_asks_at_the_same_moment() -> None:
    vault = Vault()
    made = asking(vault.key, **{"api-key": pending(lambda: "sk-2").reveal()})
    asks = asked_scope_of(made)
    asks.send(None)
    asks.send(Secret("sk-mine"))
    made.headers["authorization"].given = Secret("sk-anothers")  # type: ignore[attr-defined]  # as a call in another thread does
    with pytest.raises(StopIteration) as end:
        asks.send(Secret("sk-2"))
    assert end.value.value == scope(Authorization="Bearer sk-mine", api_key="sk-2")


def test_what_stands_for_a_key_shows_nothing_and_is_equal_to_any_other() -> None:
    held = asking(lambda: "sk-canary").headers["authorization"]
    assert held == PENDING.reveal()
    assert "sk-canary" not in repr(held)
    assert copy(held) is deepcopy(held) is held
    assert pickle.loads(pickle.dumps(held)) == held
