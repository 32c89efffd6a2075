"""Signatures by a private key, made by `cryptography`, which is imported when the first one is made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...core.secret import Secret
from ...errors import InvalidCredential, OpenAIError

ALGORITHMS = ("ed25519", "ecdsa-p256-sha256", "rsa-pss-sha512", "rsa-v1_5-sha256")
Signer = Callable[[bytes], bytes]


def signer_for(key: Secret, algorithm: str) -> Signer:
    """What signs with a key.

    Args:
        key: a private key in PEM, without a password.
        algorithm: one of `ALGORITHMS`.

    Raises:
        OpenAIError: `cryptography` is not installed.
        InvalidCredential: the key cannot be read, or is of another kind.
    """
    try:
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
    except ImportError:
        raise OpenAIError(f"signing with {algorithm} needs an extra: pip install antiphon[tls]") from None
    try:
        signer: Signer | None = _signers(load_pem_private_key(key.reveal().encode(), None)).get(algorithm)
    except Exception:
        signer = None
    if signer is None:
        raise InvalidCredential(f"key must be a private key for {algorithm} in PEM, without a password")
    return signer


def _signers(key: Any) -> dict[str, Signer]:
    """What a key can do, by algorithm."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
    from cryptography.hazmat.primitives.hashes import SHA256, SHA512

    def raw(data: bytes) -> bytes:
        pair = decode_dss_signature(key.sign(data, ec.ECDSA(SHA256())))
        return b"".join(number.to_bytes(32, "big") for number in pair)

    if isinstance(key, ed25519.Ed25519PrivateKey):
        return {"ed25519": key.sign}
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1):
        return {"ecdsa-p256-sha256": raw}
    if isinstance(key, rsa.RSAPrivateKey):
        pss = padding.PSS(padding.MGF1(SHA512()), 64)
        return {
            "rsa-pss-sha512": lambda data: key.sign(data, pss, SHA512()),
            "rsa-v1_5-sha256": lambda data: key.sign(data, padding.PKCS1v15(), SHA256()),
        }
    return {}
