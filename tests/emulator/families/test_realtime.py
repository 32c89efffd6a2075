"""Realtime over REST: keys for a while, sessions with defaults, calls answered and ended."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import openai
import pytest

from antiphon.emulator.families import realtime_call
from antiphon.emulator.families.realtime_sdp import answer
from antiphon.emulator.identity import Identity
from antiphon.emulator.problem import Problem

from .running import OFFER, Stage, stage


@pytest.fixture
def own() -> Iterator[Stage]:
    with stage() as made:
        yield made


@pytest.fixture
def official(own: Stage) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=own.emulator.base_url, api_key="sk-test", max_retries=0) as made:
        yield made


def test_an_answer_takes_up_what_can_be_heard_and_declines_the_rest() -> None:
    lines = answer(OFFER, Identity(1), "sdp").split("\r\n")
    assert lines[0] == "v=0"
    assert "a=group:BUNDLE 0 1 2" in lines
    media = [line for line in lines if line.startswith("m=")]
    assert media == [
        "m=audio 9 UDP/TLS/RTP/SAVPF 111",
        "m=video 0 UDP/TLS/RTP/SAVPF 96",
        "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
    ]
    assert lines.count("a=setup:active") == 2
    assert "a=recvonly" in lines
    assert sum(line.startswith("a=fingerprint:sha-256 ") for line in lines) == 2
    assert "m=audio 9 RTP/AVP 7" in answer("v=0\nm=audio 9 RTP/AVP 7\na=rtpmap:7", Identity(1), "sdp")
    for wrong in ("", "hello", "v=0\r\ns=-\r\n", "v=0\r\nm=audio 9\r\n", "v=0\r\nm=audio 9 RTP/AVP"):
        with pytest.raises(Problem):
            answer(wrong, Identity(1), "sdp")


@pytest.mark.operation("realtime.client_secrets.create")
def test_a_client_secret_opens_realtime_alone_and_not_for_long(own: Stage) -> None:
    body = {
        "expires_after": {"anchor": "created_at", "seconds": 30},
        "session": {"type": "realtime", "instructions": "Hi"},
    }
    made = own.post("/realtime/client_secrets", body)
    session = made["session"]
    assert made["value"].startswith("ek_")
    assert (session["model"], session["instructions"], session["type"]) == ("gpt-realtime", "Hi", "realtime")
    assert session["audio"]["output"]["voice"] == "alloy"
    headers = {"Content-Type": "application/sdp"}
    heard = own.ask("POST", "/v1/realtime/calls", OFFER.encode(), key=made["value"], headers=headers)
    assert heard.status == 201
    call = own.emulator.app.world.shelf(realtime_call.FAMILY).page().data[0]
    assert call["session"]["id"] == session["id"]
    assert own.ask("GET", "/v1/models", key=made["value"]).status == 403
    own.wait(31)
    assert own.ask("POST", "/v1/realtime/calls", {"sdp": OFFER}, key=made["value"]).status == 401


@pytest.mark.operation("realtime.client_secrets.create")
def test_settings_go_over_the_defaults_and_wrong_ones_are_refused(own: Stage) -> None:
    audio = {"input": {"turn_detection": {"type": "semantic_vad"}}, "output": {"voice": "marin"}}
    session = own.post("/realtime/client_secrets", {"session": {"type": "realtime", "audio": audio}})["session"]
    assert session["audio"]["input"]["turn_detection"] == {"type": "semantic_vad"}
    assert session["audio"]["output"] == {
        "format": {"type": "audio/pcm", "rate": 24000},
        "voice": "marin",
        "speed": 1.0,
    }
    heard = own.post("/realtime/client_secrets", {"session": {"type": "transcription"}})["session"]
    assert (heard["type"], heard["object"]) == ("transcription", "realtime.transcription_session")
    for wrong in (
        {"expires_after": {"seconds": 9}},
        {"expires_after": {"seconds": 7201}},
        {"session": {"type": "realtime", "audio": {"output": {"speed": 2}}}},
        {"session": {"type": "realtime", "max_output_tokens": 4097}},
        {"session": {"type": "other"}},
    ):
        assert own.refused("/realtime/client_secrets", wrong).status == 400, wrong
    wrong = {"session": {"type": "realtime", "model": "gpt-none"}}
    assert own.refused("/realtime/client_secrets", wrong).error["code"] == "model_not_found"


@pytest.mark.operation("realtime.translations.client_secrets.create")
def test_a_translation_has_its_language(own: Stage) -> None:
    wanted = {"model": "gpt-realtime-translate", "audio": {"output": {"language": "fr"}}}
    made = own.post("/realtime/translations/client_secrets", {"session": wanted})
    assert made["session"]["audio"]["output"] == {"language": "fr"}
    assert (made["session"]["type"], made["session"]["expires_at"]) == ("translation", made["expires_at"])
    assert own.ask("POST", "/v1/realtime/calls", {"sdp": OFFER}, key=made["value"]).status == 201
    assert own.refused("/realtime/translations/client_secrets", {"session": {"model": "gpt-none"}}).status == 404


@pytest.mark.operation("beta.realtime.sessions.create", "beta.realtime.transcription_sessions.create")
def test_sessions_of_the_beta_bring_their_key(own: Stage) -> None:
    now = own.emulator.app.world.now()
    made = own.post("/realtime/sessions", {"model": "gpt-4o-realtime-preview", "voice": "sage", "modalities": ["text"]})
    assert (made["voice"], made["modalities"], made["input_audio_format"]) == ("sage", ["text"], "pcm16")
    assert 59 <= made["client_secret"]["expires_at"] - now <= 62
    key = made["client_secret"]["value"]
    assert own.ask("POST", "/v1/realtime/calls", {"sdp": OFFER}, key=key).status == 201
    own.wait(70)
    assert own.ask("POST", "/v1/realtime/calls", {"sdp": OFFER}, key=key).status == 401
    heard: Any = {"input_audio_transcription": {"model": "whisper-1"}}
    made = own.post("/realtime/transcription_sessions", heard | {"client_secret": {"expires_at": {"seconds": 20}}})
    assert made["input_audio_transcription"] == {"model": "whisper-1"}
    assert made["turn_detection"]["silence_duration_ms"] == 500
    assert made["client_secret"]["value"].startswith("ek_")
    assert own.refused("/realtime/sessions", {"model": "gpt-none"}).status == 400


@pytest.mark.operation("realtime.calls.create", "realtime.calls.hangup")
def test_the_official_package_makes_a_call_and_hangs_up(own: Stage, official: openai.OpenAI) -> None:
    calls = official.realtime.calls
    made = calls.with_raw_response.create(sdp=OFFER, session={"type": "realtime", "model": "gpt-realtime"})
    assert made.http_response.status_code == 201
    assert made.headers["content-type"] == "application/sdp"
    assert made.text.startswith("v=0\r\n")
    location = made.headers["location"]
    assert location.startswith("/v1/realtime/calls/rtc_")
    call = location.rpartition("/")[2]
    with pytest.raises(openai.BadRequestError):
        calls.accept(call, type="realtime")
    with pytest.raises(openai.BadRequestError):
        calls.refer(call, target_uri="tel:+14155550123")
    calls.hangup(call)
    with pytest.raises(openai.NotFoundError):
        calls.hangup(call)
    with pytest.raises(openai.BadRequestError):
        calls.create(sdp="hello")


@pytest.mark.operation("realtime.calls.create")
def test_an_offer_comes_bare_or_in_json_and_a_call_ends_after_an_hour(own: Stage) -> None:
    bare = own.ask("POST", "/v1/realtime/calls", OFFER.encode(), headers={"Content-Type": "application/sdp"})
    plain = own.ask("POST", "/v1/realtime/calls", {"sdp": OFFER})
    assert [bare.status, plain.status] == [201, 201]
    assert own.ask("POST", "/v1/threads", OFFER.encode(), headers={"Content-Type": "application/sdp"}).status == 415
    own.wait(3_601)
    assert own.refused(f"{bare.headers['location'].removeprefix('/v1')}/hangup").status == 404


@pytest.mark.operation(
    "realtime.calls.accept", "realtime.calls.reject", "realtime.calls.refer", "realtime.calls.hangup"
)
def test_a_ringing_call_is_taken_moved_or_sent_away(own: Stage, official: openai.OpenAI) -> None:
    world, calls = own.emulator.app.world, official.realtime.calls
    first, second, third = (realtime_call.ring(world)["call_id"] for _ in range(3))
    with pytest.raises(openai.BadRequestError):
        calls.refer(first, target_uri="tel:+14155550123")
    calls.accept(first, type="realtime", instructions="Be kind.")
    with pytest.raises(openai.BadRequestError):
        calls.accept(first, type="realtime")
    with pytest.raises(openai.BadRequestError):
        calls.reject(first)
    with pytest.raises(openai.BadRequestError):
        calls.refer(first, target_uri=" ")
    calls.refer(first, target_uri="tel:+14155550123")
    assert own.refused(f"/realtime/calls/{first}/hangup").status == 404
    assert own.refused(f"/realtime/calls/{second}/reject", {"status_code": 200}).status == 400
    calls.reject(second, status_code=486)
    assert own.refused(f"/realtime/calls/{second}/accept", {"type": "realtime"}).status == 404
    own.wait(61)
    assert own.refused(f"/realtime/calls/{third}/accept", {"type": "realtime"}).status == 404
    heard = own.ask("POST", f"/v1/realtime/calls/{realtime_call.ring(world)['call_id']}/hangup")
    assert (heard.status, heard.body) == (200, b"")


@pytest.mark.operation("realtime.client_secrets.create")
def test_a_client_secret_is_no_key_of_the_project(own: Stage) -> None:
    own.post("/realtime/client_secrets")
    listed = own.get("/organization/projects/proj_antiphon/api_keys")["data"]
    assert [key["owner"]["type"] for key in listed] == ["user"]
