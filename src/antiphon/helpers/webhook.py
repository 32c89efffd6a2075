"""Webhooks: was this really sent by who holds the secret, lately, and only once?

Theory of operation (Standard Webhooks): the sender signs the bytes `id.timestamp.body` with HMAC-SHA256 and sends id,
timestamp and signatures (`v1,<base64>`, several while a secret is being replaced) as header fields. Nothing is parsed before
a signature has matched; everything is compared as bytes, in constant time, without leaving early. Whatever is not exactly
right is refused with one error, whose text is for the receiver's log and not for the HTTP reply.

Anybody can send a wrong signature, and have the error's frames kept with their locals: a frame that can raise holds the
secret as a `Secret` only, which is opened where the digest is made.

This module is given the headers and the body. It knows no web framework, and the network only through the caller.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import msgspec

from ..core.credential import hidden
from ..core.secret import Secret
from ..core.shape import is_dict
from ..errors import InvalidWebhookSignatureError, UnreadableWebhook

if TYPE_CHECKING:
    from ..types.webhooks import UnwrapWebhookEvent

TOLERANCE = 300
"""Seconds that a timestamp may lie in the past or in the future."""

MAX_BODY = 20 * 1024 * 1024
MAX_SIGNATURES = 10


HeadersLike = Mapping[str, str] | Iterable[tuple[str | bytes, str | bytes]]


class ReplayCache:
    """Remembers webhook ids, so that each is taken once. Safe to share between threads.

    Args:
        size: how many ids are kept at most; the oldest goes first.
        ttl: seconds an id is kept; at least twice the tolerance, or an old webhook could come again.
        clock: seconds, never going back.
    """

    def __init__(self, size: int = 10_000, ttl: float = 600.0, *, clock: Callable[[], float] = time.monotonic) -> None:
        if size < 1:
            raise ValueError(f"size must be at least 1, not {size}")
        self._size = size
        self._ttl = ttl
        self._clock = clock
        self._seen: OrderedDict[str, float] = OrderedDict()
        self._lock = threading.Lock()

    def first(self, id: str) -> bool:
        """Whether this id comes for the first time; it is remembered."""
        now = self._clock()
        with self._lock:
            seen = self._seen
            while seen and next(iter(seen.values())) <= now - self._ttl:
                seen.popitem(last=False)
            if id in seen:
                return False
            seen[id] = now
            if len(seen) > self._size:
                seen.popitem(last=False)
            return True


class Webhook:
    """Verifies webhooks, by one secret or by several while one is being replaced.

    Example:
        hook = Webhook(["whsec_…"], replay=ReplayCache())
        hook.verify(body, headers)

    Args:
        secrets: each `whsec_<base64>`, or plain text that is used as it is.
        tolerance: seconds that the timestamp may be off, in either direction.
        replay: remembers ids, so that a webhook sent again is refused; `None` to allow it.
        clock: seconds since the epoch.

    Raises:
        ValueError: there is no secret, or one that is empty or not base64 after `whsec_`.
    """

    def __init__(
        self,
        secrets: Sequence[str | Secret],
        *,
        tolerance: int = TOLERANCE,
        replay: ReplayCache | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        secrets = [] if isinstance(secrets, str) else [*map(hidden, secrets)]
        if not secrets:
            raise ValueError("a webhook needs a list of at least one secret")
        self._keys = [Secret(key_from(secret).decode("latin-1")) for secret in secrets]
        self._tolerance = tolerance
        self._replay = replay
        self._clock = clock

    def verify(self, body: bytes | str, headers: HeadersLike) -> None:
        """Return when the webhook is genuine, fresh and new.

        Args:
            body: the body exactly as it came; text is taken as UTF-8.
            headers: the header fields of the request, as a mapping or as pairs.

        Raises:
            InvalidWebhookSignatureError: it is not.
        """
        message, timestamp, signatures = _parts(headers)
        content = _content(body)
        self._check_age(timestamp)
        signed = b".".join((message.encode(), timestamp.encode(), content))
        matched = 0
        for key in self._keys:
            expected = hmac.new(key.reveal().encode("latin-1"), signed, hashlib.sha256).digest()
            for signature in signatures:
                matched |= hmac.compare_digest(expected, signature)
        if not matched:
            raise InvalidWebhookSignatureError("no signature of the webhook matches; is this the sender's secret?")
        if self._replay is not None and not self._replay.first(message):
            raise InvalidWebhookSignatureError("the webhook came before: its id was seen")

    def _check_age(self, timestamp: str) -> None:
        age = int(self._clock()) - int(timestamp)
        if age > self._tolerance:
            raise InvalidWebhookSignatureError("the webhook's timestamp is too old")
        if age < -self._tolerance:
            raise InvalidWebhookSignatureError("the webhook's timestamp is too far in the future")


def key_from(secret: str | Secret) -> bytes:
    """The bytes to sign with.

    Raises:
        ValueError: the secret is empty, or not base64 after `whsec_`. The message does not show it.
    """
    secret = hidden(secret)
    key = _decoded(secret)
    if isinstance(key, str):
        raise ValueError(f"the webhook secret {key}")
    return key


def _decoded(secret: Any) -> bytes | str:
    """The key, or what is wrong with the secret: returned and not raised, for this frame holds its text."""
    text = secret.reveal() if isinstance(secret, Secret) else secret
    if not isinstance(text, str):
        return f"must be text; got {type(text).__name__}"
    try:
        if not text.startswith("whsec_"):
            return text.encode() or "is empty"
        encoded = text[6:]
        return base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True) or "is empty"
    except UnicodeEncodeError:
        return "is not text that can be written as UTF-8"
    except ValueError:
        return "is not base64 after its `whsec_`"


def _pairs(headers: HeadersLike) -> Iterable[tuple[str | bytes, str | bytes]]:
    # Frameworks' multi-mappings show a repeated field twice through `multi_items`, or through `items` itself.
    for name in ("multi_items", "items"):
        items = getattr(headers, name, None)
        if items is not None:
            return cast("Iterable[tuple[str | bytes, str | bytes]]", items())
    return cast("Iterable[tuple[str | bytes, str | bytes]]", headers)


def _text(value: str | bytes) -> str:
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if not isinstance(value, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"{type(value).__name__} is no text")
    return value


def _field(pairs: list[tuple[str, str]], name: str) -> str:
    values = [value for field, value in pairs if field == name]
    if len(values) != 1:
        raise InvalidWebhookSignatureError(f"the webhook has {'no' if not values else 'more than one'} {name} header")
    return values[0]


def _parts(headers: HeadersLike) -> tuple[str, str, list[bytes]]:
    """Id, timestamp and decoded signatures."""
    try:
        pairs = [(_text(name).lower(), _text(value)) for name, value in _pairs(headers)]
    except (TypeError, ValueError) as problem:
        raise InvalidWebhookSignatureError(
            f"the webhook's headers are neither a mapping of texts nor pairs of them: {problem}"
        ) from problem
    signature = _field(pairs, "webhook-signature")
    timestamp = _field(pairs, "webhook-timestamp")
    message = _field(pairs, "webhook-id")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise InvalidWebhookSignatureError("the webhook's timestamp is not a number of seconds")
    # A full stop in the id would let its border with the timestamp be moved.
    if not message or not message.isascii() or "." in message:
        raise InvalidWebhookSignatureError("the webhook's id is not usable")
    return message, timestamp, _signatures(signature)


def _signatures(header: str) -> list[bytes]:
    parts = header.split(" ")
    if len(parts) > MAX_SIGNATURES:
        raise InvalidWebhookSignatureError(f"the webhook carries more than {MAX_SIGNATURES} signatures")
    return [digest for part in parts if part.startswith("v1,") and (digest := _digest(part[3:])) is not None]


def _digest(text: str) -> bytes | None:
    try:
        digest = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return digest if len(digest) == 32 else None


def _content(body: bytes | str) -> bytes:
    if not isinstance(body, (str, bytes, bytearray, memoryview)):  # pyright: ignore[reportUnnecessaryIsInstance]
        # A number would become as many zero bytes.
        raise InvalidWebhookSignatureError(
            f"the webhook's body must be verified exactly as it came, as bytes or text; this is a {type(body).__name__}"
        )
    try:
        content = body.encode() if isinstance(body, str) else bytes(body)
    except UnicodeEncodeError:
        raise InvalidWebhookSignatureError("the webhook's body is not text") from None
    if len(content) > MAX_BODY:
        raise InvalidWebhookSignatureError(f"the webhook's body is larger than {MAX_BODY} bytes")
    return content


def verify_signature(
    payload: str | bytes, headers: HeadersLike, secret: str | Secret | None, tolerance: int = TOLERANCE
) -> None:
    """Return when a webhook was sent by the holder of the secret, lately.

    Args:
        payload: the body exactly as it came.
        headers: the header fields of the request.
        secret: `whsec_…`.
        tolerance: seconds that the timestamp may be off.

    Raises:
        InvalidWebhookSignatureError: it was not.
        ValueError: there is no secret, or an impossible one.
    """
    secret = hidden(secret)
    if secret is None:
        raise ValueError(
            "no webhook secret: pass secret=…, make the client with webhook_secret=…, or set OPENAI_WEBHOOK_SECRET"
        )
    Webhook([secret], tolerance=tolerance).verify(payload, headers)


def unwrap(payload: str | bytes, headers: HeadersLike, secret: str | Secret | None) -> UnwrapWebhookEvent:
    """Verify a webhook and return its typed event, by `type`; an unknown type is kept as it is.

    Raises:
        InvalidWebhookSignatureError: it was not sent by the holder of the secret, or is too old.
        UnreadableWebhook: it is genuine, but its body is no event.
        ValueError: there is no secret.
    """
    secret = hidden(secret)
    verify_signature(payload, headers, secret)
    from ..core.model import caster
    from ..types.webhooks import UnwrapWebhookEvent

    try:
        data = msgspec.json.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableWebhook(f"the webhook is genuine, but its body is not JSON: {error}") from error
    if not is_dict(data):
        raise UnreadableWebhook(f"the webhook is genuine, but its body is no object: {payload[:200]!r}")
    return cast("UnwrapWebhookEvent", caster(UnwrapWebhookEvent)(data))
