"""Retry, stepped by hand: what it sends, how long it waits, when it stops."""

from __future__ import annotations

import pytest

from antiphon.core.reply import Reply
from antiphon.core.request import Request
from antiphon.errors import APIConnectionError, DeadlineExceeded, ReadTimeout, TLSError
from antiphon.policies.chain import send
from antiphon.policies.retry import Retry

from .stepping import Script, reply, request

QUOTA = b'{"error": {"code": "insufficient_quota", "message": "no credit"}}'


def run(script: Script, policy: Retry | None = None, made: Request | None = None) -> Reply:
    return script.run((policy or Retry())(made or request(), send))


class Once:
    """A body that can be sent only once."""

    length = None

    def __iter__(self):
        return iter([b"x"])

    def rewind(self) -> bool:
        return False


def test_success_is_handed_through_with_no_retry_taken() -> None:
    script = Script([reply(200)])
    assert run(script).retries_taken == 0
    assert script.slept == []


def test_three_attempts_with_growing_pauses_and_counted_headers() -> None:
    script = Script([reply(500), reply(503), reply(200)])
    answer = run(script)
    assert (answer.status_code, answer.retries_taken) == (200, 2)
    assert script.slept == [0.5, 1.0]
    assert [r.headers["x-stainless-retry-count"] for r in script.sent] == ["0", "1", "2"]
    assert len(script.discarded) == 2


def test_the_last_reply_is_handed_out_when_attempts_are_used_up() -> None:
    script = Script([reply(500)] * 3)
    answer = run(script)
    assert (answer.status_code, answer.retries_taken, script.outcomes) == (500, 2, [])


@pytest.mark.parametrize(
    "content", [b"", b"[]", b'{"error": "x"}', b'{"error": {"code": 7}}', b"\xff", b"[" * 5000, QUOTA]
)
def test_row_25_only_an_exhausted_quota_stops_a_429(content: bytes) -> None:
    script = Script([reply(429, content=content), reply(200)])
    assert run(script).status_code == (429 if content is QUOTA else 200)


@pytest.mark.parametrize(
    ("headers", "slept"),
    [
        ({"retry-after": "3"}, [3.0]),
        ({"retry-after-ms": "250", "retry-after": "9"}, [0.25]),
        ({"retry-after": "0"}, [0.5]),
        ({"retry-after": "-1"}, [0.5]),
        ({"retry-after": "nan"}, [0.5]),
        ({"retry-after": "120"}, [120.0]),
    ],
)
def test_row_19_20_the_server_hint_is_waited_for(headers: dict[str, str], slept: list[float]) -> None:
    script = Script([reply(429, headers), reply(200)])
    assert run(script).status_code == 200
    assert script.slept == slept


def test_row_21_a_pause_of_an_hour_is_handed_to_the_caller() -> None:
    script = Script([reply(429, {"retry-after": "3600"})])
    assert run(script).status_code == 429
    assert script.slept == []


def test_connection_failures_are_retried_and_count_their_attempts() -> None:
    script = Script([APIConnectionError(), ReadTimeout(), APIConnectionError()])
    with pytest.raises(APIConnectionError) as caught:
        run(script)
    assert caught.value.attempts == 3
    assert len(script.sent) == 3


@pytest.mark.parametrize("failure", [TLSError(), DeadlineExceeded(), RuntimeError("not ours"), KeyError("x")])
def test_failures_that_another_attempt_cannot_heal(failure: Exception) -> None:
    script = Script([failure])
    with pytest.raises(type(failure)):
        run(script)
    assert len(script.sent) == 1


@pytest.mark.parametrize("first", [reply(500), APIConnectionError()])
def test_a_body_that_cannot_be_sent_again_is_not_retried(first: Reply | Exception) -> None:
    script = Script([first])
    if isinstance(first, Reply):
        assert run(script, made=request(content=Once())).status_code == 500
    else:
        with pytest.raises(APIConnectionError):
            run(script, made=request(content=Once()))
    assert len(script.sent) == 1


def test_a_calls_own_number_of_retries_wins() -> None:
    script = Script([reply(500)])
    assert run(script, made=request(max_retries=0)).status_code == 500
    script = Script([reply(500)] * 5)
    assert run(script, made=request(max_retries=4)).retries_taken == 4


def test_no_attempt_begins_that_would_end_after_the_deadline() -> None:
    script = Script([reply(500), reply(200)])
    assert run(script, made=request(deadline=100.4)).status_code == 500
    assert script.slept == []
    script = Script([APIConnectionError(), reply(200)])
    with pytest.raises(APIConnectionError):
        run(script, made=request(deadline=100.4))


def test_a_caller_who_removed_the_count_gets_none() -> None:
    made = request()
    del made.headers["x-stainless-retry-count"]
    script = Script([reply(500), reply(200)])
    run(script, made=made)
    assert "x-stainless-retry-count" not in script.sent[1].headers


def test_a_date_is_understood_by_the_wall_clock() -> None:
    script = Script([reply(503, {"retry-after": "Sun, 09 Sep 2001 01:46:47 GMT"}), reply(200)])
    run(script)
    assert script.slept == [7.0]


def test_negative_retries_are_refused_and_the_repr_tells_the_numbers() -> None:
    with pytest.raises(ValueError, match="0 or more"):
        Retry(-1)
    assert repr(Retry(3)) == "Retry(max_retries=3, initial=0.5 s, longest=8.0 s)"
