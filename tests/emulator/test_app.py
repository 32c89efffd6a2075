"""What every answer carries, and every way to be refused, over a real socket."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from typing import Any
from urllib.parse import urlsplit

import pytest

from antiphon.emulator import Emulator, EmulatorApp, Setting
from tests.emulator.asking import Asking, chat, response


def test_every_answer_carries_its_headers(ask: Asking) -> None:
    for heard in (
        ask("GET", "/v1/models/gpt-4o"),
        ask("GET", "/v1/models/none"),
        ask("POST", "/v1/chat/completions", chat("hi")),
    ):
        assert re.fullmatch(r"req_[0-9a-f]{32}", heard.headers["x-request-id"])
        assert heard.headers["openai-processing-ms"].isdigit()
        assert heard.headers["openai-version"] == "2020-10-01"
        assert heard.headers["openai-organization"]
        assert heard.headers["openai-project"]
        assert heard.headers["content-type"] == "application/json"
        for dimension in ("requests", "tokens"):
            limit, remaining = (
                int(heard.headers[f"x-ratelimit-{name}-{dimension}"]) for name in ("limit", "remaining")
            )
            assert 0 < remaining <= limit
            assert heard.headers[f"x-ratelimit-reset-{dimension}"].endswith("s")


def test_request_ids_differ_and_organisation_is_echoed(ask: Asking) -> None:
    first, second = (
        ask("GET", "/v1/models", headers={"OpenAI-Organization": "org-1", "OpenAI-Project": "p1"}) for _ in "ab"
    )
    assert first.headers["x-request-id"] != second.headers["x-request-id"]
    assert (first.headers["openai-organization"], first.headers["openai-project"]) == ("org-1", "p1")


@pytest.mark.parametrize(
    ("verb", "path", "status", "code"),
    [
        ("GET", "/v1/nothing", 404, "unknown_url"),
        ("GET", "/models", 404, "unknown_url"),
        ("PUT", "/v1/models", 405, "method_not_supported"),
        ("OPTIONS", "/v1/chat/completions", 405, "method_not_supported"),
        ("GET", "/v1/models/none", 404, "model_not_found"),
        ("GET", "/v1/responses/resp_none", 404, None),
        ("DELETE", "/v1/files/file-none", 404, "not_found"),
        ("GET", "/v1/chat/completions/none", 404, None),
        ("GET", "/v1/files?limit=0", 400, "integer_below_min_value"),
        ("GET", "/v1/files?limit=ten", 400, "invalid_type"),
        ("GET", "/v1/files?sort=up", 400, "unknown_parameter"),
        ("GET", "/v1/files?after=file-none", 400, "invalid_cursor"),
        ("GET", "/v1/models?x=1", 400, "unknown_parameter"),
    ],
)
def test_refusals_without_body(ask: Asking, verb: str, path: str, status: int, code: str | None) -> None:
    heard = ask(verb, path)
    assert (heard.status, heard.error["code"]) == (status, code)
    assert set(heard.error) == {"message", "type", "param", "code"}


CHAT = "/v1/chat/completions"
RESPONSES = "/v1/responses"


@pytest.mark.parametrize(
    ("path", "body", "param", "code"),
    [
        (CHAT, {}, "messages", "missing_required_parameter"),
        (CHAT, {"messages": []}, "model", "missing_required_parameter"),
        (CHAT, {"model": "gpt-4o", "messages": []}, "messages", "empty_array"),
        (CHAT, {"model": "gpt-4o", "messages": "hi"}, "messages", "invalid_type"),
        (CHAT, {"model": 5, "messages": []}, "model", "invalid_type"),
        (CHAT, chat("x", temperature="hot"), "temperature", "invalid_type"),
        (CHAT, chat("x", temperature=2.1), "temperature", "decimal_above_max_value"),
        (CHAT, chat("x", unknown=1), "unknown", "unknown_parameter"),
        (CHAT, chat("x", reasoning_effort="huge"), "reasoning_effort", "invalid_value"),
        (CHAT, chat("x", tools=[{"type": "function"}]), "tools[0].function", "missing_required_parameter"),
        (CHAT, chat("x", tool_choice="auto"), "tool_choice", "invalid_value"),
        (CHAT, chat("x", top_logprobs=2), "top_logprobs", "invalid_value"),
        (CHAT, chat("x", stream_options={"include_usage": True}), "stream_options", "invalid_value"),
        (CHAT, chat("x", response_format={"type": "json_object"}), "messages", "invalid_value"),
        (CHAT, chat("x", modalities=["text", "audio"]), "modalities", "unsupported_value"),
        (CHAT, {"model": "gpt-4o", "messages": [{"role": "bot", "content": "x"}]}, "messages[0].role", "invalid_value"),
        (CHAT, {"model": "gpt-4o", "messages": [{"content": "x"}]}, "messages[0].role", "missing_required_parameter"),
        (
            CHAT,
            {"model": "gpt-4o", "messages": [{"role": "user", "content": [{"type": "text"}]}]},
            "messages[0].content[0].text",
            "missing_required_parameter",
        ),
        (RESPONSES, {}, "model", "missing_required_parameter"),
        (RESPONSES, {"model": "gpt-4o"}, "input", "missing_required_parameter"),
        (RESPONSES, response("x", max_output_tokens=1), "max_output_tokens", "integer_below_min_value"),
        (RESPONSES, response("x", include=["everything"]), "include[0]", "invalid_value"),
        (RESPONSES, response("x", metadata={"k": 1}), "metadata.k", "invalid_type"),
        (
            RESPONSES,
            response("x", previous_response_id="resp_x"),
            "previous_response_id",
            "previous_response_not_found",
        ),
        (RESPONSES, response("x", background=True, store=False), "background", "invalid_value"),
        (
            RESPONSES,
            response("x", conversation="conv_1", previous_response_id="resp_x"),
            "conversation",
            "mutually_exclusive",
        ),
        (
            RESPONSES,
            {"model": "gpt-4o", "input": [{"role": "user", "content": [{"type": "input_video"}]}]},
            "input[0].content[0].type",
            "invalid_value",
        ),
        (RESPONSES, {"model": "gpt-4o", "input": 5}, "input", "invalid_type"),
        ("/v1/embeddings", {"model": "text-embedding-3-small"}, "input", "missing_required_parameter"),
        ("/v1/embeddings", {"model": "text-embedding-3-small", "input": ""}, "input", "empty_input"),
        ("/v1/embeddings", {"model": "text-embedding-3-small", "input": [""]}, "input", "empty_input"),
        ("/v1/embeddings", {"model": "text-embedding-3-small", "input": ["a", 1]}, "input[1]", "invalid_type"),
        (
            "/v1/embeddings",
            {"model": "text-embedding-3-small", "input": ["a"] * 2049},
            "input",
            "array_above_max_length",
        ),
        (
            "/v1/embeddings",
            {"model": "text-embedding-3-small", "input": "word " * 9000},
            "input",
            "context_length_exceeded",
        ),
        (
            "/v1/embeddings",
            {"model": "text-embedding-3-small", "input": "a", "dimensions": 1537},
            "dimensions",
            "integer_above_max_value",
        ),
        (
            "/v1/embeddings",
            {"model": "text-embedding-ada-002", "input": "a", "dimensions": 5},
            "dimensions",
            "unsupported_parameter",
        ),
        (
            "/v1/embeddings",
            {"model": "text-embedding-3-small", "input": "a", "encoding_format": "hex"},
            "encoding_format",
            "invalid_value",
        ),
        ("/v1/completions", {"model": "davinci-002", "prompt": []}, "prompt", "empty_array"),
        ("/v1/completions", {"model": "davinci-002", "prompt": "x", "n": 3, "best_of": 2}, "best_of", "invalid_value"),
    ],
)
def test_validation(ask: Asking, path: str, body: dict[str, Any], param: str, code: str) -> None:
    heard = ask("POST", path, body)
    assert heard.status == 400
    assert heard.error["type"] == "invalid_request_error"
    assert (heard.error["param"], heard.error["code"]) == (param, code)
    assert heard.error["message"]


@pytest.mark.parametrize("path", [CHAT, RESPONSES, "/v1/embeddings", "/v1/completions"])
def test_unknown_model(ask: Asking, path: str) -> None:
    body = {"model": "gpt-none"} | {"messages": chat("x")["messages"], "input": "x", "prompt": "x"}
    wanted = {CHAT: "messages", RESPONSES: "input", "/v1/embeddings": "input", "/v1/completions": "prompt"}[path]
    heard = ask("POST", path, {"model": body["model"], wanted: body[wanted]})
    assert (heard.status, heard.error["code"], heard.error["param"]) == (404, "model_not_found", "model")


def test_models_of_another_kind(ask: Asking) -> None:
    assert ask("POST", CHAT, chat("x") | {"model": "text-embedding-3-small"}).status == 404
    assert ask("POST", "/v1/embeddings", {"model": "gpt-4o", "input": "x"}).status == 403


@pytest.mark.parametrize(
    "raw", [b"{", b"nothing", b'{"a": NaN}', b"\xff\xfe", b'"text"', b"[]", b'{"a":' * 5000, b'{"model":"gpt-4o",}']
)
def test_bodies_that_are_no_request(ask: Asking, raw: bytes) -> None:
    heard = ask("POST", CHAT, raw, headers={"Content-Type": "application/json"})
    assert heard.status == 400
    assert heard.error["code"] in ("invalid_json", "invalid_type")


def test_content_type_matters(ask: Asking) -> None:
    for kind in ("text/plain", "multipart/form-data; boundary=x", "application/xml"):
        heard = ask("POST", CHAT, b"{}", headers={"Content-Type": kind})
        assert (heard.status, heard.error["code"]) == (415, "unsupported_content_type")
    assert (
        ask(
            "POST", CHAT, json.dumps(chat("x")).encode(), headers={"Content-Type": "Application/JSON; charset=utf-8"}
        ).status
        == 200
    )
    assert ask("POST", CHAT).status == 400


def test_keys(ask: Asking) -> None:
    assert ask("GET", "/v1/models", key=None).status == 401
    refused = ask("GET", "/v1/models", key="sk-invalid-key")
    assert (refused.status, refused.error["code"]) == (401, "invalid_api_key")
    assert "x-request-id" in refused.headers


def test_only_the_keys_that_were_given() -> None:
    with Emulator(Setting(api_keys=("sk-right",))) as server:
        asking = Asking(server.base_url)
        assert asking("GET", "/v1/models", key="sk-right").status == 200
        assert asking("GET", "/v1/models", key="sk-other").error["code"] == "invalid_api_key"
        asking.close()


def raw_exchange(base_url: str, request: bytes) -> bytes:
    parts = urlsplit(base_url)
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as sock:
        sock.sendall(request)
        sock.shutdown(socket.SHUT_WR)
        found = b""
        while piece := sock.recv(65536):
            found += piece
    return found


@pytest.mark.parametrize(
    ("host", "status"),
    [
        (b"Host: evil.example\r\n", b"403"),
        (b"Host: localhost.evil\r\n", b"403"),
        (b"Host: 127.0.0.1.nip.io\r\n", b"403"),
        (b"", b"400"),
        (b"Host: localhost\r\nHost: localhost\r\n", b"400"),
        (b"Host: localhost\r\nOrigin: https://evil.example\r\n", b"403"),
        (b"Host: localhost\r\nOrigin: null\r\n", b"403"),
        (b"Host: localhost\r\nSec-Fetch-Site: cross-site\r\n", b"403"),
        (b"Host: localhost\r\n", b"200"),
    ],
)
def test_guard_stands_before_everything(server: Emulator, host: bytes, status: bytes) -> None:
    request = b"GET /v1/models HTTP/1.1\r\n" + host + b"Authorization: Bearer sk-x\r\nConnection: close\r\n\r\n"
    assert raw_exchange(server.base_url, request).split(b" ")[1] == status


def test_body_caps() -> None:
    with Emulator(Setting(max_json=1000)) as server:
        asking = Asking(server.base_url)
        heard = asking("POST", CHAT, chat("x" * 2000))
        assert (heard.status, heard.error["code"]) == (413, "request_too_large")
        asking.close()
        chunked = b"".join(b"3e8\r\n" + b" " * 1000 + b"\r\n" for _ in range(5)) + b"0\r\n\r\n"
        head = b"POST /v1/responses HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer k\r\nContent-Type: application/json\r\n"
        found = raw_exchange(
            server.base_url, head + b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n" + chunked
        )
        assert found.startswith(b"HTTP/1.1 413")


def test_rate_limit_is_gcra_and_says_how_long() -> None:
    with Emulator(Setting(requests_per_minute=60, tokens_per_minute=100_000)) as server:
        asking = Asking(server.base_url)
        seen = [asking("GET", "/v1/models") for _ in range(62)]
        first, last = seen[0], seen[-1]
        assert (first.headers["x-ratelimit-limit-requests"], first.headers["x-ratelimit-remaining-requests"]) == (
            "60",
            "59",
        )
        assert first.headers["x-ratelimit-reset-requests"] in ("1s", "999ms", "0.999s")
        assert last.status == 429
        assert (last.error["type"], last.error["code"]) == ("requests", "rate_limit_exceeded")
        assert last.headers["retry-after"] == "1"
        assert 0 < int(last.headers["retry-after-ms"]) <= 1000
        assert last.headers["x-ratelimit-remaining-requests"] == "0"
        assert asking("GET", "/v1/models", key="sk-other").status == 200
        too_large = asking("POST", CHAT, chat("x", max_tokens=200_000))
        assert (too_large.status, too_large.error["type"]) == (429, "tokens")
        assert "retry-after" not in too_large.headers
        asking.close()


def test_same_seed_same_requests_same_ids() -> None:
    def told() -> list[Any]:
        with Emulator(Setting(seed=42)) as server:
            asking = Asking(server.base_url)
            found = [
                asking("POST", CHAT, chat("Tell me about the sea", n=2)),
                asking("POST", RESPONSES, response("hi")),
            ]
            asking.close()
            return [
                (h.headers["x-request-id"], h.json["id"], h.json.get("choices"), h.json.get("output")) for h in found
            ]

    assert told() == told()


def test_lifespan_and_websockets_are_answered() -> None:
    async def run() -> list[str]:
        app, sent = EmulatorApp(), list[str]()
        arriving = iter(["lifespan.startup", "lifespan.shutdown"])

        async def receive() -> dict[str, Any]:
            return {"type": next(arriving)}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message["type"])

        await app({"type": "lifespan"}, receive, send)
        await app({"type": "websocket"}, receive, send)
        return sent

    assert asyncio.run(run()) == ["lifespan.startup.complete", "lifespan.shutdown.complete", "websocket.close"]


def test_a_server_need_not_tell_the_raw_path() -> None:
    app, sent = EmulatorApp(), list[Any]()
    scope: dict[str, Any] = {"type": "http", "method": "GET", "path": "/v1/models/ft:ü x", "query_string": b""}
    scope["headers"] = [(b"host", b"localhost"), (b"authorization", b"Bearer k")]

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b""}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    before = dict(scope)
    asyncio.run(app(scope, receive, send))
    assert (sent[0]["status"], "ft:ü x" in sent[1]["body"].decode()) == (404, True)
    assert scope == before, "the caller's own"


def test_packed_bodies_are_refused(ask: Asking) -> None:
    heard = ask("POST", CHAT, b"x", headers={"Content-Type": "application/json", "Content-Encoding": "gzip"})
    assert (heard.status, heard.error["code"]) == (415, "unsupported_content_encoding")


def test_a_failing_brain_is_a_500_with_the_request_id(caplog: pytest.LogCaptureFixture) -> None:
    with Emulator() as server:
        server.app.world.brain = None  # type: ignore[assignment]
        asking = Asking(server.base_url)
        heard = asking("POST", CHAT, chat("x"))
        asking.close()
    assert (heard.status, heard.error["type"]) == (500, "server_error")
    assert heard.headers["x-request-id"] in heard.error["message"]
    assert "AttributeError" in caplog.text
