"""Whether a grader can be used at all: its templates, its model, its labels, its range, its formula, its source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from ..problem import Problem, invalid
from ..shape import is_array, is_object
from ..world import World
from .grader_formula import FormulaError, names, variable
from .grader_template import NAMESPACES, variables
from .model import require_speaking

Grader = dict[str, Any]


def check(world: World, grader: Grader, where: str = "grader") -> None:
    """Raise the 400 (404 for its model) for the first thing that makes a grader unusable."""
    for text in _texts(grader.get("input")):
        _check_template(text, f"{where}.input")
    _check_template(grader.get("reference") or "", f"{where}.reference")
    match grader["type"]:
        case "score_model":
            require_speaking(world, grader["model"])
            _check_range(grader.get("range"), f"{where}.range")
        case "label_model":
            require_speaking(world, grader["model"])
            _check_labels(grader, where)
        case "python":
            _check_source(grader["source"], f"{where}.source")
        case "multi":
            _check_parts(world, grader, where)
        case _:
            pass


def parts(grader: Grader) -> dict[str, Grader]:
    """The graders of a multi grader by the names its formula knows: one, a list, or an object of them."""
    given = grader["graders"]
    if is_array(given):
        return {variable(part["name"]): part for part in given}
    if is_object(given.get("type")) or not isinstance(given.get("type"), str):
        return {variable(name): part for name, part in given.items()}
    return {variable(given["name"]): given}


def aliases(name: str, part: Grader) -> tuple[str, ...]:
    """Every name by which a formula may mean the score of a part."""
    own = variable(part["name"])
    return tuple(dict.fromkeys((name, f"{name}_score", own, f"{own}_score", f"{part['type']}_score")))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif is_array(value):
        for each in value:
            yield from _texts(each)
    elif is_object(value):
        yield from _texts(value.get("content") or value.get("text"))


def _check_template(template: str, param: str) -> None:
    for path in variables(template):
        if path.partition(".")[0].partition("[")[0] not in NAMESPACES:
            message = f"The template names '{path}'; only 'item' and 'sample' can be named."
            raise invalid(param, message, "invalid_template")


def _check_range(bounds: list[float] | None, param: str) -> None:
    if bounds is not None and (len(bounds) != 2 or bounds[0] >= bounds[1]):
        raise invalid(param, "A range is two numbers, the smaller first.", "invalid_range")


def _check_labels(grader: Grader, where: str) -> None:
    if not grader["labels"]:
        raise invalid(f"{where}.labels", "There must be at least one label.", "empty_array")
    for label in grader["passing_labels"]:
        if label not in grader["labels"]:
            raise invalid(f"{where}.passing_labels", f"The passing label '{label}' is not among the labels.")


def _check_source(source: str, param: str) -> None:
    """The code is read, never run."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise invalid(param, f"The source is no Python: {error}.", "invalid_source") from None
    if not any(isinstance(node, ast.FunctionDef) and node.name == "grade" for node in tree.body):
        raise invalid(param, "The source must define the function 'grade(sample, item)'.", "invalid_source")


def _check_parts(world: World, grader: Grader, where: str) -> None:
    found = parts(grader)
    if not found:
        raise invalid(f"{where}.graders", "There must be at least one grader.", "empty_array")
    for name, part in found.items():
        check(world, part, f"{where}.graders.{name}")
    try:
        wanted = names(grader["calculate_output"])
    except FormulaError as error:
        raise _wrong_formula(where, f"The formula cannot be used: {error}.") from None
    known = {alias for name, part in found.items() for alias in aliases(name, part)}
    if unknown := sorted(wanted - known):
        raise _wrong_formula(where, f"The formula names '{unknown[0]}', which no grader is called.")


def _wrong_formula(where: str, message: str) -> Problem:
    return invalid(f"{where}.calculate_output", message, "invalid_formula")
