"""Checks whether a picture or a sound was made here: by the mark in a picture's file, by the tones or comment of a sound.

The mark stands in for a signed manifest, the tones for a watermark; those of the real models are not looked for. A sound
by espeak-ng has neither tones nor, in PCM, a comment.
"""

from __future__ import annotations

from typing import Any

from ..exchange import Exchange, Handler, Reply, json_reply
from ..incoming import Incoming
from ..media.probe import image_kind
from ..media.recording import audio_kind
from ..media.stamp import claim, digest
from ..problem import invalid
from .audio_hearing import hear


async def _create(exchange: Exchange) -> Reply:
    """Finds the emulator's marks in a picture or sound; a mark that was taken from another picture is invalid."""
    file = exchange.body["file"]
    if not isinstance(file, Incoming):
        raise invalid("file", "Send the file as a part of a multipart body.", "invalid_type")
    data = file.read()
    if image_kind(data) is not None:
        results = [_manifest(data), _watermark(detected=False)]
    elif audio_kind(data) is not None:
        heard = await hear(exchange.world, data)
        results = [_watermark(detected=heard.is_own)]
    else:
        raise invalid("file", "The file is neither a picture nor a sound that can be read.", "unsupported_file")
    shown = {"object": "content_provenance_check", "created_at": exchange.world.now(), "results": results}
    return json_reply(shown)


def _manifest(data: bytes) -> dict[str, Any]:
    known = claim(data)
    valid = known is not None and known.get("digest") == digest(data)
    seen = known if known is not None and valid else {}
    return {
        "type": "c2pa",
        "outcome": "detected" if valid else "not_detected",
        "validation_state": "valid" if valid else "invalid" if known is not None else "not_present",
        "issuer": seen.get("issuer"),
        "model": seen.get("model"),
        "generated_at": seen.get("generated_at"),
    }


def _watermark(*, detected: bool) -> dict[str, Any]:
    outcome = "detected" if detected else "not_detected"
    return {"type": "synthid", "outcome": outcome, "model": None, "generated_at": None}


HANDLERS: dict[str, Handler] = {"content_provenance_checks.create": _create}
