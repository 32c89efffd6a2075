"""Decisions: predicates, choices and scores about an input, each answered by rules, with probabilities."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import msgspec

from .. import token
from ..brain import Prompt, Turn
from ..exchange import Exchange, Handler, Reply, json_reply
from ..problem import Problem, invalid
from ..shape import is_array, part
from .crud import Object
from .decision_rule import affinity, belief, scaled, shares
from .model import require
from .moderation_rule import scores
from .prompt_cache import cached
from .response_prompt import CALLS, OUTPUTS

MODEL: Final = "gpt-6-luna"
MOST_QUESTIONS: Final = 400
MOST_CHOICES: Final = 255
MOST_READ: Final = 16_384
"""Characters of an input that the rules look at: its end, where the latest is."""
AT_ONCE: Final = 4_096
"""Characters, a question counted as 200, that are judged right away."""
REFUSED: Final = 0.8
_YES: Final = {"yes": True, "true": True, "no": False, "false": False}


async def _create(exchange: Exchange) -> Reply:
    """Answers each question about the input by rules, in order; what a question may not ask is a refusal."""
    body, world = exchange.body, exchange.world
    if require(world, body["model"]) != MODEL:
        raise invalid("model", f"The model `{body['model']}` does not decide; `{MODEL}` does.", "unsupported_model")
    questions: list[Object] = body["questions"]
    if not 1 <= len(questions) <= MOST_QUESTIONS:
        raise invalid("questions", f"Invalid 'questions': give 1 to {MOST_QUESTIONS}, not {len(questions)}.")
    for index, question in enumerate(questions):
        _check(question, f"questions[{index}]")
    text, images = _read(body["input"])
    answers = await _answered(questions, text[-MOST_READ:])
    asked = sum(token.count(msgspec.json.encode(question).decode()) for question in questions)
    read = token.count(text) + token.PER_IMAGE * images + asked
    exchange.usage = {"kind": "decisions", "model": MODEL, "input_tokens": read, "output_tokens": len(answers)}
    usage = {
        "input_tokens": read,
        "input_tokens_details": {"cached_tokens": await _cached(exchange, text, read), "cache_write_tokens": 0},
        "output_tokens": len(answers),
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": read + len(answers),
    }
    return json_reply({"answers": answers, "model": MODEL, "usage": usage})


async def _cached(exchange: Exchange, text: str, read: int) -> int:
    """The tokens of the input that were read before; caching that is explicit has no marks to go by here."""
    if part(exchange.body, "prompt_cache_options").get("mode") == "explicit":
        return 0
    prompt = Prompt(MODEL, [Turn("user", text)])
    return await cached(exchange.world, exchange.caller.project, prompt, read, exchange.body)


async def _answered(questions: list[Object], text: str) -> list[Object]:
    """The answers; many questions, or a long text, do not keep the others waiting."""

    def all_of_them() -> list[Object]:
        return [_answer(question, text) for question in questions]

    if len(questions) * 200 + len(text) <= AT_ONCE:
        return all_of_them()
    return await asyncio.to_thread(all_of_them)


def _check(question: Object, where: str) -> None:
    if question["type"] == "choice":
        values: list[tuple[bool, str | bool]]
        values = [(isinstance(choice["value"], bool), choice["value"]) for choice in question["choices"]]
        if not 2 <= len(values) <= MOST_CHOICES:
            raise invalid(f"{where}.choices", f"Invalid '{where}.choices': give 2 to {MOST_CHOICES}.")
        if len({*values}) < len(values):
            raise invalid(f"{where}.choices", f"Invalid '{where}.choices': each must be there once.")
    elif question["type"] == "score" and len(question["levels"]) < 2:
        raise invalid(f"{where}.levels", f"Invalid '{where}.levels': give at least 2.")


def _read(given: str | list[Object]) -> tuple[str, int]:
    """The input as one text, and how many images are in it; raises 400 for an output without its call."""
    if isinstance(given, str):
        return given, 0
    texts, images, calls = list[str](), 0, set[str]()
    for item in given:
        kind = item.get("type") or "message"
        if kind in CALLS:
            calls.add(item["call_id"])
            texts.append(f"{item['name']} {item[CALLS[kind]]}")
            continue
        if kind in OUTPUTS and item["call_id"] not in calls:
            raise Problem(400, f"No tool call found for the output with call_id {item['call_id']}.", param="input")
        said, seen = _parts(item["output"] if kind in OUTPUTS else item["content"])
        texts.append(said)
        images += seen
    return "\n".join(texts), images


def _parts(content: str | list[Object]) -> tuple[str, int]:
    """The text of some parts, and how many images are among them, which are not looked into."""
    if not is_array(content):
        return str(content), 0
    texts = [_text(piece) for piece in content if piece["type"] != "input_image"]
    return "\n".join(texts), len(content) - len(texts)


def _text(piece: Object) -> str:
    if piece["type"] == "input_json":
        return msgspec.json.encode(piece["data"]).decode()
    text: str = piece["refusal"] if piece["type"] == "refusal" else piece["text"]
    return text


def _answer(question: Object, text: str) -> Object:
    name, asked = question.get("name"), _parts(question["instructions"])[0]
    if max(scores(asked[:MOST_READ]).values()) >= REFUSED:
        return {"type": "refusal", "name": name}
    match question["type"]:
        case "predicate":
            return {"type": "predicate", "name": name, "probability": round(belief(asked, text), 6)}
        case "choice":
            return {"type": "choice", "name": name, **_chosen(question["choices"], asked, text)}
        case _:
            return {"type": "score", "name": name, **_scored(question["levels"], asked, text)}


def _chosen(choices: list[Object], asked: str, text: str) -> Object:
    """The option that fits best; of yes and no, what the question comes to."""
    values: list[str | bool] = [choice["value"] for choice in choices]
    meant = [value if isinstance(value, bool) else _YES.get(value.lower()) for value in values]
    if sorted(meant, key=str) == [False, True]:
        likely = belief(asked, text)
        found = [likely if yes else 1 - likely for yes in meant]
    else:
        found = shares([affinity(_described(choice, "value"), text) for choice in choices])
    best = max(range(len(found)), key=lambda index: found[index])
    listed = [{"value": v, "probability": round(p, 6)} for v, p in zip(values, found, strict=True)]
    return {"choice": values[best], "confidence": round(found[best], 6), "probabilities": listed}


def _scored(levels: list[Object], asked: str, text: str) -> Object:
    """How far up the levels: by how much there is of what is asked for, and by what the levels say of themselves."""
    near = scaled(belief(asked, text), len(levels))
    found = shares([n + affinity(_described(level, "label"), text) for n, level in zip(near, levels, strict=True)])
    listed: list[dict[str, Any]] = [
        {"label": level["label"], "value": value, "probability": round(share, 6)}
        for value, (level, share) in enumerate(zip(levels, found, strict=True))
    ]
    score = sum(value * share for value, share in enumerate(found))
    return {"score": round(score, 6), "confidence": round(max(found), 6), "probabilities": listed}


def _described(option: Object, name: str) -> str:
    return f"{option[name]} {option.get('description') or ''}".replace("_", " ")


HANDLERS: dict[str, Handler] = {"decisions.create": _create}
