"""Audio: speech made of texts, and texts made of speech."""

from __future__ import annotations

from ..exchange import Handler
from . import audio_speech, audio_transcript

HANDLERS: dict[str, Handler] = audio_speech.HANDLERS | audio_transcript.HANDLERS
