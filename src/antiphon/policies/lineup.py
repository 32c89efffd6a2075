"""The line of targets a failover has: whether they can stand together, and what of each matters for choosing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from .machines.ejection import Ejection
from .machines.fleet import Member
from .target import LOCAL, OWN, Target

T = TypeVar("T")


def line_up(targets: Sequence[Target], own: bool) -> tuple[Target, ...]:
    """The targets, the client's own endpoint among them if it is to be one.

    Raises:
        ValueError, TypeError: what was given is no line of targets.
    """
    line = tuple(targets)
    for target in line:
        if not isinstance(target, Target):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"targets takes Target(…) in a list; got {target!r}")
    if own and not any(target.is_own for target in line):
        line = (Target.own(group=min((each.group for each in line), default=1) - 1), *line)
    if not line:
        raise ValueError("there is no target; name one, or leave own=True")
    names = [target.name for target in line]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"two targets are called {name!r}; tell them apart with name=")
    return line


def checked(name: str, value: T | None, kind: type[T]) -> T | None:
    """An argument that is an object of its own, or none.

    Raises:
        TypeError: it is something else.
        ValueError: its numbers cannot be right.
    """
    if value is not None and not isinstance(value, kind):
        raise TypeError(f"{name} must be {kind.__name__}(…), or None for none; got {value!r}")
    if isinstance(value, Ejection):
        value.check()
    return value


def refuse_models(targets: Sequence[Target]) -> None:
    """Refuse targets that may answer with another model."""
    for target in targets:
        if target.crosses_models:
            raise ValueError(
                f"{target!r} may answer with another model than the one asked for; say cross_model=True if it may"
            )


def refuse_houses(targets: Sequence[Target], house: str) -> None:
    """Refuse targets of another provider's."""
    for target in targets:
        if target.provider not in (OWN, LOCAL, house):
            raise ValueError(
                f"{target!r} is of {target.provider}, and this client's endpoint of {house}: requests would go there "
                "with all they hold; say cross_provider=True if they may, or provider= if both are one"
            )


def member_of(target: Target) -> Member:
    """What of a target matters for choosing. Who says nothing of its limits shares them with its origin."""
    where = "" if target.url is None else str(target.url.origin)
    credential = "" if target.key is None else f"{where} {target.key.id}"
    return Member(target.name, target.group, target.weight, credential, target.scope or where)


def position_of(targets: Sequence[Target], name: str | None) -> int | None:
    """Where the target of this name stands; `None` where there is none."""
    return next((position for position, target in enumerate(targets) if target.name == name), None)
