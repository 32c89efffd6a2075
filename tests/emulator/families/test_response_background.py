"""Responses in the background: their states by the clock, their streams, what ends them, and what survives a restart."""

from __future__ import annotations

import asyncio
import json
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from antiphon.emulator.brain import Answer, Prompt
from antiphon.emulator.families import response_background
from antiphon.emulator.families.webhook import DELIVERIES

from .answering import TOOK, Scene, scene, text_of, wait_for

KEY = {"Authorization": "Bearer k"}


@pytest.fixture
def own() -> Iterator[Scene]:
    with scene() as made:
        yield made


def status(own: Scene, response: Any) -> str:
    return str(own.get(f"/responses/{response['id']}")["status"])


@pytest.mark.operation("responses.create", "responses.retrieve")
def test_queued_then_in_progress_then_completed(own: Scene) -> None:
    made = own.respond("Say: hi there", background=True)
    assert (made["status"], made["output"], made["usage"], made["completed_at"]) == ("queued", [], None, None)
    own.wait(TOOK * 0.3)
    seen = own.get(f"/responses/{made['id']}")
    assert (seen["status"], seen["output"], seen["usage"]) == ("in_progress", [], None)
    own.wait(TOOK)
    seen = own.get(f"/responses/{made['id']}")
    assert (seen["status"], text_of(seen), seen["error"]) == ("completed", "hi there", None)
    assert seen["completed_at"] - seen["created_at"] in (int(TOOK), int(TOOK) + 1)
    assert seen["usage"]["output_tokens"] == 2
    (spent,) = own.world.meter.rows(0, float("inf"))
    assert (spent["kind"], spent["requests"], spent["output_tokens"]) == ("completions", 1, 2)


def test_nothing_is_worked_out_before_its_time(own: Scene) -> None:
    asked: list[Prompt] = []
    brain = own.world.brain

    class Listening:
        def answer(self, prompt: Prompt) -> Answer:
            asked.append(prompt)
            return brain.answer(prompt)

    own.world.brain = Listening()
    made = own.respond("Say: hi", background=True)
    assert (asked, status(own, made)) == ([], "queued")
    own.wait(TOOK * 0.3)
    assert (status(own, made), len(asked)) == ("in_progress", 1)


def test_one_that_is_cut_is_incomplete(own: Scene) -> None:
    made = own.respond("Say: " + "word " * 40, background=True, max_output_tokens=16)
    own.wait(TOOK)
    seen = own.get(f"/responses/{made['id']}")
    assert (seen["status"], seen["incomplete_details"]) == ("incomplete", {"reason": "max_output_tokens"})
    assert own.follow(made["id"])[-1]["type"] == "response.incomplete"


def test_one_that_cannot_be_done_fails(own: Scene) -> None:
    made = own.respond("word " * 130_000, background=True)
    own.wait(TOOK)
    wait_for(lambda: status(own, made) == "failed")
    seen = own.get(f"/responses/{made['id']}")
    assert (seen["status"], seen["error"]["code"], seen["output"]) == ("failed", "invalid_prompt", [])
    assert "128000" in seen["error"]["message"]
    told = own.follow(made["id"])
    assert [e["type"].removeprefix("response.") for e in told] == ["created", "queued", "in_progress", "failed"]
    assert told[-1]["response"]["error"] == seen["error"]
    assert own.ask("POST", f"/v1/responses/{made['id']}/cancel").status == 400


def test_a_brain_that_breaks_fails_it_too(own: Scene, caplog: pytest.LogCaptureFixture) -> None:
    class Broken:
        def answer(self, prompt: Prompt) -> Answer:
            raise ZeroDivisionError

    own.world.brain = Broken()
    made = own.respond("Say: hi", background=True)
    own.wait(TOOK)
    wait_for(lambda: status(own, made) == "failed")
    assert own.get(f"/responses/{made['id']}")["error"]["code"] == "server_error"
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.operation("responses.cancel")
def test_cancelled_it_stays_so_and_its_stream_ends_early(own: Scene) -> None:
    made = own.respond("Say: hi", background=True)
    cancelled = own.post(f"/responses/{made['id']}/cancel")
    assert (cancelled["status"], cancelled["output"], cancelled["usage"]) == ("cancelled", [], None)
    assert own.post(f"/responses/{made['id']}/cancel") == cancelled
    own.wait(2 * TOOK)
    assert status(own, made) == "cancelled"
    assert [event["type"] for event in own.follow(made["id"])] == ["response.created", "response.queued"]


def test_cancelled_on_the_way_its_stream_keeps_what_was_told(own: Scene) -> None:
    made = own.respond("Say: " + "word " * 40, background=True)
    own.wait(TOOK * 0.6)
    assert status(own, made) == "in_progress"
    assert own.post(f"/responses/{made['id']}/cancel")["output"] == []
    told = own.follow(made["id"])
    own.wait(TOOK)
    assert own.follow(made["id"]) == told
    assert 5 < len(told) < 40
    assert told[-1]["type"] == "response.output_text.delta"
    assert own.follow(made["id"], 4) == told[5:]


@pytest.mark.operation("responses.retrieve")
def test_a_stream_can_be_taken_up_anywhere(own: Scene) -> None:
    made = own.respond("Say: one two three", background=True)
    own.wait(TOOK)
    whole = own.follow(made["id"])
    assert [event["sequence_number"] for event in whole] == list(range(len(whole)))
    assert whole[-1]["type"] == "response.completed"
    assert whole[-1]["response"] == own.get(f"/responses/{made['id']}")
    for after in (0, 3, len(whole) - 2):
        assert own.follow(made["id"], after) == whole[after + 1 :]
    assert own.follow(made["id"], len(whole)) == []


def test_a_stream_follows_the_clock_while_it_is_moved(own: Scene) -> None:
    url, heard = own.emulator.base_url, list[str]()
    body = {"model": "gpt-4o", "input": "Say: one two three", "background": True, "stream": True}
    headers = {"Authorization": "Bearer sk-test", "Content-Type": "application/json"}

    def read() -> None:
        request = urllib.request.Request(f"{url}/responses", json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request, timeout=30) as reply:
            heard.extend(line.decode().split(": ")[1].strip() for line in reply if line.startswith(b"event: "))

    reader = threading.Thread(target=read)
    reader.start()
    wait_for(lambda: len(heard) == 2)
    assert heard == ["response.created", "response.queued"]
    own.wait(TOOK * 0.5)
    wait_for(lambda: len(heard) > 3)
    assert "response.completed" not in heard
    own.wait(TOOK)
    reader.join(20)
    assert heard[-1] == "response.completed"


def test_whoever_waits_for_the_event_is_told(own: Scene) -> None:
    kinds = ["response.completed", "response.cancelled", "response.failed"]
    own.post("/webhook_endpoints", name="mine", url="http://127.0.0.1:1/", event_types=kinds)
    done, stopped = own.respond("Say: hi", background=True), own.respond("Say: no", background=True)
    own.post(f"/responses/{stopped['id']}/cancel")
    own.wait(TOOK)
    assert status(own, done) == "completed"
    told = {each["event"]["data"]["id"]: each["event"]["type"] for each in own.world.shelf(DELIVERIES)}
    assert told == {done["id"]: "response.completed", stopped["id"]: "response.cancelled"}


def test_work_that_takes_no_time() -> None:
    with scene(background_seconds=0.0) as own:
        events = own.stream("Say: hi", background=True)
        assert [events[1]["type"], events[-1]["type"]] == ["response.queued", "response.completed"]
        assert own.follow(events[0]["response"]["id"]) == events


@pytest.mark.operation("responses.delete")
def test_deleted_while_it_works_it_is_gone(own: Scene) -> None:
    made = own.respond("Say: hi", background=True)
    own.delete(f"/responses/{made['id']}")
    own.wait(TOOK)
    assert own.ask("GET", f"/v1/responses/{made['id']}").status == 404


def test_after_a_restart_it_goes_on(tmp_path: Path) -> None:
    with scene(data=tmp_path) as first:
        queued = first.respond("Say: later", background=True)
        working = first.respond("Say: soon", background=True)
        first.wait(TOOK * 0.3)
        assert status(first, working) == "in_progress"
    with scene(data=tmp_path) as second:
        second.wait(TOOK * 2)
        for made, said in ((queued, "later"), (working, "soon")):
            seen = second.get(f"/responses/{made['id']}")
            assert (seen["status"], text_of(seen)) == ("completed", said)
            assert second.follow(made["id"])[-1]["response"] == seen


@pytest.mark.operation("responses.cancel", "responses.delete")
@pytest.mark.parametrize("way", ["cancel", "delete"])
def test_what_ends_while_it_is_worked_out_has_ended(own: Scene, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    plain, over = response_background.answered, threading.Event()

    async def meanwhile(*arguments: Any) -> Any:
        """As a drawing does that takes its time in a thread."""
        heard = await asyncio.to_thread(httpx.request, verb, own.emulator.base_url + ending, headers=KEY)
        assert heard.status_code == 200
        over.set()
        return await plain(*arguments)

    made = own.respond("Say: hi", background=True)
    path = f"/responses/{made['id']}"
    verb, ending = ("POST", f"{path}/cancel") if way == "cancel" else ("DELETE", path)
    monkeypatch.setattr(response_background, "answered", meanwhile)
    own.wait(TOOK * 0.3)
    own.get("/models")  # and so what is due begins
    assert over.wait(10)
    own.wait(TOOK)
    heard = own.ask("GET", f"/v1{path}")
    assert (heard.status, heard.json.get("status")) == ((200, "cancelled") if way == "cancel" else (404, None))
