"""The scrubber: takes every living secret out of a text, in whatever way it is written there.

It goes by values and not by patterns: it knows the secrets of this process and eight ways to write each (as it is, for a URL,
in base64 and in its variant for URLs at each of the three places where it may begin, in JSON, in hexadecimal, backwards, in
UTF-16), so that it finds a key of any house, and never takes a word for one. What is shorter than eight letters, and what
people write where no key is needed, is no secret.
"""

from __future__ import annotations

from binascii import Error as NotBase64
from binascii import a2b_base64, b2a_base64
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar, cast

from .secret import Secret, living

T = TypeVar("T")

MARK = "<redacted>"
SHORTEST = 8
_NO_SECRETS = frozenset(
    {"not needed", "not-needed", "no-key-required", "sk-no-key-required", "lm-studio", "placeholder", "your-api-key"}
)
_SCHEMES = ("bearer ", "basic ", "token ")
_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-~")
_HEX = frozenset("0123456789abcdefABCDEF")


def scrub(text: T, *more: Secret) -> T:
    """A text without secrets; the same object where it holds none.

    >>> key = Secret("sk-0123456789")
    >>> scrub("Incorrect API key provided: sk-0123456789.")
    'Incorrect API key provided: <redacted>.'

    Args:
        text: `str`, `bytes`, or lists and mappings of them, which are searched through; anything else is left alone.
        more: secrets beside those that are alive anyway.
    """
    return cast("T", _Sieve((*living(), *more)).without(text))


class _Sieve:
    """Every way to write some secrets, the longest first, so that no rest of one stays behind."""

    def __init__(self, secrets: Iterable[Secret]) -> None:
        values = {part for secret in secrets for part in _parts(secret.reveal())}
        texts = {text for value in values for text in _ways(value)}
        ordered = sorted(texts, key=len, reverse=True)
        wide = [value.encode(form, "surrogatepass") for value in values for form in ("utf-16-le", "utf-16-be")]
        # In closures: neither this object nor a frame shows them.
        self._texts = lambda: ordered
        self._bytes = lambda: [*wide, *(text.encode("utf-8", "surrogatepass") for text in ordered)]

    def without(self, value: Any) -> Any:
        """The value without secrets; the same object where it holds none."""
        if isinstance(value, str):
            return _replaced(value, self._texts(), MARK)
        if isinstance(value, (bytes, bytearray)):
            return _replaced(value, self._bytes(), MARK.encode())
        if isinstance(value, Mapping):
            return self._without_in(cast("Mapping[Any, Any]", value))
        if isinstance(value, list):
            items = cast("list[Any]", value)
            cleaned = [self.without(each) for each in items]
            return cleaned if any(a is not b for a, b in zip(cleaned, items, strict=True)) else items
        return value

    def _without_in(self, value: Mapping[Any, Any]) -> Mapping[Any, Any]:
        pairs = [(self.without(name), self.without(each)) for name, each in value.items()]
        changed = any(a is not b for new, old in zip(pairs, value.items(), strict=True) for a, b in zip(new, old, strict=True))
        return dict(pairs) if changed else value


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
        yield from _parts(_from_percent(value))


def _is_secret(value: str) -> bool:
    return len(value) >= SHORTEST and value.lower() not in _NO_SECRETS and not value.isspace()


def _from_base64(text: str) -> str:
    try:
        return a2b_base64(text.encode("ascii")).decode()
    except (NotBase64, ValueError):
        return ""


def _from_percent(text: str) -> str:
    head, *rest = text.split("%")
    data = head.encode("utf-8", "surrogatepass")
    for piece in rest:
        escaped = _HEX.issuperset(piece[:2]) and len(piece) > 1
        data += bytes.fromhex(piece[:2]) if escaped else b"%"
        data += piece[2 if escaped else 0 :].encode("utf-8", "surrogatepass")
    return data.decode("utf-8", "replace").replace("%", "")


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
    for safe in ("", "/", "/:@!$&'()*+,;=?"):
        quoted = "".join(letter if letter in _PLAIN or letter in safe else _percent(letter) for letter in value)
        yield quoted
        yield quoted.replace("%20", "+")
        yield _lower_escapes(quoted)
    backslashed = value.replace("\\", "\\\\").replace('"', '\\"')
    yield backslashed
    yield backslashed.replace("/", "\\/")
    yield "".join(letter if letter.isascii() else _unicode_escape(letter) for letter in backslashed)
    yield value.encode("unicode_escape", "surrogatepass").decode("ascii")


def _percent(letter: str) -> str:
    return "".join(f"%{byte:02X}" for byte in letter.encode("utf-8", "surrogatepass"))


def _lower_escapes(quoted: str) -> str:
    head, *rest = quoted.split("%")
    return "%".join((head, *(piece[:2].lower() + piece[2:] for piece in rest)))


def _unicode_escape(letter: str) -> str:
    units = letter.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[n : n + 4]}" for n in range(0, len(units), 4))
