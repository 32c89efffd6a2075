"""A bill: what a request may cost at most before it is sent, and what it did cost afterwards.

Arithmetic over the body that is asked with, a price and a tally, in nano-dollars. Text has at most as many tokens as bytes, so a
bound on its tokens needs no tokenizer. What only the server sees (an earlier response, a conversation, files, results of hosted
tools) is not in the body; for that an allowance is added, which whoever calls sets.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from ...core.price import CALLS, TIERS, Price
from ...core.shape import is_list, is_mapping, is_sequence
from .tally import Tally

_PATHS = {
    "responses": "responses.create",
    "responses/compact": "responses.compact",
    "chat/completions": "chat.completions.create",
    "completions": "completions.create",
    "embeddings": "embeddings.create",
    "moderations": "moderations.create",
    "images/generations": "images.generate",
    "images/edits": "images.edit",
    "images/variations": "images.create_variation",
    "audio/speech": "audio.speech.create",
    "audio/transcriptions": "audio.transcriptions.create",
    "audio/translations": "audio.translations.create",
}
_BOUNDED = frozenset(_PATHS.values())
_DEAR = (
    *(
        "batches.create",
        "fine_tuning.jobs.create",
        "evals.runs.create",
        "videos.create",
        "videos.edit",
        "videos.extend",
    ),
    *(
        "beta.responses.",
        "beta.threads.runs.create",
        "beta.threads.create_and_run",
        "beta.agents.sessions.events.create",
    ),
    *("realtime.calls.create", "live.create", "containers.create", "decisions.create", "fine_tuning.alpha.graders.run"),
)
"""What costs money that no body tells: jobs, runs, sessions, clips."""
_PLAIN = 32 * 1024
"""Bytes of a body up to which each is taken for a token."""
_PICTURE = 2_500
"""Tokens of one picture in full detail."""
_PICTURES = frozenset({"image_url", "b64_json"})
_FILES = frozenset({"file_data", "data"})
_TOOLS = {
    "web_search": CALLS["web_search_calls"],
    "file_search": CALLS["file_search_calls"],
    "code_interpreter": CALLS["code_interpreter_sessions"],
    "image_generation": 250_000_000,
}
_TOOL_CALLS = 10
"""Calls of hosted tools that a request is taken to make at most, where it sets no `max_tool_calls`."""
_BYTES_A_SECOND = 2_000
"""Bytes of a second of speech, strongly compressed."""


class Bill(NamedTuple):
    """What a request may take at most.

    Attributes:
        usd: nano-dollars.
        tokens: of input and output together.
        input: tokens of input.
        tools: of the nano-dollars, those for calls of hosted tools.
        exact: whether success costs exactly this, so that no usage needs to be told.
    """

    usd: int
    tokens: int
    input: int
    tools: int = 0
    exact: bool = False


def kind_of(operation: str) -> str:
    """An operation's own name, for a raw call too; "" for what costs nothing.

    >>> kind_of("POST /chat/completions"), kind_of("files.list")
    ('chat.completions.create', '')
    """
    if operation in _BOUNDED or operation.startswith(_DEAR):
        return operation
    if operation.startswith("POST "):
        return _PATHS.get(operation[5:].strip("/"), "")
    return ""


def is_bounded(kind: str) -> bool:
    """Whether a body tells what such a request may cost."""
    return kind in _BOUNDED


def at_most(kind: str, body: Mapping[str, Any], size: int, price: Price, most: int, afar: int) -> Bill:
    """What a request may take at most.

    Args:
        kind: what `kind_of` said.
        body: what it asks with.
        size: bytes of the body as it is sent.
        price: its model's.
        most: tokens its answers may have together.
        afar: tokens of input that only the server sees, where it sees any.
    """
    if price.characters or price.images or price.seconds:
        return _by_measure(body, size, price)
    if kind.startswith("audio.tran"):
        inputs, outputs = 16_000, 2_000  # all that such a model takes and gives
    elif kind in ("embeddings.create", "moderations.create"):
        inputs, outputs = size, 0
    else:
        inputs, outputs = _input(body, size), most
        get = body.get
        if get("tools") or get("previous_response_id") or get("conversation") or is_mapping(get("prompt")):
            inputs += afar
    tools = _tools(body)
    dearest, dearest_output = _dearest(price)
    usd = _tiered(*_long(price, inputs, inputs * dearest, outputs * dearest_output), body.get("service_tier"))
    return Bill(usd + tools, inputs + outputs, inputs, tools, exact=not price.input)


def cost(price: Price, used: Tally, tier: Any = None) -> int:
    """What a request cost, in nano-dollars, without its hosted tools.

    >>> cost(Price(1250, 125, 10_000), Tally(input=1000, output=100, cached=400))
    1800000
    """
    if used.seconds:
        return used.seconds * price.seconds
    inputs = used.input * price.input - used.cached * (price.input - price.cached)
    inputs += used.written * max(0, price.written - price.input)
    outputs = used.output * price.output
    if price.audio is not None or price.image is not None:
        for counts, rates in ((used.audio, price.audio), (used.image, price.image)):
            if rates is not None:
                inputs += counts[0] * (rates[0] - price.input)
                outputs += counts[1] * (rates[1] - price.output)
    return _tiered(*_long(price, used.input, max(0, inputs), max(0, outputs)), tier)


def tool_calls(items: Any) -> int:
    """What the hosted tools' calls among a response's output items cost, in nano-dollars."""
    total, sessions = 0, set[Any]()
    for each in items if is_list(items) else ():
        item: Mapping[str, Any] = each if is_mapping(each) else {}
        kind = item.get("type")
        if kind == "code_interpreter_call":
            sessions.add(item.get("container_id"))
        elif isinstance(kind, str) and kind.endswith("_call"):
            total += _TOOLS.get(kind[:-5], 0)
    return total + len(sessions) * _TOOLS["code_interpreter"]


def _by_measure(body: Mapping[str, Any], size: int, price: Price) -> Bill:
    """What is counted otherwise than in tokens: letters, pictures, seconds."""
    if price.seconds:
        return Bill((size // _BYTES_A_SECOND + 1) * price.seconds, 0, 0)
    if price.images:
        number = body.get("n")
        return Bill((number if isinstance(number, int) and number > 0 else 1) * price.images, 0, 0, exact=True)
    text = body.get("input")
    return Bill((len(text) if isinstance(text, str) else size) * price.characters, 0, 0, exact=True)


def _input(body: Mapping[str, Any], size: int) -> int:
    """How many tokens the input has at most."""
    if size <= _PLAIN:
        return size
    total, stack = 0, list[Any](body.values())
    while stack:
        value = stack.pop()
        if value.__class__ is str:
            total += len(value) if value.isascii() else len(value.encode("utf-8", "surrogatepass"))
        elif is_mapping(value):
            for name, item in value.items():
                total += len(name)
                if name in _PICTURES:
                    total += _PICTURE
                elif name in _FILES:
                    total += len(item) // 4 if isinstance(item, str) else _PICTURE
                else:
                    stack.append(item)
        elif is_sequence(value):
            stack.extend(value)
        total += 2
    return min(total, size)


def _tools(body: Mapping[str, Any]) -> int:
    """What calls of hosted tools may cost at most."""
    tools: Any = body.get("tools")
    if not tools or not is_sequence(tools):
        return 0
    dearest = 0
    for tool in tools:
        kind = tool.get("type") if is_mapping(tool) else None
        if isinstance(kind, str):
            dearest = max([dearest, *(price for name, price in _TOOLS.items() if kind.startswith(name))])
    calls: Any = body.get("max_tool_calls")
    return dearest * (calls if isinstance(calls, int) and calls >= 0 else _TOOL_CALLS)


@lru_cache(512)
def _dearest(price: Price) -> tuple[int, int]:
    """The most that a token of input and one of output can cost."""
    kinds = [kind for kind in (price.audio, price.image) if kind is not None]
    return (
        max([price.input, price.written, *(kind[0] for kind in kinds)]),
        max([price.output, *(kind[1] for kind in kinds)]),
    )


def _long(price: Price, tokens: int, inputs: int, outputs: int) -> tuple[int, int]:
    if price.long_from and tokens > price.long_from:
        return inputs * 2, -(-outputs * 3 // 2)
    return inputs, outputs


def _tiered(inputs: int, outputs: int, tier: Any) -> int:
    if tier is None:
        return inputs + outputs
    part, of = TIERS.get(tier, (1, 1)) if isinstance(tier, str) else (1, 1)
    return -(-(inputs + outputs) * part // of)
