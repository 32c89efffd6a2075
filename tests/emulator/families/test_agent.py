"""Agents: saved settings with every default filled in."""

from __future__ import annotations

from typing import Any

import openai
import pytest


@pytest.mark.operation("beta.agents.create", "beta.agents.retrieve", "beta.agents.list", "beta.agents.delete")
def test_an_agent_lives(client: openai.OpenAI) -> None:
    agents = client.beta.agents
    made = agents.create(model="gpt-4o", name="helper", metadata={"a": "b"}, multi_agent={"enabled": True})
    assert (made.name, made.instructions, made.service_tier, made.tools) == ("helper", None, "auto", [])
    assert made.multi_agent.max_concurrent_subagents == 6
    assert (made.text.format.type, made.text.verbosity) == ("text", "medium")
    assert agents.retrieve(made.id) == made
    assert agents.list(limit=1).data == [made]
    assert agents.delete(made.id).deleted
    with pytest.raises(openai.NotFoundError):
        agents.retrieve(made.id)


@pytest.mark.operation("beta.agents.update")
def test_what_is_not_given_stays(client: openai.OpenAI) -> None:
    agents = client.beta.agents
    tools: Any = [
        {
            "type": "mcp",
            "server_label": "s",
            "transport": {"type": "http", "server_url": "https://x", "headers": {"k": "v"}},
        }
    ]
    made = agents.create(
        model="gpt-4o", instructions="Be brief.", reasoning={"effort": "low"}, tools=tools, metadata={"a": "b"}
    )
    assert made.to_dict()["tools"][0]["transport"]["headers"] == {"k": "v"}  # type: ignore[index]
    changed = agents.update(made.id, reasoning={"summary": "auto"}, name="n")
    assert (changed.instructions, changed.name, changed.metadata) == ("Be brief.", "n", {"a": "b"})
    assert (changed.reasoning.effort, changed.reasoning.summary) == ("low", "auto")
    assert changed.tools == made.tools
    cleared = agents.update(made.id, tools=None, metadata=None, instructions=None, reasoning=None)
    assert (cleared.tools, cleared.metadata, cleared.instructions) == ([], {}, None)
    assert cleared.reasoning.effort is None
    assert agents.retrieve(made.id) == cleared


def test_refusals(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        client.beta.agents.create(model="no-such-model")
    assert caught.value.param == "model"
    tool: Any = {"type": "function", "name": "f", "description": "", "parameters": {}}
    with pytest.raises(openai.BadRequestError):
        client.beta.agents.create(model="gpt-4o", tools=[tool, tool])


def test_a_session_tells_no_credentials(client: openai.OpenAI) -> None:
    transport = {"type": "http", "server_url": "https://x", "headers": {"k": "hush"}, "authorization": "hush"}
    tools: Any = [{"type": "mcp", "server_label": "s", "transport": transport}, {"type": "tool_search"}]
    made = client.beta.agents.sessions.create(
        agent={"model": "gpt-4o", "tools": tools}, environment={"type": "none"}, input="hello"
    )
    assert "hush" not in made.to_json()
    assert [tool.type for tool in made.agent.tools] == ["mcp"]
