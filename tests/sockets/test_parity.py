"""The same script with the official package and with antiphon against the same server: what the server sees is the same."""

import asyncio
import json
import signal
import subprocess
import sys
import warnings

import openai
import pytest

import antiphon

from .conftest import event, listens, says

QUICK = {"initial_delay": 0.01, "max_delay": 0.02}
ITEM = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi"}]}

CONNECTS = [
    ("realtime", {"model": "m", "extra_query": {"a": [1, None], "b": True}}),
    ("realtime", {"call_id": "c"}),
    ("realtime.translations", {"model": "m"}),
    ("responses", {}),
    ("beta.responses", {}),
    ("live", {}),
    ("live.forks", {"session_id": "a/b"}),
    ("live.sideband", {"session_id": "s", "graceful_close": False}),
]


def found(client, path):
    for name in path.split("."):
        client = getattr(client, name)
    return client


@pytest.fixture(autouse=True)
def _quiet():
    with warnings.catch_warnings():
        # The official package uses a form of the WebSocket library that warns.
        warnings.simplefilter("ignore", DeprecationWarning)
        yield


def head(request):
    names = (
        "Authorization",
        "OpenAI-Organization",
        "OpenAI-Project",
        "OpenAI-Beta",
        "X-Own",
        "Sec-WebSocket-Extensions",
    )
    return request.path, {name: request.headers.get(name) for name in names}


SETTINGS = {"api_key": "sk-1", "organization": "org", "project": "proj", "default_query": {"d": ["x"]}}


@pytest.mark.parametrize(("path", "arguments"), CONNECTS)
def test_the_handshake_is_the_same(server, path, arguments):
    running = server(*[says()] * 4)
    given = {**arguments, "extra_headers": {"X-Own": "1"}}

    def blocking(package):
        with (
            package.OpenAI(base_url=running.url, **SETTINGS) as client,
            found(client, path).connect(**given) as connection,
        ):
            assert list(connection) == []

    async def on_asyncio(package):
        async with (
            package.AsyncOpenAI(base_url=running.url, **SETTINGS) as client,
            found(client, path).connect(**given) as connection,
        ):
            assert [item async for item in connection] == []

    for package in (openai, antiphon):
        blocking(package)
        asyncio.run(on_asyncio(package))
    heads = [head(request) for request in running.requests]
    assert heads[1:] == heads[:1] * 3


def conversation(connection):
    connection.session.update(session={"type": "realtime", "instructions": "Grüße"})
    connection.conversation.item.create(item=ITEM, previous_item_id="root")
    connection.input_audio_buffer.append(audio="AAAA")
    connection.response.create(response={"metadata": None})
    connection.send({"type": "response.cancel"})
    connection.send_raw('{"raw": 1}')


def test_the_frames_say_the_same(server):
    def frames(package):
        running = server(listens(7))
        manager = package.OpenAI(api_key="sk-1", base_url=running.url).realtime.connect(model="m")
        manager.send({"type": "input_audio_buffer.clear", "event_id": "before"})
        with manager as connection:
            conversation(connection)
            list(connection)
        return [(type(frame), json.loads(frame)) for frame in running.received]

    assert frames(antiphon) == frames(openai)


def notes_of(package, server, scripts, answer=None, **options):
    """What a user sees of a session: events, attempts, and how it ended."""
    running = server(*scripts)
    notes = []

    def reconnecting(item):
        notes.append(("again", item.attempt, item.max_attempts, item.close_code, dict(item.extra_query)))
        return answer

    options = {"on_reconnecting": reconnecting, **QUICK, **options}
    manager = package.OpenAI(api_key="sk-1", base_url=running.url).realtime.connect(model="m", **options)
    with manager as connection:
        try:
            for item in connection:
                notes.append((item.type, type(item).__name__))  # noqa: PERF401 (what came before an error counts)
        except Exception as error:
            notes.append((type(error).__name__, getattr(getattr(error, "rcvd", None), "code", None)))
    return notes, [request.path for request in running.requests]


@pytest.mark.parametrize("code", [1000, 1001, 1002, 1008, 1011, 1012, 1013, 3000])
def test_the_same_closes_are_recovered(server, code):
    scripts = [says(event("session.created"), code=code), says(event("response.done"))]
    assert notes_of(antiphon, server, scripts) == notes_of(openai, server, scripts)


@pytest.mark.parametrize(
    ("scripts", "answer", "options"),
    [
        ([says(code=1012)] * 3, None, {"max_retries": 2}),
        ([says(event("error", error={"message": "m", "type": "t"}), code=1012)] * 3, None, {"max_retries": 2}),
        ([says(event("session.created"), code=1012)] * 3 + [says()], None, {"max_retries": 1}),
        ([says(code=1012)], {"abort": True}, {}),
        ([says(code=1012), says()], {"extra_query": {"x": "1"}}, {}),
        ([says(code=1012)], None, {"on_reconnecting": None}),
    ],
)
def test_attempts_and_ends_are_the_same(server, scripts, answer, options):
    assert notes_of(antiphon, server, scripts, answer, **options) == notes_of(
        openai, server, scripts, answer, **options
    )


def test_an_unheard_error_is_the_same(server):
    def ending(package):
        running = server(says(event("error", error={"message": "expired", "type": "t"})))
        with package.OpenAI(api_key="sk-1", base_url=running.url).realtime.connect(model="m") as connection:
            try:
                connection.dispatch_events()
            except Exception as error:
                return type(error).__name__, "WebSocket error" in str(error), "expired" in str(error)

    assert ending(antiphon) == ending(openai) == ("OpenAIError", True, True)


def test_a_full_queue_is_the_same():
    def ending(package):
        manager = package.OpenAI(api_key="sk-1", base_url="http://127.0.0.1:9/v1").live.connect(max_queue_size=10)
        try:
            manager.send({"type": "session.close"})
        except package.WebSocketQueueFullError as error:
            return type(error).__name__

    assert ending(antiphon) == ending(openai) == "WebSocketQueueFullError"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGALRM])
def test_a_signal_ends_a_silent_session_at_once(server, number):
    def silent(running, connection):
        running.take(connection)

    running = server(silent)
    code = f"""
import os, signal, sys, threading
import antiphon
class Alarm(Exception): pass
def ring(*_): raise Alarm
signal.signal(signal.SIGALRM, ring)
with antiphon.OpenAI(api_key="sk-1", base_url={running.url!r}).realtime.connect(model="m") as connection:
    threading.Timer(0.3, os.kill, (os.getpid(), {int(number)})).start()
    try:
        connection.recv()
    except (Alarm, KeyboardInterrupt) as end:
        print("ended by", type(end).__name__)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout.startswith("ended by"), done.stderr
    assert done.returncode == 0
