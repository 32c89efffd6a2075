"""One choice of a chat completion, worked out before it is sent whole or in pieces. Knows stops, limits and logprobs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from .. import token
from ..brain import Answer
from ..identity import Identity


@dataclass(slots=True)
class Choice:
    """What one choice says and why it ended; `legacy` tells functions from tools."""

    pieces: list[str]
    calls: list[dict[str, Any]]
    finish: str
    tokens: int
    legacy: bool = False

    @property
    def content(self) -> str | None:
        """The text, or None when there are only calls."""
        return "".join(self.pieces) if self.pieces or not self.calls else None

    def withhold(self) -> None:
        """Say nothing, since a filter does not let it through."""
        self.pieces, self.calls, self.finish = [], [], "content_filter"

    def message(self) -> dict[str, Any]:
        """The assistant's message."""
        message: dict[str, Any] = {
            "role": "assistant",
            "content": self.content,
            "refusal": None,
            "annotations": [],
        }
        if self.calls and self.legacy:
            message["function_call"] = self.calls[0]["function"]
        elif self.calls:
            message["tool_calls"] = self.calls
        return message


def settle(answer: Answer, body: dict[str, Any], identity: Identity) -> Choice:
    """The answer cut to the request's stops and limits."""
    limit = body.get("max_completion_tokens") or body.get("max_tokens")
    text, finish = cut(answer.text, body.get("stop"), limit)
    calls = [
        _call(request.tool.name, request.arguments, request.tool.parameters, identity) for request in answer.requests
    ]
    pieces = token.pieces(text)
    spent = len(pieces) + sum(token.count(c[c["type"]]["name"]) + token.count(_arguments(c)) for c in calls)
    legacy = "functions" in body
    if calls and finish == "stop":
        forced = isinstance(body.get("tool_choice"), dict)
        finish = "function_call" if legacy else "stop" if forced else "tool_calls"
    return Choice(pieces, calls, finish, spent, legacy)


def cut(text: str, stop: str | list[str] | None, limit: int | None) -> tuple[str, str]:
    """The text up to the first stop and at most `limit` tokens, and the finish reason."""
    for mark in [stop] if isinstance(stop, str) else stop or ():
        if mark and (found := text.find(mark)) >= 0:
            text = text[:found]
    if limit is not None and token.count(text) > limit:
        return "".join(token.pieces(text)[:limit]), "length"
    return text, "stop"


def _call(name: str, arguments: str, parameters: dict[str, Any] | None, identity: Identity) -> dict[str, Any]:
    made = {"id": identity.draw("call_", 24)}
    if parameters is None:
        return {**made, "type": "custom", "custom": {"name": name, "input": arguments}}
    return {**made, "type": "function", "function": {"name": name, "arguments": arguments}}


def _arguments(call: dict[str, Any]) -> str:
    text: str = call["custom"]["input"] if call["type"] == "custom" else call["function"]["arguments"]
    return text


def logprob(piece: str, alternatives: int) -> dict[str, Any]:
    """A plausible log probability for a piece: the shorter and commoner it is, the surer; the same each time."""
    sureness = 0.75 + (crc32(piece.encode()) % 2400) / 10_000
    chosen = {"token": piece, "logprob": round(math.log(sureness), 6), "bytes": list(piece.encode())}
    rest = 1 - sureness
    others: list[dict[str, Any]] = []
    for rank in range(1, alternatives):
        other = piece.swapcase() if rank == 1 and piece.swapcase() != piece else f"{piece}{chr(96 + rank)}"
        share = rest / 2**rank
        others.append({"token": other, "logprob": round(math.log(share), 6), "bytes": list(other.encode())})
    return chosen | {"top_logprobs": [dict(chosen), *others] if alternatives else []}
