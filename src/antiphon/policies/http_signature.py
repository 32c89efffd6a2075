"""HTTPSignature: sign each attempt as RFC 9421 says, for a gateway that wants to know who sends, and that nobody changed it."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from ..core.effects import Outside, Random, Wall
from ..core.headers import FieldMap, Headers
from ..core.reply import Reply
from ..core.request import Request
from ..core.secret import Secret
from .chain import PLACES, Forward
from .machines.http_signature import (
    DIGESTS,
    Message,
    base,
    binary,
    checked_components,
    checked_label,
    content_digest,
    parameters,
)
from .machines.number import seconds
from .machines.private_key import ALGORITHMS, signer_for
from .signing_key import SigningKey, signed_body, veiled_key

HMAC = "hmac-sha256"


class HTTPSignature:
    """Adds `Content-Digest`, `Signature-Input` and `Signature`, once per attempt, over what is sent.

    >>> HTTPSignature("shared secret", key_id="team-7")
    HTTPSignature(hmac-sha256, key_id='team-7', covers what matters)

    Args:
        key: the shared secret (text or bytes), or a private key in PEM; or a source of `antiphon.credentials`, or any function,
            that gives it for each attempt.
        key_id: by which the server knows the key.
        algorithm: "hmac-sha256", or "ed25519", "ecdsa-p256-sha256", "rsa-pss-sha512", "rsa-v1_5-sha256", which need the extra
            `tls`.
        components: what is covered, e.g. `["@method", "@path", "content-digest"]`; when left out "@method", "@target-uri", the
            body's digest and type, and `Authorization`, each where the request has it.
        expires: seconds for which the signature holds, from its making; `None` for no end.
        nonce: whether each signature holds a number that is not used again.
        tag: what the signature is for, as the server wants it.
        label: under which name it stands in the fields.
        digest: "sha-256" or "sha-512", for `Content-Digest`.

    Raises:
        ValueError, TypeError: an argument that cannot be right.
        BodyNotReplayable: the body is a stream, of which there is no digest before it is sent.
        OpenAIError: the request does not have what is to be covered.
    """

    place: ClassVar[int] = PLACES["Sign"]
    key_id: str = ""  # these as a traceback shows one that was never made
    algorithm: str = HMAC
    components: tuple[str, ...] | None = None

    @veiled_key
    def __init__(
        self,
        key: str | bytes | Secret | Callable[[], Any],
        *,
        key_id: str,
        algorithm: str = HMAC,
        components: Sequence[str] | None = None,
        expires: float | None = None,
        nonce: bool = True,
        tag: str | None = None,
        label: str = "sig1",
        digest: str = "sha-256",
    ) -> None:
        self._key = SigningKey(key)
        del key
        if algorithm != HMAC and algorithm not in ALGORITHMS:
            raise ValueError(f"unknown algorithm {algorithm!r}; one of {', '.join((HMAC, *ALGORITHMS))}")
        if digest not in DIGESTS:
            raise ValueError(f"unknown digest {digest!r}; one of {', '.join(DIGESTS)}")
        self.key_id = key_id
        self.algorithm = algorithm
        self.components = None if components is None else checked_components(components)
        self.expires = None if expires is None else seconds("expires", expires)
        self.nonce = nonce
        self.tag = tag
        self.label = checked_label(label)
        self.digest = digest
        self._signer: tuple[Secret, Callable[[bytes], bytes]] | None = None

    def __repr__(self) -> str:
        covered = "what matters" if self.components is None else " ".join(self.components)
        return f"HTTPSignature({self.algorithm}, key_id={self.key_id!r}, covers {covered})"

    async def __call__(self, request: Request, forward: Forward) -> Reply:
        return await forward(request.replace(headers=await self._fields(request)))

    async def _fields(self, request: Request) -> Headers:
        headers = Headers(request.headers)
        content = signed_body(request)
        wanted = self.components
        if content is not None and (wanted is None or "content-digest" in wanted):
            headers["Content-Digest"] = content_digest(content, self.digest)
        message = _message(request, headers, content)
        covered = _usual(message) if wanted is None else wanted
        created = int(await Wall())
        params = parameters(
            covered,
            {
                "created": created,
                "expires": None if self.expires is None else int(created + self.expires),
                "nonce": await _nonce() if self.nonce else None,
                "keyid": self.key_id,
                "tag": self.tag,
            },
        )
        signature = await self._signed(base(message, covered, params), await self._key.reveal(request.origin))
        headers["Signature-Input"] = f"{self.label}={params}"
        headers["Signature"] = f"{self.label}={binary(signature)}"
        return headers

    async def _signed(self, data: bytes, key: Secret) -> bytes:
        if self.algorithm == HMAC:
            return hmac.digest(self._key.data(key), data, "sha256")
        known = self._signer
        if known is None or known[0] != key:
            known = self._signer = (key, signer_for(key, self.algorithm))
        signature: bytes = await Outside(known[1], data)
        return signature


def _message(request: Request, headers: Headers, content: bytes | None) -> Message:
    fields = FieldMap(headers)  # which no traceback shows
    if content is not None:
        fields["content-length"] = str(len(content))
    origin = request.origin
    return Message(request.method, origin.scheme, origin.authority, request.target, fields)


def _usual(message: Message) -> tuple[str, ...]:
    """What a signature covers that nobody chose."""
    there = [name for name in ("content-digest", "content-type", "authorization") if name in message.fields]
    return ("@method", "@target-uri", *there)


async def _nonce() -> str:
    return "".join([f"{int((await Random()) * (1 << 52)):013x}" for _ in range(2)])
