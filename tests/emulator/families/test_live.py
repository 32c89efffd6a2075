"""Live sessions: connected, taken from a ringing call, stored, forked and heard again."""

from __future__ import annotations

import io
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from antiphon.emulator.families import realtime_call

from .running import OFFER, Stage, stage

TRANSPORT = {"type": "webrtc", "sdp": OFFER}


@pytest.fixture
def own() -> Iterator[Stage]:
    with stage() as made:
        yield made


def connected(own: Stage, **session: Any) -> str:
    made = own.post("/live/sessions", {"session": {"model": "gpt-live-1", **session}, "transport": TRANSPORT})
    assert made["transport"]["type"] == "webrtc"
    assert made["transport"]["sdp"].startswith("v=0\r\n")
    return str(made["session"]["id"])


def done(own: Stage, path: str, body: Any = None) -> None:
    heard = own.ask("POST", f"/v1{path}", body)
    assert (heard.status, heard.body) == (200, b"")


@pytest.mark.operation("live.create", "live.sessions.hangup")
def test_a_session_goes_on_until_it_is_hung_up_or_an_hour_is_over(own: Stage) -> None:
    first, second = connected(own), connected(own)
    assert first.startswith("live_")
    done(own, f"/live/sessions/{first}/hangup")
    own.wait(3_601)
    for gone in (first, second, "live_none", "rtc_" + second[5:]):
        assert own.refused(f"/live/sessions/{gone}/hangup").status == 404
    wrong = {"session": {"model": "gpt-none"}, "transport": TRANSPORT}
    assert own.refused("/live/sessions", wrong).error["code"] == "model_not_found"
    wrong = {"session": {"model": "gpt-live-1"}, "transport": {"type": "webrtc", "sdp": "hello"}}
    assert own.refused("/live/sessions", wrong).error["param"] == "transport.sdp"


@pytest.mark.operation("live.sessions.accept", "live.sessions.reject", "live.sessions.refer", "live.sessions.hangup")
def test_a_ringing_call_belongs_to_whom_takes_it_first(own: Stage) -> None:
    world, session = own.emulator.app.world, {"session": {"type": "live", "model": "gpt-live-1"}}
    first, second, third, fourth = (realtime_call.ring(world) for _ in range(4))
    done(own, f"/live/sessions/{first['session_id']}/accept", session)
    assert own.refused(f"/live/sessions/{first['session_id']}/accept", session).status == 400
    assert own.refused(f"/realtime/calls/{first['call_id']}/accept", {"type": "realtime"}).status == 404
    assert own.refused(f"/live/sessions/{first['session_id']}/refer", {"target_uri": ""}).status == 400
    done(own, f"/live/sessions/{first['session_id']}/refer", {"target_uri": "sip:agent@example.com"})
    assert own.refused(f"/live/sessions/{first['session_id']}/hangup").status == 404
    assert own.refused(f"/live/sessions/{second['session_id']}/reject", {"status_code": 700}).status == 400
    assert own.refused(f"/live/sessions/{second['session_id']}/reject").error["param"] == "status_code"
    done(own, f"/live/sessions/{second['session_id']}/reject", {"status_code": 486})
    assert own.refused(f"/live/sessions/{second['session_id']}/accept", session).status == 404
    done(own, f"/live/sessions/{third['session_id']}/hangup")
    done(own, f"/realtime/calls/{fourth['call_id']}/accept", {"type": "realtime"})
    assert own.refused(f"/live/sessions/{fourth['session_id']}/accept", session).status == 404


@pytest.mark.operation("live.sessions.download_recording")
def test_a_stored_session_is_heard_again_when_it_is_over(own: Stage) -> None:
    made = connected(own, store=True)
    assert own.ask("GET", f"/v1/live/sessions/{made}/content").status == 400
    own.wait(90)
    done(own, f"/live/sessions/{made}/hangup")
    heard = own.ask("GET", f"/v1/live/sessions/{made}/content")
    assert heard.headers["content-type"] == "audio/wav"
    with wave.open(io.BytesIO(heard.body)) as sound:
        assert 90 <= sound.getnframes() / sound.getframerate() < 100
        assert (sound.getnchannels(), sound.getsampwidth()) == (1, 2)
        assert not any(sound.readframes(1_000))
    unstored = connected(own)
    done(own, f"/live/sessions/{unstored}/hangup")
    assert own.ask("GET", f"/v1/live/sessions/{unstored}/content").status == 404


@pytest.mark.operation("live.sessions.fork")
def test_a_stored_session_is_forked_and_kept(tmp_path: Path) -> None:
    with stage(tmp_path) as own:
        made = connected(own, store=True, instructions="Be kind.")
        unstored = connected(own)
    with stage(tmp_path) as own:
        forked = own.post(f"/live/sessions/{made}/fork", {"transport": TRANSPORT, "session": {"store": False}})
        new = forked["session"]["id"]
        assert new not in (made, unstored)
        call = realtime_call.found(own.emulator.app.world, "live", new)
        assert call["session"] == {"model": "gpt-live-1", "store": False, "instructions": "Be kind."}
        done(own, f"/live/sessions/{new}/hangup")
        assert own.ask("GET", f"/v1/live/sessions/{new}/content").status == 404
        assert own.refused(f"/live/sessions/{unstored}/fork", {"transport": TRANSPORT}).status == 404
        again = own.post(f"/live/sessions/{made}/fork", {"transport": TRANSPORT})["session"]["id"]
        assert own.post(f"/live/sessions/{again}/fork", {"transport": TRANSPORT})["session"]["id"] != again
