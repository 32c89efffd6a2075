"""What differs between versions of the WebSocket library, and the words when it is missing."""

import asyncio
import logging
import sys
import types

import pytest
import websockets.sync.client

from antiphon.core.headers import Headers
from antiphon.errors import OpenAIError
from antiphon.sockets import dial


@pytest.fixture
def fresh():
    """The choices made once per process, made again."""
    chosen = (dial._blocking_connect, dial._asyncio_connect, dial._decodes_always)
    for choice in chosen:
        choice.cache_clear()
    yield
    for choice in chosen:
        choice.cache_clear()


def test_without_the_library_the_extra_is_named(monkeypatch, fresh):
    monkeypatch.setitem(sys.modules, "websockets.sync", None)
    monkeypatch.setitem(sys.modules, "websockets.asyncio", None)
    with pytest.raises(OpenAIError, match=r"pip install antiphon\[realtime\]") as raised:
        dial.dial("ws://127.0.0.1:9", Headers(), {})
    assert isinstance(raised.value.__cause__, ImportError)
    with pytest.raises(OpenAIError, match=r"pip install antiphon\[realtime\]"):
        asyncio.run(dial.adial("ws://127.0.0.1:9", Headers(), {}))


def test_older_versions_that_follow_no_redirects_are_used_as_they_are(monkeypatch, fresh):
    seen = {}

    def connect(url, **options):
        seen.update(options, url=url)
        return "connection"

    monkeypatch.setattr(websockets.sync, "client", types.SimpleNamespace(connect=connect))
    assert dial.dial("ws://h/", Headers(), {"open_timeout": 1}) == "connection"
    assert (seen["url"], seen["open_timeout"]) == ("ws://h/", 1)


class Old:
    """A connection of version 13."""

    def __init__(self, message):
        self._message = message

    def recv(self):
        return self._message


@pytest.mark.parametrize(("message", "received"), [("ä", b"\xc3\xa4"), (b"\xff", b"\xff")])
def test_version_13_gives_text(monkeypatch, fresh, message, received):
    monkeypatch.setattr("websockets.version.version", "13.1")
    assert dial.receive_bytes(Old(message)) == received


def test_the_logger_masks_credentials_only(caplog):
    with caplog.at_level(logging.DEBUG, "websockets.client"):
        dial._LOGGER.debug("> %s: %s", "Authorization", "Bearer sk")
        dial._LOGGER.debug("> %s: %s", "Host", "h")
        dial._LOGGER.info("plain")
    assert [record.getMessage() for record in caplog.records] == ["> Authorization: <redacted>", "> Host: h", "plain"]
