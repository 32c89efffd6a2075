"""Embeddings: texts or token numbers to vectors, as numbers or base64. Which model has how many dimensions is here."""

from __future__ import annotations

import sys
from array import array
from base64 import b64encode
from typing import Any, Final

from .. import bound, token
from ..brain.embedding import token_text, vector
from ..exchange import Exchange, Handler, Reply, json_reply
from ..problem import Problem, invalid
from ..shape import is_array
from .model import require
from .prompt_size import aside, weighs_much

SIZES: Final = {"text-embedding-3-small": 1536, "text-embedding-3-large": 3072, "text-embedding-ada-002": 1536}
FIXED: Final = "text-embedding-ada-002"
MOST_INPUTS: Final = 2048
MOST_TOKENS: Final = 8192


async def _create(exchange: Exchange) -> Reply:
    """Gives each input its vector, the same text the same one, as numbers or base64; keeps nothing."""
    body, world = exchange.body, exchange.world
    bound.check("embeddings.create", body)
    model = require(world, body["model"])
    dimensions = _dimensions(model, body.get("dimensions"))
    large = weighs_much(body["input"])
    texts, sizes = await aside(large, _inputs, body["input"])
    as_text = body.get("encoding_format") == "base64"
    data = await aside(large, _data, texts, dimensions, as_text)
    spent = sum(sizes)
    exchange.usage = {"kind": "embeddings", "model": model, "input_tokens": spent}
    usage = {"prompt_tokens": spent, "total_tokens": spent}
    return json_reply({"object": "list", "data": data, "model": model, "usage": usage})


def _dimensions(model: str, asked: int | None) -> int:
    if model not in SIZES:
        raise Problem(403, f"The model `{model}` makes no embeddings.", param="model")
    if asked is None:
        return SIZES[model]
    if model == FIXED:
        raise invalid("dimensions", f"The model `{model}` does not take 'dimensions'.", "unsupported_parameter")
    bound.within("dimensions", asked, 1, SIZES[model])
    return asked


def _inputs(given: Any) -> tuple[list[str], list[int]]:
    """The texts and the tokens each of them is."""
    items: list[Any] = given if is_array(given) else [given]
    if items and isinstance(items[0], int):
        items = [items]
    if not items or any(len(item) == 0 for item in items):
        raise invalid("input", "Invalid 'input': it must not be empty.", "empty_input")
    if len(items) > MOST_INPUTS:
        message = f"Invalid 'input': at most {MOST_INPUTS} inputs are taken, but got {len(items)}."
        raise invalid("input", message, "array_above_max_length")
    sizes = [len(item) if is_array(item) else token.count(item) for item in items]
    if max(sizes) > MOST_TOKENS:
        message = f"An input is {max(sizes)} tokens long; this model takes {MOST_TOKENS}."
        raise invalid("input", message, "context_length_exceeded")
    return [token_text(item) if is_array(item) else item for item in items], sizes


def _data(texts: list[str], dimensions: int, as_text: bool) -> list[dict[str, Any]]:
    return [_item(index, vector(text, dimensions), as_text) for index, text in enumerate(texts)]


def _item(index: int, values: list[float], as_text: bool) -> dict[str, Any]:
    return {"object": "embedding", "index": index, "embedding": base64(values) if as_text else values}


def base64(values: list[float]) -> str:
    """The numbers as little-endian 32-bit floats in base64."""
    packed = array("f", values)
    if sys.byteorder == "big":
        packed.byteswap()
    return b64encode(packed.tobytes()).decode()


HANDLERS: dict[str, Handler] = {"embeddings.create": _create}
