"""A grade for one sample: by comparing texts, by asking a model, or by joining the grades of others.

A grader in Python gets no grade here: its code is not run, and the grade says so.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from ..exchange import Caller
from ..shape import is_array, is_object
from ..world import World
from .batch_line import carry_out
from .grader_check import aliases, parts
from .grader_formula import FormulaError, value
from .grader_similarity import similarity
from .grader_template import Context, UnknownVariable, filled, rendered

Grader = dict[str, Any]
MOST_AT_ONCE: Final = 400
"""Characters that are compared in one go; more keep other requests waiting."""
NO_PYTHON: Final = "not_supported: this emulator does not run the code of graders"
ERRORS: Final = {
    "formula_parse_error": False,
    "sample_parse_error": False,
    "truncated_observation_error": False,
    "unresponsive_reward_error": False,
    "invalid_variable_error": False,
    "other_error": False,
    "python_grader_server_error": False,
    "python_grader_server_error_type": None,
    "python_grader_runtime_error": False,
    "python_grader_runtime_error_details": None,
    "model_grader_server_error": False,
    "model_grader_refusal_error": False,
    "model_grader_parse_error": False,
    "model_grader_server_error_details": None,
}


@dataclass(slots=True)
class Grade:
    """A score, what went wrong on the way, what it cost by model, the grades it is made of, and the model's words."""

    score: float = 0.0
    errors: dict[str, Any] = field(default_factory=dict[str, Any])
    tokens: dict[str, dict[str, int]] = field(default_factory=dict[str, dict[str, int]])
    parts: dict[str, float] = field(default_factory=dict[str, float])
    model: str | None = None
    said: dict[str, Any] | None = None

    @property
    def failed(self) -> bool:
        """Whether there is no grade, but an error."""
        return any(self.errors.values())


async def grade(world: World, grader: Grader, context: Context, caller: Caller) -> Grade:
    """What a grader makes of a sample; it never raises for what the sample lacks."""
    try:
        match grader["type"]:
            case "string_check":
                return Grade(_checked(grader, context))
            case "text_similarity":
                return Grade(await _compared(grader, context))
            case "score_model":
                return await _scored(world, grader, context, caller)
            case "label_model":
                return await _labelled(world, grader, context, caller)
            case "multi":
                return await _joined(world, grader, context, caller)
            case _:
                errors = {"python_grader_server_error": True, "python_grader_server_error_type": NO_PYTHON}
                return Grade(errors=errors)
    except UnknownVariable:
        return Grade(errors={"invalid_variable_error": True})


def passes(grader: Grader, found: Grade) -> bool:
    """Whether a grade is good enough: by the grader's own threshold; without one, the upper half of its range."""
    if found.failed:
        return False
    wanted: float | None = grader.get("pass_threshold")
    if wanted is None:
        low, high = _range(grader)
        wanted = (low + high) / 2 if grader["type"] == "score_model" else 1.0
    return found.score >= wanted


def _range(grader: Grader) -> tuple[float, float]:
    low, high = grader.get("range") or (0.0, 1.0)
    return float(low), float(high)


def _checked(grader: Grader, context: Context) -> float:
    text, reference = rendered(grader["input"], context), rendered(grader["reference"], context)
    match grader["operation"]:
        case "eq":
            return float(text == reference)
        case "ne":
            return float(text != reference)
        case "like":
            return float(reference in text)
        case _:
            return float(reference.casefold() in text.casefold())


async def _compared(grader: Grader, context: Context) -> float:
    text, reference = rendered(grader["input"], context), rendered(grader["reference"], context)
    if len(text) + len(reference) > MOST_AT_ONCE:
        return await asyncio.to_thread(similarity, grader["evaluation_metric"], text, reference)
    return similarity(grader["evaluation_metric"], text, reference)


async def _scored(world: World, grader: Grader, context: Context, caller: Caller) -> Grade:
    low, high = _range(grader)
    found = await _asked(
        world, grader, context, caller, {"type": "number", "description": f"The score, from {low:g} to {high:g}."}
    )
    if found.failed:
        return found
    result = (found.said or {}).get("result")
    if not isinstance(result, int | float):
        found.errors = {"model_grader_parse_error": True}
    else:
        found.score = min(high, max(low, float(result)))
    return found


async def _labelled(world: World, grader: Grader, context: Context, caller: Caller) -> Grade:
    found = await _asked(world, grader, context, caller, {"type": "string", "enum": grader["labels"]})
    if found.failed:
        return found
    label = (found.said or {}).get("result")
    if label not in grader["labels"]:
        found.errors = {"model_grader_parse_error": True}
    else:
        found.score = float(label in grader["passing_labels"])
    return found


async def _asked(world: World, grader: Grader, context: Context, caller: Caller, result: dict[str, Any]) -> Grade:
    """A model's answer to the grader's messages, in an object whose `result` is as described."""
    wanted = {"type": "object", "properties": {"result": result}, "required": ["result"], "additionalProperties": False}
    body: dict[str, Any] = {
        "model": grader["model"],
        "messages": [_message(filled(message, context)) for message in grader["input"]],
        "response_format": {"type": "json_schema", "json_schema": {"name": "grade", "strict": True, "schema": wanted}},
    }
    sampling: dict[str, Any] = grader.get("sampling_params") or {}
    body |= {n: v for n, v in sampling.items() if n in ("temperature", "top_p", "seed") and v is not None}
    outcome = await carry_out(world, "chat.completions.create", body, caller)
    found = Grade(model=grader["model"])
    if outcome.status >= 400:
        details = outcome.body["error"]["message"]
        found.errors = {"model_grader_server_error": True, "model_grader_server_error_details": details}
        return found
    found.tokens = {grader["model"]: spent(outcome.body["usage"])}
    try:
        said = msgspec.json.decode(outcome.body["choices"][0]["message"]["content"] or "")
    except (ValueError, RecursionError):
        said = None
    found.said = said if is_object(said) else None
    found.errors = {} if found.said is not None else {"model_grader_parse_error": True}
    return found


def _message(message: dict[str, Any]) -> dict[str, Any]:
    content = message["content"]
    parts = content if is_array(content) else [content]
    return {"role": message["role"], "content": [chat_part(part) for part in parts]}


def chat_part(part: Any) -> dict[str, Any]:
    """A part of a message as chat completions spell it."""
    if isinstance(part, str):
        return {"type": "text", "text": part}
    match part["type"]:
        case "input_image":
            return {"type": "image_url", "image_url": {"url": part["image_url"]}}
        case "input_audio":
            return {"type": "input_audio", "input_audio": part["input_audio"]}
        case _:
            return {"type": "text", "text": part["text"]}


def spent(usage: dict[str, Any]) -> dict[str, int]:
    """Tokens by their kinds."""
    details: dict[str, Any] = usage.get("prompt_tokens_details") or {}
    return {
        "prompt_tokens": usage["prompt_tokens"],
        "completion_tokens": usage["completion_tokens"],
        "total_tokens": usage["total_tokens"],
        "cached_tokens": details.get("cached_tokens") or 0,
    }


async def _joined(world: World, grader: Grader, context: Context, caller: Caller) -> Grade:
    found, scores = Grade(), dict[str, float]()
    for name, part in parts(grader).items():
        one = await grade(world, part, context, caller)
        found.errors |= {error: told for error, told in one.errors.items() if told}
        found.parts[name] = one.score
        scores |= dict.fromkeys(aliases(name, part), one.score)
        found.model = found.model or one.model
        for model, tokens in one.tokens.items():
            known = found.tokens.get(model, {})
            found.tokens[model] = {kind: known.get(kind, 0) + number for kind, number in tokens.items()}
    try:
        found.score = value(grader["calculate_output"], scores)
    except FormulaError:
        found.errors["formula_parse_error"] = True
    return found
