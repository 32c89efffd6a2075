"""httpx clients with this package's defaults, for `http_client=`. Nothing is imported before one is made."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ..core.limits import DEFAULT_CONNECTION_LIMITS
from ..core.timeout import DEFAULT_TIMEOUT


def DefaultHttpxClient(**options: Any) -> Any:  # noqa: N802
    """An `httpx2.Client` (or `httpx.Client`, where only that is installed) with antiphon's timeout and limits.

    >>> OpenAI(http_client=DefaultHttpxClient(proxy="http://localhost:3128"))  # doctest: +SKIP

    Raises:
        RuntimeError: neither package is installed.
    """
    return _made("Client", ("httpx2", "httpx"), options)


def DefaultAsyncHttpxClient(**options: Any) -> Any:  # noqa: N802
    """As `DefaultHttpxClient`, for async clients."""
    return _made("AsyncClient", ("httpx2", "httpx"), options)


def DefaultHttpx2Client(**options: Any) -> Any:  # noqa: N802
    """An `httpx2.Client` with antiphon's timeout and limits."""
    return _made("Client", ("httpx2",), options)


def DefaultAsyncHttpx2Client(**options: Any) -> Any:  # noqa: N802
    """An `httpx2.AsyncClient` with antiphon's timeout and limits."""
    return _made("AsyncClient", ("httpx2",), options)


def DefaultAioHttpClient(**options: Any) -> Any:  # noqa: N802
    """An httpx client that moves its bytes with aiohttp; needs `httpx-aiohttp`.

    antiphon's own transport needs less CPU than aiohttp; this is here so that code which names it keeps working.
    """
    try:
        module = import_module("httpx_aiohttp")
    except ImportError:
        raise RuntimeError("install httpx-aiohttp to use DefaultAioHttpClient, or leave http_client out") from None
    return module.HttpxAiohttpClient(**_with_defaults(import_module("httpx"), options))


def _made(kind: str, packages: tuple[str, ...], options: dict[str, Any]) -> Any:
    for package in packages:
        try:
            module = import_module(package)
        except ImportError:
            continue
        return getattr(module, kind)(**_with_defaults(module, options))
    raise RuntimeError(f"install {packages[0]} to make one of its clients, or leave http_client out")


def _with_defaults(module: Any, options: dict[str, Any]) -> dict[str, Any]:
    limits = module.Limits(
        max_connections=DEFAULT_CONNECTION_LIMITS.max_connections,
        max_keepalive_connections=DEFAULT_CONNECTION_LIMITS.max_keepalive_connections,
    )
    timeout = module.Timeout(**DEFAULT_TIMEOUT.as_dict())
    return {"timeout": timeout, "limits": limits, "follow_redirects": True, **options}
