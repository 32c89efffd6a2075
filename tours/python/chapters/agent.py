"""Agents and their vaults: saved settings, and credentials whose secrets nobody sees again."""

from __future__ import annotations

from typing import Any

import openai

from ..tour import Tour

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


def walk(t: Tour) -> None:
    """The chapter."""
    _agents(t)
    _vaults(t)


def _agents(t: Tour) -> None:
    agents = t.client.beta.agents
    made = agents.create(
        model="gpt-4o", name="helper", metadata={"a": "b"}, reasoning={"effort": "low"}, multi_agent={"enabled": True}
    )
    t.same(
        (made.name, made.instructions, made.tools, made.multi_agent.max_concurrent_subagents), ("helper", None, [], 6)
    )
    t.same(agents.retrieve(made.id), made)
    changed = agents.update(made.id, name="other", reasoning={"summary": "auto"})
    t.same((changed.name, changed.metadata, changed.reasoning.effort), ("other", {"a": "b"}, "low"))
    t.true(made.id in [agent.id for agent in agents.list(limit=1)])
    t.same(agents.delete(made.id).deleted, True)
    t.gone(agents.retrieve, made.id)
    t.gone(agents.create, model="no-such-model")


def _vaults(t: Tour) -> None:
    vaults, credentials = t.client.beta.agents.vaults, t.client.beta.agents.vaults.credentials
    vault = vaults.create(name="  team  ", metadata={"team": "tour"})
    t.same((vault.name, [known.id for known in vaults.list(metadata={"team": "tour"})]), ("team", [vault.id]))
    t.same(vaults.update(vault.id, name="ours").metadata, {"team": "tour"})
    t.same(vaults.retrieve(vault.id).name, "ours")
    made = credentials.create(vault.id, name="c", auth=OAUTH)
    changed = credentials.update(made.id, vault_id=vault.id, auth={"type": "mcp_oauth", "access_token": "hush-2"})
    shown = [made, changed, credentials.retrieve(made.id, vault_id=vault.id), *credentials.list(vault.id)]
    t.same((len(shown), [each for each in shown if "hush" in each.to_json()]), (4, []))
    t.same(changed.auth.refresh, made.auth.refresh)
    wrong: Any = {"type": "static_bearer", "token": "t", "mcp_server_url": "http://x"}
    refused = t.refused(openai.BadRequestError, credentials.create, vault.id, name="c", auth=wrong)
    t.true(refused.param.startswith("auth."))
    credentials.delete(made.id, vault_id=vault.id)
    t.same(list(credentials.list(vault.id)), [])
    t.same(vaults.delete(vault.id).deleted, True)
    t.gone(vaults.retrieve, vault.id)
