"""A line of the audit log to the letter: ids, phases, seconds, sizes, and where it is cut."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from antiphon.core.headers import Headers
from antiphon.core.reply import Reply
from antiphon.core.request import Request
from antiphon.core.trace import Trace
from antiphon.errors import APIConnectionError, ConnectError, ReadTimeout, StreamInterrupted
from antiphon.policies.audit import Audit

from .piecewise import Piecewise
from .spending import House, Sent, answer, ask, used


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audit.jsonl"


def line(path: Path) -> dict[str, Any]:
    """The only line after the file's own first one."""
    _, only = path.read_text("ascii").splitlines()
    found: dict[str, Any] = json.loads(only)
    return found


def test_the_smallest_file_that_is_put_aside(path: Path) -> None:
    assert Audit(path, rotate=4096).journal.rotate == 4096
    with pytest.raises(ValueError, match="rotate"):
        Audit(path, rotate=4095)


@pytest.mark.parametrize("outcome", [answer(), ReadTimeout(phase="head")])
def test_seconds_are_counted_from_where_the_call_began(path: Path, outcome: Any) -> None:
    house = House(Audit(path), say=outcome, seconds=0.25)
    house.start(at=3.0)
    house.driver.run()
    assert line(path)["seconds"] == 0.25


def test_who_is_interrupted_is_written_down_without_a_clock(path: Path) -> None:
    house = House(Audit(path), seconds=5.0)
    run = house.start(at=1.0)
    house.driver.run(2.0)
    run.cancel()
    assert "seconds" not in line(path)


@pytest.mark.parametrize("failure", [ConnectError(phase="tls", sent="no"), ReadTimeout(phase="head")])
def test_a_broken_connection_says_in_which_phase(path: Path, failure: APIConnectionError) -> None:
    with pytest.raises(type(failure)):
        House(Audit(path), say=failure)()
    assert line(path)["phase"] == failure.phase
    assert line(path)["request_id"] == ""


def test_a_failure_that_knows_its_request_is_found_by_it(path: Path) -> None:
    class Told(Exception):
        request_id = "req_7"

    with pytest.raises(Told):
        House(Audit(path), say=Told())()
    assert line(path)["request_id"] == "req_7"
    assert "phase" not in line(path)


def opened(*pieces: bytes, failure: Exception | None = None) -> Any:
    """A reply that is still to be read."""
    fields = Headers({"content-type": "application/json", "x-request-id": "req_2"})

    def say(request: Request) -> Reply:
        return Reply(200, fields, request=request, body=Piecewise(*pieces, failure=failure))

    return say


def test_a_stream_that_breaks_keeps_the_id_of_its_head(path: Path) -> None:
    house = House(Audit(path), say=opened(b"{", failure=StreamInterrupted(phase="body")))
    with pytest.raises(StreamInterrupted):
        house.read(ask())
    assert (line(path)["request_id"], line(path)["phase"], line(path)["bytes_received"]) == ("req_2", "body", 1)


def test_what_is_read_piece_by_piece_tells_its_usage_at_its_end(path: Path) -> None:
    content = json.dumps({"usage": used(10, 5)}).encode()
    House(Audit(path), say=opened(content[:9], content[9:])).read(ask())
    assert line(path)["tokens"] == {"input": 10, "output": 5}
    assert line(path)["bytes_received"] == len(content)


@pytest.mark.parametrize(("content", "size"), [(b"four", 4), (Sent(4000), 4000), (Sent(None), 0), (None, 0)])
def test_what_was_sent_is_counted_where_that_is_known(path: Path, content: Any, size: int) -> None:
    made = ask()
    made.content = content
    House(Audit(path))(made)
    assert line(path)["bytes_sent"] == size


def test_a_line_has_room_for_64_decisions_of_256_letters(path: Path) -> None:
    made = ask()
    made.trace = Trace()
    for number in range(80):
        made.trace.note("Mine", "went", step=number, reason="long " * 80)
    House(Audit(path))(made)
    decisions = line(path)["decisions"]
    assert len(decisions) == 64
    assert {len(each) for each in decisions} == {256}
