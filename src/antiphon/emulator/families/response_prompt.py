"""Response input read twice: as stored items with ids, and as turns for the brain. Knows the input item shapes."""

from __future__ import annotations

from typing import Any, Final

from .. import contract
from ..brain import Invocation, Prompt, Tool, Turn
from ..identity import Identity
from ..problem import Problem
from ..shape import part, rows
from .response_compaction import summed_up
from .response_seal import opened

Item = dict[str, Any]
PREFIXES: Final = {
    "message": "msg_",
    "function_call": "fc_",
    "function_call_output": "fco_",
    "reasoning": "rs_",
    "custom_tool_call": "ctc_",
    "custom_tool_call_output": "ctco_",
    "compaction": "cmp_",
}
CALLS: Final = {"function_call": "arguments", "custom_tool_call": "input"}
OUTPUTS: Final = frozenset({"function_call_output", "custom_tool_call_output"})
ROLES: Final = {"developer": "system", "system": "system", "user": "user", "assistant": "assistant"}


def items_of(given: str | list[Item] | None, identity: Identity) -> list[Item]:
    """The input as items that have ids, as `input_items` lists them."""
    if given is None:
        return []
    if isinstance(given, str):
        given = [{"role": "user", "content": given}]
    return [_item(item, identity) for item in given]


def _item(item: Item, identity: Identity) -> Item:
    kind = item.get("type") or ("message" if "role" in item else "item_reference")
    made: Item = {"id": item.get("id") or identity.draw(PREFIXES.get(kind, f"{kind[:4]}_"), 48), "type": kind}
    if kind != "message":
        if kind in CALLS or kind in OUTPUTS:
            made["status"] = "completed"
        return made | {key: value for key, value in item.items() if value is not None}
    content = item["content"]
    content = [_text_part(item["role"], content)] if isinstance(content, str) else [_part(piece) for piece in content]
    known = {"status": "completed", "role": item["role"], "content": content}
    return made | known | {name: item[name] for name in ("phase", "agent") if item.get(name) is not None}


def _text_part(role: str, text: str) -> Item:
    if role == "assistant":
        return {"type": "output_text", "text": text, "annotations": []}
    return {"type": "input_text", "text": text}


def _part(piece: Item) -> Item:
    return {"detail": "auto", **piece} if piece["type"] == "input_image" else piece


def turns_of(items: list[Item]) -> list[Turn]:
    """Items as the brain reads them; calls that follow one another are one turn, what was compacted several."""
    turns: list[Turn] = []
    for item in items:
        kind = item["type"]
        if kind == "message":
            turns.append(_message(item))
        elif kind in CALLS:
            call = Invocation(item["call_id"], item["name"], item[CALLS[kind]], kind == "custom_tool_call")
            if turns and turns[-1].calls:
                turns[-1].calls += (call,)
            else:
                turns.append(Turn("assistant", "", calls=(call,)))
        elif kind in OUTPUTS:
            turns.append(_output(item))
        elif kind == "compaction":
            turns.extend(summed_up(item))
        elif kind == "reasoning" and item.get("encrypted_content"):
            opened("reasoning", item["encrypted_content"])  # what nobody here has thought is refused
    return turns


def _message(item: Item) -> Turn:
    turn = Turn(ROLES[item["role"]], "")
    _read_parts(turn, item["content"])
    return turn


def _output(item: Item) -> Turn:
    turn = Turn("tool", "", answers=item.get("call_id"))
    output = item["output"]
    _read_parts(turn, [{"type": "input_text", "text": output}] if isinstance(output, str) else output)
    return turn


def _read_parts(turn: Turn, parts: list[Item]) -> None:
    texts: list[str] = []
    for piece in parts:
        match piece["type"]:
            case "input_text" | "output_text" | "text":
                texts.append(piece["text"])
            case "refusal":
                texts.append(piece["refusal"])
            case "input_image":
                turn.images += 1
            case "input_audio":
                turn.audios += 1
            case _:
                turn.files += 1
    turn.text = "\n".join(texts)


def check_calls(items: list[Item]) -> None:
    """Raise 400 for an output without its call, or a call that is left without output."""
    open_calls: dict[str, None] = {}
    for item in items:
        kind = item["type"]
        if kind in CALLS:
            open_calls[item["call_id"]] = None
        elif kind in OUTPUTS and item.get("call_id") is None:
            continue  # a program's own call, which is no item
        elif kind in OUTPUTS and item["call_id"] not in open_calls:
            raise Problem(400, f"No tool call found for the output with call_id {item['call_id']}.", param="input")
        elif kind in OUTPUTS:
            del open_calls[item["call_id"]]
    if open_calls:
        raise Problem(400, f"No tool output found for the call {next(iter(open_calls))}.", param="input")


def check_schemas(body: dict[str, Any]) -> None:
    """Raise 400 for a schema, of the answer or of a tool, that is none."""
    asked = part(part(body, "text"), "format")
    if "schema" in asked:
        contract.check(
            asked["schema"],
            name=f"response_format '{asked['name']}'",
            param="text.format.schema",
            code="invalid_json_schema",
            strict=bool(asked.get("strict")),
        )
    for index, tool in enumerate(rows(body, "tools")):
        if tool["type"] == "function" and tool.get("parameters"):
            contract.check(
                tool["parameters"],
                name=f"function '{tool['name']}'",
                param=f"tools[{index}].parameters",
                code="invalid_function_parameters",
                strict=bool(tool.get("strict")),
            )


def prompt_of(body: dict[str, Any], turns: list[Turn]) -> Prompt:
    """The prompt of a request, with the conversation so far in `turns`."""
    text_format = part(part(body, "text"), "format")
    instructions = body.get("instructions")
    reasoning = part(body, "reasoning")
    return Prompt(
        model=body["model"],
        turns=[Turn("system", instructions), *turns] if instructions else turns or [Turn("user", "")],
        tools=[_tool(tool) for tool in rows(body, "tools") if tool["type"] in ("function", "custom")],
        tool_choice=_tool_choice(body.get("tool_choice")),
        parallel=body.get("parallel_tool_calls") is not False,
        json=text_format.get("type") == "json_object",
        schema=text_format["schema"] if text_format.get("type") == "json_schema" else None,
        reasoning=bool(reasoning) and reasoning.get("effort") != "none",
    )


def _tool(tool: dict[str, Any]) -> Tool:
    parameters = None if tool["type"] == "custom" else part(tool, "parameters")
    return Tool(tool["name"], tool.get("description") or "", parameters)


def _tool_choice(choice: Any) -> str:
    match choice:
        case None:
            return "auto"
        case str():
            return choice
        case {"type": "function" | "custom", "name": name}:
            return f"={name}"
        case {"type": "allowed_tools", "mode": mode}:
            return str(mode)
        case _:
            return "auto"
