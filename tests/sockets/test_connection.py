"""Connections of both colours against a real server: what is sent, received, kept, given up and refused."""

import asyncio
import logging
import subprocess
import sys
import traceback

import pytest
from websockets.exceptions import InvalidStatus, SecurityError

from antiphon.core.omit import omit
from antiphon.sockets import connection as names

from .conftest import AsyncHost, Host, event, listens, says
from .kind import types_of

# Opening


@pytest.mark.parametrize(
    ("name", "arguments", "target", "beta"),
    [
        ("Realtime", {"model": "gpt-realtime"}, "/v1/realtime?model=gpt-realtime", None),
        ("Realtime", {"call_id": "c 1"}, "/v1/realtime?call_id=c%201", None),
        ("Translations", {"model": "m"}, "/v1/realtime/translations?model=m", None),
        ("Responses", {}, "/v1/responses", None),
        ("BetaResponses", {}, "/v1/responses", None),
        ("BetaRealtime", {"model": "m"}, "/v1/realtime?model=m", "realtime=v1"),
        ("Live", {}, "/v1/live/sessions", None),
        ("Forks", {"session_id": "s/1"}, "/v1/live/sessions/s%2F1/fork", None),
        ("Sideband", {"session_id": "s"}, "/v1/live/sessions/s/attach", None),
        (
            "Sideband",
            {"session_id": "s", "graceful_close": True},
            "/v1/live/sessions/s/attach?graceful_close=true",
            None,
        ),
        (
            "Realtime",
            {"model": "m", "call_id": "mine", "extra_query": {"model": "other", "call_id": "x", "l": ["a", None]}},
            "/v1/realtime?model=other&call_id=mine&l=a&l=",
            None,
        ),
    ],
)
def test_where_each_endpoint_connects_and_as_whom(server, colour, name, arguments, target, beta):
    running = server(says())

    async def work(colour):
        async with colour.opened(colour.manager(name, colour.host(running.url), **arguments)) as connection:
            assert await colour.events(connection) == []

    colour.run(work)
    request = running.requests[0]
    assert request.path == target
    assert request.headers["Authorization"] == "Bearer sk-very-secret"
    assert request.headers["OpenAI-Organization"] == "org-1"
    assert request.headers.get("OpenAI-Beta") == beta
    assert "User-Agent" not in request.headers


def test_the_base_urls_query_and_the_defaults_are_kept_below_the_callers(server, colour):
    running = server(says())
    host = colour.host(
        "http://elsewhere.invalid/v1", f"ws://127.0.0.1:{running.port}/base?a=1&b=2", {"b": 3, "c": [4], "d": 5}
    )

    async def work(colour):
        manager = colour.manager("Responses", host, extra_query={"a": "own", "d": omit})
        async with colour.opened(manager) as connection:
            await colour.events(connection)

    colour.run(work)
    assert running.requests[0].path == "/base/responses?c%5B%5D=4&b=2&a=own"


def test_extra_headers_replace_and_remove(server, colour):
    running = server(says())

    async def work(colour):
        headers = {"authorization": "Bearer other", "OpenAI-Organization": omit, "X-More": "1"}
        manager = colour.manager("BetaRealtime", colour.host(running.url), model="m", extra_headers=headers)
        async with colour.opened(manager) as connection:
            await colour.events(connection)

    colour.run(work)
    headers = running.requests[0].headers
    assert headers.get_all("Authorization") == ["Bearer other"]
    assert "OpenAI-Organization" not in headers
    assert (headers["X-More"], headers["OpenAI-Beta"]) == ("1", "realtime=v1")


def test_messages_are_unbounded_and_not_compressed_unless_asked(server, colour):
    big = event("session.created", session={"instructions": "x" * 2_000_000})
    running = server(says(big), says(event("a")))

    async def work(colour):
        async with colour.opened(colour.manager("Realtime", colour.host(running.url))) as connection:
            assert len((await colour.events(connection))[0].session.instructions) == 2_000_000
        options = {"max_size": 1000}
        manager = colour.manager("Realtime", colour.host(running.url), websocket_connection_options=options)
        async with colour.opened(manager) as connection:
            await colour.events(connection)

    colour.run(work)
    assert "Sec-WebSocket-Extensions" not in running.requests[0].headers
    assert "permessage-deflate" in running.requests[1].headers["Sec-WebSocket-Extensions"]


def test_an_empty_path_value_is_refused_at_once(colour):
    with pytest.raises(ValueError, match="session_id"):
        colour.manager("Forks", colour.host("http://127.0.0.1:9/v1"), session_id="")


def test_enter_opens_without_a_block(server):
    running = server(listens(0, event("a")), listens(0, event("b")))
    connection = names.RealtimeConnectionManager(Host(running.url)).enter()
    assert types_of(connection) == ["a"]
    connection.close()

    async def work():
        connection = await names.AsyncRealtimeConnectionManager(AsyncHost(running.url)).enter()
        assert [item.type async for item in connection] == ["b"]
        await connection.close()

    asyncio.run(work())


def test_a_server_that_refuses_is_seen_as_it_is(server, colour):
    def refuse(connection, request):
        return connection.respond(401, "no such key\n")

    running = server(process_request=refuse)

    async def work(colour):
        async with colour.opened(colour.manager("Realtime", colour.host(running.url))):
            pass

    with pytest.raises(InvalidStatus) as raised:
        colour.run(work)
    assert raised.value.response.status_code == 401


# Credentials


def redirect_to(location):
    def answer(connection, request):
        if request.path.startswith("/v1/"):
            response = connection.respond(307, "")
            response.headers["Location"] = location() if callable(location) else location
            return response
        return None

    return answer


def test_another_origin_never_sees_the_credentials(server, colour):
    elsewhere = server(says(event("stolen")))
    running = server(process_request=redirect_to(f"ws://127.0.0.1:{elsewhere.port}/v2"))

    async def work(colour):
        async with colour.opened(colour.manager("Realtime", colour.host(running.url))):
            pass

    with pytest.raises(SecurityError, match=f"127.0.0.1:{elsewhere.port}.*websocket_base_url"):
        colour.run(work)
    assert elsewhere.requests == []


def test_a_redirect_on_the_same_origin_is_followed(server, colour):
    running = server(says(event("here")), process_request=redirect_to("/v2/realtime"))

    async def work(colour):
        async with colour.opened(colour.manager("Realtime", colour.host(running.url))) as connection:
            return types_of(await colour.events(connection))

    assert colour.run(work) == ["here"]
    assert running.requests[0].headers["Authorization"] == "Bearer sk-very-secret"


def test_no_key_is_in_reprs_tracebacks_or_logs(server, colour, caplog):
    def refuse(connection, request):
        return connection.respond(403, "no\n")

    running = server(process_request=refuse)
    shown = []

    async def work(colour):
        manager = colour.manager("Realtime", colour.host(running.url), extra_headers={"api-key": "sk-very-secret"})
        shown.append(f"{manager!r} {vars(manager)}")
        async with colour.opened(manager):
            pass

    with caplog.at_level(logging.DEBUG):
        try:
            colour.run(work)
        except InvalidStatus as error:
            shown.append("".join(traceback.TracebackException.from_exception(error, capture_locals=True).format()))
    shown += [
        record.getMessage() for record in caplog.records if record.name.startswith(("antiphon", "websockets.client"))
    ]
    assert any("authorization: <redacted>" in text.lower() for text in shown)
    assert len(shown) > 3
    assert not any("sk-very-secret" in text for text in shown)


# The module


def test_every_name_is_there_and_others_are_not():
    for name in names.__all__:
        found = getattr(names, name)
        assert found.__name__ == name.replace("Beta", "")
    with pytest.raises(AttributeError, match="NoConnection"):
        _ = names.NoConnection


def test_the_library_is_not_loaded_before_a_connection_is_opened():
    code = (
        "import sys; from antiphon.sockets import connection as names; names.RealtimeConnectionManager;"
        "print([m for m in sys.modules if m.startswith('websockets')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_without_the_library_the_extra_is_named(colour):
    opening = "with m: pass" if not colour.prefix else "asyncio.run(m.__aenter__())"
    code = f"""
import asyncio, sys
sys.modules["websockets"] = None
from antiphon.sockets import connection as names
from tests.sockets.host import Host, AsyncHost
m = names.{colour.prefix}RealtimeConnectionManager({colour.prefix}Host("http://127.0.0.1:9/v1"))
try:
    {opening}
except Exception as error:
    print(type(error).__name__, error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().startswith("OpenAIError")
    assert "pip install antiphon[realtime]" in done.stdout
