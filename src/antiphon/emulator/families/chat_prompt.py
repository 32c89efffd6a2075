"""Chat messages and parameters read into a `Prompt`. Knows the chat API's input shapes."""

from __future__ import annotations

from typing import Any

from .. import contract
from ..brain import Invocation, Prompt, Tool, Turn
from ..problem import Problem, invalid
from ..shape import is_array, part, rows

_ROLES = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}


def prompt_of(body: dict[str, Any], choice: int = 0) -> Prompt:
    """The prompt a chat request spells."""
    shape = part(body, "response_format")
    kind = shape.get("type", "text")
    return Prompt(
        model=body["model"],
        turns=turns_of(body["messages"]),
        tools=tools_of(body),
        tool_choice=tool_choice_of(body),
        parallel=body.get("parallel_tool_calls") is not False,
        json=kind == "json_object",
        schema=shape["json_schema"].get("schema", {}) if kind == "json_schema" else None,
        reasoning=False,
        seed=body.get("seed") or 0,
        choice=choice,
    )


def check_schemas(body: dict[str, Any]) -> None:
    """Raise 400 for a schema, of the answer or of a tool, that is none."""
    asked = part(part(body, "response_format"), "json_schema")
    if "schema" in asked:
        contract.check(
            asked["schema"],
            name=f"response_format '{asked['name']}'",
            param="response_format",
            code="invalid_json_schema",
            strict=bool(asked.get("strict")),
        )
    for index, tool in enumerate(rows(body, "tools")):
        function = part(tool, "function")
        if function.get("parameters"):
            contract.check(
                function["parameters"],
                name=f"function '{function['name']}'",
                param=f"tools[{index}].function.parameters",
                code="invalid_function_parameters",
                strict=bool(function.get("strict")),
            )


def turns_of(messages: list[dict[str, Any]]) -> list[Turn]:
    """The messages as turns; raises 400 for an empty list."""
    if not messages:
        raise invalid("messages", "Invalid 'messages': empty array. Expected at least one message.", "empty_array")
    _check_calls(messages)
    return [_turn(message) for message in messages]


def _check_calls(messages: list[dict[str, Any]]) -> None:
    """Raise 400 for a tool's message without its call, or a call that the next messages leave unanswered."""
    waiting: dict[str, None] = {}
    for index, message in enumerate(messages):
        if message["role"] == "tool":
            if message["tool_call_id"] not in waiting:
                text = f"Invalid 'messages[{index}]': a 'tool' message must answer a preceding message's 'tool_calls'."
                raise Problem(400, text, param=f"messages[{index}].role")
            del waiting[message["tool_call_id"]]
            continue
        if waiting:
            break
        waiting = dict.fromkeys(call["id"] for call in message.get("tool_calls") or ())
    if waiting:
        text = f"An assistant message with 'tool_calls' must be answered for each of: {', '.join(waiting)}."
        raise Problem(400, text, param="messages")


def _turn(message: dict[str, Any]) -> Turn:
    role, content = message["role"], message.get("content")
    turn = Turn(_ROLES.get(role, "tool"), content if isinstance(content, str) else "")
    if is_array(content):
        _read_parts(turn, content)
    if role in ("tool", "function"):
        turn.answers = message.get("tool_call_id") or message.get("name")
    if calls := message.get("tool_calls"):
        turn.calls = tuple(_invocation(call) for call in calls)
    elif function := message.get("function_call"):
        turn.calls = (Invocation(function["name"], function["name"], function["arguments"]),)
    return turn


def _invocation(call: dict[str, Any]) -> Invocation:
    if call["type"] == "custom":
        return Invocation(call["id"], call["custom"]["name"], call["custom"]["input"], custom=True)
    return Invocation(call["id"], call["function"]["name"], call["function"]["arguments"])


def _read_parts(turn: Turn, parts: list[dict[str, Any]]) -> None:
    texts: list[str] = []
    for piece in parts:
        match piece["type"]:
            case "text":
                texts.append(piece["text"])
            case "refusal":
                texts.append(piece["refusal"])
            case "image_url":
                turn.images += 1
            case "input_audio":
                turn.audios += 1
            case _:
                turn.files += 1
    turn.text = "\n".join(texts)


def tools_of(body: dict[str, Any]) -> list[Tool]:
    """The tools offered, in today's and yesterday's spelling."""
    if legacy := body.get("functions"):
        return [Tool(f["name"], f.get("description") or "", f.get("parameters") or {}) for f in legacy]
    return [_tool(tool) for tool in rows(body, "tools")]


def _tool(tool: dict[str, Any]) -> Tool:
    if tool["type"] == "custom":
        return Tool(tool["custom"]["name"], tool["custom"].get("description") or "")
    function = tool["function"]
    return Tool(function["name"], function.get("description") or "", function.get("parameters") or {})


def tool_choice_of(body: dict[str, Any]) -> str:
    """none, auto, required, or `=name`."""
    choice = body.get("tool_choice", body.get("function_call"))
    match choice:
        case None:
            return "auto"
        case str():
            return choice
        case {"type": "function", "function": {"name": name}} | {"type": "custom", "custom": {"name": name}}:
            return f"={name}"
        case {"type": "allowed_tools", "allowed_tools": {"mode": mode}}:
            return str(mode)
        case {"name": name}:
            return f"={name}"
        case _:
            return "auto"
