"""Where webhooks may go, what is sent, and what of the answer counts."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest

from antiphon.emulator import delivery
from antiphon.emulator.delivery import Undelivered, may_reach, post, refusal, secret_of, signature, signed
from tests.transports.trust import authority_file, good_tls

Answering = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def answering(reply: bytes, heard: list[bytes] | None = None) -> Answering:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if heard is not None:
            heard.append(head)
        writer.write(reply)
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    return answer


def posted(answer: Answering, url: str = "http://127.0.0.1:{}/hook?a=b", context: ssl.SSLContext | None = None) -> int:
    async def work() -> int:
        server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
        async with server:
            port = server.sockets[0].getsockname()[1]
            try:
                return await post(url.format(port), {"webhook-id": "evt_1"}, b"{}", allow_remote=False)
            finally:
                if others := asyncio.all_tasks() - {asyncio.current_task()}:
                    await asyncio.wait(others, timeout=5)

    return asyncio.run(work())


def test_the_request_and_the_status() -> None:
    heard: list[bytes] = []
    assert posted(answering(b"HTTP/1.1 204 No Content\r\n\r\n", heard)) == 204
    assert heard[0].startswith(b"POST /hook?a=b HTTP/1.1\r\nHost: 127.0.0.1:")
    assert b"\r\nwebhook-id: evt_1\r\n" in heard[0]
    assert b"\r\nContent-Length: 2\r\n" in heard[0]


def test_a_redirect_is_an_answer_like_any_other() -> None:
    assert posted(answering(b"HTTP/1.1 302 Found\r\nlocation: http://10.0.0.1/\r\n\r\n")) == 302


@pytest.mark.parametrize("reply", [b"", b"SSH-2.0-x\r\n", b"HTTP/1.1 abc\r\n", b"x" * 100_000])
def test_what_is_no_answer(reply: bytes) -> None:
    with pytest.raises(Undelivered):
        posted(answering(reply))


def test_a_silent_receiver_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "PATIENCE", 0.05)

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    with pytest.raises(Undelivered, match="No answer"):
        posted(silent)


def test_https_needs_a_certificate_that_is_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = answering(b"HTTP/1.1 200 OK\r\n\r\n")
    with pytest.raises(Undelivered, match="CERTIFICATE_VERIFY_FAILED"):
        posted(answer, "https://localhost:{}/", good_tls())
    monkeypatch.setenv("SSL_CERT_FILE", authority_file(tmp_path))
    assert posted(answer, "https://localhost:{}/", good_tls()) == 200


def test_which_addresses_may_be_reached() -> None:
    for address in ("127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"):
        assert may_reach(address, allow_remote=False)
    for address in ("10.0.0.1", "8.8.8.8", "169.254.169.254", "0.0.0.0", "::", "::ffff:8.8.8.8", "fe80::1%eth0"):
        assert not may_reach(address, allow_remote=False)
    for address in ("8.8.8.8", "10.0.0.1", "127.0.0.1", "::1"):
        assert may_reach(address, allow_remote=True)
    for address in ("169.254.169.254", "0.0.0.0", "224.0.0.1", "fe80::1", "::ffff:169.254.169.254"):
        assert not may_reach(address, allow_remote=True)


def test_a_name_is_judged_by_what_it_resolves_to(monkeypatch: pytest.MonkeyPatch) -> None:
    async def elsewhere(*_: object, **__: object) -> list[tuple[object, ...]]:
        return [(0, 0, 0, "", ("93.184.216.34", 80))]

    async def work() -> None:
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", elsewhere)
        await post("http://localhost/", {}, b"", allow_remote=False)

    with pytest.raises(Undelivered, match="no address"):
        asyncio.run(work())


def test_remote_urls_need_the_setting() -> None:
    assert refusal("https://example.com/hook", allow_remote=False)
    assert not refusal("https://example.com/hook", allow_remote=True)
    assert refusal("https://user:word@example.com/", allow_remote=True)
    assert refusal("http://localhost:99999/", allow_remote=False)


def test_one_signature_for_each_secret() -> None:
    new, old = secret_of(b"n" * 24), secret_of(b"o" * 24)
    headers = signed([new, old], "evt_1", 1_700_000_000, b"{}")
    each = [signature(secret, "evt_1", 1_700_000_000, b"{}") for secret in (new, old)]
    assert headers["webhook-signature"].split() == each
    assert each[0] != each[1]
    assert (headers["webhook-id"], headers["webhook-timestamp"]) == ("evt_1", "1700000000")
