"""An answer to an offer of media (SDP): each section taken up or declined, addressed to this machine. Pure.

No media ever flows: what comes back is what a peer connection accepts as a remote description.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ..identity import Identity
from ..problem import invalid

_SPOKEN: Final = ("opus/48000", "pcmu/8000", "pcma/8000", "g722/8000")
_TURNED: Final = {"sendrecv": "sendrecv", "sendonly": "recvonly", "recvonly": "sendonly", "inactive": "inactive"}


def answer(offer: str, identity: Identity, param: str) -> str:
    """The answer; raises 400 for an offer that is none."""
    lines = [line.strip() for line in offer.replace("\r\n", "\n").split("\n") if line.strip()]
    if not lines or lines[0] != "v=0":
        raise invalid(param, f"Invalid '{param}': an SDP offer begins with 'v=0'.", "invalid_offer")
    sections = _sections(lines)
    if not any(section[0].startswith("m=audio ") for section in sections):
        raise invalid(param, f"Invalid '{param}': the offer has no audio section.", "invalid_offer")
    if any(len(section[0].split()) < 4 for section in sections):
        raise invalid(param, f"Invalid '{param}': a media line lacks its formats.", "invalid_offer")
    mids = [mid for section in sections if (mid := _value(section, "mid")) is not None]
    head = ["v=0", f"o=- {identity.random.getrandbits(62)} 2 IN IP4 127.0.0.1", "s=-", "t=0 0"]
    head += [f"a=group:BUNDLE {' '.join(mids)}"] if mids else []
    head += ["a=ice-lite", "a=msid-semantic: WMS *"]
    security = list(_security(identity))
    body = [line for section in sections for line in _answered(section, security, identity)]
    return "\r\n".join([*head, *body]) + "\r\n"


def _sections(lines: list[str]) -> list[list[str]]:
    found: list[list[str]] = []
    for line in lines:
        if line.startswith("m="):
            found.append([line])
        elif found:
            found[-1].append(line)
    return found


def _value(section: list[str], name: str) -> str | None:
    return next((line.partition(":")[2] for line in section if line.startswith(f"a={name}:")), None)


def _security(identity: Identity) -> Iterator[str]:
    digest = identity.random.randbytes(32)
    yield f"a=ice-ufrag:{identity.draw('', 8)}"
    yield f"a=ice-pwd:{identity.draw('', 24)}"
    yield f"a=fingerprint:sha-256 {':'.join(f'{byte:02X}' for byte in digest)}"


def _answered(section: list[str], security: list[str], identity: Identity) -> Iterator[str]:
    kind, port, protocol, *formats = section[0].removeprefix("m=").split()
    mid = _value(section, "mid")
    named = [] if mid is None else [f"a=mid:{mid}"]
    if kind not in ("audio", "application") or port == "0":
        yield f"m={kind} 0 {protocol} {' '.join(formats)}"  # declined
        yield from ("c=IN IP4 127.0.0.1", *named, "a=inactive")
        return
    codec = _codec(section, formats) if kind == "audio" else None
    yield f"m={kind} 9 {protocol} {formats[0] if codec is None else codec[0]}"
    yield "c=IN IP4 127.0.0.1"
    setup = _value(section, "setup")
    yield from (*named, *security, "a=setup:active" if setup != "active" else "a=setup:passive")
    if kind == "application":
        yield from ("a=sctp-port:5000", "a=max-message-size:262144")
        return
    yield "a=rtcp-mux"
    yield f"a={next((turned for way, turned in _TURNED.items() if f'a={way}' in section), 'sendrecv')}"
    if codec is not None and codec[1]:
        yield f"a=rtpmap:{codec[0]} {codec[1]}"
    yield f"a=ssrc:{identity.random.getrandbits(32)} cname:realtimeai"
    yield "a=candidate:1 1 udp 2130706431 127.0.0.1 9 typ host"
    yield "a=end-of-candidates"


def _codec(section: list[str], formats: list[str]) -> tuple[str, str]:
    """The best known format of the offer and its name; the first one when none is known."""
    told = (line.removeprefix("a=rtpmap:").partition(" ") for line in section if line.startswith("a=rtpmap:"))
    named = {number: name for number, _, name in told}
    for wanted in _SPOKEN:
        for number in formats:
            if named.get(number, "").lower().startswith(wanted):
                return number, named[number]
    return formats[0], named.get(formats[0], "")
