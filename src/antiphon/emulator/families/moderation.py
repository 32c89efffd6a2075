"""Moderations: texts and images judged by rules, in the answer's shape. What is harmful is in `moderation_rule`.

An image is judged by the words of its address: this server does not look into pictures.
"""

from __future__ import annotations

import asyncio
import re
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from .. import token
from ..exchange import Exchange, Handler, Reply, json_reply
from ..problem import Problem, invalid, unknown_model
from ..shape import is_array
from .model import exists
from .moderation_rule import CATEGORIES, SPEAKING_OF_IMAGES, THRESHOLD, scores

DEFAULT: Final = "omni-moderation-latest"
MODELS: Final = {
    "omni-moderation-latest": "omni-moderation-latest",
    "omni-moderation-2024-09-26": "omni-moderation-2024-09-26",
    "text-moderation-latest": "text-moderation-007",
    "text-moderation-stable": "text-moderation-007",
    "text-moderation-007": "text-moderation-007",
}
"""The models there are, to the names they answer under."""
MOST_INPUTS: Final = 1_000
MOST_AT_ONCE: Final = 8_192
"""Characters that are judged in one go; more keep other requests waiting."""
Input = dict[str, list[str]]
"""What is judged together: the texts and the images' addresses."""


async def _create(exchange: Exchange) -> Reply:
    """Judges each text, or a text with its images as one, in every category; the same input gets the same scores."""
    body, world = exchange.body, exchange.world
    asked = body.get("model") or DEFAULT
    if asked not in MODELS:
        if not exists(world, asked):
            raise unknown_model(asked)
        raise invalid("model", f"The model `{asked}` does not moderate.", "unsupported_model")
    model, everything = MODELS[asked], asked.startswith("omni")
    inputs = _inputs(body["input"], everything)
    size = token.total(text for each in inputs for text in each["text"])
    exchange.usage = {"kind": "moderations", "model": model, "input_tokens": size}
    if sum(len(text) for each in inputs for text in each["text"]) > MOST_AT_ONCE:
        results = await asyncio.to_thread(lambda: [_result(each, everything) for each in inputs])
    else:
        results = [_result(each, everything) for each in inputs]
    return json_reply({"id": world.identity.draw("modr-", 24), "model": model, "results": results})


def _inputs(given: Any, everything: bool) -> list[Input]:
    items: list[Any] = given if is_array(given) else [given]
    if not items:
        raise invalid("input", "Invalid 'input': it must not be empty.", "empty_array")
    if len(items) > MOST_INPUTS:
        message = f"Invalid 'input': at most {MOST_INPUTS} inputs are taken, but got {len(items)}."
        raise invalid("input", message, "array_above_max_length")
    if isinstance(items[0], str):
        return [{"text": [text], "image": []} for text in items]
    if not everything:
        raise Problem(400, "This model takes text only; use `omni-moderation-latest`.", param="input")
    texts = [item["text"] for item in items if item["type"] == "text"]
    images = [_address(index, item["image_url"]["url"]) for index, item in enumerate(items) if item["type"] != "text"]
    return [{"text": texts, "image": images}]


def _address(index: int, url: str) -> str:
    scheme = url.partition(":")[0].lower()
    if scheme not in ("http", "https") and not url.lower().startswith("data:image/"):
        raise invalid(
            f"input[{index}].image_url.url", "An image is given by an http(s) URL or a data URL.", "invalid_image_url"
        )
    return url


def _words(url: str) -> str:
    """What an image's address says; a data URL says nothing."""
    if url.lower().startswith("data:"):
        return ""
    try:
        path = urlsplit(url).path
    except ValueError:
        return ""
    return " ".join(re.findall(r"[^\W\d_]+", unquote(path)))


def _scores(text: str) -> dict[str, float]:
    """The worst that any part of a text gets."""
    found = scores(text[:MOST_AT_ONCE])
    for start in range(MOST_AT_ONCE, len(text), MOST_AT_ONCE):
        more = scores(text[start - 256 : start + MOST_AT_ONCE])  # what is cut in two is seen whole
        found = {category: max(score, more[category]) for category, score in found.items()}
    return found


def _result(given: Input, everything: bool) -> dict[str, Any]:
    """What is found in the texts and in the images, the worse of each category."""
    judged = {
        "text": [_scores(text) for text in given["text"]],
        "image": [scores(_words(url)) for url in given["image"]],
    }
    applied: dict[str, list[str]] = {}
    worst: dict[str, float] = {}
    for category in CATEGORIES:
        kinds = ("text", "image") if category in SPEAKING_OF_IMAGES else ("text",)
        applied[category] = [kind for kind in kinds if judged[kind]]
        worst[category] = max((found[category] for kind in kinds for found in judged[kind]), default=0.0)
    flags: dict[str, bool | None] = {category: score >= THRESHOLD for category, score in worst.items()}
    if not everything:  # the older models know no such categories
        for category in ("illicit", "illicit/violent"):
            flags[category], worst[category], applied[category] = None, 0.0, []
    flagged = any(flags.values())
    return {"flagged": flagged, "categories": flags, "category_scores": worst, "category_applied_input_types": applied}


HANDLERS: dict[str, Handler] = {"moderations.create": _create}
