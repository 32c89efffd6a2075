"""What is known to differ: where, what the official package does there, what antiphon does, and why that is right.

Everything outside the named places has to be the same, so a new difference in a known row fails; and so does a known one that
has changed on either side, or is gone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import openai

from antiphon.core.shape import is_list, is_mapping

ABSENT = "<absent>"
"""The value of a place that is not there."""


class Known(NamedTuple):
    """One difference.

    Attributes:
        why: the reason, for somebody who doubts it.
        theirs: by place (e.g. "result", "requests.0.accept", "slept") what the official package has there: the value, or a
            function that says whether a value is right.
        ours: what antiphon has at the same places.
    """

    why: str
    theirs: Mapping[str, Any]
    ours: Mapping[str, Any]


def result(why: str, theirs: Any, ours: Any) -> Known:
    """Results alone differ; both asked the same."""
    return Known(why, {"result": theirs}, {"result": ours})


def place(why: str, where: str, theirs: Any, ours: Any) -> Known:
    """One place differs."""
    return Known(why, {where: theirs}, {where: ours})


def each(names: Iterable[str], known: Known) -> dict[str, Known]:
    """The same difference in several rows."""
    return dict.fromkeys(names, known)


# -- what stands there -------------------------------------------------------------------------------------------------


def raised(name: str, **facts: Any) -> dict[str, Any]:
    """What `plain` makes of an error of this class with these facts and no others.

    Args:
        name: the class: one of the official package's, or a built-in one.
        facts: `body`, `status_code`, …; of an `APIError` what is not given is `None`.
    """
    known = getattr(openai, name, None)
    if known is None:
        return {"raises": [name], **facts}
    bases = [base.__name__ for base in known.__mro__ if hasattr(openai, base.__name__) or base is ValueError]
    common: dict[str, Any] = (
        dict.fromkeys(("code", "param", "type", "body")) if issubclass(known, openai.APIError) else {}
    )
    if issubclass(known, openai.APIStatusError):
        common["request_id"] = None
    if name == "APIError" or issubclass(known, openai.APIStatusError):
        common["message"] = common["text"] = facts.pop("says")
    return {"raises": bases, **common, **facts}


def sent(*bodies: Any) -> Callable[[Any], bool]:
    """Requests with these bodies, each with the credential and called JSON where it is."""

    def fits(requests: Any) -> bool:
        kinds = [request.get("content-type") == "application/json" for request in requests]
        return (
            [request[""] for request in requests] == list(bodies)
            and all("authorization" in request for request in requests)
            and kinds == [not isinstance(body, bytes) or body != b"" for body in bodies]
        )

    return fits


def asked(*lines: str) -> Callable[[Any], bool]:
    """Requests of these lines, e.g. "GET /v1/x?a=1"."""

    def fits(requests: Any) -> bool:
        return [_line(*request["line"]) for request in requests] == list(lines)

    return fits


def holding(*bodies: Any) -> Callable[[Any], bool]:
    """Requests with these bodies."""

    def fits(requests: Any) -> bool:
        return [request[""] for request in requests] == list(bodies)

    return fits


def _line(verb: str, path: str, *query: str) -> str:
    return f"{verb} {path}{'&'.join(query)}"


def times(count: int) -> Callable[[Any], bool]:
    """So many."""

    def fits(found: Any) -> bool:
        return len(found) == count

    return fits


# -- comparing ---------------------------------------------------------------------------------------------------------


def alike(a: Any, b: Any) -> bool:
    """Whether two plain values are the same, down to the kinds of numbers."""
    if is_mapping(a) and is_mapping(b):
        one, other = a, b
        return one.keys() == other.keys() and all(alike(one[key], other[key]) for key in one)
    if is_list(a) and is_list(b):
        ones, others = a, b
        return len(ones) == len(others) and all(map(alike, ones, others))
    return type(a) is type(b) and (a == b or (a != a and b != b))


def at(outcome: Any, where: str) -> Any:
    """What stands at a place."""
    for step in where.split("."):
        try:
            outcome = outcome[int(step)] if is_list(outcome) else outcome[step]
        except (KeyError, IndexError):
            return ABSENT
    return outcome


def without(outcome: Any, wheres: Iterable[str]) -> Any:
    """A copy without what stands at these places."""
    for where in wheres:
        outcome = _cut(outcome, where.split("."))
    return outcome


def _cut(value: Any, steps: list[str]) -> Any:
    step, *rest = steps
    if is_list(value):
        items = list(value)
        if int(step) < len(items):
            items[int(step)] = _cut(items[int(step)], rest) if rest else ABSENT
        return items
    members: dict[str, Any] = dict(value)
    if rest and step in members:
        members[step] = _cut(members[step], rest)
    elif not rest:
        members[step] = ABSENT
    return members


def confirm(theirs: Mapping[str, Any], ours: Mapping[str, Any], known: Known) -> None:
    """Both outcomes are as the difference says, and the same everywhere else."""
    assert known.theirs.keys() == known.ours.keys(), "a difference names the same places on both sides"
    for where in known.theirs:
        found = at(theirs, where), at(ours, where)
        for who, expected, value in zip(
            ("theirs", "ours"), (known.theirs[where], known.ours[where]), found, strict=True
        ):
            assert expected(value) if callable(expected) else alike(value, expected), f"{who} at {where}: {value!r}"
        assert not alike(*found), f"no longer different, so it need not be known: {known.why}"
    rest = without(theirs, known.theirs), without(ours, known.ours)
    for aspect in rest[0]:
        assert alike(rest[1][aspect], rest[0][aspect]), f"{aspect}: {rest[1][aspect]!r} is not {rest[0][aspect]!r}"
