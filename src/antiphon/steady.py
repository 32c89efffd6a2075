"""The machine's steady clock, as every wait and bound of a client reads it.

Not `time.monotonic`: a test suite that freezes time (freezegun does) replaces that function in every module that names it, and in
no class that holds it. A wait that asks a clock that stands is never over, and a deadline by one clock is nothing by another. What
the system's clock says by its number is the same time, and nobody replaces it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

_NUMBER: int | None = getattr(time, "CLOCK_UPTIME_RAW", getattr(time, "CLOCK_MONOTONIC", None))
"""Which of the system's clocks `time.monotonic` reads: the first is macOS's, and Windows has neither."""

monotonic: Callable[[], float] = partial(time.monotonic) if _NUMBER is None else partial(time.clock_gettime, _NUMBER)
"""Seconds since some moment, the same one for all processes of this machine; never going back."""
