"""Profiles: named sets of settings in a file, for people who talk to several houses.

    [profile.work]
    base_url = "https://gateway.example/v1"
    api_key_env = "WORK_KEY"

The file is read only when a profile is asked for, by argument or by `ANTIPHON_PROFILE`. Knows where the file lies and what may
stand in it; refuses to know clients.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple

from .core.call import checked_retries
from .core.headers import FieldMap
from .core.omit import is_given
from .core.secret import Secret
from .core.shape import is_mapping
from .errors import OpenAIError
from .settings import DEFAULT_MAX_RETRIES, environment_headers

_KINDS: dict[str, tuple[type | tuple[type, ...], str]] = {
    "base_url": (str, "text"),
    "api_key": (Secret, "text"),
    "api_key_env": (str, "text"),
    "organization": (str, "text"),
    "project": (str, "text"),
    "timeout": ((int, float), "a number of seconds"),
    "max_retries": (int, "a whole number"),
    "default_headers": (FieldMap, "a table of text"),
}
_VARIABLES = {
    "api_key": "OPENAI_API_KEY",
    "base_url": "OPENAI_BASE_URL",
    "organization": "OPENAI_ORG_ID",
    "project": "OPENAI_PROJECT_ID",
}
_READABLE_BY_OTHERS = 0o044


class Profile(NamedTuple):
    """What a profile says; what it does not say is not among its values."""

    name: str
    values: dict[str, Any]

    def fill(self, arguments: dict[str, Any], *, outranks: bool) -> dict[str, Any]:
        """A client's arguments, with the profile's values where they were left out.

        Args:
            arguments: by name, as the client got them.
            outranks: whether the profile goes before the environment: it does where it was named by an argument.
        """
        chosen = {name: value for name, value in self.values.items() if _left_out(name, arguments[name])}
        if arguments["data_residency"] is not None:
            chosen.pop("base_url", None)
        if not outranks:
            chosen = self._behind_environment(chosen)
        headers = self.values.get("default_headers", {})
        ambient = {} if outranks else environment_headers()
        return {
            **arguments,
            **chosen,
            "default_headers": {**headers, **ambient, **(arguments["default_headers"] or {})},
        }

    def _behind_environment(self, chosen: dict[str, Any]) -> dict[str, Any]:
        kept = {name: value for name, value in chosen.items() if not os.environ.get(_VARIABLES.get(name, ""))}
        if "base_url" in self.values:
            # A key belongs to its house: neither goes with the other's address.
            if "base_url" in kept and "api_key" in chosen:
                kept["api_key"] = chosen["api_key"]
            elif "base_url" in chosen and "base_url" not in kept:
                kept.pop("api_key", None)
        return kept


def load(name: str) -> Profile:
    """A profile of the configuration file.

    >>> load("work")  # doctest: +SKIP

    Raises:
        OpenAIError: there is no such file or profile, or something in it cannot be right; the message says what.
    """
    path = config_path()
    tables = _tables(path)
    table = tables.get(name)
    if table is None:
        known = f"it has {', '.join(sorted(tables))}" if tables else "it has none"
        raise OpenAIError(f"there is no [profile.{name}] in {path}; {known}{_nearest(name, tables)}")
    if not is_mapping(table):
        raise OpenAIError(f"profile.{name} in {path} must be a table, [profile.{name}]")
    return Profile(name, _checked(dict(table), f"[profile.{name}] in {path}"))


def config_path() -> Path:
    """Where the configuration file lies: `ANTIPHON_CONFIG`, else `antiphon/config.toml` in the user's configuration folder."""
    given = os.environ.get("ANTIPHON_CONFIG")
    if given:
        return Path(given).expanduser()
    home = os.environ.get("APPDATA") if sys.platform == "win32" else os.environ.get("XDG_CONFIG_HOME")
    return (Path(home) if home else Path("~/.config").expanduser()) / "antiphon" / "config.toml"


def _tables(path: Path) -> dict[str, Any]:
    document, problem = _parsed(path)
    if problem is not None:
        raise OpenAIError(problem)
    unknown = [name for name in document if name != "profile"]
    if unknown:
        raise OpenAIError(f"{path} holds {unknown[0]!r}; its tables are named [profile.NAME]")
    tables = document.get("profile", {})
    if not is_mapping(tables):
        raise OpenAIError(f"'profile' in {path} must be a table, [profile.NAME]")
    if any(is_mapping(table) and "api_key" in table for table in tables.values()):
        _warn_if_readable(path)
    return dict(tables)


def _parsed(path: Path) -> tuple[dict[str, Any], str | None]:
    """The file, keys hidden, or what is wrong with it: as text, for an exception would hold the file's."""
    import tomllib  # costs a millisecond, and most programs have no profile

    try:
        with path.open("rb") as file:
            document = tomllib.load(file)
    except FileNotFoundError:
        return {}, f"there is no configuration file at {path}; make it, or set ANTIPHON_CONFIG to where it is"
    except OSError as problem:
        return {}, f"cannot read {path}: {problem.strerror or type(problem).__name__}"
    except tomllib.TOMLDecodeError as problem:
        return {}, f"{path} is not valid TOML: {problem}"
    except UnicodeDecodeError:
        return {}, f"{path} is not valid TOML: it is not UTF-8"
    return _hidden(document), None


def _hidden(document: dict[str, Any]) -> dict[str, Any]:
    """The same document, with nothing in it that a traceback must not show."""
    for table in _each(document.get("profile")):
        for name, kind, hidden in (("api_key", str, Secret), ("default_headers", dict, FieldMap)):
            if name in table:
                table[name] = hidden(table[name]) if isinstance(table[name], kind) else _Flaw(_toml(table[name]))
    return document


class _Flaw(NamedTuple):
    """Stands for a value of a wrong type, which may hold a key all the same."""

    words: str


def _each(tables: Any) -> list[dict[str, Any]]:
    return [table for table in tables.values() if isinstance(table, dict)] if isinstance(tables, dict) else []  # pyright: ignore[reportUnknownVariableType]


def _checked(table: dict[str, Any], where: str) -> dict[str, Any]:
    for name, value in table.items():
        if name not in _KINDS:
            raise OpenAIError(f"{where} holds {name!r}, which is no setting{_nearest(name, _KINDS)}")
        kind, words = _KINDS[name]
        if not isinstance(value, kind) or isinstance(value, bool):
            raise OpenAIError(f"{name} in {where} must be {words}; it is {_toml(value)}")
    headers = table.get("default_headers", {})
    for name, value in headers.items():
        if not isinstance(value, str):
            raise OpenAIError(f"default_headers.{name} in {where} must be text; it is {_toml(value)}")
    if "timeout" in table and not table["timeout"] > 0:
        raise OpenAIError(f"timeout in {where} must be more than 0 seconds; it is {table['timeout']}")
    if "max_retries" in table:
        try:
            checked_retries(table["max_retries"])
        except ValueError as flaw:
            raise OpenAIError(f"{flaw} ({where})") from None
    return _with_key(table, where)


def _with_key(table: dict[str, Any], where: str) -> dict[str, Any]:
    variable = table.pop("api_key_env", None)
    if variable is None:
        return table
    if "api_key" in table:
        raise OpenAIError(f"{where} holds both api_key and api_key_env; keep one")
    if not os.environ.get(variable):
        raise OpenAIError(f"{where} takes its key from {variable}, which is not set in the environment")
    return {**table, "api_key": Secret(os.environ[variable])}


def _warn_if_readable(path: Path) -> None:
    if os.name == "posix" and path.stat().st_mode & _READABLE_BY_OTHERS:
        warnings.warn(
            f"{path} holds an api_key and other users can read it; run: chmod 600 {path}", UserWarning, stacklevel=2
        )


def _left_out(name: str, value: object) -> bool:
    if name == "timeout":  # whose `None` says something
        return not is_given(value)
    return value is None or not is_given(value) or value is DEFAULT_MAX_RETRIES


def _nearest(name: str, known: Mapping[str, Any]) -> str:
    close = get_close_matches(name, known, 1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _toml(value: object) -> str:
    """What a value is, in TOML's words; never the value."""
    words = {"str": "text", "Secret": "text", "bool": "a boolean", "int": "a whole number", "float": "a number"}
    words.update({"list": "an array", "dict": "a table", "FieldMap": "a table"})
    return value.words if isinstance(value, _Flaw) else words.get(type(value).__name__, "a date or time")
