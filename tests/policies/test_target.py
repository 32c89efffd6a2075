from __future__ import annotations

import copy
import json
import pickle
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.core.call import Operation
from antiphon.core.secret import Secret
from antiphon.core.url import Origin
from antiphon.errors import APIError, CredentialScopeError, InvalidBaseURL, InvalidCredential
from antiphon.policies.chain import send
from antiphon.policies.failover import Failover
from antiphon.policies.machines.ejection import Ejection
from antiphon.policies.portable import needs, objection
from antiphon.policies.target import BoundKey, Target

from .fleet_script import CHAT, EMBED, HOME, OWN_KEY, RETRIEVE, answer, ask, silent, unreachable
from .stepping import Script

CANARY = "sk-canary-5d1f"


def sent_to(target: Target, request: Any) -> Any:
    return Script([]).run(target.request(request))


def test_nothing_that_may_be_a_credential_of_the_clients_travels() -> None:
    there = sent_to(Target("https://eu.example.com/v1", api_key="sk-eu"), ask())
    assert dict(there.headers) == {
        "accept": "application/json",
        "x-stainless-retry-count": "0",
        "authorization": "Bearer sk-eu",
    }


def test_a_target_brings_fields_of_its_own() -> None:
    target = Target("https://eu.example.com/v1", headers={"api-key": "k"}, organization="org-eu", project="proj-eu")
    headers = sent_to(target, ask()).headers
    assert (headers["api-key"], headers["openai-organization"], headers["openai-project"]) == ("k", "org-eu", "proj-eu")
    assert "authorization" not in headers


def test_path_and_query_are_the_calls_own_below_the_targets() -> None:
    request = ask(RETRIEVE, path={"response_id": "resp/1"})
    request.target = "/v1/responses/resp%2F1?key=own-password&limit=2"
    assert request.call is not None
    request.call.query = {"limit": 2}
    there = sent_to(Target("https://eu.example.com/openai/v1/?api-version=1"), request)
    assert there.target == "/openai/v1/responses/resp%2F1?api-version=1&limit=2"
    assert sent_to(Target("https://eu.example.com/v1"), request).target == "/v1/responses/resp%2F1?limit=2"
    assert sent_to(Target("https://eu.example.com/v1?a=1"), ask()).target == "/v1/responses?a=1"


@pytest.mark.parametrize("path", ["https://api.openai.com/v1/responses", "responses", "/responses?x=1"])
def test_a_path_that_is_the_users_own_stays_at_home(path: str) -> None:
    request = ask()
    assert request.call is not None
    request.call.operation = Operation("responses.create", "POST", path, body="json")
    assert objection(Target("https://eu.example.com/v1"), request) == "its path is not below the client's base URL"


def test_models_are_named_as_the_target_names_them() -> None:
    target = Target("https://eu.example.com/v1", models={"gpt-5.5": "my-deployment", "gpt-4": None})
    there = sent_to(target, ask(input="hi"))
    assert json.loads(there.content) == {"input": "hi", "model": "my-deployment"}
    assert there.call.body["model"] == "my-deployment"
    assert objection(target, ask(model="gpt-4")) == "it does not serve gpt-4"
    same = ask(model="gpt-5-mini")
    assert sent_to(target, same).content is same.content


def test_a_model_in_extra_body_is_the_one_that_is_asked_for() -> None:
    request = ask(input="hi")
    assert request.call is not None
    request.call.extra_body = {"model": "gpt-6"}
    there = sent_to(Target("https://eu.example.com/v1", models={"gpt-6": "six"}), request)
    assert json.loads(there.content)["model"] == "six"
    assert there.call.extra_body == {"model": "six"}
    assert request.call.extra_body == {"model": "gpt-6"}


def test_a_form_cannot_be_changed_to_another_model() -> None:
    request = ask()
    request.content = None
    target = Target("https://eu.example.com/v1", models=lambda asked: "other")
    assert objection(target, request) == "the model cannot be changed in a form"


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ({"previous_response_id": "resp_1"}, "previous_response_id lives there"),
        ({"conversation": "conv_1"}, "conversation lives there"),
        ({"prompt": {"id": "pmpt_1"}}, "prompt lives there"),
        ({"background": True}, "background keeps state there"),
        ({"store": True}, "store keeps state there"),
        ({"input": [{"content": [{"type": "input_file", "file_id": "file-1"}]}]}, "file_id lives there"),
        ({"tools": [{"type": "file_search", "vector_store_ids": ["vs_1"]}]}, "vector_store_ids lives there"),
    ],
)
def test_what_lives_in_one_account_does_not_leave_it(body: dict[str, Any], what: str) -> None:
    target = Target("https://eu.example.com/v1")
    assert objection(target, ask(**body)) == what
    target.same_account = True
    assert objection(target, ask(**body)) is None


def test_text_that_speaks_of_files_is_text() -> None:
    assert objection(Target("https://eu.example.com/v1"), ask(input='he said "file_id": "file-1"')) is None


@pytest.mark.parametrize("path", ["/files", "/uploads", "/batches", "/fine_tuning/jobs"])
def test_what_is_no_inference_stays(path: str) -> None:
    request = ask(Operation(f"{path[1:]}.create", "POST", path, body="json"))
    assert str(objection(Target("https://eu.example.com/v1"), request)).endswith("is no inference")


@pytest.mark.parametrize(
    ("body", "needed"),
    [
        ({}, []),
        ({"tools": [{"type": "function"}]}, ["tools"]),
        ({"response_format": {"type": "json_schema"}}, ["json_schema"]),
        ({"text": {"format": {"type": "json_schema"}}}, ["json_schema"]),
        ({"response_format": {"type": "json_object"}}, []),
        ({"messages": [{"content": [{"type": "image_url", "image_url": {"url": "…"}}]}]}, ["images"]),
        ({"input": [{"content": [{"type": "input_audio"}]}]}, ["audio"]),
        ({"input": [{"content": [{"type": "input_file", "file_data": "…"}]}]}, ["files"]),
    ],
)
def test_capabilities_are_looked_at_before_anything_is_sent(body: dict[str, Any], needed: list[str]) -> None:
    request = ask(CHAT, **body)
    assert list(needs(request)) == needed
    told = objection(Target("https://eu.example.com/v1", capabilities=()), request)
    assert told == (f"it cannot do {needed[0]}" if needed else None)
    assert objection(Target("https://eu.example.com/v1", capabilities=needed), request) is None


def test_a_name_for_every_model_is_none_for_vectors() -> None:
    assert objection(Target.local(model="nomic"), ask(EMBED)) == "it does not serve gpt-5.5"
    assert objection(Target("http://localhost:1/v1", models={"gpt-5.5": "same"}), ask(EMBED)) is None


def test_a_key_goes_to_its_own_origin_only() -> None:
    eu = Origin("https", "eu.example.com", 443)
    key = BoundKey(Secret(CANARY), [eu])
    assert Script([]).run(key.authorization(eu)).reveal() == f"Bearer {CANARY}"
    for origin in (HOME, eu._replace(scheme="http"), eu._replace(port=444), eu._replace(host="example.com")):
        with pytest.raises(CredentialScopeError) as caught:
            Script([]).run(key.authorization(origin))
        assert CANARY not in str(caught.value)


def test_a_target_that_was_tampered_with_sends_its_key_nowhere() -> None:
    target, other = Target("https://eu.example.com/v1", api_key=CANARY), Target("https://evil.example/v1")
    target.url = other.url
    with pytest.raises(CredentialScopeError):
        sent_to(target, ask())


def test_no_key_is_seen() -> None:
    target = Target("https://eu.example.com/v1", api_key=CANARY, headers={"api-key": CANARY})
    shown = [repr(target), repr(target.key), repr(vars(target)), repr(Failover([target]))]
    assert not any(CANARY in each for each in shown)
    for each in (
        target,
        target.key,
        Failover([target]),
        Target("https://eu.example.com/v1", headers={"api-key": CANARY}),
    ):
        with pytest.raises(TypeError, match="does not pickle"):
            pickle.dumps(each)
    assert copy.copy(target).key is target.key


def test_what_holds_no_key_travels_to_another_process() -> None:
    failover = Failover([Target.local(model="llama3.2"), Target.own(weight=2)], cross_model=True, park_for=9.0)
    failover._fleet.park(0, 1e9)
    other = pickle.loads(pickle.dumps(failover))
    assert repr(other) == repr(failover)
    assert other.park_for == 9.0
    assert other._fleet.calm
    assert repr(other.targets) == repr(failover.targets)


@pytest.mark.parametrize("bad", ["", " sk-1", "sk-1\n", "sk-é", "Bearer sk-1", "'sk-1'"])
def test_row_56_a_key_that_cannot_be_one_is_refused_at_once(bad: str) -> None:
    with pytest.raises(InvalidCredential) as caught:
        Target("https://eu.example.com/v1", api_key=bad)
    assert not bad.strip() or bad.strip() not in str(caught.value).replace("'Bearer'", "")


@pytest.mark.parametrize(
    "bad", ["eu.example.com", "ftp://eu.example.com", "https://u:p@eu.example.com", "https://eu\\x"]
)
def test_row_57_a_base_url_that_cannot_be_one_is_refused_at_once(bad: str) -> None:
    with pytest.raises(InvalidBaseURL):
        Target(bad)


@pytest.mark.parametrize(
    "wrong", [{"weight": 0}, {"weight": -1}, {"group": "x"}, {"capabilities": "tools"}, {"wait": 1}]
)
def test_arguments_are_checked_at_once(wrong: dict[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError)):
        Target("https://eu.example.com/v1", **wrong)


OUTCOMES = st.sampled_from(
    [
        *((lambda status=status: answer(status)) for status in (200, 400, 401, 403, 429, 500, 503)),
        lambda: answer(429, "insufficient_quota"),
        unreachable,
        silent,
    ]
)


@settings(derandomize=True, deadline=None, max_examples=80)
@given(
    groups=st.lists(st.tuples(st.integers(0, 2), st.sampled_from([None, "a"])), min_size=1, max_size=4),
    calls=st.lists(st.lists(OUTCOMES, min_size=5, max_size=5), min_size=1, max_size=12),
    dice=st.floats(0, 1, exclude_max=True),
)
def test_whatever_happens_each_credential_goes_to_its_own_origin(
    groups: list[tuple[int, str | None]], calls: list[list[Any]], dice: float
) -> None:
    targets = [
        Target(
            f"https://t{n}.example.com/v1", api_key=f"sk-{n}", headers={"api-key": f"k-{n}"}, group=group, scope=scope
        )
        for n, (group, scope) in enumerate(groups)
    ]
    failover = Failover(targets, cross_provider=True, eject=Ejection(failures=2))
    keys = {HOME: (OWN_KEY, None)} | {
        target.url.origin: (f"Bearer sk-{n}", f"k-{n}") for n, target in enumerate(targets) if target.url
    }
    script = Script([], dice=dice)
    for number, outcomes in enumerate(calls):
        script.outcomes[:] = [make() for make in outcomes]
        before, script.now = len(script.sent), 100.0 + 20 * number
        with suppress(APIError):
            script.run(failover(ask(), send))
        asked = [request.origin for request in script.sent[before:]]
        assert len(asked) == len(set(asked)) <= failover.most_attempts  # nobody twice, and no more than may be
    for request in script.sent:
        assert (request.headers["authorization"], request.headers.get("api-key")) == keys[request.origin]
        assert ("own-password" in repr(request.headers.fields)) == (request.origin == HOME)
    assert sum(failover._fleet.loads) == 0


@pytest.mark.parametrize("value", ["a\r\nEvil: 1", "a\n", "a\0", "\u20ac", 3])
def test_a_header_that_cannot_be_sent_is_refused_at_once(value: Any) -> None:
    with pytest.raises(ValueError, match="'x-mine'") as raised:
        Target("https://eu.example.com/v1", headers={"x-mine": value})
    assert str(value) not in str(raised.value), "it may be a credential"
    with pytest.raises(ValueError, match="OpenAI-Project"):
        Target("https://eu.example.com/v1", project=value)
