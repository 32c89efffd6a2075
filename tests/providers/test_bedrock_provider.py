"""`bedrock(…)`: which place, which credential, and what contradicts itself; the cases are the official package's own answers."""

from __future__ import annotations

from typing import Any

import openai
import openai.providers
import pytest

import antiphon
from antiphon.errors import OpenAIError
from antiphon.providers import bedrock

from .house import ACCESS, SECRET, SESSION, TOKEN

KEYS = {"access_key_id": ACCESS, "secret_access_key": SECRET}
EAST = {"AWS_REGION": "us-east-1"}
BEARER = {"AWS_BEARER_TOKEN_BEDROCK": TOKEN}
PLACES: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "region": ({"region": "eu-west-1", "api_key": TOKEN}, {}),
    "region with blanks": ({"region": " eu-west-1 ", "api_key": TOKEN}, {}),
    "region before environment": ({"region": "eu-west-1", "api_key": TOKEN}, EAST),
    "environment": ({"api_key": TOKEN}, EAST),
    "default region": ({"api_key": TOKEN}, {"AWS_DEFAULT_REGION": "ap-south-1"}),
    "runtime": ({"region": "cn-north-1", "endpoint": "runtime", "api_key": TOKEN}, {}),
    "base url": ({"base_url": "https://proxy.example/openai/v1", "api_key": TOKEN}, {}),
    "base url with responses": ({"base_url": "https://proxy.example/v1/responses/x", "api_key": TOKEN}, {}),
    "ambient base url": ({"api_key": TOKEN}, {**EAST, "AWS_BEDROCK_BASE_URL": "https://proxy.example/v1"}),
    "ambient base url left aside": (
        {"api_key": TOKEN, "base_url": None},
        {**EAST, "AWS_BEDROCK_BASE_URL": "https://proxy.example/v1"},
    ),
    "keys": ({**KEYS, "region": "us-east-1"}, {}),
    "session": ({**KEYS, "session_token": SESSION}, EAST),
    "ambient bearer": ({}, {**EAST, **BEARER}),
    "amazon's runtime": ({"base_url": "https://bedrock-runtime.us-east-1.amazonaws.com/openai/v1", "api_key": TOKEN}, {}),
}  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
def test_it_is_where_it_officially_is(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments, environment = PLACES[place]
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    ours = antiphon.OpenAI(provider=bedrock(**arguments))
    theirs = openai.OpenAI(provider=openai.providers.bedrock(**arguments))
    assert str(ours.base_url) == str(theirs.base_url)


WRONG: dict[str, dict[str, Any]] = {
    "no region": {"api_key": TOKEN},
    "empty region": {"region": " ", "api_key": TOKEN},
    "bad region": {"region": "nowhere", "api_key": TOKEN},
    "empty base url": {"base_url": " ", "api_key": TOKEN},
    "bad endpoint": {"endpoint": "other", "region": "us-east-1"},
    "empty key": {"api_key": " ", "region": "us-east-1"},
    "two bearers": {"api_key": TOKEN, "token_provider": str, "region": "us-east-1"},
    "bearer and keys": {"api_key": TOKEN, **KEYS, "region": "us-east-1"},
    "keys and profile": {**KEYS, "profile": "p", "region": "us-east-1"},
    "profile and provider": {"profile": "p", "credential_provider": object, "region": "us-east-1"},
    "half": {"access_key_id": ACCESS, "region": "us-east-1"},
    "session alone": {"session_token": SESSION, "region": "us-east-1"},
    "empty profile": {"profile": " ", "region": "us-east-1"},
    "empty secret": {"access_key_id": ACCESS, "secret_access_key": " ", "region": "us-east-1"},
    "http at amazon": {"base_url": "http://bedrock-mantle.us-east-1.api.aws/v1", "api_key": TOKEN},
    "other region at amazon": {
        "base_url": "https://bedrock-mantle.us-east-1.api.aws/v1",
        "region": "eu-west-1",
        "api_key": TOKEN,
    },
}


@pytest.mark.parametrize("flaw", WRONG)
def test_what_cannot_be_is_refused_as_officially(flaw: str) -> None:
    with pytest.raises(openai.OpenAIError):
        openai.OpenAI(provider=openai.providers.bedrock(**WRONG[flaw]))
    with pytest.raises((OpenAIError, ValueError)) as caught:
        antiphon.OpenAI(provider=bedrock(**WRONG[flaw]))
    assert TOKEN not in str(caught.value)


def test_an_ambient_bearer_key_can_be_left_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", TOKEN)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    assert "Authorize" in antiphon.OpenAI(provider=bedrock()).explain()
    assert "Sign(SigV4" in antiphon.OpenAI(provider=bedrock(api_key=None)).explain()


def test_no_secret_in_the_frames_of_a_refusal() -> None:
    from tests.client.test_credential import shown

    for flaw in ("bearer and keys", "two bearers", "no region"):
        with pytest.raises(OpenAIError) as caught:
            bedrock(**WRONG[flaw])
        text = shown(caught.value).split("bedrock_provider.py", 1)[-1]
        assert not [secret for secret in (TOKEN, SECRET, SESSION) if secret in text]
