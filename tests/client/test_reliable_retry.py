"""The reliable rules over real sockets, in both colours and over both transports: the rows of the fault table they change."""

from __future__ import annotations

import json
from email.utils import formatdate
from typing import Any

import pytest

import antiphon
from antiphon import Redirect, Retry, RetryBudget
from antiphon.errors import APIConnectionError, APIError, MalformedResponse, UnexpectedStatus
from antiphon.policies.machines.rule import RELIABLE_RULES
from tests.transports.rude import Rude, hang, hang_up, reply, reset

from .answer import CHAT, RESPONSE, chat, create, ok, retrieve, wrong
from .colour import Colour, FakeClock, failure_of

EPOCH = FakeClock().epoch
OK = ok(RESPONSE)


def reliable(max_retries: int | None = 2, **options: Any) -> dict[str, Any]:
    """A client's policies."""
    return {"policies": [Retry(max_retries, rules=RELIABLE_RULES, **options), Redirect()]}


def batch(client: Any) -> Any:
    """A POST that must not happen twice."""
    return client.batches.create(completion_window="24h", endpoint="/v1/responses", input_file_id="file_1")


HINTS: dict[str, tuple[list[str], list[float]]] = {
    "row 19": (["Retry-After: 3"], [3.0]),
    **{
        f"row 20: {text[:8]!r}": ([f"Retry-After: {text}"], [1.0])
        for text in ("nan", "inf", "1e9", "-5", "", "0x10", "0", "1" + "0" * 30)
    },
    "row 21": (["Retry-After: 3600"], []),
    "row 22: the server's clock is ahead": (
        [f"Date: {formatdate(EPOCH + 600, usegmt=True)}", f"Retry-After: {formatdate(EPOCH + 607, usegmt=True)}"],
        [7.0],
    ),
    "row 22: gone by": ([f"Retry-After: {formatdate(EPOCH - 60, usegmt=True)}"], [1.0]),
    "row 23": (["retry-after-ms: 250", "Retry-After: 1"], [0.25]),
}


@pytest.mark.parametrize("hint", HINTS)
def test_rows_19_to_23_what_the_server_asks_to_wait(colour: Colour, hint: str) -> None:
    headers, slept = HINTS[hint]
    with Rude(wrong(429, *headers), OK) as server, colour.client(server.url, **reliable()) as it:
        if slept:
            assert it(create).id == "resp_1"
        else:
            error = failure_of(it, create)
            assert isinstance(error, antiphon.RateLimitError)
            assert error.ratelimit.retry_after == 3600
        assert it.clock.slept == pytest.approx(slept)


def test_row_21_who_is_patient_comes_back_in_an_hour(colour: Colour) -> None:
    with Rude(wrong(429, "Retry-After: 3600"), OK) as server:
        with colour.client(server.url, **reliable(None, patient=True)) as it:
            assert it(create).id == "resp_1"
            assert it.clock.slept == [3600.0]


ASKED_ONCE: dict[str, bytes] = {
    "row 24": wrong(503, "x-should-retry: false"),
    "row 25": wrong(429, code="credit_balance_exhausted"),
    "row 25, legacy": wrong(429, code="insufficient_quota"),
    "row 26": wrong(429, code="rate_limit_exceeded", message="Request too large for m: Limit 10, Requested 12"),
    "row 27": wrong(401, code="invalid_api_key"),
    "row 28": reply(b"<html>blocked</html>", 403, "Content-Type: text/html"),
    "row 28, wrong base URL": reply(b"not found", 404, "Content-Type: text/plain"),
    "row 29, 501": wrong(501),
    "row 29, 505": wrong(505),
    "row 31": b"HTTP/1.1 204 Empty\r\n\r\n",
}


@pytest.mark.parametrize("fault", ASKED_ONCE)
def test_rows_24_to_31_what_another_attempt_cannot_heal(colour: Colour, fault: str) -> None:
    with Rude(ASKED_ONCE[fault]) as server, colour.client(server.url, **reliable()) as it:
        error = failure_of(it, create)
        assert isinstance(error, UnexpectedStatus if fault == "row 31" else antiphon.APIStatusError)
        assert len(server.requests) == 1
        assert it.clock.slept == []


@pytest.mark.parametrize("status", [500, 502, 503, 504, 529])
def test_row_29_what_failed_at_the_server(colour: Colour, status: int) -> None:
    with Rude(wrong(status)) as server, colour.client(server.url, **reliable()) as it:
        error: Any = failure_of(it, create)
        assert it.clock.slept == [0.5, 1.0]
        assert [step.get("reason") for step in error.trace.of("Retry")] == [
            *("the server failed", "the server failed", "no retries are left")
        ]


@pytest.mark.parametrize(("code", "sent"), [("server_error", 3), ("invalid_prompt", 1)])
def test_row_30_an_error_under_a_success_status(colour: Colour, code: str, sent: int) -> None:
    body = json.dumps({"error": {"code": code, "message": "no"}}).encode()
    with Rude(reply(body)) as server, colour.client(server.url, **reliable()) as it:
        error = failure_of(it, create)
        assert type(error) is APIError
        assert error.code == code
        assert len(server.requests) == sent


@pytest.mark.parametrize("content", [b"", b"null", b"[]", b'{"id": "resp_1', b'{"id": tru}'])
def test_row_36_what_cannot_be_read_is_asked_for_once_more(colour: Colour, content: bytes) -> None:
    with Rude(reply(content), OK) as server, colour.client(server.url, **reliable()) as it:
        assert it(create).id == "resp_1"
    with Rude(reply(content)) as server, colour.client(server.url, **reliable(9)) as it:
        assert isinstance(failure_of(it, create), MalformedResponse)
        assert len(server.requests) == 2


def test_rows_1_and_2_nobody_listens(colour: Colour) -> None:
    with Rude() as server:
        url = server.url
    with colour.client(url, **reliable()) as it:
        error = failure_of(it, batch)
        assert isinstance(error, APIConnectionError)
        assert (error.attempts, error.sent) == (4, "no")
        assert it.clock.slept == [0.5, 1.0]


def test_row_4_a_kept_connection_that_died_is_replaced_unless_it_must_not_happen_twice(own_colour: Colour) -> None:
    with Rude(OK, reset, OK) as server, own_colour.client(server.url, **reliable(0)) as it:
        it(create)
        assert it(create).id == "resp_1"
        assert it.clock.slept == []
    # The server may have read the request before it died: nobody can tell.
    with Rude(OK, reset, OK) as server, own_colour.client(server.url, **reliable()) as it:
        it(create)
        error = failure_of(it, batch)
        assert isinstance(error, APIConnectionError)
        assert (error.sent, len(server.requests)) == ("maybe", 2)


@pytest.mark.parametrize("fault", [reset, hang_up, [reply(b'{"id": "x"', length=40), reset]])
def test_row_5_it_may_have_been_carried_out(colour: Colour, fault: Any) -> None:
    with Rude(fault, OK) as server, colour.client(server.url, **reliable()) as it:
        assert it(create).id == "resp_1"
    for do, options in ((batch, reliable()), (create, reliable(ambiguous="raise"))):
        with Rude(fault) as server, colour.client(server.url, **options) as it:
            error = failure_of(it, do)
            assert isinstance(error, APIConnectionError)
            assert error.sent == "maybe"
            assert len(server.requests) == 1
    with Rude(fault, ok()) as server, colour.client(server.url, **reliable(ambiguous="raise")) as it:
        assert it(retrieve).id == "m"


def test_row_5_a_timeout_is_no_leave_to_do_it_twice(colour: Colour) -> None:
    with Rude(hang) as server, colour.client(server.url, timeout=0.15, **reliable()) as it:
        failure_of(it, batch)
        assert len(server.requests) == 1


def test_a_stream_is_tried_again_until_its_head_comes(colour: Colour) -> None:
    with Rude(wrong(503), CHAT) as server, colour.client(server.url, **reliable()) as it:
        assert len(it(chat)) == 3
        assert len(server.requests) == 2


@pytest.mark.parametrize("fault", [wrong(500), reset])
def test_a_denied_retry_says_so_on_the_error(colour: Colour, fault: Any) -> None:
    budget = RetryBudget(capacity=1, per_success=0, per_second=0)
    with Rude(fault) as server, colour.client(server.url, **reliable(budget=budget)) as it:
        error: Any = failure_of(it, create)
        assert error.__notes__ == ["it was not tried again: the retry budget is used up"]
        assert error.trace.of("Retry")[-1].get("reason") == "retry_budget"
        assert len(server.requests) == 2


def test_endpoints_have_budgets_of_their_own(colour: Colour) -> None:
    policies = reliable(budget=RetryBudget(capacity=1, per_success=0, per_second=0))
    for _ in range(2):
        with Rude(wrong(500), OK) as server, colour.client(server.url, **policies) as it:
            assert it(create).id == "resp_1"


class Interrupted(BaseException):
    """What a signal's handler raises."""


def test_row_61_a_pause_can_be_broken_off(colour: Colour) -> None:
    class Clock(FakeClock):
        def sleep(self, seconds: float) -> None:
            raise Interrupted

        async def asleep(self, seconds: float) -> None:
            raise Interrupted

    budget = RetryBudget(capacity=5, per_second=0, per_success=0)
    with Rude(wrong(500)) as server, colour.client(server.url, _clock=Clock(), **reliable(budget=budget)) as it:
        with pytest.raises(Interrupted):
            it(create)
        assert len(server.requests) == 1
        assert budget.left == 5
