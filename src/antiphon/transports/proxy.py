"""Which proxy, if any, stands between us and an origin.

Knows the argument, the environment's conventions (`HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`, lower case first) and
the rules of `no_proxy`; does not know sockets. Credentials are taken out of the URL at once and kept as `Secret`s.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import unquote

from ..core.credential import hidden_proxy
from ..core.omit import NotGiven
from ..core.secret import Secret
from ..core.url import URL, Origin
from ..errors import InvalidBaseURL, ProxyError


class Proxy:
    """A proxy, e.g. from "http://user:password@proxy.example:3128".

    Args:
        url: its address; "http://" where no scheme is given; a user and password before "@".

    Raises:
        InvalidBaseURL: the address is malformed, or its scheme is neither http nor https. Never shows the credentials.
    """

    __slots__ = ("authorization", "host", "port", "scheme")
    authorization: Secret | None

    def __init__(self, url: str | Secret) -> None:
        scheme, userinfo, rest = _split(url if isinstance(url, Secret) else Secret(url))
        url = ""  # nothing below may show it
        if scheme not in {"http", "https"}:
            raise InvalidBaseURL(
                f"proxies of scheme {scheme[:16]!r} are not spoken here; use an http:// or https:// proxy, or pass "
                "http_client=httpx.Client(proxy=…) (async: AsyncClient) with httpx[socks] installed"
            )
        parsed = URL(f"{scheme}://{rest}")
        self.scheme, self.host, self.port = parsed.origin
        self.authorization = _basic(userinfo) if userinfo.reveal() else None

    @property
    def address(self) -> str:
        """Its host and port, for messages; never its credentials."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def __repr__(self) -> str:
        if not hasattr(self, "authorization"):  # its making failed, and a traceback shows it
            return "<Proxy, not made>"
        return f"<Proxy {Origin(self.scheme, self.host, self.port)}{' with credentials' if self.authorization else ''}>"


def _split(url: Secret) -> tuple[str, Secret, str]:
    """The scheme, the user and password, and what remains; a password may hold anything, "://" too."""
    before, at, rest = url.reveal().strip().rpartition("@")
    scheme, separator, after = (before if at else rest).partition("://")
    if not separator or ":" in scheme:
        return "http", Secret(before), rest
    return scheme.lower(), Secret(after if at else ""), rest if at else after


def _basic(userinfo: Secret) -> Secret:
    return Secret("Basic " + base64.b64encode(_user_and_password(userinfo).encode()).decode())


def _user_and_password(userinfo: Secret) -> str:
    return ":".join(map(unquote, userinfo.reveal().partition(":")[::2]))


class ProxyMap:
    """The choice of a proxy for each origin.

    >>> ProxyMap("http://proxy:3128").for_origin(Origin("https", "api.openai.com", 443))
    <Proxy http://proxy:3128>

    Args:
        proxy: one proxy for every origin; given, the environment is not asked.
        environ: the environment to read, `os.environ` by default; an empty mapping for no proxies at all.
    """

    __slots__ = ("_chosen", "_fixed", "_no_proxy", "_urls")

    def __init__(self, proxy: str | Secret | Proxy | None = None, environ: Mapping[str, str] | None = None) -> None:
        proxy = hidden_proxy(proxy)
        self._fixed = Proxy(proxy) if isinstance(proxy, (str, Secret)) else proxy
        self._chosen: dict[Origin, Proxy | None] = {}
        env = os.environ if environ is None else environ
        self._urls = {} if self._fixed else _from_environment(env)
        self._no_proxy = env.get("no_proxy") or env.get("NO_PROXY") or ""

    @classmethod
    def chosen(cls, proxy: str | Secret | Proxy | NotGiven | None) -> ProxyMap:
        """From a client's `proxy=` argument: left out, the environment decides; `None` means no proxy at all."""
        if isinstance(proxy, NotGiven):
            return cls()
        proxy = hidden_proxy(proxy)
        return cls(proxy, {})

    def for_origin(self, origin: Origin) -> Proxy | None:
        """The proxy to use for an origin, or `None` for a direct connection.

        Raises:
            ProxyError: the environment names a proxy that cannot be used.
        """
        if self._fixed is not None or not self._urls:
            return self._fixed
        if origin not in self._chosen:
            self._chosen[origin] = self._choose(origin)
        return self._chosen[origin]

    def _choose(self, origin: Origin) -> Proxy | None:
        secret = self._urls.get(origin.scheme) or self._urls.get("all")
        if secret is None or bypasses(self._no_proxy, origin):
            return None
        try:
            return Proxy(secret)
        except InvalidBaseURL as problem:
            raise ProxyError(
                message=f"the environment's proxy is unusable: {problem}", phase="proxy", sent="no"
            ) from None


def _from_environment(env: Mapping[str, str]) -> dict[str, Secret]:
    found: dict[str, Secret] = {}
    for scheme in ("http", "https", "all"):
        lower = f"{scheme}_proxy"
        # Under CGI a request header named "Proxy" arrives as HTTP_PROXY, so the upper-case name is not to be trusted.
        names = [lower] if scheme == "http" and "REQUEST_METHOD" in env else [lower, lower.upper()]
        name = next((name for name in names if env.get(name, "").strip()), None)
        if name is not None:
            found[scheme] = Secret(env[name])
    return found


@lru_cache(maxsize=256)
def bypasses(no_proxy: str, origin: Origin) -> bool:
    """Whether a `no_proxy` list names the origin: "*", a host with its subdomains, an address, a network; each with or without a port."""
    return any(_names(entry.lower(), origin) for entry in no_proxy.replace(",", " ").split())


def _names(entry: str, origin: Origin) -> bool:
    if entry == "*":
        return True
    entry = entry.rpartition("://")[2]
    pattern, port = _split_port(entry)
    if port is not None and port != origin.port:
        return False
    if _is_address(origin.host):
        return _covers(pattern, origin.host)
    suffix = pattern.removeprefix("*").removeprefix(".")
    return bool(suffix) and (origin.host == suffix or origin.host.endswith(f".{suffix}"))


def _split_port(entry: str) -> tuple[str, int | None]:
    if entry.startswith("["):
        host, _, port = entry[1:].partition("]")
        port = port.removeprefix(":")
    elif entry.count(":") == 1:
        host, _, port = entry.partition(":")
    else:
        return entry, None
    return host, int(port) if port.isascii() and port.isdigit() else None


def _is_address(host: str) -> bool:
    return ":" in host or host.replace(".", "").isdigit()


def _covers(pattern: str, address: str) -> bool:
    import ipaddress

    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(pattern, strict=False)
    except ValueError:
        return False
