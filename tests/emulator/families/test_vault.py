"""Vaults: credentials whose secrets nobody sees again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openai
import pytest

from antiphon.emulator import Emulator, Setting

OAUTH: Any = {
    "type": "mcp_oauth",
    "mcp_server_url": "https://mcp.example.com",
    "access_token": "hush-access",
    "expires_at": "2030-01-01T00:00:00Z",
    "refresh": {
        "client_id": "me",
        "refresh_token": "hush-refresh",
        "token_endpoint": "https://auth.example.com/token",
        "token_endpoint_auth": {"type": "client_secret_basic", "client_secret": "hush-client"},
    },
}


@pytest.mark.operation(
    "beta.agents.vaults.create",
    "beta.agents.vaults.retrieve",
    "beta.agents.vaults.update",
    "beta.agents.vaults.list",
    "beta.agents.vaults.delete",
)
def test_a_vault_lives_and_takes_its_credentials_along(client: openai.OpenAI) -> None:
    vaults = client.beta.agents.vaults
    made = vaults.create(name="  team  ", metadata={"team": "red-1"})
    assert (made.name, made.metadata) == ("team", {"team": "red-1"})
    assert vaults.retrieve(made.id) == made
    assert [known.id for known in vaults.list(metadata={"team": "red-1"})] == [made.id]
    assert not list(vaults.list(metadata={"team": "red-1", "more": "x"}))
    assert not list(vaults.list(metadata={"team": "red-1"}, status="archived"))
    assert vaults.update(made.id, name=None).name is None
    assert vaults.update(made.id, name=" b ").metadata == {"team": "red-1"}
    assert vaults.update(made.id, metadata={}).metadata == {}
    held = vaults.credentials.create(made.id, name="c", auth=OAUTH)
    assert vaults.delete(made.id).deleted
    with pytest.raises(openai.NotFoundError):
        vaults.credentials.retrieve(held.id, vault_id=made.id)
    with pytest.raises(openai.BadRequestError):
        vaults.create(name="   ")


@pytest.mark.operation(
    "beta.agents.vaults.credentials.create",
    "beta.agents.vaults.credentials.retrieve",
    "beta.agents.vaults.credentials.list",
    "beta.agents.vaults.credentials.update",
    "beta.agents.vaults.credentials.delete",
)
def test_secrets_are_taken_and_never_shown(client: openai.OpenAI) -> None:
    vault = client.beta.agents.vaults.create(name="v")
    credentials = client.beta.agents.vaults.credentials
    made = credentials.create(vault.id, name="c", auth=OAUTH, metadata={"a": "b"})
    changed = credentials.update(made.id, vault_id=vault.id, auth={"type": "mcp_oauth", "access_token": "hush-2"})
    answers = [
        made.to_json(),
        changed.to_json(),
        credentials.retrieve(made.id, vault_id=vault.id).to_json(),
        *[known.to_json() for known in credentials.list(vault.id, metadata={"a": "b"})],
    ]
    assert len(answers) == 4
    assert not [answer for answer in answers if "hush" in answer]
    assert made.auth.type == "mcp_oauth"
    assert made.auth.refresh
    assert made.auth.refresh.token_endpoint_auth.type == "client_secret_basic"
    assert (made.vault_id, made.auth.expires_at) == (vault.id, OAUTH["expires_at"])
    assert changed.auth.type == "mcp_oauth"
    assert changed.auth.expires_at is None
    assert changed.auth.refresh == made.auth.refresh
    credentials.delete(made.id, vault_id=vault.id)
    assert not list(credentials.list(vault.id))


def test_rotation_really_replaces_the_secret(tmp_path: Path) -> None:
    setting = Setting(data=tmp_path)
    with Emulator(setting) as house, openai.OpenAI(base_url=house.base_url, api_key="k") as client:
        vault = client.beta.agents.vaults.create(name="v")
        made = client.beta.agents.vaults.credentials.create(vault.id, name="c", auth=OAUTH)
        client.beta.agents.vaults.credentials.update(
            made.id, vault_id=vault.id, auth={"type": "mcp_oauth", "access_token": "new", "refresh": {"scope": "all"}}
        )
    with Emulator(setting) as house, openai.OpenAI(base_url=house.base_url, api_key="k") as client:
        kept = house.app.world.shelf(f"beta.agents.vaults.credentials/{vault.id}").get(made.id)
        assert kept
        assert kept["secret"]["access_token"] == "new"
        assert kept["secret"]["refresh"]["refresh_token"] == "hush-refresh"
        shown = client.beta.agents.vaults.credentials.retrieve(made.id, vault_id=vault.id)
        assert shown.to_dict()["auth"]["refresh"]["scope"] == "all"  # type: ignore[index]


@pytest.mark.parametrize(
    "auth",
    [
        {"type": "static_bearer", "token": "", "mcp_server_url": "https://x"},
        {"type": "static_bearer", "token": "t", "mcp_server_url": "http://x"},
        {
            "type": "environment_variable",
            "secret_name": "9A",
            "secret_value": "v",
            "networking": {"type": "unrestricted"},
        },
        {
            "type": "environment_variable",
            "secret_name": "CODEX_A",
            "secret_value": "v",
            "networking": {"type": "unrestricted"},
        },
        {
            "type": "environment_variable",
            "secret_name": "A",
            "secret_value": "a\nb",
            "networking": {"type": "unrestricted"},
        },
    ],
)
def test_credentials_that_are_refused(client: openai.OpenAI, auth: Any) -> None:
    vault = client.beta.agents.vaults.create(name="v")
    with pytest.raises(openai.BadRequestError) as caught:
        client.beta.agents.vaults.credentials.create(vault.id, name="c", auth=auth)
    assert (caught.value.param or "").startswith("auth.")


def test_a_credential_keeps_its_kind(client: openai.OpenAI) -> None:
    vault = client.beta.agents.vaults.create(name="v")
    made = client.beta.agents.vaults.credentials.create(vault.id, name="c", auth=OAUTH)
    with pytest.raises(openai.BadRequestError) as caught:
        client.beta.agents.vaults.credentials.update(
            made.id, vault_id=vault.id, auth={"type": "static_bearer", "token": "t"}
        )
    assert caught.value.code == "credential_type_mismatch"
