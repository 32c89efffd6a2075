"""Webhooks on the wire: signed as Standard Webhooks has it, and posted once. Who is told what, and when again, it does not know.

Without `allow_remote` only this machine is posted to; with it, everything but addresses that no receiver can have, such
as the metadata services of clouds. A name is resolved once, and what was judged is what is connected to. Redirects are
not followed, and of the answer nothing but its status is read.
"""

from __future__ import annotations

import asyncio
import hmac
import socket
from base64 import b64decode, b64encode
from collections.abc import Iterable
from ipaddress import ip_address
from typing import Final
from urllib.parse import SplitResult, urlsplit

from .guard import is_loopback

PATIENCE: Final = 10.0
"""Seconds a receiver has for its answer."""
_PREFIX: Final = "whsec_"
_PORTS: Final = {"http": 80, "https": 443}


class Undelivered(Exception):
    """Nobody answered, or nobody may be asked."""


def secret_of(noise: bytes) -> str:
    """A signing secret made of so many random bytes."""
    return _PREFIX + b64encode(noise).decode()


def signature(secret: str, id: str, timestamp: int, payload: bytes) -> str:
    """One signature of a message: version and digest."""
    key = b64decode(secret.removeprefix(_PREFIX))
    return "v1," + b64encode(hmac.digest(key, f"{id}.{timestamp}.".encode() + payload, "sha256")).decode()


def signed(secrets: Iterable[str], id: str, timestamp: int, payload: bytes) -> dict[str, str]:
    """The headers that prove where a message is from, one signature for each secret that is in force."""
    return {
        "webhook-id": id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signature(secret, id, timestamp, payload) for secret in secrets),
    }


def refusal(url: str, allow_remote: bool) -> str:
    """Why this can be no receiver's address; empty when it can."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "It is no URL."
    if any(sign <= " " or sign == "\x7f" for sign in url):
        return "It has blanks or control characters."
    if parts.scheme not in _PORTS or not host:
        return "It must be an http:// or https:// URL with a host."
    if parts.username is not None or parts.password is not None:
        return "It must not hold a user's name or password."
    if not allow_remote and not is_loopback(host):
        return "This emulator delivers to loopback addresses only; `allow_remote` lets it reach others."
    return ""


async def post(url: str, headers: dict[str, str], payload: bytes, allow_remote: bool) -> int:
    """Send it, and give the status of the answer; raises `Undelivered` when there is none in time."""
    if why := refusal(url, allow_remote):
        raise Undelivered(why)
    try:
        async with asyncio.timeout(PATIENCE):
            return await _post(urlsplit(url), headers, payload, allow_remote)
    except TimeoutError:
        raise Undelivered(f"No answer within {PATIENCE:g} seconds.") from None
    except (OSError, ValueError, EOFError) as error:
        raise Undelivered(str(error) or type(error).__name__) from error


async def _post(parts: SplitResult, headers: dict[str, str], payload: bytes, allow_remote: bool) -> int:
    secure, host = parts.scheme == "https", parts.hostname or ""
    address = await _address(host, parts.port or _PORTS[parts.scheme], allow_remote)
    reader, writer = await asyncio.open_connection(
        *address, ssl=_context() if secure else None, server_hostname=host if secure else None
    )
    try:
        writer.write(_head(parts, headers, len(payload)) + payload)
        await writer.drain()
        return _status(await reader.readline())
    finally:
        writer.close()


def _head(parts: SplitResult, headers: dict[str, str], size: int) -> bytes:
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    fields = {
        "Host": parts.netloc,
        "Content-Type": "application/json",
        "Content-Length": str(size),
        "User-Agent": "antiphon-emulator",
        "Connection": "close",
        **headers,
    }
    lines = [f"POST {target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def _status(line: bytes) -> int:
    version, _, rest = line.partition(b" ")
    if not version.startswith(b"HTTP/") or not rest[:3].isdigit():
        raise ValueError("The answer is not HTTP.")
    return int(rest[:3])


async def _address(host: str, port: int, allow_remote: bool) -> tuple[str, int]:
    """The first address of a host that may be reached."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    for *_, where in found:
        if may_reach(str(where[0]), allow_remote):
            return str(where[0]), port
    raise Undelivered(f"{host} has no address that this emulator may reach.")


def may_reach(address: str, allow_remote: bool) -> bool:
    """Whether a webhook may go to this address."""
    known = ip_address(address.partition("%")[0])
    known = getattr(known, "ipv4_mapped", None) or known
    nowhere = known.is_link_local or known.is_multicast or known.is_unspecified or known.is_reserved
    return known.is_loopback or (allow_remote and not nowhere)


def _context() -> object:
    import ssl  # only those who deliver to https pay for it

    return ssl.create_default_context()
