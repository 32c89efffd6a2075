"""HTTP message signatures, RFC 9421, and content digests, RFC 9530: what is signed, and how it is written down.

A machine: it is told the time and the nonce, and knows neither keys nor requests, only what of a request can be covered.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256, sha512
from typing import NamedTuple

from ...errors import OpenAIError

DIGESTS = {"sha-256": sha256, "sha-512": sha512}
_NAME = re.compile(r"@?[a-z0-9!#$%&'*+.^_`|~-]+")
_QUERY_PARAM = re.compile(r'@query-param;name="((?:[^"\\]|\\["\\])*)"')
_DERIVED = ("@method", "@target-uri", "@authority", "@scheme", "@request-target", "@path", "@query")
_LABEL = re.compile(r"[a-z*][a-z0-9_.*-]*")


class Message(NamedTuple):
    """What of a request can be covered.

    Attributes:
        method: the verb.
        scheme: "https" or "http".
        authority: host and port, the port only where it is not the scheme's own.
        target: path and query as they go on the request line.
        fields: the header fields by small names, values of repeated ones joined by ", ".
    """

    method: str
    scheme: str
    authority: str
    target: str
    fields: Mapping[str, str]


def checked_components(components: Sequence[str]) -> tuple[str, ...]:
    """The identifiers of what is covered: field names, "@method" and its like, `@query-param;name="…"`.

    Raises:
        ValueError: one of them cannot be, or stands there twice.
    """
    for each in components:
        known = _NAME.fullmatch(each) and (each[0] != "@" or each in _DERIVED)
        if not known and not _QUERY_PARAM.fullmatch(each):
            raise ValueError(
                f"{each!r} cannot be covered by a signature; write a field's name in small letters, one of "
                f"{', '.join(_DERIVED)}, or '@query-param;name=\"…\"'"
            )
    if len(set(components)) != len(components):
        raise ValueError("a signature covers each component once; one of them stands there twice")
    return tuple(components)


def checked_label(label: str) -> str:
    """A signature's label, which begins with a small letter.

    Raises:
        ValueError: it cannot be one.
    """
    if not _LABEL.fullmatch(label):
        raise ValueError(f"a signature's label is made of small letters, digits, '_', '-', '.' and '*'; got {label!r}")
    return label


def parameters(components: Sequence[str], values: Mapping[str, int | str | None]) -> str:
    """The inner list that says what is covered, with the signature's parameters; `None` leaves one out.

    >>> parameters(["@method", "date"], {"created": 1, "keyid": "k"})
    '("@method" "date");created=1;keyid="k"'
    """
    inner = " ".join(map(_identifier, components))
    return f"({inner})" + "".join(f";{name}={_item(value)}" for name, value in values.items() if value is not None)


def base(message: Message, components: Sequence[str], params: str) -> bytes:
    """What is signed.

    Raises:
        OpenAIError: the request does not have what is to be covered.
    """
    lines = [f"{_identifier(each)}: {_value(message, each)}" for each in components]
    for line, component in zip(lines, components, strict=True):
        if not (line.isascii() and line.isprintable()):
            raise OpenAIError(f"{component!r} holds what no signature can cover; its value must be printable ASCII")
    return "\n".join([*lines, f'"@signature-params": {params}']).encode("ascii")


def content_digest(content: bytes, algorithm: str = "sha-256") -> str:
    """The value of `Content-Digest` for a body.

    >>> content_digest(b'{"hello": "world"}')
    'sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:'
    """
    return f"{algorithm}={binary(DIGESTS[algorithm](content).digest())}"


def binary(data: bytes) -> str:
    """Bytes as structured fields write them."""
    return f":{b64encode(data).decode()}:"


def _identifier(component: str) -> str:
    name, semicolon, rest = component.partition(";")
    return f'"{name}"{semicolon}{rest}'


def _item(value: int | str) -> str:
    if isinstance(value, int):
        return str(value)
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _value(message: Message, component: str) -> str:
    if not component.startswith("@"):
        value = message.fields.get(component)
        if value is None:
            raise OpenAIError(f"the request has no field {component!r} for its signature to cover")
        return value.strip(" \t")
    path, _, query = message.target.partition("?")
    match component:
        case "@method":
            return message.method
        case "@scheme":
            return message.scheme
        case "@authority":
            return message.authority.lower()
        case "@target-uri":
            return f"{message.scheme}://{message.authority.lower()}{message.target}"
        case "@request-target":
            return message.target
        case "@path":
            return path
        case "@query":
            return f"?{query}"
        case _:
            return _parameter(query, component)


def _parameter(query: str, component: str) -> str:
    from urllib.parse import parse_qsl, quote, unquote_plus  # few signatures cover one

    found = _QUERY_PARAM.fullmatch(component)
    name = unquote_plus(found[1] if found else "")
    values = [value for each, value in parse_qsl(query, keep_blank_values=True) if each == name]
    if len(values) != 1:
        raise OpenAIError(
            f"the query has {len(values)} arguments {name!r}, of which a signature covers exactly one; cover '@query' instead"
        )
    return quote(values[0], safe="*").replace("~", "%7E")
