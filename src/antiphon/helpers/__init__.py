"""The hand-written organs of the generated resources: flows and pure accumulators, each written once for both colours.

Two of them are for users: `Microphone` and `LocalAudioPlayer` (extra `voice_helpers`), loaded when asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .local_audio_player import LocalAudioPlayer as LocalAudioPlayer
    from .microphone import Microphone as Microphone

__all__ = ["LocalAudioPlayer", "Microphone"]


def __getattr__(name: str) -> Any:
    if name == "Microphone":
        from .microphone import Microphone

        return Microphone
    if name == "LocalAudioPlayer":
        from .local_audio_player import LocalAudioPlayer

        return LocalAudioPlayer
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
