"""Deprecated operations: a `DeprecationWarning` at the call, for type checkers the standard `deprecated` mark.

`typing_extensions` is not a dependency: checkers bring its stub, and at run time this module's own decorator does the work.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing_extensions import deprecated as deprecated
else:
    from functools import wraps
    from warnings import warn

    def deprecated(message: str) -> Callable[[Any], Any]:
        """Warn with `message`, in the caller's line, at each call. Asynchronous methods warn when called, not when awaited."""

        def decorate(function: Any) -> Any:
            @wraps(function)
            def call(*args: Any, **kwargs: Any) -> Any:
                warn(message, DeprecationWarning, stacklevel=2)
                return function(*args, **kwargs)

            call.__deprecated__ = message
            return call

        return decorate
