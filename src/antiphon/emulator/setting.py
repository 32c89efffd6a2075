"""How one emulator is set up; frozen, and all the knobs there are."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

TLS: Final = ("trusted", "self-signed", "expired", "wrong-host", "old-protocol")
"""What a server shows: a good certificate, one of no authority, one of last year, one of another's name; or only TLS 1.1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """The knobs, each with its default.

    `data`: folder that keeps objects and file bytes (None: memory, and a temporary folder); `api_keys`: the only keys accepted (empty: any plausible key);
    `seed`: of ids and answers; `requests_per_minute`, `tokens_per_minute`: limits for each key and model;
    `max_json`, `max_upload`: largest bodies in bytes; `keep`: newest stored objects kept for each family;
    `patience`: seconds a client may take to send a request, one more for each 64 KiB of it;
    `background_seconds`: how long background work takes; `journal`: newest requests that are remembered;
    `control_token`: what requests to `/__antiphon/` must show (None: drawn at the start);
    `tls`: speak TLS, with a certificate that is trusted, self-signed, expired, wrong-host, or by an old-protocol;
    `strict`: whether parameters the API does not know are refused, or else overlooked;
    `brain`: who answers where a request does not say (`X-Antiphon-Brain`): simple, replay or proxy; `script`: file of fixtures,
    which are asked before it; `replay`: file of recorded traffic; `proxy`: base URL of a server that is asked, `proxy_key` its
    key, `record`: file that its answers are written to; `scenario`: file with a plan of faults;
    `first_token`, `tokens_per_second`, `jitter`: seconds until an answer begins, its pace (0: at once), and the share by
    which each wait differs;
    `faults`: whether the fault header is obeyed (None: unless `allow_remote`);
    `allow_remote`: whether requests with any Host are answered, which an `Emulator` does only with `api_keys`; `models`: names known besides the API's own;
    `honours_keys`: whether what comes with an `Idempotency-Key` is carried out once, as behind a gateway.
    """

    data: Path | None = None
    api_keys: tuple[str, ...] = field(default=(), repr=False)
    seed: int = 0
    requests_per_minute: int = 1_000_000
    tokens_per_minute: int = 1_000_000_000
    max_json: int = 64 * 1024 * 1024
    max_upload: int = 512 * 1024 * 1024
    keep: int = 20_000
    patience: float = 30.0
    background_seconds: float = 0.4
    journal: int = 1_000
    control_token: str | None = field(default=None, repr=False)
    tls: str | None = None
    strict: bool = True
    brain: str = "simple"
    script: Path | None = None
    replay: Path | None = None
    proxy: str | None = None
    proxy_key: str | None = field(default=None, repr=False)
    record: Path | None = None
    scenario: Path | None = None
    first_token: float = 0.0
    tokens_per_second: float = 0.0
    jitter: float = 0.0
    faults: bool | None = None
    allow_remote: bool = False
    models: tuple[str, ...] = ()
    honours_keys: bool = False
