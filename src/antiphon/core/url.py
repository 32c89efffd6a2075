"""Where a request goes: base URLs, origins and request targets.

A URL is parsed once, checked strictly (userinfo, backslashes, control characters and unknown schemes are refused before
any I/O), and split into the *origin*, which decides the connection and who may see a credential, and the *target*, the
path and query that go on the request line.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from ..errors import InvalidBaseURL
from .secret import Secret

_DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
_SAFE_TARGET = "/:@!$&'()*+,;=-._~%?[]"
_WORD = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_SAFE = frozenset(_WORD + _SAFE_TARGET)
_SCHEME = frozenset(_WORD + "+.-")
# Written down: compiling the pattern takes longer than making a client.
_UNFIT = frozenset([*map(chr, range(0x21)), "\x7f", "\\"])


def is_unfit(text: str) -> bool:
    """Whether it holds white space, a control character or a backslash, which no URL may."""
    return not _UNFIT.isdisjoint(text)


class Origin(NamedTuple):
    """The scheme, host and port a connection serves; credentials are bound to it."""

    scheme: str
    host: str
    port: int

    @property
    def authority(self) -> str:
        """The `Host` header's value: the port only where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS.get(self.scheme) else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}"


class URL:
    """An absolute URL, checked and split.

    >>> url = URL("https://api.openai.com/v1")
    >>> url.origin.host, url.path
    ('api.openai.com', '/v1')

    Raises:
        InvalidBaseURL: it has no scheme or host, or holds userinfo, a backslash, white space or a bad port.
    """

    __slots__ = ("_secrets", "origin", "path", "query")
    origin: Origin
    path: str
    query: str
    _secrets: object
    """Keys in the query, kept so that they are known as such."""

    def __init__(self, url: object) -> None:
        if isinstance(url, str) and "@" in url:
            url = Secret(url)  # before "@" may stand a password, and this frame may be shown
        split = _split(url)
        if isinstance(split, str):
            raise InvalidBaseURL(split)
        self.origin, self.path, self.query = split
        if self.query:
            from .query_secret import secrets_in

            self._secrets = secrets_in(self.query)

    @property
    def scheme(self) -> str:
        """The scheme in lower case, e.g. "https"."""
        return self.origin.scheme

    @property
    def host(self) -> str:
        """The host in lower case, without brackets."""
        return self.origin.host

    @property
    def port(self) -> int | None:
        """The port, or `None` where it is the scheme's own."""
        return None if self.origin.port == _DEFAULT_PORTS[self.origin.scheme] else self.origin.port

    @property
    def target(self) -> str:
        """The path and query as they go on the request line."""
        path = self.path or "/"
        return f"{path}?{self.query}" if self.query else path

    @property
    def raw_path(self) -> bytes:
        """The target as bytes."""
        return self.target.encode("ascii")

    def with_path(self, path: str, query: str | None = None) -> URL:
        """The same origin with another path (and query)."""
        other = object.__new__(URL)
        other.origin, other.path = self.origin, path
        other.query = self.query if query is None else query
        other._secrets = getattr(self, "_secrets", None)
        return other

    def __str__(self) -> str:
        return f"{self.origin}{self.path}" + (f"?{self.query}" if self.query else "")

    def __repr__(self) -> str:
        if not hasattr(self, "query"):  # its making failed, and a traceback shows it
            return "<URL, not made>"
        if not self.query:
            return f"URL({str(self)!r})"
        from .query_secret import masked

        return f"URL({str(self.with_path(self.path, masked(self.query)))!r})"

    def __eq__(self, other: object) -> bool:
        return str(self) == str(other) if isinstance(other, (URL, str)) else NotImplemented

    def __hash__(self) -> int:
        return hash(str(self))


def _split(url: object) -> tuple[Origin, str, str] | str:
    """Origin, path and query, or what is wrong with it: returned and not raised, for the frames below hold its text."""
    try:
        return _parsed(str(url.reveal() if isinstance(url, Secret) else url))
    except InvalidBaseURL as problem:
        return str(problem)


def _parsed(text: str) -> tuple[Origin, str, str]:
    scheme, colon, rest = text.partition("://")
    end = min((at for at in map(rest.find, "/?#") if at >= 0), default=len(rest))
    authority, rest = rest[:end], rest[end:]
    if not colon or not _is_scheme(scheme) or not authority:
        shown = "the URL" if "@" in text else repr(text)  # before "@" may stand a password
        raise InvalidBaseURL(
            f"{shown} is not an absolute URL; write it with its scheme, e.g. https://api.openai.com/v1"
        )
    if is_unfit(text):
        raise InvalidBaseURL(
            "the URL holds white space, a control character or a backslash; percent-encode or remove it"
        )
    scheme = scheme.lower()
    if scheme not in _DEFAULT_PORTS:
        raise InvalidBaseURL(f"unknown scheme {scheme!r}; use https:// or http://")
    if "@" in authority:
        raise InvalidBaseURL(
            "the URL holds a user or password before '@'; pass credentials as api_key or headers instead"
        )
    try:
        host, port = _split_authority(authority, scheme)
    except InvalidBaseURL:
        if "@" not in text:
            raise
        # A "/" in a password makes a host and port of what stands before it.
        raise InvalidBaseURL("the URL's host or port cannot be read; is there a user or password before '@'?") from None
    path, _, query = rest.partition("#")[0].partition("?")
    return Origin(scheme, host, port), _quoted(path), _quoted(query)


def _is_scheme(text: str) -> bool:
    return text[:1].isascii() and text[:1].isalpha() and _SCHEME.issuperset(text)


def _quoted(text: str) -> str:
    if _SAFE.issuperset(text):
        return text
    from urllib.parse import quote

    return quote(text, safe=_SAFE_TARGET)


def _split_authority(authority: str, scheme: str) -> tuple[str, int]:
    if authority.startswith("["):
        host, bracket, rest = authority[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise InvalidBaseURL(f"malformed IPv6 host {authority!r}; write it as [::1] or [::1]:8080")
        port_text = rest[1:]
    else:
        host, _, port_text = authority.partition(":")
    if not host:
        raise InvalidBaseURL(f"the URL has no host: {authority!r}")
    if port_text and not (port_text.isascii() and port_text.isdigit() and 0 < int(port_text) < 65536):
        raise InvalidBaseURL(f"port {port_text!r} is not a number from 1 to 65535")
    return _ascii_host(host.lower()), int(port_text) if port_text else _DEFAULT_PORTS[scheme]


def _ascii_host(host: str) -> str:
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError as problem:
        raise InvalidBaseURL(f"host {host!r} is not a valid name: {problem}") from None


@lru_cache(maxsize=256)
def parse_url(url: str) -> URL:
    """`URL(url)`, remembered; URLs are immutable by convention."""
    return URL(url)
