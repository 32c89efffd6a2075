"""A binding: the origins a credential may be sent to.

What is bound to none goes to any server over TLS and to this machine, but never over plain HTTP through a network, where
whoever is on the way can read it.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..core.url import URL, Origin
from ..errors import CredentialScopeError

_HERE = frozenset({"localhost", "::1"})


class Binding:
    """Where a credential may go.

    >>> Binding(["https://api.openai.com"]).check(URL("https://api.openai.com/v1").origin, "EnvKey('OPENAI_API_KEY')")

    Args:
        origins: URLs, of which scheme, host and port count; `None` for any that is safe.

    Raises:
        TypeError: they are one text, or none.
        InvalidBaseURL: one of them cannot be a URL.
    """

    def __init__(self, origins: Iterable[str | URL] | None) -> None:
        if isinstance(origins, (str, URL)):
            raise TypeError(f"origins must be a list of URLs; write [{str(origins)!r}]")
        self.origins = None if origins is None else frozenset(_origin(each) for each in origins)

    def check(self, origin: Origin, what: str) -> None:
        """Let nothing leave for a place where the credential does not belong.

        Args:
            origin: where the request goes.
            what: the credential's name, for the message.

        Raises:
            CredentialScopeError: it may not go there; nothing was sent.
        """
        if self.origins is None:
            if origin.scheme not in ("https", "wss") and not is_here(origin.host):
                raise CredentialScopeError(
                    f"{what} was not sent to {origin}, where anybody on the way could read it; use https://, or say that you "
                    f"mean it: origins=['{origin}']"
                )
        elif _plain(origin) not in self.origins:
            allowed = ", ".join(sorted(map(str, self.origins)))
            raise CredentialScopeError(f"{what} is bound to {allowed or 'no origin'} and was not sent to {origin}")


def is_here(host: str) -> bool:
    """Whether a host is this machine, by its name alone."""
    return host in _HERE or host.endswith(".localhost") or (host.startswith("127.") and host.replace(".", "").isdigit())


def _origin(url: str | URL) -> Origin:
    return _plain((url if isinstance(url, URL) else URL(url)).origin)


def _plain(origin: Origin) -> Origin:
    """A WebSocket goes to the same server as a request."""
    scheme = {"wss": "https", "ws": "http"}.get(origin.scheme)
    return origin if scheme is None else origin._replace(scheme=scheme)
