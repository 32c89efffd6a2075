"""The arguments of `Failover` as they stand in a TOML or JSON file: tables of targets, and tables of what belongs to them.

Knows what a table stands for, and says how to write one. Keys never stand in such a file.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, cast

from ..core.secret import Secret
from .machines.ejection import Ejection
from .target import Target

_TARGETS = 'write each as a table, e.g. [[failover.targets]] with base_url = "https://…" and api_key_env = "EU_KEY"'


def argument(name: str, value: Any) -> Any:
    """An argument out of a file.

    Raises:
        ValueError, TypeError: it cannot be right; the message says how it is written.
    """
    if name == "targets":
        if value.__class__ is not list:
            raise TypeError(f"[failover]: targets must be a list; {_TARGETS}")
        return [_target(each) for each in value]
    if name == "eject":
        return _ejection(value)
    if name == "budget" and value is not None:
        from .machines.budget import RetryBudget

        if not isinstance(value, Mapping):
            raise TypeError(f"[failover]: budget is a table, e.g. budget = {{ capacity = 50 }}; got {value!r}")
        return RetryBudget(**cast("Mapping[str, Any]", value))
    if name == "on_park":
        raise ValueError("[failover]: on_park is a function, which no file can hold; make this policy in the program")
    return value


def _ejection(value: Any) -> Ejection | None:
    if value is False or value is None:
        return None
    if not isinstance(value, Mapping):
        raise TypeError(
            f"[failover]: eject is a table, e.g. eject = {{ failures = 3, base = 10 }}, or false for never; got {value!r}"
        )
    given = cast("Mapping[str, Any]", value)
    for name in given:
        if name not in Ejection._fields:
            raise ValueError(f"[failover]: eject has no {name!r}; there are {', '.join(Ejection._fields)}")
    return Ejection(**given)


def _target(given: Any) -> Target:
    if not isinstance(given, Mapping):
        raise TypeError(f"[failover]: {given!r} is no target; {_TARGETS}")
    arguments = dict(cast("Mapping[str, Any]", given))
    kinds = [name for name in ("own", "local") if arguments.pop(name, False)]
    if "api_key" in arguments:
        raise ValueError("[failover]: a key does not belong into a file; name its variable as api_key_env")
    if not kinds and "base_url" not in arguments:
        raise ValueError(
            "[failover]: a target needs a base_url; own = true instead stands for the client's own endpoint, and "
            "local = true for a model on this machine"
        )
    variable = arguments.pop("api_key_env", None)
    if variable is not None:
        if not os.environ.get(variable):
            raise ValueError(f"[failover]: the environment has no {variable}, which a target's api_key_env names")
        arguments["api_key"] = Secret(os.environ[variable])
    return Target.own(**arguments) if "own" in kinds else Target.local(**arguments) if kinds else Target(**arguments)
