"""How soon it is worth to ask again for what is still at work, as the official clients read it."""

from __future__ import annotations

from ..exchange import Header
from ..world import World


def poll_after(world: World) -> Header:
    """The header that says so: a quarter of what such work takes, within reason."""
    return b"openai-poll-after-ms", b"%d" % min(max(20, int(world.setting.background_seconds * 250)), 500)
