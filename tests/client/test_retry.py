"""Retries by the rules of the official client, on a clock that does not wait; and where we do better."""

from __future__ import annotations

import io
import time
from email.utils import formatdate
from typing import Any

import pytest

import antiphon
from antiphon.errors import APIConnectionError, APITimeoutError, DeadlineExceeded, TLSError
from tests.transports.rude import Rude, chunk, chunked_head, hang, hang_up, reply, reset
from tests.transports.trust import untrusted_tls

from .answer import CHAT, chat, create, ok, retrieve, wrong
from .colour import Colour, FakeClock, failure_of


def counts(server: Rude) -> list[str | None]:
    """The number each attempt told the server."""
    return [request.headers.get("x-stainless-retry-count") for request in server.requests]


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504, 529, 599])
def test_row_29_statuses_that_are_tried_again(colour: Colour, status: int) -> None:
    with Rude(wrong(status)) as server, colour.client(server.url) as it:
        error = failure_of(it, create)
        assert error.status_code == status
        assert counts(server) == ["0", "1", "2"]
        assert it.clock.slept == [0.5, 1.0]
        assert len({request.body for request in server.requests}) == 1


@pytest.mark.parametrize("status", [501, 505])
def test_row_29_not_implemented_is_tried_again_as_the_official_client_does(colour: Colour, status: int) -> None:
    # The fault table would stop here; drop-in means the official rule (every status of 500 and above).
    with Rude(wrong(status)) as server, colour.client(server.url) as it:
        failure_of(it, create)
        assert len(server.requests) == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 413, 422])
def test_statuses_that_are_final(colour: Colour, status: int) -> None:
    with Rude(wrong(status)) as server, colour.client(server.url) as it:
        failure_of(it, create)
        assert counts(server) == ["0"]
        assert it.clock.slept == []


def test_success_after_two_failures(colour: Colour) -> None:
    with Rude(wrong(500), wrong(429), ok()) as server, colour.client(server.url) as it:
        raw = it(lambda client: client.models.with_raw_response.retrieve("m"))
        assert raw.retries_taken == 2
        assert raw.parse().id == "m"
        assert server.connections == 1


def test_the_number_of_retries_by_client_and_by_call(colour: Colour) -> None:
    with Rude(wrong(500)) as server:
        for retries in (0, 1, 4):
            with colour.client(server.url, max_retries=retries) as it:
                failure_of(it, retrieve)
                assert len(server.requests) == retries + 1
                server.requests.clear()
        with colour.client(server.url) as it:
            failure_of(it, lambda c: c.get("/x", cast_to=dict, options={"max_retries": 3}))
            assert len(server.requests) == 4


def test_backoff_grows_to_eight_seconds(colour: Colour) -> None:
    with Rude(wrong(500)) as server, colour.client(server.url, max_retries=7) as it:
        failure_of(it, retrieve)
        assert it.clock.slept == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0]


EPOCH = FakeClock().epoch
HINTS = {
    "row 19: seconds": (["Retry-After: 3"], [3.0]),
    "row 19: a fraction": (["Retry-After: 0.25"], [0.25]),
    "row 22: a date": ([f"Retry-After: {formatdate(EPOCH + 7, usegmt=True)}"], [7.0]),
    "row 22: a date gone by": ([f"Retry-After: {formatdate(EPOCH - 60, usegmt=True)}"], [0.5]),
    "row 23: milliseconds win": (["retry-after-ms: 250", "Retry-After: 1"], [0.25]),
    "row 23: unreadable milliseconds": (["retry-after-ms: soon", "Retry-After: 1"], [1.0]),
    "row 20: nan": (["Retry-After: nan"], [0.5]),
    "row 20: inf": (["Retry-After: inf"], [0.5]),
    "row 20: negative": (["Retry-After: -5"], [0.5]),
    "row 20: nought": (["Retry-After: 0"], [0.5]),
    "row 20: nothing": (["Retry-After: "], [0.5]),
    "row 20: hexadecimal": (["Retry-After: 0x10"], [0.5]),
    "row 20: words": (["Retry-After: tomorrow"], [0.5]),
    "two minutes": (["Retry-After: 120"], [120.0]),
    "row 21: an hour": (["Retry-After: 3600"], []),
    "row 21: an hour in milliseconds": (["retry-after-ms: 3600000"], []),
    "row 21: a date in an hour": ([f"Retry-After: {formatdate(EPOCH + 3600, usegmt=True)}"], []),
    "row 20: a number past all range": (["Retry-After: 1" + "0" * 400], []),
    "row 20: 1e9": (["Retry-After: 1e9"], []),
}


@pytest.mark.parametrize("hint", HINTS)
def test_rows_19_to_23_what_the_server_asks_to_wait(colour: Colour, hint: str) -> None:
    headers, slept = HINTS[hint]
    with Rude(wrong(429, *headers), ok()) as server, colour.client(server.url) as it:
        if slept:
            assert it(retrieve).id == "m"
        else:
            assert isinstance(failure_of(it, retrieve), antiphon.RateLimitError)
        assert it.clock.slept == pytest.approx(slept)
        assert len(server.requests) == 1 + len(slept)


def test_row_24_the_server_decides(colour: Colour) -> None:
    with Rude(wrong(503, "x-should-retry: false")) as server, colour.client(server.url) as it:
        assert failure_of(it, retrieve).status_code == 503
        assert len(server.requests) == 1
    with Rude(wrong(400, "x-should-retry: true")) as server, colour.client(server.url) as it:
        assert failure_of(it, retrieve).status_code == 400
        assert len(server.requests) == 3
    with Rude(wrong(503, "x-should-retry: true", "Retry-After: 121")) as server, colour.client(server.url) as it:
        failure_of(it, retrieve)
        assert len(server.requests) == 1


BILLING = [
    "insufficient_quota",
    "credit_balance_exhausted",
    "organization_spend_limit_exceeded",
    "project_spend_limit_exceeded",
    "organization_usage_limit_exceeded",
]


@pytest.mark.parametrize("code", BILLING)
def test_row_25_an_exhausted_quota_is_asked_once(colour: Colour, code: str) -> None:
    # The official client sends it three times; waiting cannot heal it.
    with Rude(wrong(429, code=code)) as server, colour.client(server.url) as it:
        error = failure_of(it, create)
        assert isinstance(error, antiphon.RateLimitError)
        assert error.code == code
        assert len(server.requests) == 1


CONNECTIONS: dict[str, Any] = {
    "row 5: reset": reset,
    "hang up": hang_up,
    "row 6: reset inside the body": [reply(b'{"id": "m"', length=40), reset],
    "row 7: short body": [reply(b'{"id": "m"}', length=40), hang_up],
    "row 10: missing last chunk": [chunked_head() + chunk(b'{"id": "m"}'), hang_up],
    "row 9: not http": [b"\x00\x01\x02\r\n\r\n", hang_up],
}


@pytest.mark.parametrize("fault", CONNECTIONS)
def test_connection_failures_are_tried_again(colour: Colour, fault: str) -> None:
    answer = CONNECTIONS[fault]
    with Rude(answer, answer, ok()) as server, colour.client(server.url) as it:
        assert it(create).id == "m"
        assert counts(server) == ["0", "1", "2"]
    with Rude(answer) as server, colour.client(server.url) as it:
        error = failure_of(it, create)
        assert isinstance(error, APIConnectionError)
        assert error.attempts == 3
        assert error.host == server.url.removeprefix("http://")
        assert "attempts 3" in str(error)
        assert len(server.requests) == 3


def test_row_4_a_kept_connection_that_died_is_replaced_without_charge(own_colour: Colour) -> None:
    # A borrowed client keeps its own pool, and what it does with a dead connection is its own business.
    with Rude(ok(), reset, ok()) as server, own_colour.client(server.url, max_retries=0) as it:
        it(retrieve)
        assert it(retrieve).id == "m"
        assert counts(server) == ["0", "0", "0"]
        assert it.clock.slept == []


def test_nobody_listens(colour: Colour) -> None:
    with Rude() as server:
        url = server.url
    with colour.client(url) as it:
        error = failure_of(it, retrieve)
        assert isinstance(error, APIConnectionError)
        assert error.attempts == 3
        assert "refused" in str(error).lower() or "connect" in str(error).lower()
        assert it.clock.slept == [0.5, 1.0]


def test_timeouts_are_tried_again(colour: Colour) -> None:
    with Rude(hang, hang, ok()) as server, colour.client(server.url, timeout=0.15) as it:
        assert it(retrieve).id == "m"
        assert len(server.requests) == 3
    with Rude(hang) as server, colour.client(server.url, timeout=0.15, max_retries=1) as it:
        error = failure_of(it, retrieve)
        assert isinstance(error, antiphon.APITimeoutError)
        assert (error.attempts, error.phase) == (2, "head")


def test_row_3_a_certificate_nobody_knows_is_not_asked_twice(colour: Colour) -> None:
    with Rude(ok(), tls=untrusted_tls()) as server, colour.client(server.url) as it:
        assert isinstance(failure_of(it, retrieve), TLSError)
        assert it.clock.slept == []
        assert server.connections == 1
        assert server.requests == []


def test_a_stream_is_tried_again_until_its_head_comes_and_never_after(colour: Colour) -> None:
    with Rude(wrong(503), CHAT) as server, colour.client(server.url) as it:
        assert len(it(chat)) == 3
        assert len(server.requests) == 2
    with Rude([CHAT[:-40], reset]) as server, colour.client(server.url) as it:
        failure_of(it, chat)
        assert len(server.requests) == 1


class OneWay(io.RawIOBase):
    """A file that cannot go back."""

    def __init__(self) -> None:
        self.left = [b"content"]

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def readinto(self, buffer: Any) -> int:
        data = self.left.pop() if self.left else b""
        buffer[: len(data)] = data
        return len(data)


def upload(file: Any) -> Any:
    """An upload call."""
    return lambda client: client.files.create(file=("n.txt", file), purpose="assistants")


def test_an_upload_is_sent_again_whole_if_its_file_can_go_back(colour: Colour) -> None:
    file = io.BytesIO(b"head:content")
    file.seek(5)  # both clients send a file from its beginning
    with Rude(wrong(500), ok({"id": "file_1"})) as server, colour.client(server.url) as it:
        assert it(upload(file)).id == "file_1"
        first, second = (request.body for request in server.requests)
        assert b"head:content" in first
        assert first == second


def test_an_upload_that_cannot_go_back_is_sent_once(colour: Colour) -> None:
    with Rude(wrong(500)) as server, colour.client(server.url) as it:
        assert failure_of(it, upload(OneWay())).status_code == 500
        assert len(server.requests) == 1
    with Rude(reset) as server, colour.client(server.url) as it:
        assert isinstance(failure_of(it, upload(OneWay())), APIConnectionError)
        assert len(server.requests) == 1


def test_errors_of_the_caller_pass_through_unchanged(colour: Colour) -> None:
    class SoftTimeLimit(Exception):
        """What a worker raises into its task."""

    class Clock(FakeClock):
        def sleep(self, seconds: float) -> None:
            raise SoftTimeLimit

        async def asleep(self, seconds: float) -> None:
            raise SoftTimeLimit

    with Rude(wrong(500)) as server, colour.client(server.url, _clock=Clock()) as it:
        assert type(failure_of(it, retrieve)) is SoftTimeLimit
        assert len(server.requests) == 1


def test_a_deadline_bounds_the_pauses(colour: Colour) -> None:
    with Rude(wrong(500)) as server, colour.client(server.url, deadline=2.0, max_retries=9) as it:
        assert failure_of(it, retrieve).status_code == 500
        # 0.5 and 1.0 fit; the next pause of 2.0 would end after it.
        assert it.clock.slept == [0.5, 1.0]


@pytest.mark.parametrize("stream", [False, True])
def test_row_11_12_a_deadline_ends_a_silent_call_and_a_dripping_stream(colour: Colour, stream: bool) -> None:
    answer: Any = [CHAT[:-40], hang] if stream else hang
    with Rude(answer) as server, colour.client(server.url, deadline=0.3, _clock=None) as it:
        began = time.monotonic()
        error = failure_of(it, chat if stream else retrieve)
        elapsed = time.monotonic() - began
        assert isinstance(error, APITimeoutError)
        assert stream or isinstance(error, DeadlineExceeded)
        assert elapsed >= 0.25
        assert len(server.requests) == 1
        assert server.left()
