"""Lengths of time in seconds, as the API's expiries have them; a month is thirty days."""

from __future__ import annotations

from typing import Final

HOUR: Final = 3_600
DAY: Final = 86_400
WEEK: Final = 7 * DAY
MONTH: Final = 30 * DAY
