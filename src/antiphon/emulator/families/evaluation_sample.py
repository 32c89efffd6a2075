"""An answer sampled for a row of an eval's run: the messages filled in, the model asked through the emulator itself."""

from __future__ import annotations

from typing import Any, Final

from ..exchange import Caller
from ..shape import Object, is_array, rows
from ..world import World
from .batch_line import carry_out
from .grader_score import chat_part, spent
from .grader_template import Context, filled, found, sample_of

OPERATIONS: Final = {"completions": "chat.completions.create", "responses": "responses.create"}
_TAKEN: Final = {
    "completions": (
        "max_completion_tokens",
        "reasoning_effort",
        "response_format",
        "seed",
        "temperature",
        "tools",
        "top_p",
    ),
    "responses": ("temperature", "tools", "top_p", "text"),
}


class Unsampled(Exception):
    """The model did not answer; holds the error it gave."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.error = {"code": code, "message": message}


def samples(source: Object) -> bool:
    """Whether a run asks a model, rather than grade what is there."""
    return source["type"] in OPERATIONS and source.get("model") is not None


async def sampled(world: World, source: Object, context: Context, caller: Caller) -> tuple[Object, Object]:
    """What graders may name of the answer, and what the output item shows of it; raises `Unsampled`."""
    kind: str = source["type"]
    messages = _messages(source, context)
    params: Object = source.get("sampling_params") or {}
    body: Object = {n: params[n] for n in _TAKEN[kind] if params.get(n) is not None}
    body |= {"model": source["model"]}
    if kind == "completions":
        body["messages"] = [_chat_message(message) for message in messages]
    else:
        body |= {"input": messages, "store": False}
        if params.get("max_completion_tokens") is not None:
            body["max_output_tokens"] = params["max_completion_tokens"]
        if params.get("reasoning_effort") is not None:
            body["reasoning"] = {"effort": params["reasoning_effort"]}
    outcome = await carry_out(world, OPERATIONS[kind], body, caller)
    if outcome.status >= 400:
        error = outcome.body["error"]
        raise Unsampled(error["code"] or error["type"], error["message"])
    text, finish, usage = _answer(kind, outcome.body)
    shown = view(source, messages, text) | {"finish_reason": finish, "usage": usage}
    choices = rows(outcome.body, "choices")
    calls = [call for choice in choices for call in rows(choice["message"], "tool_calls")]
    calls += [item for item in rows(outcome.body, "output") if item["type"] == "function_call"]
    return sample_of(text, model=source["model"], choices=choices, output_tools=calls), shown


def view(source: Object, messages: list[Any], text: str) -> Object:
    """The sample of an output item that cost nothing."""
    params: Object = source.get("sampling_params") or {}
    return {
        "input": [{"role": message.get("role") or "user", "content": _told(message)} for message in messages],
        "output": [{"role": "assistant", "content": text}],
        "finish_reason": "stop",
        "model": source.get("model") or "",
        "usage": dict.fromkeys(("total_tokens", "completion_tokens", "prompt_tokens", "cached_tokens"), 0),
        "error": None,
        "temperature": 1.0 if params.get("temperature") is None else params["temperature"],
        "max_completion_tokens": params.get("max_completion_tokens") or 2048,
        "top_p": 1.0 if params.get("top_p") is None else params["top_p"],
        "seed": 42 if params.get("seed") is None else params["seed"],
    }


def _messages(source: Object, context: Context) -> list[Any]:
    """What the model is asked; raises `UnknownVariable` when the row lacks something that is named."""
    asked: Object | None = source.get("input_messages")
    if asked is None:
        messages = found("item.input", context)
    elif asked["type"] == "template":
        messages = filled(asked["template"], context)
    else:
        messages = found(asked["item_reference"], context)
    if not is_array(messages):
        return [{"role": "user", "content": str(messages)}]
    return messages


def _chat_message(message: Object) -> Object:
    content = message.get("content")
    if isinstance(content, str) or content is None:
        return {name: value for name, value in message.items() if name != "type"}
    parts = content if is_array(content) else [content]
    return {"role": message["role"], "content": [chat_part(part) for part in parts]}


def _told(message: Object) -> str:
    content = message.get("content")
    if isinstance(content, str):
        return content
    parts = content if is_array(content) else [content] if content else []
    return "\n".join(part if isinstance(part, str) else str(part.get("text") or f"[{part['type']}]") for part in parts)


def _answer(kind: str, body: Object) -> tuple[str, str, Object]:
    """The text, why it ended, and its tokens."""
    if kind == "completions":
        choice = body["choices"][0]
        return choice["message"]["content"] or "", choice["finish_reason"], spent(body["usage"])
    pieces = [piece for item in body["output"] if item["type"] == "message" for piece in item["content"]]
    usage = body["usage"]
    tokens = {
        "prompt_tokens": usage["input_tokens"],
        "completion_tokens": usage["output_tokens"],
        "total_tokens": usage["total_tokens"],
        "cached_tokens": usage["input_tokens_details"]["cached_tokens"],
    }
    finish = "stop" if body["status"] == "completed" else "length"
    return "".join(piece.get("text") or "" for piece in pieces), finish, tokens
