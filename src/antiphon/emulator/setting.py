"""How one emulator is set up; frozen, and all the knobs there are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """The knobs, each with its default.

    `data`: folder that keeps objects and file bytes (None: memory, and a temporary folder); `api_keys`: the only keys accepted (empty: any plausible key);
    `seed`: of ids and answers; `requests_per_minute`, `tokens_per_minute`: limits for each key and model;
    `max_json`, `max_upload`: largest bodies in bytes; `keep`: newest stored objects kept for each family;
    `patience`: seconds a client may take to send a request, one more for each 64 KiB of it;
    `background_seconds`: how long background work takes; `journal`: newest requests that are remembered;
    `control_token`: what requests to `/__antiphon/` must show (None: drawn at the start);
    `faults`: whether the fault header is obeyed (None: unless `allow_remote`);
    `allow_remote`: whether requests with any Host are answered, which an `Emulator` does only with `api_keys`; `models`: names known besides the API's own.
    """

    data: Path | None = None
    api_keys: tuple[str, ...] = ()
    seed: int = 0
    requests_per_minute: int = 1_000_000
    tokens_per_minute: int = 1_000_000_000
    max_json: int = 64 * 1024 * 1024
    max_upload: int = 512 * 1024 * 1024
    keep: int = 20_000
    patience: float = 30.0
    background_seconds: float = 0.4
    journal: int = 1_000
    control_token: str | None = None
    faults: bool | None = None
    allow_remote: bool = False
    models: tuple[str, ...] = ()
