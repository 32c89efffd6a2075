"""Realtime over REST: keys that open it for a while, sessions, calls over WebRTC, and calls that ring."""

from __future__ import annotations

from typing import Any

import openai

from ..tour import Tour

OFFER = """v=0
o=- 46117317 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0 1
m=audio 9 UDP/TLS/RTP/SAVPF 111
c=IN IP4 0.0.0.0
a=mid:0
a=setup:actpass
a=rtpmap:111 opus/48000/2
m=application 9 UDP/DTLS/SCTP webrtc-datachannel
a=mid:1
a=setup:actpass
""".replace("\n", "\r\n")


def walk(t: Tour) -> None:
    """The chapter."""
    _secrets(t)
    _calls(t)
    _ringing(t)
    _beta(t)


def _secrets(t: Tour) -> None:
    session: Any = {"type": "realtime", "instructions": "Hi", "audio": {"output": {"voice": "marin"}}}
    made = t.client.realtime.client_secrets.create(
        expires_after={"anchor": "created_at", "seconds": 30}, session=session
    )
    t.true(made.value.startswith("ek_"))
    t.same((made.session.instructions, made.session.audio.output.voice), ("Hi", "marin"))
    opened = t.make(made.value)
    t.true(opened.realtime.calls.create(sdp=OFFER).text.startswith("v=0\r\n"))
    t.refused(openai.PermissionDeniedError, opened.models.list)
    t.house.wait(31)
    t.refused(openai.AuthenticationError, opened.realtime.calls.create, sdp=OFFER)
    heard = t.client.realtime.client_secrets.create(session={"type": "transcription"})
    t.same(heard.session.type, "transcription")
    wanted: Any = {"model": "gpt-realtime-translate", "audio": {"output": {"language": "fr"}}}
    translated = t.client.realtime.translations.client_secrets.create(session=wanted)
    t.same((translated.session.type, translated.session.audio.output.language), ("translation", "fr"))
    t.gone(t.client.realtime.client_secrets.create, session={"type": "realtime", "model": "gpt-none"})


def _calls(t: Tour) -> None:
    calls = t.client.realtime.calls
    made = calls.with_raw_response.create(sdp=OFFER, session={"type": "realtime", "model": "gpt-realtime"})
    t.same((made.status_code, made.headers["content-type"]), (201, "application/sdp"))
    call = made.headers["location"].rpartition("/")[2]
    t.refused(openai.BadRequestError, calls.accept, call, type="realtime")
    t.refused(openai.BadRequestError, calls.reject, call)
    t.refused(openai.BadRequestError, calls.refer, call, target_uri="tel:+14155550123")
    t.same(calls.hangup(call), None)
    t.gone(calls.hangup, call)
    t.gone(calls.accept, "rtc_none", type="realtime")
    t.refused(openai.BadRequestError, calls.create, sdp="hello")


def _ringing(t: Tour) -> None:
    calls = t.client.realtime.calls
    first, second, third = (t.house.call()["call_id"] for _ in range(3))
    t.refused(openai.BadRequestError, calls.refer, first, target_uri="tel:+14155550123")
    t.same(calls.accept(first, type="realtime", instructions="Be kind."), None)
    t.refused(openai.BadRequestError, calls.accept, first, type="realtime")
    t.same(calls.refer(first, target_uri="tel:+14155550123"), None)
    t.gone(calls.hangup, first)
    t.same(calls.reject(second, status_code=486), None)
    t.gone(calls.accept, second, type="realtime")
    t.house.wait(61)
    t.gone(calls.accept, third, type="realtime")


def _beta(t: Tour) -> None:
    realtime = t.client.beta.realtime
    made = realtime.sessions.create(model="gpt-4o-realtime-preview", voice="sage", modalities=["text"])
    t.same((made.voice, made.modalities, made.input_audio_format), ("sage", ["text"], "pcm16"))
    t.true(t.make(made.client_secret.value).realtime.calls.create(sdp=OFFER).text.startswith("v=0"))
    heard = realtime.transcription_sessions.create(input_audio_transcription={"model": "whisper-1"})
    t.same(heard.input_audio_transcription.model, "whisper-1")
    t.true(heard.client_secret.value.startswith("ek_"))
