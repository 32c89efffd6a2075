"""Voices of the user's own, made from a sample and a recorded consent, or from a prompt; and those consents."""

from __future__ import annotations

from typing import Any, Final

from ..exchange import Exchange, Handler, Reply, json_reply
from ..incoming import Incoming
from ..media.recording import audio_kind
from ..problem import Problem, invalid, missing
from .crud import Kind, crud

MOST_BYTES: Final = 10 * 1024 * 1024
CONSENT = Kind(home="audio.voice_consents", param="consent_id", noun="voice consent", prefix="cons_")
VOICE = Kind(home="audio.voices", param="voice_id", noun="voice", prefix="voice_")
_BY_SAMPLE: Final = ("audio_sample", "consent")
_BY_PROMPT: Final = ("prompt", "model", "script_hint")


async def _create_consent(exchange: Exchange) -> Reply:
    """Keeps the recording of a consent, with which voices can then be made."""
    body = exchange.body
    _named(body)
    recording = _recording("recording", body["recording"])
    if not body["language"].replace("-", "").isalnum():
        raise invalid("language", f"Invalid value: '{body['language']}'. Expected a BCP 47 language tag.")
    body.pop("recording")
    made = CONSENT.made(exchange)
    recording.keep(exchange.world.folder() / made["id"])
    return json_reply(made)


async def _update_consent(exchange: Exchange) -> Reply:
    """Gives a consent another name; 404 when there is none."""
    known = CONSENT.found(exchange)
    _named(exchange.body)
    return json_reply(CONSENT.change(exchange, known))


async def _delete_consent(exchange: Exchange) -> Reply:
    """Removes a consent and its recording; voices made with it stay, no new ones can be made."""
    (exchange.world.folder() / CONSENT.found(exchange)["id"]).unlink(missing_ok=True)
    return await CONSENT.delete(exchange)


async def _create_voice(exchange: Exchange) -> Reply:
    """Makes a voice of a sample and a consent that exists, or of a prompt; speech takes the former by its id."""
    body = exchange.body
    _named(body)
    kind = body.get("type") or "audio_sample"
    needed, foreign = (_BY_SAMPLE, _BY_PROMPT) if kind == "audio_sample" else (("prompt",), _BY_SAMPLE)
    for name in needed:
        if body.get(name) is None:
            raise missing(name)
    for name in foreign:
        if body.get(name) is not None:
            raise Problem(400, f"Unknown parameter: '{name}'.", param=name, code="unknown_parameter")
    if kind == "prompt":
        return json_reply(VOICE.made(exchange, type=kind))
    sample = _recording("audio_sample", body.pop("audio_sample"))
    if exchange.world.shelf(CONSENT.home).get(body["consent"]) is None:
        raise Problem(404, f"No voice consent found with id '{body['consent']}'.", param="consent", code="not_found")
    made = VOICE.made(exchange, type=kind)
    sample.keep(exchange.world.folder() / made["id"])
    return json_reply(made)


async def _delete_voice(exchange: Exchange) -> Reply:
    """Removes a voice and its sample; speech in it is refused from then on."""
    (exchange.world.folder() / VOICE.found(exchange)["id"]).unlink(missing_ok=True)
    return await VOICE.delete(exchange)


def _named(body: dict[str, Any]) -> None:
    if not body["name"].strip():
        raise missing("name")


def _recording(param: str, file: Any) -> Incoming:
    """An upload that is a sound of at most ten mebibytes."""
    if not isinstance(file, Incoming):
        raise invalid(param, "Send the recording as a part of a multipart body.", "invalid_type")
    if file.size > MOST_BYTES:
        raise invalid(param, f"The recording is larger than {MOST_BYTES} bytes.", "file_too_large")
    with file.path.open("rb") as opened:
        kind = audio_kind(opened.read(64))
    if kind is None:
        raise invalid(param, "The file is no recording that can be read.", "unsupported_format")
    return file


HANDLERS: dict[str, Handler] = crud(CONSENT, VOICE) | {
    "audio.voice_consents.create": _create_consent,
    "audio.voice_consents.update": _update_consent,
    "audio.voice_consents.delete": _delete_consent,
    "audio.voices.create": _create_voice,
    "audio.voices.delete": _delete_voice,
}
