"""A meter beside the whole body, taken apart at its end; however it is cut into pieces."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from antiphon.policies.machines.meter import Meter

Told = tuple[dict[str, Any] | None, int, bool]
DELTAS: list[tuple[dict[str, Any], int]] = [
    ({"content": "häuser"}, 7),
    ({"refusal": "no"}, 2),
    ({"reasoning_content": "so", "role": "assistant"}, 2),
    ({"tool_calls": [{"index": 0, "type": "function", "function": {"name": "go", "arguments": "{}"}}]}, 4),
    ({"content": "\ud83d"}, 3),  # half of a pair
    ({"content": "", "annotations": [], "n": 1}, 0),
    ({"content": ["text", {"text": "abc"}]}, 3),
]
USAGE: dict[str, Any] = {"prompt_tokens": 3, "completion_tokens": 5}


def metered(told: list[Told], *, events: bool = True, counts: bool = True) -> Meter:
    def done(usage: dict[str, Any] | None, letters: int, whole: bool) -> None:
        told.append((usage, letters, whole))

    return Meter(events=events, counts=counts, done=done)


class Pieces(RuleBasedStateMachine):
    """Events in a row, and how much text each of them brings."""

    @initialize(counts=st.booleans())
    def begin(self, counts: bool) -> None:
        self.told: list[Told] = []
        self.meter = metered(self.told, counts=counts)
        self.counts, self.rest = counts, b""
        self.letters, self.usage = 0, dict[str, Any]()
        self.last = False

    def send(self, data: bytes, letters: int = 0) -> None:
        self.rest += b"data: " + data + b"\n\n"
        self.letters += letters

    @rule(delta=st.sampled_from(DELTAS), choices=st.integers(1, 3))
    def chunk(self, delta: tuple[dict[str, Any], int], choices: int) -> None:
        self.send(json.dumps({"id": "text", "choices": [{"delta": delta[0]}] * choices}).encode(), choices * delta[1])

    @rule(data=st.sampled_from([b"{", b"[]", b"7", b'{"text": "abc"}', b'{"choices": null}', b'{"choices": "text"}']))
    def nonsense(self, data: bytes) -> None:
        self.send(data)

    @rule(tokens=st.integers(0, 9))
    def usage_comes(self, tokens: int) -> None:
        self.usage = {**USAGE, "total_tokens": tokens}
        self.send(json.dumps({"choices": [], "usage": self.usage}).encode())

    @rule()
    def done_comes(self) -> None:
        self.send(b"[DONE]")
        self.last = True

    @rule(part=st.sampled_from([0.0, 0.3, 0.9, 1.0]))
    def feed(self, part: float) -> None:
        cut = round(part * len(self.rest))
        self.meter.feed(self.rest[:cut])
        self.rest = self.rest[cut:]

    @rule(failure=st.sampled_from([None, None, OSError()]), complete=st.booleans())
    def end(self, failure: Exception | None, complete: bool) -> None:
        assert self.told == [], "nothing is told before"
        self.meter.feed(self.rest)
        self.meter.end(failure, complete)
        letters = self.letters if self.counts else 0
        assert self.told == [(self.usage or None, letters, failure is None and complete and self.last)]
        self.begin(self.counts)


TestPieces = Pieces.TestCase
TestPieces.settings = settings(derandomize=True, deadline=None, max_examples=30, stateful_step_count=25)


def test_what_is_no_stream_is_not_counted() -> None:
    told: list[Told] = []
    meter = metered(told, events=False)
    meter.feed(b'{"choices": [{"text": "abc"}], "us')
    meter.feed(b'age": {"total_tokens": 3}}')
    meter.end(None, True)
    assert told == [({"total_tokens": 3}, 0, True)]


@pytest.mark.parametrize("failure", [None, OSError()])
def test_a_body_that_broke_off_is_not_whole(failure: Exception | None) -> None:
    told: list[Told] = []
    meter = metered(told, events=False, counts=False)
    meter.feed(b'{"usage": {"total_tokens": 3}}')
    meter.end(failure, failure is not None)
    assert told == [(None, 0, False)]


def test_after_an_event_that_cannot_be_read_no_more_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Told] = []
    meter = metered(told)
    meter.feed(b'data: {"choices": [{"text": "abc"}]}\n\n')
    meter.feed(b"data: \xff\n\n")
    meter.feed(b'data: {"choices": [{"text": "abc"}]}\n\n')
    meter.end(None, True)
    assert told == [(None, 3, False)]
