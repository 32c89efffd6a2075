"""What is logged: how attempts go, in both colours and through hooks, never what they carry; and nothing where nobody listens."""

from __future__ import annotations

import logging
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

import antiphon
from antiphon.log import LOGGER, _shown
from tests.transports.rude import Rude, reply, reset

from .answer import CHAT, MODEL, chat, create, delta, ok, retrieve, sse, wrong
from .colour import ADMIN_KEY, KEY, Colour, failure_of
from .test_official import official

SOON = "retry-after-ms: 1"
IDENTITY = "x-request-id: req_1"


@pytest.fixture(autouse=True)
def put_back() -> Iterator[None]:
    """Levels are put back as they were."""
    loggers = [logging.getLogger(name) for name in ("", "openai", "antiphon")]
    before = [(logger.level, logger.handlers[:]) for logger in loggers]
    yield
    for logger, (level, handlers) in zip(loggers, before, strict=True):
        logger.setLevel(level)
        logger.handlers[:] = handlers


def lines(caplog: pytest.LogCaptureFixture, name: str = "antiphon") -> list[str]:
    """What was written, without times and addresses."""
    own = [record for record in caplog.records if record.name.partition(".")[0] == name]
    return [re.sub(r" http://[\d.:]+|[\d.]+ seconds", "", f"{r.levelname} {r.getMessage()}") for r in own]


def test_debug_writes_of_each_attempt(
    colour: Colour, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_LOG", "debug")
    with Rude(wrong(503, SOON), ok(MODEL, IDENTITY)) as server, colour.client(server.url) as it:
        it(retrieve)
    assert lines(caplog) == [
        "DEBUG Sending HTTP Request: GET",
        "DEBUG HTTP Response: GET 503, request id none, ",
        "INFO Retrying request in  (retry 1 of 2)",
        "DEBUG Sending HTTP Request: GET",
        "DEBUG HTTP Response: GET 200, request id req_1, ",
    ]


def test_info_writes_of_retries_alone_as_the_official_package_does(
    colour: Colour, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "openai")  # where a program set it up for that package
    script = [wrong(500, SOON), wrong(429, SOON), ok()]
    with Rude(*script) as server:
        official(colour, server.url, create, {})
        said = lines(caplog, "openai")
    with Rude(*script) as server, colour.client(server.url) as it:
        it(create)
    ours = [line.replace("%i", "") for line in lines(caplog)]
    assert ours == said == [f"INFO Retrying request in  (retry {n} of 2)" for n in (1, 2)]


def test_a_failure_is_named_by_its_class_alone(
    colour: Colour, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTIPHON_LOG", "DEBUG")
    with Rude(reset) as server, colour.client(server.url, max_retries=0) as it:
        error = failure_of(it, create)
    assert [line.partition(", ")[2] for line in lines(caplog) if "Failure" in line] == [type(error).__name__]


def test_a_stream_and_a_thin_client(
    colour: Colour, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_LOG", "debug")
    with Rude(CHAT) as server, colour.client(server.url) as it:
        assert len(it(chat)) == 3
    with Rude(ok()) as server, colour.client(server.url, policies=[]) as it:
        it(retrieve)
        assert it.raw.explain() == "1. Log(debug)\n→ send"
    assert len(lines(caplog)) == 4


def test_a_subclass_with_hooks_is_heard_too(
    own_colour: Colour, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_LOG", "debug")

    class Named(antiphon.OpenAI):
        @property
        def auth_headers(self) -> dict[str, str]:
            return {"Authorization": "Bearer other"}

    with Rude(wrong(503, SOON), ok(MODEL)) as server, Named(api_key=KEY, base_url=server.url) as client:
        client.models.retrieve("m")
    assert [line.split()[1] for line in lines(caplog)] == ["Sending", "HTTP", "Retrying", "Sending", "HTTP"]


def test_no_secret_is_written(
    colour: Colour, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_LOG", "debug")
    caplog.set_level(logging.DEBUG)
    canary = "canary-1f3d"
    script = [
        wrong(401, f"set-cookie: {canary}", f"x-request-id: {canary} {KEY}", message=f"bad key {KEY}"),
        wrong(500, SOON, message=canary),
        sse(delta(canary), {"error": {"message": KEY}}),
        reply(canary.encode(), 200, "Content-Type: text/html"),
        reset,
    ]
    options: dict[str, Any] = {
        "admin_api_key": ADMIN_KEY,
        "organization": canary,
        "default_headers": {"api-key": canary, "Cookie": canary, "X-Amz-Security-Token": canary},
        "default_query": {"key": canary},
    }

    def ask(client: Any) -> Any:
        return client.responses.create(
            model=canary, input=canary, extra_headers={"X-Other": canary}, extra_body={"api_key": canary}, timeout=5
        )

    with Rude(*script) as server, colour.client(f"{server.url}/v1/{canary}", **options) as it:
        for do in (ask, chat, retrieve, lambda client: client.get(f"/{canary}?key={canary}", cast_to=object)):
            failure_of(it, do)
    assert len(lines(caplog)) > 8
    # Other libraries answer for their own records.
    ours = [record for record in caplog.records if record.name == "antiphon"]
    for record in ours:
        text = f"{record.getMessage()} {record.args} {record.exc_info}"
        for secret in (canary, KEY, ADMIN_KEY):
            assert secret not in text


def test_an_odd_request_id_is_not_written() -> None:
    assert _shown("req_1a-b.c:d") == "req_1a-b.c:d"
    assert _shown(None) == "none"
    for odd in ("", "a b", "\x1b[31m", "é", "x" * 129):
        assert _shown(odd) == "<unreadable>"


def test_where_nobody_listens_nothing_is_there(own_colour: Colour, monkeypatch: pytest.MonkeyPatch) -> None:
    for wish in (None, "", "loud", "warning", "critical"):
        if wish is not None:
            monkeypatch.setenv("OPENAI_LOG", wish)
        with own_colour.client("") as it:
            assert it.raw.explain().startswith("1. Retry")
            assert it.raw._only_failures


def test_info_adds_nothing_to_a_call_that_succeeds(own_colour: Colour, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_LOG", "info")
    with own_colour.client("") as it:
        assert it.raw.explain().startswith("1. Log(info)")
        assert it.raw._only_failures


def test_the_programs_own_setup_counts() -> None:
    assert LOGGER.parent is logging.getLogger("openai")
    logging.getLogger("openai").setLevel(logging.DEBUG)
    assert antiphon.OpenAI(api_key="sk-1").explain().startswith("1. Log(debug)")
    logging.getLogger("antiphon").setLevel(logging.WARNING)
    assert antiphon.OpenAI(api_key="sk-1").explain().startswith("1. Retry")


@pytest.mark.parametrize(("name", "wish", "loaded"), [("OPENAI_LOG", "info", "True"), ("OTHER", "info", "False")])
def test_logging_is_loaded_only_on_demand(name: str, wish: str, loaded: str) -> None:
    code = "import sys, antiphon; antiphon.OpenAI(api_key='sk-1'); print('logging' in sys.modules)"
    environment = {"PYTHONPATH": ":".join(sys.path), name: wish}
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert told.stdout.strip() == loaded


def test_the_lines_of_the_environments_setup_look_like_the_official_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    code = """
import sys
from tests.transports.rude import Rude
from tests.client.answer import ok, wrong
import {package}
with Rude(wrong(500, "retry-after-ms: 1"), ok()) as server:
    {package}.OpenAI(api_key="sk-1", base_url=server.url).models.retrieve("m")
"""
    shapes = []
    for package in ("openai", "antiphon"):
        told = subprocess.run(
            [sys.executable, "-c", code.format(package=package)],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONPATH": ":".join(["", *sys.path]), "OPENAI_LOG": "info"},
        )
        shapes.append(re.sub(r"[\d.]+|openai\._base_client|antiphon", "#", told.stderr))
    assert shapes[0] == shapes[1]
    assert shapes[0].count("\n") == 1
