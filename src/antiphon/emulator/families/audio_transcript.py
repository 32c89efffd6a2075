"""Transcriptions and translations: what is heard in a recording, in the shape that model and request ask for.

A translation gives the text as it was heard: the emulator knows no languages.
"""

from __future__ import annotations

import asyncio
from base64 import b64decode
from collections.abc import AsyncIterator
from math import ceil
from typing import Any, Final

from .. import event, token
from ..bound import within
from ..exchange import AnyReply, EventReply, Exchange, Handler, Reply, json_reply
from ..problem import invalid, unknown_model
from .audio_caption import segments, shown_segment, speakers, srt, vtt, words
from .audio_hearing import Heard, hear, listen

_CAPTIONS: Final = ("json", "text", "srt", "verbose_json", "vtt")
_FORMATS: Final = {
    "whisper-1": _CAPTIONS,
    "gpt-transcribe": ("json", "text"),
    "gpt-4o-transcribe": ("json", "text"),
    "gpt-4o-mini-transcribe": ("json", "text"),
    "gpt-4o-mini-transcribe-2025-12-15": ("json", "text"),
    "gpt-4o-transcribe-diarize": ("json", "text", "diarized_json"),
}
_WITH_LOGPROBS: Final = ("gpt-4o-transcribe", "gpt-4o-mini-transcribe", "gpt-4o-mini-transcribe-2025-12-15")
_DIARIZE: Final = "gpt-4o-transcribe-diarize"
_LANGUAGES: Final = (
    "en:english de:german fr:french es:spanish it:italian pt:portuguese nl:dutch pl:polish sv:swedish ru:russian "
    "uk:ukrainian tr:turkish ar:arabic hi:hindi ja:japanese ko:korean zh:chinese"
)
_NAMES: Final = {pair[:2]: pair[3:] for pair in _LANGUAGES.split()}
TEXT: Final = b"text/plain; charset=utf-8"


async def _transcribe(exchange: Exchange) -> AnyReply:
    """Gives the exact text of speech made here and of recorded fixtures; of other audio, how long it is, in brackets."""
    body = exchange.body
    model, shape = body["model"], body.get("response_format", "json")
    formats = _FORMATS.get(model, _CAPTIONS if model in exchange.world.setting.models else None)
    if formats is None:
        raise unknown_model(model)
    _refuse(body, model, shape, formats)
    known = await _known_voices(exchange, body)
    heard = await listen(exchange.world, body["file"])
    if model == _DIARIZE and heard.seconds > 30 and body.get("chunking_strategy") is None:
        raise invalid("chunking_strategy", f"'chunking_strategy' is required for {model} and audio of over 30 seconds.")
    usage = _usage(exchange, model, heard)
    logprobs = _logprobs(heard.text) if "logprobs" in (body.get("include") or ()) else None
    languages = [{"code": _language(body)}] if model == "gpt-transcribe" else None
    if body.get("stream") and model != "whisper-1":
        parts = speakers(heard, known) if shape == "diarized_json" else None
        return EventReply(_events(heard, usage, logprobs, languages, parts))
    if shape == "diarized_json":
        shown = {
            "task": "transcribe",
            "duration": heard.seconds,
            "text": heard.text,
            "segments": speakers(heard, known),
        }
        return json_reply(shown | {"usage": usage})
    return _shaped(body, shape, heard, {"logprobs": logprobs, "languages": languages, "usage": usage})


async def _translate(exchange: Exchange) -> AnyReply:
    """Gives the text as it was heard, for the emulator knows no languages; formats as whisper-1 has them."""
    body = exchange.body
    if body["model"] != "whisper-1" and body["model"] not in exchange.world.setting.models:
        raise unknown_model(body["model"])
    _refuse(body, body["model"], body.get("response_format", "json"), _CAPTIONS)
    heard = await listen(exchange.world, body["file"])
    _usage(exchange, body["model"], heard)
    return _shaped(body | {"language": "en", "task": "translate"}, body.get("response_format", "json"), heard, {})


def _refuse(body: dict[str, Any], model: str, format: str, formats: tuple[str, ...]) -> None:
    within("temperature", body.get("temperature", 0), 0, 1, decimal=True)
    if format not in formats:
        listed = "' or '".join(formats)
        message = f"response_format '{format}' is not compatible with model '{model}'. Use '{listed}' instead."
        raise invalid("response_format", message, "unsupported_value")
    if body.get("timestamp_granularities") and format != "verbose_json":
        raise invalid("timestamp_granularities", "Timestamp granularities need response_format 'verbose_json'.")
    if body.get("include") and (model not in _WITH_LOGPROBS or format != "json"):
        raise invalid("include", f"'logprobs' is not supported for {model} and '{format}'.", "unsupported_value")
    if model == _DIARIZE and body.get("prompt"):
        raise invalid("prompt", f"'prompt' is not supported for {model}.", "unsupported_value")
    for name in ("keywords", "languages"):
        if body.get(name) and model != "gpt-transcribe":
            raise invalid(name, f"'{name}' is not supported for {model}.", "unsupported_value")
    names: list[str] = body.get("known_speaker_names") or []
    samples: list[str] = body.get("known_speaker_references") or []
    if len(names) != len(samples):
        raise invalid("known_speaker_references", "Give as many references as names of known speakers.")
    if len(names) > 4:
        raise invalid("known_speaker_names", "At most 4 known speakers are supported.", "array_above_max_length")


async def _known_voices(exchange: Exchange, body: dict[str, Any]) -> dict[int, str]:
    """The names of voices that are heard in the references."""
    found: dict[int, str] = {}
    param = "known_speaker_references"
    names: list[str] = body.get("known_speaker_names") or []
    links: list[str] = body.get(param) or []
    for name, link in zip(names, links, strict=True):
        head, _, packed = link.partition(",")
        try:
            data = b64decode(packed, validate=True) if head.startswith("data:") and head.endswith(";base64") else b""
        except ValueError:
            data = b""
        sample = await hear(exchange.world, data, param)
        found[sample.messages[0].voice] = name
    return found


def _usage(exchange: Exchange, model: str, heard: Heard) -> dict[str, Any]:
    text, sound = token.count(exchange.body.get("prompt", "")), ceil(heard.seconds * 10)
    output = token.count(heard.text)
    exchange.usage = {
        "kind": "audio_transcriptions",
        "model": model,
        "input_tokens": text + sound,
        "output_tokens": output,
        "seconds": ceil(heard.seconds),
    }
    if model == "whisper-1":
        return {"type": "duration", "seconds": ceil(heard.seconds)}
    return {
        "type": "tokens",
        "input_tokens": text + sound,
        "input_token_details": {"text_tokens": text, "audio_tokens": sound},
        "output_tokens": output,
        "total_tokens": text + sound + output,
    }


def _logprobs(text: str) -> list[dict[str, Any]]:
    return [{"token": piece, "logprob": -0.01, "bytes": list(piece.encode())} for piece in token.pieces(text)]


def _language(body: dict[str, Any]) -> str:
    given = body.get("language") or next(iter(body.get("languages") or ()), "en")
    return str(given)


def _shaped(body: dict[str, Any], format: str, heard: Heard, more: dict[str, Any]) -> Reply:
    match format:
        case "text":
            return Reply(heard.text.encode() + b"\n", content_type=TEXT)
        case "srt":
            return Reply(srt(heard).encode(), content_type=TEXT)
        case "vtt":
            return Reply(vtt(heard).encode(), content_type=TEXT)
        case "verbose_json":
            return json_reply(_verbose(body, heard) | {k: v for k, v in more.items() if v is not None})
        case _:
            return json_reply({"text": heard.text} | {k: v for k, v in more.items() if v is not None})


def _verbose(body: dict[str, Any], heard: Heard) -> dict[str, Any]:
    """Segments unless only words are asked for; words when they are."""
    asked = body.get("timestamp_granularities") or ["segment"]
    temperature, language = float(body.get("temperature") or 0.0), _language(body)
    made: dict[str, Any] = {
        "task": "translate" if "task" in body else "transcribe",
        "language": _NAMES.get(language, language),
        "duration": heard.seconds,
        "text": heard.text,
    }
    if "segment" in asked:
        made["segments"] = [shown_segment(n, part, temperature) for n, part in enumerate(segments(heard))]
    if "word" in asked:
        made["words"] = [{"word": part.text, "start": part.start, "end": part.end} for part in words(heard)]
    return made


async def _events(
    heard: Heard,
    usage: dict[str, Any],
    logprobs: list[dict[str, Any]] | None,
    languages: list[dict[str, Any]] | None,
    parts: list[dict[str, Any]] | None,
) -> AsyncIterator[bytes]:
    """The text piece by piece, each segment of a speaker when it is complete, and the whole."""
    if parts is None:
        for number, piece in enumerate(token.pieces(heard.text)):
            more = {} if logprobs is None else {"logprobs": logprobs[number : number + 1]}
            yield event.named({"type": "transcript.text.delta", "delta": piece} | more)
            await asyncio.sleep(0)
    for part in parts or ():
        for piece in token.pieces(part["text"]):
            yield event.named({"type": "transcript.text.delta", "delta": piece, "segment_id": part["id"]})
        yield event.named(part)
        await asyncio.sleep(0)
    done: dict[str, Any] = {"type": "transcript.text.done", "text": heard.text, "usage": usage}
    done |= {"logprobs": logprobs, "languages": languages}
    yield event.named({name: value for name, value in done.items() if value is not None})


HANDLERS: dict[str, Handler] = {
    "audio.transcriptions.create": _transcribe,
    "audio.translations.create": _translate,
}
