"""What a driver answers to a wish it does not know."""

from __future__ import annotations

from typing import NoReturn


def refuse(effect: object) -> NoReturn:
    """Raise, into the flow, that only effects may be awaited there."""
    raise TypeError(f"a flow may only await effects of antiphon.core.effects; it awaited {effect!r}")
