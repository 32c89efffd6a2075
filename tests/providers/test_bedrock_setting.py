"""What arguments and environment come to, beside the official package: where the client goes, or that it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openai
import pytest

import antiphon
from antiphon.errors import OpenAIError
from antiphon.providers.bedrock_endpoint import place_of

from .house import KEYS, SECRET, SESSION, TOKEN, House

MANTLE = "https://bedrock-mantle.us-east-1.api.aws/openai/v1"
RUNTIME = "https://bedrock-runtime.us-east-1.amazonaws.com/openai/v1"
OWN = "http://localhost:9/openai/v1"
SESSIONS = {**KEYS, "aws_session_token": SESSION}
REGION = {"AWS_REGION": "us-west-2"}
BEARER = {"AWS_BEARER_TOKEN_BEDROCK": TOKEN}


def provider() -> str:
    return TOKEN


CASES: list[tuple[dict[str, str], dict[str, Any]]] = [
    # Where it goes.
    ({}, {"api_key": TOKEN, "aws_region": "us-east-1"}),
    ({}, {"api_key": TOKEN, "aws_region": "cn-north-1"}),
    ({}, {"api_key": TOKEN, "aws_region": " us-east-1 "}),
    (REGION, {"api_key": TOKEN}),
    ({"AWS_DEFAULT_REGION": "eu-west-1"}, {"api_key": TOKEN}),
    ({"AWS_DEFAULT_REGION": "eu-west-1", **REGION}, {"api_key": TOKEN}),
    ({"AWS_DEFAULT_REGION": "eu-west-1", "AWS_REGION": ""}, {"api_key": TOKEN}),
    (REGION, {"api_key": TOKEN, "aws_region": "us-east-1"}),
    ({}, {"api_key": TOKEN, "base_url": OWN}),
    ({}, {"api_key": TOKEN, "base_url": f"{OWN}/responses"}),
    ({}, {"api_key": TOKEN, "base_url": MANTLE}),
    ({}, {"api_key": TOKEN, "base_url": RUNTIME}),
    ({}, {"api_key": TOKEN, "base_url": RUNTIME, "aws_region": "us-east-1"}),
    ({"AWS_BEDROCK_BASE_URL": OWN}, {"api_key": TOKEN}),
    ({"AWS_BEDROCK_BASE_URL": OWN}, {"api_key": TOKEN, "base_url": MANTLE}),
    ({"AWS_BEDROCK_BASE_URL": OWN, **REGION}, {"api_key": TOKEN, "base_url": ""}),
    ({"AWS_BEDROCK_BASE_URL": " ", **REGION}, {"api_key": TOKEN}),
    (REGION, KEYS),
    (REGION, SESSIONS),
    (REGION, {**KEYS, "base_url": OWN}),
    ({}, {**KEYS, "aws_region": "us-east-1", "base_url": RUNTIME}),
    (REGION, {"aws_profile": "work"}),
    ({}, {"aws_profile": "work"}),
    (REGION, {"aws_credentials_provider": object}),
    (REGION, {"bedrock_token_provider": provider}),
    (REGION, {}),
    ({**REGION, **BEARER}, {}),
    ({**REGION, **BEARER}, KEYS),
    ({**BEARER}, {"base_url": OWN}),
    ({**REGION, **BEARER}, {"base_url": MANTLE}),
    # What is refused.
    ({}, {"api_key": TOKEN}),
    ({}, {"bedrock_token_provider": provider}),
    ({}, KEYS),
    ({}, {**KEYS, "base_url": OWN}),
    ({}, {}),
    (REGION, {"api_key": ""}),
    (REGION, {"api_key": " "}),
    (REGION, {"api_key": provider}),
    (REGION, {"api_key": TOKEN, "bedrock_token_provider": provider}),
    (REGION, {"api_key": TOKEN, **KEYS}),
    (REGION, {"api_key": TOKEN, "aws_profile": "work"}),
    (REGION, {"bedrock_token_provider": provider, "aws_credentials_provider": object}),
    (REGION, {**KEYS, "aws_profile": "work"}),
    (REGION, {**KEYS, "aws_credentials_provider": object}),
    (REGION, {"aws_profile": "work", "aws_credentials_provider": object}),
    (REGION, {"aws_access_key_id": "a"}),
    (REGION, {"aws_secret_access_key": "s"}),
    (REGION, {"aws_session_token": "t"}),
    (REGION, {**KEYS, "aws_session_token": " "}),
    (REGION, {"aws_access_key_id": " ", "aws_secret_access_key": "s"}),
    (REGION, {"aws_profile": " "}),
    (REGION, {"api_key": TOKEN, "aws_region": "nowhere"}),
    ({"AWS_REGION": "nowhere"}, {"api_key": TOKEN}),
    ({}, {"api_key": TOKEN, "base_url": MANTLE, "aws_region": "eu-west-1"}),
    (REGION, {**KEYS, "base_url": MANTLE}),
    ({}, {"api_key": TOKEN, "base_url": MANTLE.replace("https", "http")}),
]  # fmt: skip


def outcome(kind: Any, arguments: dict[str, Any], error: type[Exception]) -> tuple[str, ...]:
    try:
        client = kind(**arguments)
    except error:
        return ("refused",)
    # With a bearer key the official package names the environment's region even where the host is in another.
    place = place_of(client.base_url.host)
    region = place.region if place and error is openai.OpenAIError else client.aws_region
    return (str(client.base_url), region or "", client.api_key, client.organization or "")


@pytest.fixture(autouse=True)
def profile(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("[profile work]\nregion = ap-south-1\n")


@pytest.mark.parametrize(("environment", "arguments"), CASES, ids=range(len(CASES)))
def test_arguments_come_to_the_same_as_in_the_official_package(
    house: House, environment: dict[str, str], arguments: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**environment, "OPENAI_ORG_ID": "org-not-for-aws", "OPENAI_BASE_URL": "http://no/"}.items():
        monkeypatch.setenv(name, value)
    theirs = outcome(getattr(openai, house.kind.__name__), arguments, openai.OpenAIError)
    ours = outcome(house.kind, arguments, OpenAIError)
    assert ours == theirs


CHANGES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"api_key": TOKEN, "aws_region": "us-east-1"}, {"aws_region": "eu-west-1"}),
    ({"api_key": TOKEN, "aws_region": "us-east-1"}, {"max_retries": 5}),
    ({"api_key": TOKEN, "aws_region": "us-east-1"}, {"base_url": OWN}),
    ({"api_key": TOKEN, "aws_region": "us-east-1"}, {"base_url": MANTLE.replace("us-east-1", "eu-west-1")}),
    ({"api_key": TOKEN}, {"base_url": MANTLE.replace("us-east-1", "eu-west-1")}),
    ({"api_key": TOKEN}, {}),
    ({"api_key": TOKEN, "base_url": OWN}, {"aws_region": "eu-west-1"}),
    ({"api_key": TOKEN, "base_url": OWN, "aws_region": "us-east-1"}, {"base_url": ""}),
    ({"api_key": TOKEN, "base_url": OWN}, {"base_url": ""}),
    ({"api_key": TOKEN, "base_url": RUNTIME}, {"api_key": "other"}),
    ({"api_key": TOKEN, "aws_region": "us-east-1"}, KEYS),
    ({**KEYS, "aws_region": "us-east-1"}, {"api_key": "other"}),
    ({**KEYS, "aws_region": "us-east-1"}, {"bedrock_token_provider": provider}),
    ({**KEYS, "aws_region": "us-east-1"}, {"aws_profile": "work"}),
    ({**KEYS}, {"aws_region": "eu-west-1"}),
    ({**KEYS}, {"base_url": OWN}),
    ({**KEYS, "base_url": OWN}, {"aws_region": "eu-west-1", "timeout": 3}),
    ({**KEYS}, {"base_url": MANTLE}),
    ({"bedrock_token_provider": provider}, {"api_key": "other"}),
    ({}, {"aws_region": "eu-west-1"}),
    ({"aws_profile": "work", "aws_region": "us-east-1"}, {"timeout": 3}),
    ({"api_key": TOKEN}, {"api_key": "x", **KEYS}),
    ({"api_key": TOKEN}, {"api_key": provider}),
    ({"api_key": TOKEN}, {"aws_session_token": "t"}),
    ({"api_key": TOKEN}, {"data_residency": "eu"}),
    ({"api_key": TOKEN}, {"admin_api_key": "sk-admin"}),
    ({"api_key": TOKEN}, {"aws_region": "nowhere"}),
    ({"api_key": TOKEN, "base_url": MANTLE}, {"aws_region": "eu-west-1"}),
]


@pytest.mark.parametrize("gone", [False, True], ids=["region-there", "region-gone"])
@pytest.mark.parametrize(("arguments", "changes"), CHANGES, ids=range(len(CHANGES)))
def test_a_copy_comes_to_the_same_as_in_the_official_package(
    house: House, arguments: dict[str, Any], changes: dict[str, Any], gone: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_REGION", "us-west-2")
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", "from-the-environment")

    ours, theirs = (kind(**arguments) for kind in (house.kind, getattr(openai, house.kind.__name__)))
    if gone:
        monkeypatch.delenv("AWS_REGION")  # a copy holds on to what was resolved
    assert outcome(ours.with_options, changes, OpenAIError) == outcome(theirs.with_options, changes, openai.OpenAIError)


def test_openai_variables_do_not_reach_another_house(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("API_KEY", "ADMIN_KEY", "ORG_ID", "PROJECT_ID", "BASE_URL"):
        monkeypatch.setenv(f"OPENAI_{name}", "http://not-for-aws/")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Secret: not for aws")
    monkeypatch.setenv("OPENAI_WEBHOOK_SECRET", "whsec_1")
    client = house.kind(**KEYS, aws_region="us-east-1")
    assert (client.api_key, client.admin_api_key, client.organization, client.project) == ("", None, None, None)
    assert client._custom_headers == {}
    assert client.webhook_secret == "whsec_1"


@pytest.mark.parametrize("endpoint", ["mantle", "runtime"])
def test_an_endpoint_can_be_named(house: House, endpoint: Any) -> None:
    client = house.kind(api_key=TOKEN, aws_region="us-east-1", endpoint=endpoint)
    assert client.base_url == (MANTLE if endpoint == "mantle" else RUNTIME) + "/"
    assert client.copy(aws_region="eu-west-1").base_url.host.startswith(f"bedrock-{endpoint}.eu-west-1.")
    other = client.copy(endpoint="runtime" if endpoint == "mantle" else "mantle")
    assert other.base_url != client.base_url
    with pytest.raises(OpenAIError, match="endpoint"):
        client.base_url = str(other.base_url)


def test_an_unknown_endpoint_is_refused(house: House) -> None:
    with pytest.raises(OpenAIError, match='"mantle" or "runtime"'):
        house.kind(api_key=TOKEN, aws_region="us-east-1", endpoint="agent")


def test_the_region_of_a_signature_follows_the_host_where_nothing_else_names_one(house: House) -> None:
    """The official package refuses; the host leaves no doubt."""
    assert house.kind(**KEYS, base_url=RUNTIME).aws_region == "us-east-1"


def test_setting_the_region_moves_the_base_url_that_follows_from_it(house: House) -> None:
    client = house.kind(api_key=TOKEN, aws_region="us-east-1")
    client.aws_region = "eu-west-1"
    assert (client.base_url, client.aws_region) == (MANTLE.replace("us-east-1", "eu-west-1") + "/", "eu-west-1")
    client.base_url = OWN
    client.aws_region = "ap-south-1"
    assert (client.base_url, client.aws_region) == (OWN + "/", "ap-south-1")
    assert client.copy(base_url="").base_url.host == "bedrock-mantle.ap-south-1.api.aws"


@pytest.mark.parametrize(
    ("name", "value"),
    [("aws_region", "nowhere"), ("aws_region", "eu-west-1"), ("base_url", MANTLE.replace("us-east-1", "eu-west-1"))],
)
def test_a_setting_that_contradicts_another_is_refused_and_changes_nothing(house: House, name: str, value: str) -> None:
    client = house.kind(**KEYS, base_url=MANTLE, aws_region="us-east-1")
    before = client.explain()
    with pytest.raises(OpenAIError):
        setattr(client, name, value)
    assert (client.base_url, client.aws_region, client.explain()) == (MANTLE + "/", "us-east-1", before)


def test_setting_a_key_replaces_the_signature(house: House) -> None:
    client = house.kind(**KEYS, aws_region="us-east-1")
    client.api_key = TOKEN
    assert "Sign" not in client.explain()
    assert client.copy(max_retries=1).api_key == TOKEN
    assert client.copy(aws_region="eu-west-1").api_key == TOKEN


@pytest.mark.parametrize("wrong", [{"data_residency": "eu"}, {"admin_api_key": "sk-1"}])
def test_what_is_openais_own_is_refused(house: House, wrong: dict[str, str]) -> None:
    with pytest.raises(OpenAIError, match=next(iter(wrong))):
        house.kind(api_key=TOKEN, aws_region="us-east-1", **wrong)


def test_a_misspelt_argument_is_told_the_nearest(house: House) -> None:
    with pytest.raises(TypeError, match="aws_secret_access_key"):
        house.kind(aws_access_key_id="a", aws_secret_acces_key=SECRET)
    with pytest.raises(TypeError, match="aws_region"):
        antiphon.BedrockOpenAI(api_key=TOKEN, aws_region="us-east-1").copy(aws_regoin="x")  # type: ignore[call-arg]
