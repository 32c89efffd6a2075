"""What the canary program does: clients that are given secrets in every way, and calls that succeed and fail."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import antiphon
from antiphon.credentials import CommandKey, DotenvKey, EnvKey, FileKey, KeyPool, RotatingCredential, TokenCredential
from antiphon.drivers.clock import SystemClock
from antiphon.policies.audit import Audit
from antiphon.policies.cache import Cache
from antiphon.policies.failover import Failover
from antiphon.policies.http_signature import HTTPSignature
from antiphon.policies.retry import Retry
from antiphon.policies.sign_hmac import SignHMAC
from antiphon.policies.target import Target
from antiphon.shared.sqlite import SQLiteStore
from tests.transports.rude import Peer, Rude, reply, reset

from .canary_program import canary


def echo(peer: Peer) -> None:
    """Refuse, and say back all that came: what a careless gateway does."""
    head = peer.server.requests[-1].raw_head
    said = head.decode("latin-1").replace("\\", "").replace('"', "'").replace("\r\n", " | ")
    status = 401 if len(peer.server.requests) % 2 else 500
    peer.sock.sendall(reply(f'{{"error": {{"message": "no: {said}", "code": "{said[:80]}"}}}}'.encode(), status))


def hello(peer: Peer) -> None:
    """A success."""
    peer.sock.sendall(
        reply(b'{"id": "resp_1", "object": "response", "output": [], "status": "completed", "model": "m"}')
    )


def html(peer: Peer) -> None:
    """A page that repeats the head."""
    peer.sock.sendall(reply(b"<html>" + peer.server.requests[-1].raw_head, 200, "Content-Type: text/html"))


class Hasty(SystemClock):
    """Waits for nothing."""

    def sleep(self, seconds: float) -> None:
        """No pause."""

    async def asleep(self, seconds: float) -> None:
        """No pause."""


def _create(client: Any) -> Any:
    return client.responses.create(model="m", input="hi", temperature=0)


def _retrieve(client: Any) -> Any:
    return client.models.retrieve("m")


def _with_own_key(client: Any) -> Any:
    return client.models.retrieve("m", extra_headers=antiphon.Headers({"X-Api-Key": canary("call header")}))


def _elsewhere(client: Any) -> Any:
    return client.get("http://127.0.0.1:9/x", cast_to=object)


DEEDS: list[Callable[[Any], Any]] = [_create, _create, _retrieve, _with_own_key, _elsewhere]


class Stage:
    """Servers and clients.

    Args:
        colour: "sync" or "async".
        transport: "own" or "httpx2".
        folder: where files are written.
    """

    def __init__(self, colour: str, transport: str, folder: Path) -> None:
        self.kind: Any = antiphon.OpenAI if colour == "sync" else antiphon.AsyncOpenAI
        self.azure: Any = antiphon.AzureOpenAI if colour == "sync" else antiphon.AsyncAzureOpenAI
        self.colour, self.transport, self.folder = colour, transport, folder
        self.servers = [Rude(each) for each in (echo, hello, html, reset)]
        for server in self.servers:
            server.__enter__()
        self.store = SQLiteStore(folder / "cache.sqlite")

    def close(self) -> None:
        """End the servers."""
        for server in self.servers:
            server.__exit__(None, None, None)

    def options(self) -> dict[str, Any]:
        """What the transport wants."""
        if self.transport == "own":
            return {}
        import httpx2

        make: Any = httpx2.Client if self.colour == "sync" else httpx2.AsyncClient
        return {"http_client": make(trust_env=False, verify=False)}

    def clients(self) -> Iterator[Callable[[], Any]]:
        """Every way to give a secret, against every server."""
        for server in self.servers:
            for make in self.ways(f"{server.url}/v1"):
                yield lambda make=make: make()

    def ways(self, url: str) -> Iterator[Callable[[], Any]]:
        """Makers of clients."""
        folder = self.folder / "in"

        def new(**given: Any) -> Any:
            return self.kind(
                **{"base_url": url, "max_retries": 1, "timeout": 5, "_clock": Hasty(), **self.options(), **given}
            )

        audit = Audit(self.folder / "audit.jsonl")
        yield lambda: new(
            api_key=canary("argument"),
            admin_api_key=canary("admin"),
            webhook_secret=canary("webhook"),
            policies=[Retry(1), audit],
        )
        yield lambda: new()
        sources: list[Callable[[], Any]] = [
            lambda: EnvKey("CANARY"),
            lambda: FileKey(folder / "key"),
            lambda: DotenvKey(folder / ".env", "CANARY"),
            lambda: CommandKey([sys.executable, "-S", "-c", "import os; print(os.environ['COMMAND'])"]),
            lambda: TokenCredential(lambda: (canary("token"), 60)),
            lambda: RotatingCredential([canary("rotation"), canary("rotation")[::-1]]),
            lambda: KeyPool([canary("pool")]),
            lambda: lambda: canary("token"),
        ]
        for source in sources:
            yield lambda source=source: new(api_key=source())
        yield lambda: new(
            default_headers={"X-Api-Key": canary("header"), "Authorization": f"Bearer {canary('header')}"}
        )
        yield lambda: new(default_query={"api_key": canary("query")})
        yield lambda: new(base_url=f"{url}?key={canary('base url query')}")
        yield lambda: new(base_url=f"http://user:{canary('userinfo')}@127.0.0.1/v1")
        yield lambda: new(api_key=f"{canary('argument')}\n")
        yield lambda: new(api_keys=canary("argument"))
        yield lambda: new(
            max_retries=0, policies=[HTTPSignature(canary("signature"), key_id="k"), SignHMAC(canary("signature"))]
        )

        def target() -> Target:
            return Target(url, api_key=canary("target"), headers={"X-Api-Key": canary("target header")}, name="other")

        yield lambda: new(max_retries=0, policies=[Failover([target()], cross_provider=True)])
        yield lambda: new(policies=[Retry(1), Cache(self.store, cipher=canary("cipher").encode())])
        yield lambda: new(policies=[Retry(1), Cache(self.store)], api_key=canary("argument"))
        azure = {
            "azure_endpoint": url.removesuffix("/v1"),
            "api_version": "2024-10-21",
            "max_retries": 0,
            "_clock": Hasty(),
            **self.options(),
        }
        yield lambda: self.azure(api_key=canary("azure"), **azure)
        yield lambda: self.azure(azure_ad_token=canary("azure token"), **azure)
        if self.transport == "own":
            proxy = f"@127.0.0.1{url.partition('127.0.0.1')[2]}"
            options = {"base_url": "https://unreachable.example/v1", "timeout": 0.1, "max_retries": 0}
            yield lambda: new(proxy=f"http://user:{canary('proxy')}{proxy}", **options)
            yield lambda: new(cert=("/none.pem", "/none.key", canary("cert")), base_url="https://127.0.0.1:9/v1")
