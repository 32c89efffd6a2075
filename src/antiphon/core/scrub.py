"""The scrubber: takes every living secret out of a text, in whatever way it is written there.

It goes by values and not by patterns: it knows the secrets of this process and eight ways to write each (as it is, for a URL,
in base64 and in its variant for URLs at each of the three places where it may begin, in JSON, in hexadecimal, backwards, in
UTF-16), so that it finds a key of any house, and never takes a word for one. What is shorter than eight letters, and what
people write where no key is needed, is no secret.
"""

from __future__ import annotations

from binascii import Error as NotBase64
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable, Iterable, Iterator
from operator import is_not
from typing import TYPE_CHECKING, Any, TypeVar, cast

from .headers import Headers, is_sensitive
from .query_secret import secrets_in
from .secret import Secret, living
from .shape import is_list, is_mapping

if TYPE_CHECKING:
    from .reply import Reply

T = TypeVar("T")

MARK = "<redacted>"
SHORTEST = 8
_NO_SECRETS = frozenset(
    {"not needed", "not-needed", "no-key-required", "sk-no-key-required", "lm-studio", "placeholder", "your-api-key"}
)
_SCHEMES = ("bearer ", "basic ", "token ")
_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-~")
_NOT_IN_SECRETS = "\0"


def scrub(text: T, *more: Secret) -> T:
    """A text without secrets; the same object where it holds none.

    >>> key = Secret("sk-0123456789")
    >>> scrub("Incorrect API key provided: sk-0123456789.")
    'Incorrect API key provided: <redacted>.'

    Args:
        text: `str`, `bytes`, or lists and mappings of them, which are searched through; anything else is left alone.
        more: secrets beside those that are alive anyway.
    """
    return cast("T", _sieve((*living(), *more)).without(text))


def scrub_reply(reply: Reply) -> None:
    """Take secrets out of what a server sent back, those that its request carried among them: some repeat what they refuse."""
    request = reply.request
    more = [Secret(value) for name, value in request.headers.fields if is_sensitive(name)]
    more += secrets_in(request.target.partition("?")[2])
    content = scrub(reply.content, *more)
    if content is not reply.content:
        reply.content = content
    fields = [list(field) for field in reply.headers.fields]
    clean = scrub(fields, *more)
    if clean is not fields:
        reply.headers = Headers([(name, value) for name, value in clean])


class _Sieve:
    """Every way to write some secrets, the longest first, so that no rest of one stays behind.

    Kept as one text in a closure, which no repr shows, and no walk through the collector's lists and sets.

    Args:
        secrets: as they are.
        mark: tells these secrets from others.
    """

    def __init__(self, secrets: Iterable[Secret], mark: int) -> None:
        values = {part for secret in secrets for part in _parts(secret.reveal())}
        texts = sorted({text for value in values for text in _ways(value)}, key=len, reverse=True)
        self._texts = _kept(text for text in texts if _NOT_IN_SECRETS not in text)
        self._values = _kept(value for value in values if _NOT_IN_SECRETS not in value)
        self.mark = mark

    def without(self, value: Any) -> Any:
        """The value without secrets; the same object where it holds none."""
        if isinstance(value, (bytes, bytearray)):
            return _replaced(value, self._encoded(), MARK.encode())
        if isinstance(value, str) or is_mapping(value) or is_list(value):
            return _without(value, self._texts(), self)
        return value

    def _encoded(self) -> Iterator[bytes]:
        for text in self._texts():
            yield text.encode("utf-8", "surrogatepass")
        for value in self._values():
            yield value.encode("utf-16-le", "surrogatepass")
            yield value.encode("utf-16-be", "surrogatepass")


def _without(value: Any, texts: list[str], sieve: _Sieve) -> Any:
    """As `_Sieve.without`, for each part of a value."""
    if isinstance(value, str):
        return _replaced(value, texts, MARK) if len(value) >= SHORTEST else value
    if is_list(value):
        cleaned = [_without(each, texts, sieve) for each in value]
        return cleaned if any(map(is_not, cleaned, value)) else value
    if is_mapping(value):
        names = [_without(name, texts, sieve) for name in value]
        parts = [_without(part, texts, sieve) for part in value.values()]
        changed = any(map(is_not, names, value)) or any(map(is_not, parts, value.values()))
        return dict(zip(names, parts, strict=True)) if changed else value
    return sieve.without(value)


_last: _Sieve | None = None


def _sieve(secrets: Iterable[Secret]) -> _Sieve:
    """The sieve for some secrets: the last one, unless there are others now."""
    global _last
    mark = hash(frozenset(str(secret.reveal()) for secret in secrets))
    found = _last
    if found is None or found.mark != mark:
        found = _last = _Sieve(secrets, mark)
    return found


def _kept(texts: Iterable[str]) -> Callable[[], list[str]]:
    joined = _NOT_IN_SECRETS.join(texts)
    return lambda: joined.split(_NOT_IN_SECRETS) if joined else []


def _replaced(text: Any, needles: Iterable[Any], mark: Any) -> Any:
    for needle in needles:
        if needle in text:
            text = text.replace(needle, mark)
    return text


def _parts(value: Any) -> Iterator[str]:
    """What of a secret is secret by itself: a token behind its scheme, a password behind its user."""
    if not isinstance(value, str):
        return
    if _is_secret(value):
        yield value
    if value[:7].lower().startswith(_SCHEMES):
        scheme, _, rest = value.partition(" ")
        yield from _parts(rest)
        if scheme.lower() == "basic":
            yield from _parts(_from_base64(rest))
        return
    user = value.partition("://")[2].rpartition("@")[0] if "://" in value else value
    password = user.partition(":")[2]
    if password:
        yield from _parts(password)
    if "%" in value:
        from urllib.parse import unquote

        plain = unquote(value)
        if plain != value:
            yield from _parts(plain)


def _is_secret(value: str) -> bool:
    return len(value) >= SHORTEST and value.lower() not in _NO_SECRETS and not value.isspace()


def _from_base64(text: str) -> str:
    try:
        return a2b_base64(text.encode("ascii")).decode()
    except (NotBase64, ValueError):
        return ""


def _ways(value: str) -> Iterator[str]:
    """Every way to write a value in a text."""
    data = value.encode("utf-8", "surrogatepass")
    yield value
    yield value[::-1]
    yield data.hex()
    yield data.hex().upper()
    for skipped in range(3):
        inside = _in_base64(data, skipped)
        yield inside
        yield inside.replace("+", "-").replace("/", "_")
    if not _PLAIN.issuperset(value):
        yield from _escaped(value)


def _in_base64(data: bytes, skipped: int) -> str:
    """What is the same in every base64 text that holds the data behind so many bytes, of three.

    The letters at both ends also hold bits of what stands beside it, and stay behind.
    """
    text = b2a_base64(bytes(skipped) + data, newline=False).decode().rstrip("=")
    return text[(0, 2, 3)[skipped] : len(text) - ((skipped + len(data)) % 3 != 0)]


def _escaped(value: str) -> Iterator[str]:
    """What is not letters and digits alone, as URLs, JSON and Python write it."""
    from json import dumps  # few secrets need these two
    from urllib.parse import quote, quote_plus

    for safe in ("", "/", "/:@!$&'()*+,;=?"):
        for write in (quote, quote_plus):
            quoted = write(value, safe, "utf-8", "surrogatepass")
            yield quoted
            yield _lower_escapes(quoted)
    for ascii_only in (True, False):
        yield dumps(value, ensure_ascii=ascii_only)[1:-1]
    yield dumps(value)[1:-1].replace("/", "\\/")
    yield ascii(value)[1:-1]
    yield repr(value)[1:-1]


def _lower_escapes(quoted: str) -> str:
    head, *rest = quoted.split("%")
    return "%".join((head, *(piece[:2].lower() + piece[2:] for piece in rest)))
