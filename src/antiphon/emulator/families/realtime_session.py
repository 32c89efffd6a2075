"""Realtime sessions as they are shown: what was asked for, over the defaults. Knows no keys and no calls."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, Final

from .. import bound
from ..problem import unknown_model
from ..shape import is_object, part
from ..world import World
from .crud import Object
from .model import exists

MODEL: Final = "gpt-realtime"
_PCM: Final = {"type": "audio/pcm", "rate": 24_000}
_VAD: Final = {"type": "server_vad", "threshold": 0.5, "prefix_padding_ms": 300, "silence_duration_ms": 200}
_HEARING: Final = {**_VAD, "idle_timeout_ms": None, "create_response": True, "interrupt_response": True}
_REALTIME: Final[Object] = {
    "type": "realtime",
    "object": "realtime.session",
    "model": MODEL,
    "output_modalities": ["audio"],
    "instructions": "",
    "tools": [],
    "tool_choice": "auto",
    "max_output_tokens": "inf",
    "tracing": None,
    "truncation": "auto",
    "prompt": None,
    "audio": {
        "input": {"format": _PCM, "turn_detection": _HEARING},
        "output": {"format": _PCM, "voice": "alloy", "speed": 1.0},
    },
}
_TRANSCRIPTION: Final[Object] = {
    "type": "transcription",
    "object": "realtime.transcription_session",
    "audio": {"input": {"format": _PCM, "turn_detection": _VAD}},
}
_TRANSLATION: Final[Object] = {"type": "translation", "audio": {"input": {}, "output": {"language": "en"}}}
_OLD: Final[Object] = {
    "object": "realtime.session",
    "model": MODEL,
    "modalities": ["audio", "text"],
    "instructions": "",
    "voice": "alloy",
    "input_audio_format": "pcm16",
    "output_audio_format": "pcm16",
    "turn_detection": _VAD,
    "tools": [],
    "tool_choice": "auto",
    "temperature": 0.8,
    "max_response_output_tokens": "inf",
    "speed": 1.0,
}
_OLD_TRANSCRIPTION: Final[Object] = {
    "object": "realtime.transcription_session",
    "modalities": ["audio", "text"],
    "input_audio_format": "pcm16",
    "turn_detection": {**_VAD, "silence_duration_ms": 500},
}
DEFAULTS: Final = {
    "realtime": _REALTIME,
    "transcription": _TRANSCRIPTION,
    "translation": _TRANSLATION,
    "old": _OLD,
    "old_transcription": _OLD_TRANSCRIPTION,
}


def session_of(world: World, kind: str, given: Object, models: set[str]) -> Object:
    """A session of a kind; raises 400 or 404 for what it cannot have. `models` are known besides the world's."""
    session = _over(deepcopy(DEFAULTS[kind]), given)
    model = session.get("model")
    if model is not None and model not in models and not exists(world, model):
        raise unknown_model(model)
    _check(session)
    return {"id": world.identity.draw("sess_", 24), **session}


def _over(base: Object, given: Object) -> Object:
    """The given values over the others; of another type of object, nothing is taken over."""
    for name, value in given.items():
        known = base.get(name)
        if is_object(value) and is_object(known) and value.get("type", known.get("type")) == known.get("type"):
            base[name] = _over(known, value)
        else:
            base[name] = value
    return base


def _check(session: Object) -> None:
    output = part(part(session, "audio"), "output")
    speed: Any = output.get("speed", session.get("speed"))
    if speed is not None:
        bound.within("speed", speed, 0.25, 1.5, decimal=True)
    for name in ("max_output_tokens", "max_response_output_tokens"):
        if type(session.get(name)) is int:
            bound.within(name, session[name], 1, 4096)
