"""httpx clients with this package's defaults, for `http_client=`. Nothing is imported before one is made or derived from.

The names stand for classes that cannot exist before their package is loaded: they can be called, derived from and asked about
with `isinstance`, and only then load it.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ..core.limits import DEFAULT_CONNECTION_LIMITS
from ..core.timeout import DEFAULT_TIMEOUT


class ClientFactory:
    """A class to be: one of httpx's clients, with other defaults.

    >>> OpenAI(http_client=DefaultHttpxClient(proxy="http://localhost:3128"))  # doctest: +SKIP

    Args:
        name: what it is called.
        homes: package and class, in the order they are tried.
        missing: what to install where none can be imported.

    Raises:
        RuntimeError: none can be imported.
    """

    def __init__(self, name: str, *homes: tuple[str, str], missing: str) -> None:
        self.__name__ = self.__qualname__ = name
        self._homes = homes
        self._missing = missing

    def __repr__(self) -> str:
        return f"<class 'antiphon.{self.__name__}'>"

    def _kind(self, parts: Iterable[Any] = ()) -> type[Any]:
        """The class to make; of parts that belong to one of the packages, its own."""
        of = {type(part).__module__.partition(".")[0] for part in parts}
        for package, kind in sorted(self._homes, key=lambda home: home[0] not in of):
            try:
                import_module(package)
            except ImportError:
                continue
            return _derived(self.__name__, package, kind)
        raise RuntimeError(f"install {self._missing} to make a {self.__name__}, or leave http_client out")

    def __call__(self, **options: Any) -> Any:
        return self._kind(_parts(options))(**options)

    def __mro_entries__(self, bases: tuple[object, ...]) -> tuple[type[Any], ...]:
        return (self._kind(),)

    def __instancecheck__(self, instance: object) -> bool:
        return self.__subclasscheck__(type(instance))

    def __subclasscheck__(self, kind: type[Any]) -> bool:
        return any(getattr(parent, "_factory", None) == self.__name__ for parent in kind.__mro__)


def _parts(options: dict[str, Any]) -> list[Any]:
    """What was made with the one package or the other: a transport, limits, a timeout."""
    mounts: dict[str, Any] = options.get("mounts") or {}
    return [*mounts.values(), *(options.get(name) for name in ("transport", "limits", "timeout", "proxy", "auth"))]


@cache
def _derived(name: str, package: str, kind: str) -> type[Any]:
    base = getattr(import_module(package), kind)
    # httpx-aiohttp's client takes httpx's values.
    values = import_module("httpx" if package == "httpx_aiohttp" else package)

    def init(self: Any, **options: Any) -> None:
        base.__init__(self, **_with_defaults(values, options))

    return type(name, (base,), {"__init__": init, "__module__": "antiphon", "__doc__": base.__doc__, "_factory": name})


def _with_defaults(module: Any, options: dict[str, Any]) -> dict[str, Any]:
    limits = module.Limits(
        max_connections=DEFAULT_CONNECTION_LIMITS.max_connections,
        max_keepalive_connections=DEFAULT_CONNECTION_LIMITS.max_keepalive_connections,
    )
    timeout = module.Timeout(**DEFAULT_TIMEOUT.as_dict())
    return {"timeout": timeout, "limits": limits, "follow_redirects": True, **options}


if TYPE_CHECKING:
    from httpx2 import AsyncClient as DefaultAioHttpClient
    from httpx2 import AsyncClient as DefaultAsyncHttpx2Client
    from httpx2 import AsyncClient as DefaultAsyncHttpxClient
    from httpx2 import Client as DefaultHttpx2Client
    from httpx2 import Client as DefaultHttpxClient
else:
    DefaultHttpxClient = ClientFactory(
        "DefaultHttpxClient", ("httpx2", "Client"), ("httpx", "Client"), missing="httpx2"
    )
    DefaultAsyncHttpxClient = ClientFactory(
        "DefaultAsyncHttpxClient", ("httpx2", "AsyncClient"), ("httpx", "AsyncClient"), missing="httpx2"
    )
    DefaultHttpx2Client = ClientFactory("DefaultHttpx2Client", ("httpx2", "Client"), missing="httpx2")
    DefaultAsyncHttpx2Client = ClientFactory("DefaultAsyncHttpx2Client", ("httpx2", "AsyncClient"), missing="httpx2")
    # antiphon's own transport needs less CPU than aiohttp; this is here so that code which names it keeps working.
    DefaultAioHttpClient = ClientFactory(
        "DefaultAioHttpClient",
        ("httpx_aiohttp", "HttpxAiohttpClient"),
        missing='"antiphon[aiohttp]" (it brings httpx-aiohttp)',
    )

__all__ = [
    "ClientFactory",
    "DefaultAioHttpClient",
    "DefaultAsyncHttpx2Client",
    "DefaultAsyncHttpxClient",
    "DefaultHttpx2Client",
    "DefaultHttpxClient",
]
