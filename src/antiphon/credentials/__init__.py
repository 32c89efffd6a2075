"""Where keys come from: the environment, files, the system's keyring, a command, a function; one of several; the next one when
a server refuses the last.

    from antiphon import OpenAI
    from antiphon.credentials import Chain, DotenvKey, EnvKey

    client = OpenAI(api_key=Chain([EnvKey("OPENAI_API_KEY"), DotenvKey("secrets.sh", "OPENAI_API_KEY")]))

A source is a function that gives a `Secret`, so it goes wherever a function for a key does. Beyond that a client's policies
know it by two flows of effects, `key` and `another`: each attempt asks for the key, and a refusal for another one. No source
logs a key, or raises with one: its errors name the variable, the path or the command only. Nothing of this is loaded by a
client that has a plain key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .chain import Chain as Chain
    from .chain import default_chain as default_chain
    from .command import CommandKey as CommandKey
    from .dotenv import DotenvKey as DotenvKey
    from .environment import EnvKey as EnvKey
    from .exposure import Exposure as Exposure
    from .exposure import ExposureAudit as ExposureAudit
    from .file import FileKey as FileKey
    from .function import FunctionKey as FunctionKey
    from .keyring import KeyringKey as KeyringKey
    from .pool import KeyPool as KeyPool
    from .rotation import RotatingCredential as RotatingCredential
    from .scrubber import ScrubFilter as ScrubFilter
    from .scrubber import scrub as scrub
    from .scrubber import scrub_logs as scrub_logs
    from .source import CredentialNotFound as CredentialNotFound
    from .source import Source as Source
    from .static import StaticKey as StaticKey
    from .token import TokenCredential as TokenCredential

_HOMES = {
    "Chain": "chain",
    "CommandKey": "command",
    "CredentialNotFound": "source",
    "DotenvKey": "dotenv",
    "EnvKey": "environment",
    "Exposure": "exposure",
    "ExposureAudit": "exposure",
    "FileKey": "file",
    "FunctionKey": "function",
    "KeyPool": "pool",
    "KeyringKey": "keyring",
    "RotatingCredential": "rotation",
    "ScrubFilter": "scrubber",
    "Source": "source",
    "StaticKey": "static",
    "TokenCredential": "token",
    "default_chain": "chain",
    "scrub": "scrubber",
    "scrub_logs": "scrubber",
}
__all__ = sorted(_HOMES)  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    found = globals()[name] = getattr(import_module(f".{_HOMES[name]}", __name__), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
