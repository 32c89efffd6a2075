"""Libraries that only some helpers need: loaded when used, and named clearly where they are missing."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ..errors import OpenAIError


class MissingDependencyError(OpenAIError):
    """A helper needs a library that is not installed, or that does not find what it needs on this machine."""


def needed(library: str, extra: str) -> Any:
    """A library that comes with an extra.

    Raises:
        MissingDependencyError: it cannot be imported.
    """
    try:
        return import_module(library)
    except ImportError as error:
        problem = f"{library} is not installed. It comes with an extra: pip install 'antiphon[{extra}]'"
        raise MissingDependencyError(problem) from error
    except OSError as error:  # sounddevice says it so when the system has no PortAudio
        problem = f"{library} is installed but cannot be loaded: {error}"
        raise MissingDependencyError(problem) from error
