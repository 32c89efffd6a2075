"""TLS for the emulator: certificates of its own, good or wrong on purpose, and handshakes that fail on demand.

Certificates are made anew at each start, by the package `cryptography`, and are good for nothing but this: `authority` is
the file that a client has to trust. Knows handshakes; what is said over them it does not.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final
from warnings import catch_warnings, simplefilter

from .setting import TLS

if TYPE_CHECKING:
    from cryptography.x509 import Certificate, CertificateBuilder

TROUBLES: Final = ("reset", "close", "silent", "plain", "alert")
"""How a handshake fails: cut hard or in order, never answered, answered without TLS, or refused by an alert."""
_PLAIN: Final = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
_ALERT: Final = b"\x15\x03\x03\x00\x02\x02\x28"
_SILENCE: Final = 3600.0
_HANDSHAKE: Final = 10.0
_HELLO: Final = 16 * 1024


class Encryption:
    """What one server does with those who want TLS.

    Raises:
        ValueError: no such kind.
        ModuleNotFoundError: `cryptography` is not installed.
    """

    def __init__(self, kind: str) -> None:
        if kind not in TLS:
            raise ValueError(f"tls is one of {', '.join(TLS)}, not {kind!r}")
        self._folder = TemporaryDirectory(prefix="antiphon-tls-")
        folder = Path(self._folder.name)
        self.authority = folder / "authority.pem"
        _make(kind, folder)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(folder / "server.pem", folder / "server.key")
        if kind == "old-protocol":
            with catch_warnings():
                simplefilter("ignore", DeprecationWarning)  # that nobody should speak it is the point
                self._context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
                self._context.maximum_version = ssl.TLSVersion.TLSv1_1
            self._context.set_ciphers("ALL:@SECLEVEL=0")  # else it would rather speak nothing
        self._trouble = ""
        self._times: int | None = None

    def break_with(self, trouble: str, times: int | None = None) -> None:
        """Fail this way from the next handshake on, so many times; with an empty one no longer."""
        self._trouble, self._times = trouble, times

    @property
    def trouble(self) -> dict[str, Any]:
        """How handshakes fail now."""
        return {"trouble": self._trouble or None, "times": self._times}

    async def welcome(self, sock: socket.socket, protocol: Callable[[], asyncio.Protocol]) -> None:
        """Shake hands with one who came, or fail to."""
        loop = asyncio.get_running_loop()
        trouble = self._next()
        if trouble:
            with sock:
                await _fail(loop, sock, trouble)
            return
        try:
            await loop.connect_accepted_socket(protocol, sock, ssl=self._context, ssl_handshake_timeout=_HANDSHAKE)
        except OSError:
            sock.close()  # one who does not trust the certificate says so by leaving

    def close(self) -> None:
        """Forget the certificates."""
        self._folder.cleanup()

    def _next(self) -> str:
        if self._times is None:
            return self._trouble
        self._times -= 1
        if self._times < 0:
            self._trouble, self._times = "", None
        return self._trouble


async def _fail(loop: asyncio.AbstractEventLoop, sock: socket.socket, trouble: str) -> None:
    """Hear the greeting, and do not shake hands."""
    await loop.sock_recv(sock, _HELLO)
    match trouble:
        case "reset":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        case "silent":
            async with asyncio.timeout(_SILENCE):
                while await loop.sock_recv(sock, _HELLO):
                    pass
        case "plain":
            await loop.sock_sendall(sock, _PLAIN)
        case "alert":
            await loop.sock_sendall(sock, _ALERT)
        case _:
            pass


def _make(kind: str, folder: Path) -> None:
    """The authority's certificate, and the server's with its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    now = datetime.now(UTC)
    root, own = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))

    def named(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])

    def begun(subject: str, issuer: str, key: Any, days: tuple[int, int]) -> CertificateBuilder:
        made = x509.CertificateBuilder(named(issuer), named(subject), key.public_key(), x509.random_serial_number())
        return made.not_valid_before(now + timedelta(days=days[0])).not_valid_after(now + timedelta(days=days[1]))

    authority = begun("antiphon emulator authority", "antiphon emulator authority", root, (-1, 30))
    authority = authority.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    authority = authority.add_extension(x509.SubjectKeyIdentifier.from_public_key(root.public_key()), critical=False)
    issuer = "antiphon emulator" if kind == "self-signed" else "antiphon emulator authority"
    server = begun("antiphon emulator", issuer, own, (-365, -1) if kind == "expired" else (-1, 30))
    server = server.add_extension(_names(kind), critical=False)
    signer = own if kind == "self-signed" else root
    signed = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    server = server.add_extension(signed, critical=False)

    def written(name: str, certificate: Certificate) -> None:
        (folder / name).write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    written("authority.pem", authority.sign(root, hashes.SHA256()))
    written("server.pem", server.sign(signer, hashes.SHA256()))
    forms = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "server.key").write_bytes(own.private_bytes(*forms))


def _names(kind: str) -> Any:
    """Whom the certificate is of."""
    from ipaddress import ip_address

    from cryptography import x509

    if kind == "wrong-host":
        return x509.SubjectAlternativeName([x509.DNSName("other.example")])
    addresses = [x509.IPAddress(ip_address(address)) for address in ("127.0.0.1", "::1")]
    return x509.SubjectAlternativeName([x509.DNSName("localhost"), *addresses])
