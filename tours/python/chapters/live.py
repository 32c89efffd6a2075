"""Live sessions: connected, hung up, heard again, forked; calls taken, moved and sent away."""

from __future__ import annotations

import io
import wave
from typing import Any

import openai

from ..tour import Tour
from .realtime import OFFER

TRANSPORT: Any = {"type": "webrtc", "sdp": OFFER}


def walk(t: Tour) -> None:
    """The chapter."""
    sessions = t.client.live.sessions
    made = t.client.live.create(session={"model": "gpt-live-1", "store": True}, transport=TRANSPORT)
    t.true(made.session.id.startswith("live_"))
    t.true(made.transport.sdp.startswith("v=0\r\n"))
    t.refused(openai.BadRequestError, sessions.download_recording, made.session.id)
    t.refused(openai.BadRequestError, sessions.accept, made.session.id, session={"type": "live", "model": "gpt-live-1"})
    t.refused(openai.BadRequestError, sessions.reject, made.session.id, status_code=486)
    t.refused(openai.BadRequestError, sessions.refer, made.session.id, target_uri="sip:a@example.com")
    t.house.wait(90)
    t.same(sessions.hangup(made.session.id), None)
    with wave.open(io.BytesIO(sessions.download_recording(made.session.id).content)) as sound:
        t.true(90 <= sound.getnframes() / sound.getframerate() < 100)
    t.gone(sessions.hangup, made.session.id)
    forked = sessions.fork(made.session.id, transport=TRANSPORT)
    t.true(forked.session.id != made.session.id)
    t.house.wait(3601)
    t.gone(sessions.hangup, forked.session.id)
    _ringing(t)
    t.gone(t.client.live.create, session={"model": "gpt-none"}, transport=TRANSPORT)


def _ringing(t: Tour) -> None:
    sessions, session = t.client.live.sessions, {"type": "live", "model": "gpt-live-1"}
    first, second = t.house.call(), t.house.call()
    t.same(sessions.accept(first["session_id"], session=session), None)
    t.gone(t.client.realtime.calls.accept, first["call_id"], type="realtime")
    t.same(sessions.refer(first["session_id"], target_uri="sip:agent@example.com"), None)
    t.gone(sessions.hangup, first["session_id"])
    t.same(sessions.reject(second["session_id"], status_code=486), None)
    t.gone(sessions.accept, second["session_id"], session=session)
