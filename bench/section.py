"""What is measured, how often, and what the design allows it to cost."""

from __future__ import annotations

from typing import NamedTuple


class Section(NamedTuple):
    """One line of the table.

    Attributes:
        name: what is measured.
        probe: the function of `bench.probe`.
        rounds: how many, for each client; the slow official one gets fewer.
        figure: which of the probe's figures counts.
        unit: how it is written.
        ratio: at least so many times less than the official package; `None` where only a limit counts.
        floor: the ratio below which `--assert` fails: far enough under today's to hold on a busy machine.
        limit: at most this much of the figure.
        bare: at most so many times the bare socket.
        options: further arguments of the probe.
    """

    name: str
    probe: str
    rounds: dict[str, int]
    figure: str = "us"
    unit: str = "µs"
    ratio: float | None = None
    floor: float | None = None
    limit: float | None = None
    bare: float | None = None
    options: tuple[str, ...] = ()


def _requests(official: int, ours: int, bare: int = 0) -> dict[str, int]:
    return {"openai": official, "antiphon": ours} | ({"bare": bare} if bare else {})


SECTIONS = (
    Section("sync request", "sync_request", _requests(400, 4000, 4000), ratio=15, floor=5, bare=3.0),
    Section("async request, 1 in flight", "async_request", _requests(400, 4000, 4000), options=("flight=1",)),
    Section("async request, 64 in flight", "async_request", _requests(640, 12800, 12800), ratio=25, floor=14, bare=3.0),
    Section(
        "async request, 64 in flight, uvloop",
        "async_request",
        {"antiphon": 12800, "bare": 12800},
        ratio=40,
        floor=16,
        bare=3.0,
        options=("loop=uvloop",),
    ),
    Section(
        "async request, 512 in flight",
        "async_request",
        _requests(1024, 10240, 10240),
        ratio=45,
        floor=18,
        options=("flight=512",),
    ),
    Section("stream event, sync", "sync_events", _requests(4000, 40000), ratio=40, floor=16),
    Section("stream event, async", "async_events", _requests(4000, 40000), ratio=40, floor=14),
    Section("stream event, sync, its text read", "sync_events", _requests(4000, 40000), options=("read=1",)),
    Section("stream event through the helper", "helper_events", _requests(2000, 2000), ratio=20, floor=12),
    Section("the same, 100,000 events", "helper_events", {"antiphon": 100_000}),
    Section("decode a response", "decode", _requests(1000, 50000), ratio=50, floor=22),
    # 900: both packages keep at most 1,000 connections, and the official one stalls when it comes near.
    Section(
        "900 open streams, memory of each",
        "held_streams",
        _requests(900, 900, 900),
        "kilobytes",
        "KiB",
        ratio=5,
        floor=3,
        bare=3.0,
    ),
    Section("upload 1 GiB by path, CPU", "upload", {"openai": 1024, "antiphon": 1024}, "us", "µs"),
    Section("upload 1 GiB by path, memory", "upload", {"openai": 1024, "antiphon": 1024}, "megabytes", "MiB", limit=16),
)

SHARED_BASELINE = {"async request, 64 in flight, uvloop": "async request, 64 in flight"}
"""Sections whose official figure is another section's: the package has no uvloop of its own."""
