"""Pinned public keys: a server must not only be vouched for, but have one of the keys that were named.

Knows where a handshake ends, in both colours: on a socket, and on the object that asyncio and uvloop shake hands with.
"""

from __future__ import annotations

import ssl
from base64 import b64encode
from hashlib import sha256
from typing import Any


def pin(context: ssl.SSLContext, pins: tuple[str, ...]) -> None:
    """Let handshakes of this context end well only with a server that has one of the keys.

    Raises:
        ImportError: the extra `tls` is not installed.
    """
    key_of(b"")  # says at once what is missing

    def check(connection: Any) -> None:
        certificate = connection.getpeercert(binary_form=True)
        if certificate is None or key_of(certificate) not in pins:
            raise ssl.SSLCertVerificationError("the server's public key is none of those that were pinned")

    class PinnedSocket(ssl.SSLSocket):
        def do_handshake(self, block: bool = False) -> None:
            super().do_handshake(block)
            check(self)

    class PinnedObject(ssl.SSLObject):
        def do_handshake(self) -> None:
            super().do_handshake()
            check(self)

    context.sslsocket_class = PinnedSocket
    context.sslobject_class = PinnedObject


def key_of(certificate: bytes) -> str:
    """The pin of a certificate's key, given its DER form; "" for no certificate."""
    try:
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
        from cryptography.x509 import load_der_x509_certificate
    except ImportError:
        raise ImportError("pinned keys need the package cryptography: pip install 'antiphon[tls]'") from None
    if not certificate:
        return ""
    key = load_der_x509_certificate(certificate).public_key()
    return f"sha256/{b64encode(sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()).decode()}"
