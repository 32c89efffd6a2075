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
from .core.headers import FieldMap, is_sensitive
from .core.omit import is_given
from .core.secret import Secret
from .core.shape import is_mapping
from .errors import OpenAIError
from .settings import DEFAULT_MAX_RETRIES, environment_headers

_KINDS: dict[str, tuple[type | tuple[type, ...], str]] = {
    "base_url": (str, "text"),
    "api_key": (str, "text"),
    "api_key_env": (str, "text"),
    "organization": (str, "text"),
    "project": (str, "text"),
    "timeout": ((int, float), "a number of seconds"),
    "max_retries": (int, "a whole number"),
    "default_headers": (dict, "a table of text"),
}
_VARIABLES = {
    "api_key": "OPENAI_API_KEY",
    "base_url": "OPENAI_BASE_URL",
    "organization": "OPENAI_ORG_ID",
    "project": "OPENAI_PROJECT_ID",
}
_KEYS = {"apikey", "adminapikey", "webhooksecret", "azureadtoken"}
_KEY_STARTS = ("sk-", "Bearer ", "Basic ")
_READABLE_BY_OTHERS = 0o044
_WRITABLE_BY_OTHERS = 0o022


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
            "default_headers": FieldMap({**headers, **ambient, **(arguments["default_headers"] or {})}),
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
    _warn_of_others(path, document)
    unknown = [name for name in document if name != "profile"]
    if unknown:
        raise OpenAIError(f"{path} holds {unknown[0]!r}; its tables are named [profile.NAME]")
    tables = document.get("profile", {})
    if not is_mapping(tables):
        raise OpenAIError(f"'profile' in {path} must be a table, [profile.NAME]")
    return dict(tables)


def _parsed(path: Path) -> tuple[dict[str, Any], str | None]:
    """The file, its values hidden, or what is wrong with it: as text, for an exception would hold the file's."""
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
    return {name: _hidden(value) for name, value in document.items()}, None


def _hidden(value: Any) -> Any:
    """Tables as they are, and every other value as a `Secret`: a key may stand anywhere, under any name."""
    if not is_mapping(value):
        return Secret(value)
    return {name: _hidden(inner) for name, inner in value.items()}


def _is(value: Any, kind: type | tuple[type, ...]) -> bool:
    plain = value.reveal() if isinstance(value, Secret) else value
    return isinstance(plain, kind) and not isinstance(plain, bool)


def _checked(table: dict[str, Any], where: str) -> dict[str, Any]:
    """A table's settings, of which only those that may be shown are no longer hidden."""
    for name, value in table.items():
        if name not in _KINDS:
            raise OpenAIError(f"{where} holds {name!r}, which is no setting{_nearest(name, _KINDS)}")
        kind, words = _KINDS[name]
        if not _is(value, kind):
            raise OpenAIError(f"{name} in {where} must be {words}; it is {_toml(value)}")
    for name, value in table.get("default_headers", {}).items():
        if not _is(value, str):
            raise OpenAIError(f"default_headers.{name} in {where} must be text; it is {_toml(value)}")
    if "timeout" in table and not table["timeout"].reveal() > 0:
        raise OpenAIError(f"timeout in {where} must be more than 0 seconds; it is {table['timeout'].reveal()}")
    if "max_retries" in table:
        try:
            checked_retries(table["max_retries"].reveal())
        except ValueError as flaw:
            raise OpenAIError(f"{flaw} ({where})") from None
    return {name: _shown(name, value) for name, value in _with_key(table, where).items()}


def _shown(name: str, value: Any) -> Any:
    if name == "default_headers":
        return FieldMap({field: text.reveal() for field, text in value.items()})
    return value if name == "api_key" else value.reveal()


def _with_key(table: dict[str, Any], where: str) -> dict[str, Any]:
    variable: Secret | None = table.pop("api_key_env", None)
    if variable is None:
        return table
    if "api_key" in table:
        raise OpenAIError(f"{where} holds both api_key and api_key_env; keep one")
    if os.environ.get(variable.reveal()):
        return {**table, "api_key": Secret(os.environ[variable.reveal()])}
    if _is_variable(variable):
        raise OpenAIError(f"{where} takes its key from {variable.reveal()}, which is not set in the environment")
    raise OpenAIError(
        f"api_key_env in {where} must be the name of a variable that is set in the environment; what stands there is not "
        "shown, for it may be the key itself, which belongs into api_key"
    )


def _is_variable(name: Secret) -> bool:
    """Whether it can be nothing but a variable's name; many houses' keys are letters, digits and underscores too."""
    text = name.reveal()
    return text.isascii() and text.isidentifier() and text.isupper()


def _warn_of_others(path: Path, document: dict[str, Any]) -> None:
    """Warn of a file through which other users get at a key: by reading it, or by changing where it is sent."""
    mode = path.stat().st_mode if os.name == "posix" else 0
    if mode & _READABLE_BY_OTHERS and any(map(_holds_key, document, document.values())):
        message = f"{path} holds a key and other users can read it; run: chmod 600 {path}"
        warnings.warn(message, UserWarning, stacklevel=2)
    if mode & _WRITABLE_BY_OTHERS:
        message = f"{path} can be changed by other users, who could have your key sent to them; run: chmod 600 {path}"
        warnings.warn(message, UserWarning, stacklevel=2)


def _holds_key(name: str, value: Any) -> bool:
    if not isinstance(value, Secret):
        return any(map(_holds_key, value, value.values()))
    if is_sensitive(name) or name.lower().replace("-", "").replace("_", "") in _KEYS:
        return True
    return _is(value, str) and value.reveal().startswith(_KEY_STARTS)


def _left_out(name: str, value: object) -> bool:
    if name == "timeout":  # whose `None` says something
        return not is_given(value)
    return value is None or not is_given(value) or value is DEFAULT_MAX_RETRIES


def _nearest(name: str, known: Mapping[str, Any]) -> str:
    close = get_close_matches(name, known, 1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _toml(value: object) -> str:
    """What a value is, in TOML's words; never the value."""
    plain = value.reveal() if isinstance(value, Secret) else value
    words = {"str": "text", "bool": "a boolean", "int": "a whole number", "float": "a number"}
    words.update({"list": "an array", "dict": "a table"})
    return words.get(type(plain).__name__, "a date or time")
