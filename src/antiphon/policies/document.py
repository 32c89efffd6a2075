"""A policy as plain data: tables of arguments, as they stand in a TOML or JSON file.

Knows which class a table is for and which values in it are objects of their own. Keys never stand in such a file: a target
names the environment variable that holds its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from .policy import Policy


def parts(
    named: Mapping[str, Any], kind: type[Policy], reuse: tuple[Mapping[str, Any], Policy] | None
) -> dict[str, Any]:
    """The parts of a policy; see `Policy.from_mapping`."""
    from .policy import PRESETS

    names = [each.name for each in fields(kind) if each.name != "own"]
    for name in named.keys() - {"preset"} - set(names):
        raise ValueError(f"there is no policy called {name!r}{_nearest(name, names)}")
    preset = named.get("preset", "none")
    if preset not in PRESETS:
        raise ValueError(f"there is no preset called {preset!r}{_nearest(str(preset), list(PRESETS))}")
    nothing: tuple[Mapping[str, Any], None] = ({}, None)
    old_data, old = reuse or nothing
    same_preset = old is not None and old_data.get("preset", "none") == preset
    base = old if same_preset and old is not None else PRESETS[preset]()
    made: dict[str, Any] = {}
    for name in names:
        if name in named:
            same = old is not None and name in old_data and old_data[name] == named[name]
            made[name] = getattr(old, name) if same else _part(name, named[name])
        elif name in old_data and same_preset:
            made[name] = getattr(PRESETS[preset](), name)  # a table that was taken away
        else:
            made[name] = getattr(base, name)
    return made


def _part(name: str, given: Any) -> Any:
    if given is False:
        return None
    if given is True:
        given = {}
    if not isinstance(given, Mapping):
        raise TypeError(f"[{name}] must be a table of arguments, true or false; got {type(given).__name__}")
    arguments = {key: _value(name, key, value) for key, value in cast("Mapping[str, Any]", given).items()}
    kind = getattr(import_module(f".{name}", __package__), "".join(word.title() for word in name.split("_")))
    try:
        return kind(**arguments)
    except (TypeError, ValueError) as flaw:
        raise type(flaw)(f"[{name}]: {flaw}") from flaw


def _value(part: str, name: str, value: Any) -> Any:
    """An argument; those that are objects of their own are made."""
    if (part, name) == ("retry", "budget") and isinstance(value, Mapping):
        from .machines.budget import RetryBudget

        return RetryBudget(**cast("Mapping[str, Any]", value))
    if (part, name) == ("retry", "rules") and isinstance(value, str):
        from .machines import rule

        tables = {"official": rule.OFFICIAL_RULES, "reliable": rule.RELIABLE_RULES}
        if value not in tables:
            raise ValueError(f"[retry]: rules must be 'official' or 'reliable'; got {value!r}")
        return tables[value]
    if name == "health":
        from .health import HealthCheck

        if value is True or isinstance(value, Mapping):
            return HealthCheck(**(cast("Mapping[str, Any]", value) if value is not True else {}))
        return None if value is False else value
    if part == "failover":
        from .target_table import argument

        return argument(name, value)
    return tuple(cast("Iterable[Any]", value)) if isinstance(value, list) else value


def _nearest(name: str, names: list[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, names, 1)
    return f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(names)}"
