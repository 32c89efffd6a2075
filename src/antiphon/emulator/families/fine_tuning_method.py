"""How a job trains: its method, checked, and its hyperparameters, where `auto` becomes a number once the data is known."""

from __future__ import annotations

import math
from typing import Final

from .. import bound
from ..problem import missing
from ..shape import Object, part
from ..world import World
from .grader_check import check

_BOUNDS: Final[dict[str, tuple[float | None, float | None, bool]]] = {
    "batch_size": (1, 256, False),
    "n_epochs": (1, 50, False),
    "learning_rate_multiplier": (1e-9, None, True),
    "beta": (1e-9, 2, True),
    "compute_multiplier": (1e-5, 10, True),
    "eval_interval": (1, None, False),
    "eval_samples": (1, None, False),
}
_OWN: Final = {
    "supervised": ("batch_size", "learning_rate_multiplier", "n_epochs"),
    "dpo": ("batch_size", "beta", "learning_rate_multiplier", "n_epochs"),
    "reinforcement": (
        "batch_size",
        "compute_multiplier",
        "eval_interval",
        "eval_samples",
        "learning_rate_multiplier",
        "n_epochs",
        "reasoning_effort",
    ),
}


def method_of(world: World, body: Object) -> Object:
    """The method a request asks for, with all its hyperparameters; raises 400 for what cannot be used."""
    given: Object = body.get("method") or {"type": "supervised"}
    kind: str = given["type"]
    asked: Object = given.get(kind) or {}
    where = f"method.{kind}"
    if kind == "reinforcement":
        if "grader" not in asked:
            raise missing(f"{where}.grader")
        check(world, asked["grader"], f"{where}.grader")
    older, newer = part(body, "hyperparameters"), part(asked, "hyperparameters")
    _check_numbers(older, "hyperparameters")
    _check_numbers(newer, f"{where}.hyperparameters")
    wanted = older | newer
    chosen = {name: wanted.get(name, "default" if name == "reasoning_effort" else "auto") for name in _OWN[kind]}
    return {"type": kind, kind: {**asked, "hyperparameters": chosen}}


def _check_numbers(numbers: Object, where: str) -> None:
    for name, value in numbers.items():
        if name in _BOUNDS and value != "auto":
            low, high, decimal = _BOUNDS[name]
            bound.within(f"{where}.{name}", value, low, high, decimal=decimal)


def settled(method: Object, examples: int) -> Object:
    """The method with every `auto` replaced by a number that suits so many examples."""
    kind = method["type"]
    usual: Object = {
        "batch_size": min(256, max(1, round(examples * 0.002))),
        "n_epochs": max(1, min(25, math.ceil(100 / examples))) if examples < 34 else 3 if examples < 9_000 else 1,
        "learning_rate_multiplier": 2.0 if kind == "supervised" else 1.0,
        "beta": 0.1,
        "compute_multiplier": 1.0,
        "eval_interval": 5,
        "eval_samples": 1,
    }
    asked: Object = method[kind]["hyperparameters"]
    numbers = {name: usual[name] if value == "auto" else value for name, value in asked.items()}
    return method | {kind: {**method[kind], "hyperparameters": numbers}}


def shown(method: Object) -> Object:
    """The hyperparameters as the job itself shows them."""
    numbers: Object = method[method["type"]]["hyperparameters"]
    return {name: numbers[name] for name in _OWN["supervised"]}
