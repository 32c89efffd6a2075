"""A target to the letter: how it is shown and told apart, which arguments are at the edge, and what it makes anew for a request."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import pytest

from antiphon.policies.target import Target, house_of, with_model

from .fleet_script import CHAT, ask
from .stepping import Script

EU = "https://eu.example.com/v1"


def sent_to(target: Target, request: Any) -> Any:
    return Script([]).run(target.request(request))


@pytest.mark.parametrize(
    ("target", "shown"),
    [
        (Target(EU), "Target('eu.example.com' https://eu.example.com/v1)"),
        (Target(EU, name="eu", group=2), "Target('eu' https://eu.example.com/v1, group=2)"),
        (Target(EU, name="eu", weight=2.5), "Target('eu' https://eu.example.com/v1, weight=2.5)"),
        (Target(EU, name="eu", models={"a": "b"}), "Target('eu' https://eu.example.com/v1, other models)"),
        (Target.own(), "Target('own')"),
    ],
)
def test_only_what_is_special_is_shown(target: Target, shown: str) -> None:
    assert repr(target) == shown


def test_the_one_model_of_a_local_target_is_shown() -> None:
    assert repr(Target.local(model="llama3.2").models) == "always 'llama3.2'"


def test_credentials_are_told_apart_without_a_word_of_them() -> None:
    def one() -> str:
        return "sk-1"

    def named(source: Any) -> str:
        return getattr(Target(EU, api_key=source).key, "id", "")

    sources = ["sk-1", "sk-2", one, lambda: "sk-1", None]
    names = [named(source) for source in sources]
    assert len(set(names)) == 5
    assert names == [named(source) for source in sources]
    assert names[4] == "none"
    assert "sk-1" not in "".join(names)


@pytest.mark.parametrize(
    ("models", "crosses"),
    [
        (None, False),
        ({}, False),
        ({"a": "a"}, False),
        ({"a": None}, False),
        ({"a": "b"}, True),
        ({"a": "a", "b": None, "c": "d"}, True),
        (str.upper, True),
    ],
)
def test_one_other_model_is_enough_to_cross(models: Any, crosses: bool) -> None:
    assert Target(EU, models=models).crosses_models is crosses


def test_numbers_at_the_edge() -> None:
    assert Target(EU, group=-(10**9)).group == -(10**9)
    with pytest.raises(ValueError, match="group"):
        Target(EU, group=-(10**9) - 1)
    with pytest.raises(ValueError, match="weight"):
        Target(EU, weight=float("inf"))
    assert sent_to(Target(EU, headers={"x-mine": "\xff"}), ask()).headers["x-mine"] == "\xff"


def test_the_clients_own_is_itself_and_its_own_account() -> None:
    own, request = Target.own(), ask()
    assert own.same_account
    assert sent_to(own, request) is request


def test_what_a_target_cannot_take_is_not_made_for_it() -> None:
    with pytest.raises(ValueError, match="cannot take"):
        sent_to(Target(EU, models={"gpt-5.5": None}), ask())
    away = ask()
    away.target = "/elsewhere"
    with pytest.raises(ValueError, match="cannot take"):
        sent_to(Target(EU), away)


def test_header_fields_are_made_once_for_requests_that_are_alike() -> None:
    target, other = Target(EU, api_key="sk-eu"), ask(CHAT)
    other.headers["Accept"] = "text/event-stream"
    first, second, third = (sent_to(target, request).headers for request in (ask(), ask(input="more"), other))
    assert second is first
    assert (first["accept"], third["accept"]) == ("application/json", "text/event-stream")


def test_a_function_is_asked_for_its_key_each_time() -> None:
    target, script = Target(EU, api_key=lambda: "asked by the driver"), Script([])
    for script.key in ("sk-1", "sk-2"):
        assert script.run(target.request(ask())).headers["authorization"] == f"Bearer {script.key}"


def test_one_whose_fields_hold_a_credential_says_so_when_it_is_pickled() -> None:
    with pytest.raises(TypeError, match="whose headers hold a credential"):
        pickle.dumps(Target(EU, headers={"api-key": "k"}))
    there = pickle.loads(pickle.dumps(Target(EU, headers={"x-region": "eu"})))
    assert sent_to(there, ask()).headers["x-region"] == "eu"


def test_a_deep_copy_is_the_target_itself() -> None:
    target = Target(EU, api_key="sk-eu")
    assert copy.deepcopy([target])[0] is target


def test_the_body_is_written_anew_whatever_is_known_of_the_call() -> None:
    plain, odd = ask(input="hi"), ask(input="hi")
    plain.call = None
    assert odd.call is not None
    odd.call.body = None
    for request in (plain, odd):
        changed = with_model(request, "other")
        assert json.loads(changed.content or b"") == {"input": "hi", "model": "other"}  # type: ignore[arg-type]
        assert changed.call is request.call
    form = ask()
    form.content = None
    with pytest.raises(ValueError, match="only a JSON body"):
        with_model(form, "other")


@pytest.mark.parametrize(
    ("host", "house"),
    [
        ("api.openai.com", "openai.com"),
        ("a.b.openai.com", "openai.com"),
        ("localhost", "localhost"),
        ("10.1.2.3", "10.1.2.3"),
        ("::1", "::1"),
    ],
)
def test_whose_a_host_is(host: str, house: str) -> None:
    assert house_of(host) == house
