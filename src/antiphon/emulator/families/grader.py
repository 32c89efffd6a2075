"""Graders tried out before a fine-tuning job uses them: run on one sample, or only looked at."""

from __future__ import annotations

from time import perf_counter

from ..exchange import Exchange, Handler, Reply, json_reply
from ..problem import invalid
from ..shape import is_object
from .grader_check import check
from .grader_score import ERRORS, grade
from .grader_template import sample_of


async def _run(exchange: Exchange) -> Reply:
    """Grades one sample; a model grader asks the brain, what cannot be graded says so in the errors."""
    body, started = exchange.body, perf_counter()
    grader, item = body["grader"], body.get("item")
    if item is not None and not is_object(item):
        raise invalid("item", "Invalid type for 'item': expected an object.", "invalid_type")
    check(exchange.world, grader)
    context = {"item": item or {}, "sample": sample_of(body["model_sample"])}
    found = await grade(exchange.world, grader, context, exchange.caller)
    used = sum(tokens["total_tokens"] for tokens in found.tokens.values())
    metadata = {
        "name": grader["name"],
        "type": grader["type"],
        "errors": ERRORS | found.errors,
        "execution_time": round(perf_counter() - started, 6),
        "scores": found.parts or {grader["name"]: found.score},
        "token_usage": used if found.tokens else None,
        "sampled_model_name": found.model,
    }
    answer = {
        "reward": found.score,
        "metadata": metadata,
        "sub_rewards": found.parts,
        "model_grader_token_usage_per_model": {m: tokens["total_tokens"] for m, tokens in found.tokens.items()},
    }
    return json_reply(answer)


async def _validate(exchange: Exchange) -> Reply:
    """Looks a grader over: templates, model, range, labels, formula and source; 400 for the first thing wrong."""
    check(exchange.world, exchange.body["grader"])
    return json_reply({"grader": exchange.body["grader"]})


HANDLERS: dict[str, Handler] = {
    "fine_tuning.alpha.graders.run": _run,
    "fine_tuning.alpha.graders.validate": _validate,
}
