"""Others who answer: a recorded tape, and another server, which here is an emulator too."""

from __future__ import annotations

import asyncio
import base64
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest

from antiphon.emulator import Emulator, Setting
from antiphon.emulator.tape import Tape, digest, scrubbed

from .asking import Asking, chat, response

CHAT = "/v1/chat/completions"


@pytest.fixture
def origin() -> Iterator[Emulator]:
    with Emulator(Setting(api_keys=("sk-upstream-key-1234567890",), seed=5)) as server:
        yield server


def proxy(origin: Emulator, **more: Any) -> Emulator:
    given: dict[str, Any] = {
        "brain": "proxy",
        "proxy": origin.base_url,
        "proxy_key": "sk-upstream-key-1234567890",
        **more,
    }
    return Emulator(Setting(**given))


def test_a_proxy_hands_on_whole_answers_and_streams(origin: Emulator) -> None:
    with proxy(origin) as server, openai.OpenAI(base_url=server.base_url, api_key="sk-mine", max_retries=0) as client:
        made = client.responses.create(model="gpt-4o", input="What is 6 * 7?")
        assert made.output_text == "6 * 7 = 42"
        assert client.responses.retrieve(made.id).output_text == "6 * 7 = 42"
        assert origin.app.world.shelf("responses").get(made.id) is not None
        assert server.app.world.shelf("responses").get(made.id) is None
        stream = client.chat.completions.create(
            model="gpt-4o", messages=[{"role": "user", "content": "Say: one two"}], stream=True
        )
        assert "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices) == "one two"
        with pytest.raises(openai.NotFoundError) as caught:
            client.responses.create(model="nobody", input="x")
        assert caught.value.code == "model_not_found"
        assert len(client.models.list().data) > 10
        assert client.files.list().data == [], "what no server of models answers stays here"


def test_the_callers_key_goes_nowhere(origin: Emulator) -> None:
    with proxy(origin, proxy_key=None) as server:
        asking = Asking(server.base_url)
        assert asking("POST", CHAT, chat("x"), key="sk-upstream-key-1234567890").status == 401
        asking.close()


def test_a_server_that_is_not_there_is_a_502() -> None:
    with Emulator(Setting(brain="proxy", proxy="http://127.0.0.1:9/v1")) as server:
        asking = Asking(server.base_url)
        heard = asking("POST", CHAT, chat("x"))
        assert (heard.status, heard.error["code"]) == (502, "bad_gateway")
        asking.close()


def test_each_request_may_choose(origin: Emulator) -> None:
    with proxy(origin, brain="simple") as server:
        asking = Asking(server.base_url)

        def by(brain: str | None) -> Any:
            headers = {} if brain is None else {"X-Antiphon-Brain": brain}
            return asking("POST", "/v1/responses", response("x"), headers=headers)

        ids = {brain: by(brain).json["id"] for brain in (None, "simple", "proxy")}
        kept = {brain: origin.app.world.shelf("responses").get(made) is not None for brain, made in ids.items()}
        assert kept == {None: False, "simple": False, "proxy": True}
        assert (by("replay").status, by("replay").error["code"]) == (400, "invalid_brain")
        asking.close()


def test_what_was_recorded_is_replayed(origin: Emulator, tmp_path: Path) -> None:
    tape = tmp_path / "tapes" / "tape.jsonl"
    asked = [chat("hi"), chat("Say: one two three", stream=True), chat("hi", model="nobody")]
    with proxy(origin, record=tape) as server:
        asking = Asking(server.base_url)
        first = [asking("POST", CHAT, body) for body in asked]
        repeated = asking("POST", CHAT, chat("hi"))
        asking.close()
    assert len(tape.read_text().splitlines()) == 4
    with Emulator(Setting(brain="replay", replay=tape)) as server:
        asking = Asking(server.base_url)
        again = [asking("POST", CHAT, dict(reversed(body.items()))) for body in asked]
        assert [(h.status, h.body) for h in again] == [(h.status, h.body) for h in first]
        assert again[1].headers["content-type"].startswith("text/event-stream")
        assert asking("POST", CHAT, chat("hi")).json["id"] == repeated.json["id"] != first[0].json["id"]
        assert asking("POST", CHAT, chat("hi")).json["id"] == repeated.json["id"], "the last one again"
        heard = asking("POST", CHAT, chat("never"))
        assert (heard.status, heard.error["code"]) == (404, "not_recorded")
        asking.close()


def test_no_secret_is_recorded(origin: Emulator, tmp_path: Path) -> None:
    tape = tmp_path / "tape.jsonl"
    secret = "sk-proj-" + "a1B2" * 12
    with proxy(origin, record=tape) as server:
        asking = Asking(server.base_url)
        assert secret in asking("POST", CHAT, chat(f"Say: {secret}"), key="sk-mine-1234567890123456").body.decode()
        asking.close()
    text = tape.read_text()
    assert "scrubbed" in text
    for kept in (secret, "sk-upstream-key-1234567890", "sk-mine-1234567890123456"):
        assert kept not in text


def test_scrubbing_and_digests() -> None:
    assert scrubbed(b'{"k":"sk-abcdefghij0123456789"}') == b'{"k":"[scrubbed]"}'
    assert scrubbed(b"Authorization: Bearer abc.def.ghi") == b"Authorization: [scrubbed]"
    assert scrubbed(b"skill-set and task-list are words") == b"skill-set and task-list are words"
    assert scrubbed(b"risk-assessment-of-everything ask_me_anything_about_it") == (
        b"risk-assessment-of-everything ask_me_anything_about_it"
    )
    picture = base64.b64encode(random.Random(1).randbytes(200_000))
    assert scrubbed(picture) == picture
    for before, secret in ((rb"first\n", b"sk-proj-a1B2c3D4e5F6g7H8"), (b"?key=", b"ek_0123456789abcdef")):
        assert scrubbed(before + secret) == before + b"[scrubbed]"
    assert scrubbed(b'"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln"') == b'"[scrubbed]"'
    assert digest(b'{"a":1,"b":2}') == digest(b'{ "b": 2, "a": 1 }') != digest(b'{"a":1}')


def test_a_form_is_known_whatever_its_boundary() -> None:
    forms = [
        b"--%b\r\nname: x\r\n\r\n%b\r\n--%b--\r\n" % (b, t, b)
        for b, t in ((b"a1", b"t"), (b"b22", b"t"), (b"b22", b"u"))
    ]
    assert digest(forms[0]) == digest(forms[1]) != digest(forms[2])


def test_each_world_hears_a_tape_from_its_beginning(origin: Emulator, tmp_path: Path) -> None:
    tape = tmp_path / "tape.jsonl"
    with proxy(origin, record=tape) as server:
        asking = Asking(server.base_url)
        first, second = (asking("POST", CHAT, chat("hi")).json["id"] for _ in range(2))
        asking.close()
    with Emulator(Setting(brain="replay", replay=tape)) as server:
        asking = Asking(server.base_url)
        told = [asking("POST", f"{scope}{CHAT}", chat("hi")).json["id"] for scope in ("/~a", "/~b", "/~a")]
        assert told == [first, first, second]
        asking.close()


@pytest.mark.parametrize("url", ["localhost:1", "ftp://x/v1", "http:///v1", "http://x:99999/v1", "http://u:p4ss@x/v1"])
def test_what_cannot_be_asked_is_no_proxy(url: str) -> None:
    with pytest.raises(ValueError, match="proxy") as caught:
        Emulator(Setting(brain="proxy", proxy=url))
    assert "p4ss" not in str(caught.value)


def test_a_tape_that_is_none_and_a_brain_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "tape").write_text(json.dumps({"what": 1}))
    with pytest.raises(ValueError, match="line 1"):
        Tape(tmp_path / "tape")
    with pytest.raises(ValueError, match="needs to be set up"):
        Emulator(Setting(brain="proxy"))
    told = repr(Setting(proxy_key="sk-1234567890", api_keys=("sk-2",), control_token="sk-3"))
    assert "sk-" not in told


def test_the_pace_of_answers() -> None:
    with Emulator(Setting(first_token=0.05, tokens_per_second=200, jitter=0.5)) as server:
        asking = Asking(server.base_url)
        world = server.app.world
        slept: list[float] = []
        plain = asyncio.sleep

        async def sleep(seconds: float, *_: Any) -> None:
            slept.append(seconds)
            await plain(0)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("antiphon.emulator.timing.sleep", sleep)
            whole = asking("POST", CHAT, chat("Say: one two three four"))
            tokens = whole.json["usage"]["completion_tokens"]
            assert len(slept) == 1
            assert 0.025 <= slept[0] - tokens / 200 <= 0.075
            slept.clear()
            streamed = asking("POST", CHAT, chat("Say: one two three four", stream=True))
            assert len(slept) == len(streamed.events) + 1
            assert 0.025 <= slept[0] <= 0.075
            assert all(0.0025 <= pause <= 0.0075 for pause in slept[1:])
            assert len({*slept}) > 3
            slept.clear()
            asking("GET", "/v1/models")
            assert slept == []
        assert world.timing is not None
        asking.close()


def test_lenient_overlooks_what_it_does_not_know(server: Emulator) -> None:
    body = chat("What is 6 * 7?", top_k=5) | {"messages": [{"role": "user", "content": "hi", "mood": "good"}]}
    strict = Asking(server.base_url)
    assert strict("POST", CHAT, body).status == 400
    assert strict("GET", "/v1/files?color=red").status == 400
    strict.close()
    with Emulator(Setting(strict=False)) as lenient:
        asking = Asking(lenient.base_url)
        assert asking("POST", CHAT, body).status == 200
        assert asking("GET", "/v1/files?color=red").status == 200
        assert asking("POST", CHAT, chat("x", temperature="hot")).status == 400
        made = asking("POST", "/v1/vector_stores", {"name": "x", "id": "mine", "object": 5, "created_at": "now"}).json
        assert (made["name"], made["object"], type(made["created_at"])) == ("x", "vector_store", int)
        assert made["id"].startswith("vs_")
        asking.close()
