"""Certificates for the tests: one authority, and servers that are good or bad in each way."""

from __future__ import annotations

import datetime
import ssl
from functools import cache

import trustme


@cache
def authority() -> trustme.CA:
    """The one test authority."""
    return trustme.CA()


def _server(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


@cache
def good_tls() -> ssl.SSLContext:
    """A server certificate for localhost and 127.0.0.1, signed by `authority()`."""
    return _server(authority().issue_cert("localhost", "127.0.0.1"))


def wrong_host_tls() -> ssl.SSLContext:
    """Signed, but for another name."""
    return _server(authority().issue_cert("elsewhere.example"))


def expired_tls() -> ssl.SSLContext:
    """Signed, for the right name, a day too old."""
    yesterday = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    return _server(
        authority().issue_cert(
            "localhost", "127.0.0.1", not_before=yesterday - datetime.timedelta(days=9), not_after=yesterday
        )
    )


def untrusted_tls() -> ssl.SSLContext:
    """Signed by an authority nobody knows."""
    return _server(trustme.CA().issue_cert("localhost", "127.0.0.1"))


def mutual_tls() -> ssl.SSLContext:
    """Asks for a client certificate signed by `authority()`."""
    context = _server(authority().issue_cert("localhost", "127.0.0.1"))
    authority().configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def authority_file(folder: object) -> str:
    """The authority's certificate as a PEM file."""
    path = f"{folder}/authority.pem"
    authority().cert_pem.write_to_path(path)
    return path
