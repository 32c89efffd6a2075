"""The hand-written organs of the generated resources: flows and pure accumulators, each written once for both colours.

Some of them are for users, and loaded when asked for: `Background` and `ChunkedUpload` with their async twins, and
`Microphone` and `LocalAudioPlayer` (extra `voice_helpers`).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .background import AsyncBackground as AsyncBackground
    from .background import Background as Background
    from .chunked_upload import AsyncChunkedUpload as AsyncChunkedUpload
    from .chunked_upload import ChunkedUpload as ChunkedUpload
    from .local_audio_player import LocalAudioPlayer as LocalAudioPlayer
    from .microphone import Microphone as Microphone

_HOMES = {
    "AsyncBackground": "background",
    "AsyncChunkedUpload": "chunked_upload",
    "Background": "background",
    "ChunkedUpload": "chunked_upload",
    "LocalAudioPlayer": "local_audio_player",
    "Microphone": "microphone",
}
__all__ = ["AsyncBackground", "AsyncChunkedUpload", "Background", "ChunkedUpload", "LocalAudioPlayer", "Microphone"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
