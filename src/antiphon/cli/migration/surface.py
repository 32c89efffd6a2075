"""What antiphon has under the official package's names, asked of antiphon itself; why something is not there, `core.official` says."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

from ...core import alias

OLD = "openai"
NEW = "antiphon"
RENAMED = {"Client": "OpenAI", "AsyncClient": "AsyncOpenAI"}
"""Names that stand for something else in antiphon, and what is meant."""

_VERSION_0 = {
    "api_base": "set base_url",
    "api_key_path": "read the file yourself and set api_key",
    "ca_bundle_path": "make a client with verify='/path/to/ca.pem'",
    "verify_ssl_certs": "make a client with verify=False",
    "proxy": "make a client with proxy='http://…'",
    "requestssession": "make a client with http_client=",
    "aiosession": "make a client with http_client=",
    "error": "its errors stand at the top: antiphon.RateLimitError and so on",
    "openai_object": "replies are models; see antiphon.BaseModel",
    "api_resources": "its classes are methods of a client now",
    "api_requestor": "use client.get and client.post",
    "util": "it has no successor",
    "embeddings_utils": "it has no successor",
    "datalib": "it has no successor",
    "app_info": "use default_headers",
    "debug": "set OPENAI_LOG=debug",
}


@cache
def _there(path: str) -> Any:
    """What a dotted path below the package leads to, or `None`; modules are imported to find out."""
    value: Any = import_module(NEW)
    home = NEW
    for part in filter(None, path.split(".")):
        found = getattr(value, part, None)
        if found is None:
            try:
                found = import_module(f"{home}.{part}")
            except ImportError:
                return None
        value, home = found, f"{home}.{part}"
    return value


@cache
def is_module(path: str) -> bool:
    """Whether `import antiphon.<path>` works."""
    try:
        import_module(f"{NEW}.{path}" if path else NEW)
    except ImportError:
        return False
    return True


@cache
def has(path: str) -> bool:
    """Whether antiphon has what a path below the official package leads to.

    Below a resource (`chat.completions`) no more is asked: that would need a client.
    """
    from antiphon import module_client

    first = path.partition(".")[0]
    if first in module_client.__all__:
        return True
    return version_0(first) is None and _there(path) is not None


def public(names: list[str]) -> bool:
    """Whether all of these stand at the top of antiphon, and stand for the same there."""
    return all(name != "*" and name not in RENAMED and has(name) for name in names)


def is_private(path: str) -> bool:
    """Whether a module is no public part of the official package."""
    return alias.is_private(path)


def visible(path: str, names: list[str]) -> str:
    """The module that has the same names and that type checkers see: the package, where the module has no file."""
    module, parent = _there(path), path.rpartition(".")[0]
    if names == ["*"] or getattr(module, "__file__", None) or not parent:
        return path
    package = _there(parent)
    same = all(getattr(module, name, None) is getattr(package, name, None) is not None for name in names)
    return parent if same else path


def version_0(name: str) -> str | None:
    """What to do about a name of the official package's version 0; `None` when it is not one."""
    from antiphon.module_client.removed import REPLACED

    if name in REPLACED:
        return f"now {REPLACED[name]}" if REPLACED[name] else "the API behind it no longer exists"
    return _VERSION_0.get(name)


def why_not(path: str) -> str:
    """Why antiphon has nothing under a path."""
    first = path.partition(".")[0]
    old = version_0(first)
    if old is not None:
        return f"openai.{first} is from version 0 of the package: {old}"
    known = alias.reason(path)
    return f"antiphon has no {path}" + (f": {known}" if known else "")
