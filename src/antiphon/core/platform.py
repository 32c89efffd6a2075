"""What this process tells a server about itself: the `User-Agent` and the `X-Stainless-*` fields."""

from __future__ import annotations

import os
import sys
from functools import lru_cache

from ..version import __version__

_SYSTEMS = {
    "darwin": "MacOS",
    "linux": "Linux",
    "win32": "Windows",
    "cygwin": "Windows",
    "ios": "iOS",
    "android": "Android",
}
_MACHINES = {"aarch64": "arm64", "arm64": "arm64", "arm": "arm", "x86_64": "x64", "amd64": "x64"}


@lru_cache(maxsize=1)
def platform_headers() -> dict[str, str]:
    """The fields that describe the interpreter and the system."""
    return {
        "X-Stainless-Lang": "python",
        "X-Stainless-Package-Version": __version__,
        "X-Stainless-OS": _system(),
        "X-Stainless-Arch": _architecture(),
        "X-Stainless-Runtime": {"cpython": "CPython", "pypy": "PyPy"}.get(
            sys.implementation.name, sys.implementation.name
        ),
        "X-Stainless-Runtime-Version": ".".join(map(str, sys.version_info[:3])),
    }


def user_agent(client: str) -> str:
    """E.g. "OpenAI/Python 0.1.0"."""
    return f"{client}/Python {__version__}"


def _system() -> str:
    for prefix in ("freebsd", "openbsd"):
        if sys.platform.startswith(prefix):
            return {"freebsd": "FreeBSD", "openbsd": "OpenBSD"}[prefix]
    return _SYSTEMS.get(sys.platform, f"Other:{sys.platform}")


def _architecture() -> str:
    machine = (
        os.uname().machine.lower() if hasattr(os, "uname") else os.environ.get("PROCESSOR_ARCHITECTURE", "").lower()
    )
    if not machine:
        return "unknown"
    return _MACHINES.get(machine) or ("x64" if sys.maxsize > 2**32 else "x32")
