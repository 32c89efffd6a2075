"""Users' functions that are asked or told: what they are given to read, and what becomes of answers nobody can await."""

from __future__ import annotations

from typing import Any

import pytest

from antiphon.core.headers import Headers
from antiphon.core.reply import Reply
from antiphon.drivers.virtual import VirtualDriver
from antiphon.errors import APIError, TruncatedBody
from antiphon.policies import callback, telling
from antiphon.policies.fact import begins, is_flawed, of_reply, official_of_reply

from .backend import ask
from .piecewise import Piecewise

CODE = (b'{"error": {"code": "slow', b'_down"}}')


def perform(flow: Any) -> Any:
    return VirtualDriver(lambda request, now: (0.0, Reply(200, Headers(), request))).perform(flow)


def open_reply(status: int, *pieces: bytes, failure: Exception | None = None) -> Reply:
    return Reply(status, Headers(), ask(), body=Piecewise(*pieces, failure=failure))


class Pending:
    """What a coroutine function gives."""

    def __init__(self) -> None:
        self.closed = False

    def __await__(self) -> Any:
        raise AssertionError

    def close(self) -> None:
        self.closed = True


def test_who_is_asked_is_given_the_whole_refusal() -> None:
    seen: list[Any] = []

    def judge(number: int, error: APIError) -> bool:
        seen.extend([number, error.code])
        return True

    assert perform(telling.asked(judge, open_reply(503, *CODE), 7)) is True
    assert seen == [7, "slow_down"]


def test_a_refusal_that_breaks_off_has_no_body() -> None:
    reply = open_reply(503, b'{"er', failure=TruncatedBody())
    perform(telling.whole(reply))
    assert (reply.is_read, reply.content) == (True, b"")


def test_each_call_has_a_number_of_its_own() -> None:
    first, second = telling.call_number(), telling.call_number()
    assert 0 < first < second


def test_what_has_been_read_is_not_read_again() -> None:
    reply = Reply(503, Headers(), ask(), b"{}")
    perform(telling.whole(reply))
    perform(telling.whole(TruncatedBody()))
    assert reply.content == b"{}"


def test_an_answer_nobody_can_await_is_closed_and_said() -> None:
    answer = Pending()
    with pytest.raises(TypeError, match="use the async client"):
        telling.settled(answer)
    assert answer.closed
    assert telling.settled("answer") == "answer"


def test_who_is_told_and_cannot_be_awaited_is_closed_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    answer, told = Pending(), list[Any]()

    def teller(*facts: Any) -> Pending:
        told.extend(facts)
        return answer

    perform(callback.tell(teller, 1, 2))
    assert told == [1, 2]
    assert answer.closed
    assert "teller failed; the call goes on" in caplog.text
    assert "cannot await a coroutine function" in caplog.text


def test_who_is_told_and_says_something_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    told: list[int] = []
    perform(callback.tell(lambda fact: told.append(fact) or "thanks", 3))
    perform(callback.tell(None, 4))
    assert (told, caplog.text) == ([3], "")


def test_the_code_of_a_refusal_that_is_still_open_is_a_fact() -> None:
    facts = perform(of_reply(open_reply(503, *CODE), ask(), too_long=False, rash=True))
    assert facts.code == "slow_down"
    assert perform(official_of_reply(open_reply(429, *CODE), too_long=False)).code == "slow_down"
    assert perform(official_of_reply(open_reply(503, *CODE), too_long=False)).code is None


@pytest.mark.parametrize(("status", "success"), [(200, True), (399, True), (400, False), (500, False)])
def test_a_success_ends_below_four_hundred(status: int, success: bool) -> None:
    made = ask(events=True)
    assert perform(official_of_reply(open_reply(status), too_long=False)).cut is success
    assert perform(of_reply(open_reply(status), made, too_long=False, rash=True)).cut is success
    assert perform(begins(open_reply(status), made)) is not success, "of a refusal no event is waited for"


@pytest.mark.parametrize(
    ("content", "flawed"),
    [
        (b'{"id": 1}', False),
        (b"[]", True),
        (b'{"error": {"code": "slow_down"}}', True),
        (b'{"error": {"message": "Request too large for m"}}', False),
        (b'{"error": null}', False),
    ],
)
def test_a_success_is_flawed_by_an_error_that_has_a_name(content: bytes, flawed: bool) -> None:
    request = ask()
    assert request.call is not None
    request.call.result = "antiphon.types:Response"
    assert is_flawed(Reply(200, Headers(), request, content), request) is flawed
