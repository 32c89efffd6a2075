"""What an agent is set to: the settings of a request over those it had, every default filled in. Keeps nothing."""

from __future__ import annotations

from typing import Any, Final

from ..problem import invalid
from ..shape import Object, part, rows
from ..world import World
from .model import require_speaking

MOST_SUBAGENTS: Final = 6
_FIRST: Final[Object] = {
    "instructions": None,
    "multi_agent": {"enabled": False, "max_concurrent_subagents": None},
    "reasoning": {"effort": None, "summary": None},
    "service_tier": "auto",
    "text": {"format": {"type": "text"}, "verbosity": "medium"},
    "tools": [],
    "compaction": {"async": False},
    "experimental": {"time_awareness": False},
}
_TOOLS: Final[dict[str, Object]] = {
    "function": {"defer_loading": False},
    "tool_search": {},
    "programmatic_tool_calling": {"enabled": True},
    "mcp": {
        "allowed_tools": None,
        "connection_origin": "service",
        "credential_id": None,
        "request_metadata": {},
        "required": False,
    },
    "web_search": {"allowed_domains": None, "context_size": "medium", "location": None, "mode": "live"},
    "computer_use": {"include_screenshots": True},
    "automations": {},
}
_PLACE: Final = {"city": None, "country": None, "region": None, "timezone": None}
_CONFIDENTIAL: Final = ("authorization", "env")
_TRANSPORTS: Final[dict[str, Object]] = {"http": {"headers": {}}, "stdio": {"args": [], "env_vars": []}}


def resolved(world: World, given: Object, before: Object | None = None) -> Object:
    """All settings of an agent: what a request gives over what was; raises 400 and 404 for what cannot be."""
    known = _FIRST | (before or {})
    made = {name: known[name] for name in (*_FIRST, "model") if name in known}
    if "model" in given:
        require_speaking(world, given["model"])
        made["model"] = given["model"]
    for name, value in given.items():
        if name == "instructions":
            made[name] = value
        elif name in _FIRST:
            made[name] = _setting(name, value, made[name])
    return made


def _setting(name: str, value: Any, known: Any) -> Any:
    match name:
        case "multi_agent":
            return _FIRST[name] if value is None else _multi_agent(value)
        case "reasoning":
            return _FIRST[name] if value is None else known | value
        case "service_tier":
            return value or "auto"
        case "text":
            return _FIRST[name] if value is None else _text(value, known)
        case "tools":
            return _tools(value or [])
        case "compaction":
            return {"async": bool(part({"it": value}, "it").get("async"))}
        case _:
            return known | (value or {})


def _multi_agent(value: Object) -> Object:
    if not value["enabled"]:
        return {"enabled": False, "max_concurrent_subagents": None}
    most = value.get("max_concurrent_subagents") or MOST_SUBAGENTS
    if most < 1:
        raise invalid("multi_agent.max_concurrent_subagents", "At least one subagent must be able to run.")
    return {"enabled": True, "max_concurrent_subagents": most}


def _text(value: Object, known: Object) -> Object:
    return {
        "format": value.get("format") or ({"type": "text"} if "format" in value else known["format"]),
        "verbosity": value.get("verbosity") or known["verbosity"],
    }


def _tools(given: list[Object]) -> list[Object]:
    made = [_tool(tool) for tool in given]
    names = [tool["name"] for tool in made if tool["type"] == "function"]
    if len(set(names)) < len(names):
        raise invalid("tools", "Two functions have the same name.", "duplicate_tool")
    return made


def _tool(given: Object) -> Object:
    """A tool as answers show it: defaults filled in, credentials left out."""
    known = {name: value for name, value in given.items() if value is not None}
    made = _TOOLS[given["type"]] | known
    if given["type"] == "mcp":
        made["transport"] = _transport(known["transport"])
    if given["type"] == "web_search" and made["location"] is not None:
        made["location"] = _PLACE | made["location"]
    return made


def _transport(given: Object) -> Object:
    shown = {name: value for name, value in given.items() if name not in _CONFIDENTIAL and value is not None}
    return _TRANSPORTS[given["type"]] | shown


def in_session(settings: Object) -> Object:
    """The settings as a session shows them: nothing is searched for there, and headers are not told."""
    tools = [_in_session(tool) for tool in settings["tools"] if tool["type"] != "tool_search"]
    return settings | {"tools": tools}


def _in_session(tool: Object) -> Object:
    if tool["type"] != "mcp":
        return tool
    return tool | {"transport": {name: value for name, value in tool["transport"].items() if name != "headers"}}


def functions(agent: Object) -> list[Object]:
    """The functions an agent's model may call."""
    return [tool for tool in rows(agent, "tools") if tool["type"] == "function"]


def schema_of(agent: Object) -> Object | None:
    """The JSON schema its answers must fit, when there is one."""
    form = part(part(agent, "text"), "format")
    return form.get("schema") if form.get("type") == "json_schema" else None
