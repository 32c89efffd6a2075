"""What a client trusts and shows: the TLS configuration, and the one context made from each.

Knows certificates and contexts, not connections. A context costs milliseconds and reads files, so none is made before the
first TLS connection, and equal configurations share one. `ssl` itself is imported only then.
"""

from __future__ import annotations

import os
import re
import threading
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..core.secret import Secret
from ..errors import TLSError

if TYPE_CHECKING:
    import ssl

Place = str | os.PathLike[str]


class TLSConfig(NamedTuple):
    """How to verify the server, and how to identify oneself.

    >>> TLSConfig(ca_bundle="/etc/company/ca.pem").minimum
    'TLSv1.2'

    Args:
        verify: `True` for the system's trust store (`SSL_CERT_FILE` and `SSL_CERT_DIR` are honoured), a path to trust
            instead, a ready `ssl.SSLContext`, or `False` for no verification at all, which warns.
        ca_bundle: a PEM file, or a folder of hashed certificates, to trust instead of the system's store.
        cert: the client's certificate chain, a PEM file.
        key: the client's private key, where `cert` does not hold it.
        password: the private key's password.
        pins: public keys of which the server must have one, beside all that is verified anyway: "sha256/" and the base64 of
            the hash of its SubjectPublicKeyInfo, as in HTTP public key pinning (needs the extra `tls`). Name a spare one too.
    """

    verify: bool | Place | ssl.SSLContext = True
    ca_bundle: Place | None = None
    cert: Place | None = None
    key: Place | None = None
    password: Secret | None = None
    pins: Sequence[str] = ()

    @classmethod
    def of(
        cls, verify: bool | Place | ssl.SSLContext | TLSConfig = True, cert: Place | Sequence[str] | None = None
    ) -> TLSConfig:
        """From a client's `verify=` and `cert=`: a path, or paths of certificate and key, and the key's password."""
        if isinstance(verify, TLSConfig):
            if cert is not None:
                raise TypeError("a TLSConfig names the client's certificate itself; leave cert out")
            return verify
        if cert is None or isinstance(cert, (str, os.PathLike)):
            return cls(verify, cert=cert)
        chain, key, *password = cert
        return cls(verify, cert=chain, key=key, password=Secret(password[0]) if password else None)

    @property
    def minimum(self) -> str:
        """The lowest version of TLS that is spoken."""
        return "TLSv1.2"

    def context(self) -> ssl.SSLContext:
        """The context, made on first use and shared by all equal configurations.

        Raises:
            TLSError: a certificate or key cannot be loaded.
        """
        verify = self.verify
        if not isinstance(verify, (bool, str, os.PathLike)):
            if self.pins:
                raise TypeError(
                    "pins cannot be set on an SSLContext of your own; leave verify out, or name a CA bundle"
                )
            return verify
        pins = tuple(map(_checked_pin, self.pins))
        key = (self._replace(pins=pins), os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))
        with _lock:
            context = _contexts.get(key)
            if context is None:
                context = _contexts[key] = _make(self)
                if pins:
                    from .pinning import pin

                    pin(context, pins)
        return context


def _checked_pin(pin: str) -> str:
    if not _PIN.fullmatch(pin):
        raise ValueError(f"a pin is sha256/ and 44 letters of base64, the hash of a public key; got {pin[:12]!r}…")
    return pin


_PIN = re.compile(r"sha256/[A-Za-z0-9+/]{43}=", re.ASCII)
_contexts: dict[tuple[TLSConfig, str | None, str | None], ssl.SSLContext] = {}
_lock = threading.Lock()


def _make(config: TLSConfig) -> ssl.SSLContext:
    import ssl

    trusted = config.verify if isinstance(config.verify, (str, os.PathLike)) else config.ca_bundle
    try:
        context = _trusting(trusted)
        if config.cert is not None:
            secret = config.password
            context.load_cert_chain(config.cert, config.key, None if secret is None else secret.reveal)
    except (OSError, ValueError) as problem:
        raise TLSError(
            message=f"cannot load the TLS certificates or key: {problem}", phase="tls", sent="no"
        ) from problem
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    if config.verify is False:
        warnings.warn(
            "TLS certificates are not verified: anyone on the way can read the key", RuntimeWarning, stacklevel=2
        )
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _trusting(trusted: Place | None) -> ssl.SSLContext:
    import ssl

    if trusted is None:
        return ssl.create_default_context()
    place = os.fspath(trusted)
    if Path(place).is_dir():
        return ssl.create_default_context(capath=place)
    return ssl.create_default_context(cafile=place)
