"""The audit log as a flow: what a line says, what it must not say, and what happens when it cannot be written."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import pytest

from antiphon.core.hash_chain import check
from antiphon.core.secret import Secret
from antiphon.drivers.blocking import BlockingDriver
from antiphon.errors import APIStatusError, PolicyError, ReadTimeout, StreamInterrupted
from antiphon.policies.audit import Audit
from antiphon.policies.budget import Budget
from antiphon.policies.chain import fold
from antiphon.policies.retry import Retry
from antiphon.shared.journal import Journal

from .spending import House, answer, ask, chat, streamed, used


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audit.jsonl"


def lines(path: Path) -> list[dict[str, Any]]:
    """What was written after the file's own first line, checked."""
    with path.open("rb") as file:
        assert check(file).flaw is None
    return [json.loads(line) for line in path.read_text("ascii").splitlines()][1:]


def test_a_line_says_who_asked_what_and_what_came_of_it(path: Path) -> None:
    House(Audit(path), Budget(usd=1), Retry(2), seconds=0.25)()
    (line,) = lines(path)
    assert {name: value for name, value in line.items() if name not in ("actor", "hash", "decisions")} == {
        "n": 2,
        "event": "call",
        "time": "2027-01-15T12:00:00.000Z",
        "origin": "https://api.openai.com",
        "op": "responses.create",
        "model": "gpt-4.1-mini",
        "bytes_sent": len(ask().content or b""),  # type: ignore[arg-type]
        "status": 200,
        "request_id": "req_1",
        "seconds": 0.25,
        "attempts": 1,
        "bytes_received": len(answer(usage=used(10, 5))(ask()).content),  # type: ignore[union-attr]
        "tokens": {"input": 10, "output": 5},
        "nano_usd": 12_000,
    }
    assert len(line["actor"]) == 16
    assert any(step.startswith("Budget: reserved") for step in line["decisions"])


def test_a_line_holds_no_content_and_no_secret(path: Path) -> None:
    key = Secret("sk-canary-4711-not-to-be-seen")
    secret = "the patient's name is Ann"
    house = House(Audit(path), say=answer(usage=used(1, 1), output=[{"text": secret}]))
    house(
        ask(input=secret, instructions=secret, headers={"Authorization": f"Bearer {key.reveal()}"}, model=key.reveal())
    )
    house.say = answer(500, error={"message": secret})
    with pytest.raises(APIStatusError):
        house(ask(input=secret))
    text = path.read_text()
    assert secret not in text
    assert key.reveal() not in text
    assert "<redacted>" in text
    assert pickle.dumps(lines(path))


def test_who_is_told_apart_without_being_named(path: Path) -> None:
    house = House(Audit(path))
    for key in ("sk-1", "sk-2", "sk-1"):
        house(ask(headers={"Authorization": f"Bearer {key}"}))
    house(ask(headers={"Authorization": "Bearer sk-1", "OpenAI-Project": "p"}))
    actors = [line["actor"] for line in lines(path)]
    assert actors[0] == actors[2]
    assert len(set(actors)) == 3


@pytest.mark.parametrize(
    ("outcome", "error", "status"),
    [(answer(429), None, 429), (ReadTimeout(phase="head"), "ReadTimeout", None), (ValueError("x"), "ValueError", None)],
)
def test_failures_are_lines_too(path: Path, outcome: Any, error: str | None, status: int | None) -> None:
    with pytest.raises((APIStatusError, ReadTimeout, ValueError)):
        House(Audit(path), say=outcome)()
    (line,) = lines(path)
    assert (line.get("error"), line.get("status")) == (error, status)


def test_what_the_policies_decided_is_told(path: Path) -> None:
    house = House(Audit(path), Retry(2))
    house.script = [answer(503)]
    house()
    (line,) = lines(path)
    assert line["attempts"] == 2
    assert any(step.startswith("Retry:") for step in line["decisions"])


def test_a_call_that_is_cancelled_is_a_line(path: Path) -> None:
    house = House(Audit(path), seconds=5.0)
    run = house.start()
    house.driver.run(1.0)
    run.cancel()
    (line,) = lines(path)
    assert (line["error"], line["attempts"]) == ("Cancelled", 1)


def test_row_35_a_request_id_is_cut_and_cleaned(path: Path) -> None:
    def odd(request: Any) -> Any:
        reply = answer()(request)
        reply.headers["x-request-id"] = "a\x1bb" + "x" * 10_000  # type: ignore[union-attr]
        return reply

    House(Audit(path), say=odd)()
    (line,) = lines(path)
    assert line["request_id"] == "a?b" + "x" * 125


def test_row_40_a_model_with_half_a_surrogate_pair_is_a_line(path: Path) -> None:
    request = ask()
    assert request.call is not None
    request.call.body["model"] = "m\ud800"
    House(Audit(path), say=answer())(request)
    (line,) = lines(path)
    assert line["model"] == "m?"


DONE = {"type": "response.completed", "response": {"status": "completed", "usage": used(10, 5)}}


def test_a_streams_line_is_written_when_it_ends(path: Path) -> None:
    house = House(Audit(path), say=streamed(DONE))
    body: Any = house(ask(stream=True)).body
    assert not path.exists()
    while body.read_chunk():
        pass
    (line,) = lines(path)
    assert (line["tokens"], line["nano_usd"], line["status"]) == ({"input": 10, "output": 5}, 12_000, 200)
    assert line["bytes_received"] > 50
    assert "complete" not in line


def test_a_stream_that_is_dropped_or_breaks_is_a_line(path: Path) -> None:
    house = House(Audit(path), say=streamed(DONE))
    body: Any = house(ask(stream=True)).body
    body.close()
    house.say = streamed(DONE, failure=StreamInterrupted(phase="body"))
    body = house(ask(stream=True)).body
    body.read_chunk()
    with pytest.raises(StreamInterrupted):
        body.read_chunk()
    dropped, broken = lines(path)
    assert (dropped["complete"], dropped["bytes_received"], dropped.get("tokens")) == (False, 0, None)
    assert (broken["complete"], broken["error"]) == (False, "StreamInterrupted")


@pytest.mark.parametrize("ahead", [False, True])
def test_a_log_that_cannot_be_written(tmp_path: Path, ahead: bool, caplog: pytest.LogCaptureFixture) -> None:
    folder = tmp_path / "file"
    folder.write_bytes(b"no folder")
    audit = Audit(folder / "audit.jsonl", ahead=ahead)
    house = House(audit)
    if ahead:
        with pytest.raises(PolicyError, match="nothing was sent"):
            house()
        assert not house.asked
    else:
        assert house().status_code == 200
        assert audit.lost == 1
        assert "a line of the audit log is lost" in caplog.text


def test_ahead_writes_before_it_sends(path: Path) -> None:
    house = House(Audit(path, ahead=True), seconds=1.0)
    house.start()
    house.driver.run(0.5)
    assert [line["event"] for line in lines(path)] == ["begin call"]
    house.driver.run()
    assert [line["event"] for line in lines(path)] == ["begin call", "call"]


def test_a_call_that_is_cancelled_while_it_is_announced_has_an_end(path: Path) -> None:
    class Halting(Journal):
        def add(self, *records: Any) -> None:
            super().add(*records)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        BlockingDriver(answer(), None).run(fold([Audit(Halting(path), ahead=True)])(ask()))  # type: ignore[arg-type]
    assert [(line["event"], line.get("error")) for line in lines(path)] == [
        ("begin call", None),
        ("call", "KeyboardInterrupt"),
    ]


def test_what_costs_nothing_or_is_not_known_has_no_price(path: Path) -> None:
    house = House(Audit(path))
    house(ask(model="mine"))

    def kept(request: Any) -> Any:
        reply = answer(usage=used(10, 5))(request)
        reply.cached = True  # type: ignore[union-attr]
        return reply

    house.say = kept
    house(chat())
    unknown, free = lines(path)
    assert (unknown["tokens"], unknown.get("nano_usd")) == ({"input": 10, "output": 5}, None)
    assert (free["nano_usd"], free["cached"]) == (0, True)


def test_it_says_what_it_does(path: Path) -> None:
    assert repr(Audit("a.jsonl", ahead=True)) == "Audit('a.jsonl', ahead=True, sync=False)"
    journal = Journal(path, sync=True)
    House(Audit(journal))()
    assert len(lines(path)) == 1


def test_another_process_writes_to_the_same_file(path: Path) -> None:
    audit = Audit(path, ahead=True, sync=True, rotate=5000)
    other = pickle.loads(pickle.dumps(audit))
    assert repr(other) == repr(audit)
    assert other.journal.rotate == 5000
    House(audit)()
    House(other)()
    assert len(lines(path)) == 4


@pytest.mark.parametrize(
    ("wrong", "kind"),
    [
        ({"path": 5}, TypeError),
        ({"path": "a", "rotate": 5}, ValueError),
        ({"path": "a", "rotate": 5.5}, TypeError),
        ({"path": Journal("a"), "sync": True}, TypeError),
        ({"path": "a", "rotat": 5}, TypeError),
    ],
)
def test_arguments_that_cannot_be_right(wrong: dict[str, Any], kind: type[Exception]) -> None:
    with pytest.raises(kind):
        Audit(**wrong)
