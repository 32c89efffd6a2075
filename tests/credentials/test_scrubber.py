"""Logs, errors, traces and recordings hold no living secret, whoever wrote it there."""

from __future__ import annotations

import io
import logging
import pickle
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator

import pytest

import antiphon
from antiphon.core.scrub import MARK
from antiphon.core.secret import Secret
from antiphon.core.trace import Trace
from antiphon.credentials import ScrubFilter, scrub, scrub_logs
from antiphon.emulator.tape import take
from antiphon.errors import APIStatusError, MalformedResponse, UnexpectedContentType
from tests.client.answer import body, chat, ok, retrieve, sse
from tests.client.colour import KEY, Colour, failure_of
from tests.transports.rude import Rude, reply

SECRET = "canary/0123456789=abc"


@pytest.fixture
def written() -> Iterator[tuple[logging.Logger, io.StringIO]]:
    """A logger with a handler, and what it wrote."""
    out, logger = io.StringIO(), logging.getLogger("tests.scrubbed")
    handler = logging.StreamHandler(out)
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    logger.addFilter(ScrubFilter())
    yield logger, out
    logger.removeHandler(handler)
    logger.filters.clear()


def test_a_record_is_written_without_secrets(written: tuple[logging.Logger, io.StringIO]) -> None:
    logger, out = written
    secret = Secret(SECRET)
    logger.info("key %s, in base64 %s", SECRET, b64encode(SECRET.encode()).decode())
    logger.info("%s of %d", "nothing", 5)
    try:
        raise ValueError(f"bad key {SECRET}")
    except ValueError:
        logger.exception("it failed", stack_info=True)
    said = out.getvalue()
    assert SECRET not in said
    assert said.startswith(f"key {MARK}, in base64 {MARK}")
    assert "nothing of 5" in said
    assert f"ValueError: bad key {MARK}" in said
    assert secret


def test_an_ordinary_record_is_left_as_it_is(written: tuple[logging.Logger, io.StringIO]) -> None:
    secret = Secret(SECRET)
    record = logging.LogRecord("n", logging.INFO, "p", 1, "%s and %s", ("a", 5), None)
    assert ScrubFilter().filter(record)
    assert (record.msg, record.args, record.exc_text) == ("%s and %s", ("a", 5), None)
    broken = logging.LogRecord("n", logging.INFO, "p", 1, "%d", ("a",), None)
    assert ScrubFilter().filter(broken)
    assert secret


def test_the_loggers_of_other_libraries_too() -> None:
    secret = Secret(SECRET)
    program = f"""
import logging, sys
logging.basicConfig(stream=sys.stdout, level=logging.DEBUG)
early = logging.getLogger("httpcore.http11")
from antiphon.core.secret import Secret
from antiphon.credentials import scrub_logs
key = Secret({SECRET!r})
scrub_logs()
scrub_logs()
early.debug("headers %r", [("authorization", key.reveal())])
logging.getLogger("anybody.else").warning("it is %s", key.reveal())
assert len(logging.getLogger().handlers[0].filters) == 1
"""
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert SECRET not in said
    assert said.count(MARK) == 2
    assert secret
    assert callable(scrub_logs)


def test_antiphons_own_logger_is_clean_wherever_it_is_logged_from(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    logger = logging.getLogger("antiphon")
    monkeypatch.setattr(logger, "filters", [])
    caplog.set_level(logging.DEBUG, "openai")
    client = antiphon.OpenAI(api_key=KEY)
    logger.warning("the key is %s", client.api_key)
    assert KEY not in caplog.text
    assert MARK in caplog.text


ECHO = f"Incorrect API key provided: {KEY}; in hex {KEY.encode().hex()}"
REFUSALS = {
    "JSON": reply(body({"error": {"message": ECHO, "code": "invalid_api_key", "param": KEY}}), 401, f"X-Echo: {KEY}"),
    "text": reply(ECHO.encode(), 500, "Content-Type: text/plain"),
    "HTML": reply(f"<html>{ECHO}".encode(), 200, "Content-Type: text/html"),
    "JSON in a success": reply(body({"error": {"message": ECHO}}), 200),
    "not JSON": reply(f"{{{ECHO}".encode(), 200),
    "a list": reply(body([ECHO]), 200),
}


@pytest.mark.parametrize("how", REFUSALS)
def test_a_server_that_repeats_the_key_does_not_get_it_into_an_error(how: str, colour: Colour) -> None:
    with Rude(REFUSALS[how]) as server, colour.client(server.url, max_retries=0) as it:
        error = failure_of(it, retrieve)
        assert isinstance(error, antiphon.APIError)
        shown = [str(error), repr(error), repr(vars(error)), repr(error.body)]
        if isinstance(error, (APIStatusError, UnexpectedContentType, MalformedResponse)):
            shown += [repr(error.response.headers), repr(error.response.content)]
        for text in shown:
            assert KEY not in text
            assert KEY.encode().hex() not in text
        assert KEY.encode() not in pickle.dumps(error)
        assert MARK in str(error)


def test_nor_does_a_stream(colour: Colour) -> None:
    with Rude(sse({"error": {"message": ECHO}})) as server, colour.client(server.url) as it:
        error = failure_of(it, chat)
        assert MARK in str(error)
        assert KEY not in str(error) + repr(vars(error))


def test_a_key_among_the_callers_own_fields_is_taken_out_too(colour: Colour) -> None:
    mine = "another-house-0123456789"
    answer = reply(body({"error": {"message": f"bad {mine}"}}), 403)
    with Rude(answer) as server, colour.client(server.url, default_headers={"X-Api-Key": mine}) as it:
        assert mine not in str(failure_of(it, retrieve))
    with Rude(answer) as server, colour.client(server.url) as it:
        error = failure_of(it, lambda client: client.models.retrieve("m", extra_headers={"api-key": mine}))
        assert mine not in str(error) + repr(vars(error))


def test_a_key_in_the_default_query_is_sent_and_not_shown(colour: Colour) -> None:
    mine = "another-house-0123456789"
    with Rude(ok()) as server, colour.client(server.url, default_query={"api_key": mine, "v": 1}) as it:
        it(retrieve)
        assert f"api_key={mine}" in server.requests[0].line
        assert mine not in repr(it.raw.settings) + repr(it.raw.default_query)
        assert it.raw.default_query == {"api_key": mine, "v": 1}
        assert scrub(f"the key is {mine}") == f"the key is {MARK}"


def test_a_trace_is_printed_without_secrets() -> None:
    secret = Secret(SECRET)
    trace = Trace()
    trace.note("Mine", "refused", reason=f"the key {SECRET} is none")
    assert str(trace) == f"Mine: refused reason=the key {MARK} is none"
    assert secret


@pytest.mark.parametrize("data", [f"it says {SECRET}".encode(), b"\xff\xfe" + SECRET.encode()])
def test_a_recording_holds_no_living_secret(data: bytes) -> None:
    secret = Secret(SECRET)
    made = take("GET", "/v1/models", "", b"", 200, [], data)
    assert SECRET.encode() not in made.content()
    assert MARK.encode() in made.content()
    assert secret
