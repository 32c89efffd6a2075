"""1.13, logging: what each level writes, line by line, and that no level writes of what a call carries."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.client.answer import CHAT, MODEL, chat, create, ok, retrieve, wrong
from tests.client.colour import KEY
from tests.transports.rude import Answer, hang_up, reply, reset

from .duet import Row, sung

LEVELS = ("debug", "info", "warning", "error", "critical")
SECRETS = (KEY, "sk-header", "in-the-query", "in-the-body", "in-the-answer", "/v1", "x-sent", "x-got")

SCRIPTS: dict[str, list[Answer]] = {
    "a success": [ok(MODEL, "x-request-id: req_1", "x-got: in-the-answer")],
    "a success without an id": [ok()],
    "a retried status": [wrong(500), wrong(429, "Retry-After: 3"), ok()],
    "a retried connection": [reset, ok()],
    "the last retry": [wrong(503, message="in-the-answer")],
    "a refusal": [wrong(400, "x-request-id: req_2", message="in-the-answer")],
    "told not to retry": [wrong(503, "x-should-retry: false")],
    "told to retry": [wrong(400, "x-should-retry: true"), ok()],
    "a lost connection": [hang_up],
    "what is no JSON": [reply(b"in-the-answer")],
}


@pytest.fixture(autouse=True)
def put_back() -> Iterator[None]:
    """Levels and handlers are put back as they were."""
    loggers = [logging.getLogger(name) for name in ("", "openai", "antiphon", "httpx2", "httpcore2")]
    before = [(logger.level, logger.handlers[:]) for logger in loggers]
    yield
    for logger, (level, handlers) in zip(loggers, before, strict=True):
        logger.setLevel(level)
        logger.handlers[:] = handlers


class Ear(logging.Handler):
    """Writes down which package said what."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.heard: dict[str, list[tuple[str, str]]] = {"openai": [], "antiphon": []}

    def emit(self, record: logging.LogRecord) -> None:
        """As a handler does it."""
        package = record.name.partition(".")[0]
        if record.name.startswith("openai.antiphon"):
            package = "antiphon"
        if package in self.heard:
            self.heard[package].append((record.levelname, record.getMessage()))


def asking(client: Any, _: Any) -> Any:
    return create(
        client,
        extra_headers={"x-sent": "sk-header"},
        extra_query={"q": "in-the-query"},
        extra_body={"b": "in-the-body"},
    )


def heard(script: list[Answer], do: Any, level: str, colour: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What both packages write of a call."""
    from openai._utils._logs import setup_logging

    monkeypatch.setenv("OPENAI_LOG", level)
    ear = Ear()
    logging.getLogger().addHandler(ear)
    setup_logging()  # which the official package does when it is imported
    sung(Row(script, do, {"http_client": lambda p: ...}), colour)
    logging.getLogger().removeHandler(ear)
    return ear.heard["openai"], ear.heard["antiphon"]


@pytest.mark.parametrize("name", SCRIPTS)
@pytest.mark.parametrize("level", [level for level in LEVELS if level != "debug"])
def test_from_info_on_the_lines_are_the_same(
    name: str, level: str, colour: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs, ours = heard(SCRIPTS[name], asking, level, colour, monkeypatch)
    assert ours == theirs
    if level == "info" and name == "a retried status":
        assert [text for _, text in theirs] == [
            "Retrying request in 0.500000 seconds (retry 1 of 2)",
            "Retrying request in 3.000000 seconds (retry 2 of 2)",
        ]


def said(lines: list[tuple[str, str]]) -> list[tuple[str, ...]]:
    """What the lines say of attempts, whichever way they are broken: the verb, status, id and failure of each."""
    facts: list[tuple[str, ...]] = []
    for _, text in lines:
        if found := re.match(r"Sending HTTP Request: (\w+)", text):
            facts.append(("send", found[1]))
        elif found := re.match(r"HTTP Response: (\w+) (?:http://[\d.:]+ )?(\d+)(?:.*request id (\w+))?", text):
            facts.append(("answer", found[1], found[2], *((found[3].replace("none", "None"),) if found[3] else ())))
        elif found := re.match(r"request_id: (\w+)", text):
            facts[-1] += (found[1],)
        elif text.startswith("Retrying request in"):
            facts.append(("retry", text))
    return facts


@pytest.mark.parametrize("name", SCRIPTS)
def test_debug_tells_the_same_of_each_attempt(name: str, colour: str, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs, ours = heard(SCRIPTS[name], asking, "debug", colour, monkeypatch)
    assert said(ours) == said(theirs)
    assert said(ours)


@pytest.mark.parametrize("do", [asking, lambda c, p: chat(c), lambda c, p: retrieve(c)], ids=["post", "stream", "get"])
@pytest.mark.parametrize("name", [*SCRIPTS, "a stream"])
def test_nothing_of_a_calls_content_is_written(
    name: str, do: Any, colour: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    script: list[Answer] = SCRIPTS.get(name, [CHAT])
    for lines in heard(script, do, "debug", colour, monkeypatch):
        text = "\n".join(line for _, line in lines)
        assert "Sending HTTP Request" in text
        assert not [secret for secret in SECRETS if secret in text]


def test_the_case_of_a_level_is_no_matter(colour: str, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs, ours = heard(SCRIPTS["a success"], asking, "Debug", colour, monkeypatch)
    assert theirs == []  # which leaves a user without a line, and without a word why
    assert len(ours) == 2


@pytest.mark.parametrize("level", ["", "none", "10"])
def test_what_is_no_level_turns_nothing_on(level: str, colour: str, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs, ours = heard(SCRIPTS["a retried status"], asking, level, colour, monkeypatch)
    assert ours == theirs == []
