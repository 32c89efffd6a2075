"""Signatures on the wire: over the very bytes that are sent, over the key a source gave, and anew when that is replaced."""

from __future__ import annotations

import hmac
from base64 import b64decode
from typing import Any

import antiphon
from antiphon.policies.http_signature import HTTPSignature
from antiphon.policies.machines.http_signature import Message, base, content_digest
from antiphon.policies.retry import Retry
from tests.client.answer import create, ok, retrieve, wrong
from tests.client.colour import Colour
from tests.transports.rude import Received, Rude

SECRET = "a shared secret"


def verified(request: Received) -> list[str]:
    """What a request's signature covers, checked as a gateway does that knows nothing but what came."""
    fields = request.headers
    params = fields["signature-input"].removeprefix("sig1=")
    covered = [each.strip('"') for each in params[1 : params.index(")")].split()]
    verb, target, _ = request.line.split(" ")
    message = Message(verb, "http", fields["host"], target, fields)
    if "content-digest" in covered:
        assert fields["content-digest"] == content_digest(request.body)
    expected = hmac.digest(SECRET.encode(), base(message, covered, params), "sha256")
    assert b64decode(fields["signature"].removeprefix("sig1=:").removesuffix(":")) == expected
    return covered


def test_what_is_sent_is_what_is_signed(colour: Colour) -> None:
    policies = [HTTPSignature(SECRET, key_id="k"), Retry(1)]
    with Rude(wrong(503), ok({"id": "r", "object": "response"}), ok()) as server:
        with colour.client(server.url, policies=policies, default_query={"v": "1 2"}) as it:
            it(create)
            it(retrieve)
    covered = [verified(each) for each in server.requests]
    assert covered[0] == covered[1] == ["@method", "@target-uri", "content-digest", "content-type", "authorization"]
    assert covered[2] == ["@method", "@target-uri", "authorization"]
    assert "/v1/models/m?v=1+2" in server.requests[2].line


def test_it_covers_the_key_a_source_gave(colour: Colour) -> None:
    keys: Any = iter(["sk-old-0123456789", "sk-new-0123456789"])
    options = {
        "api_key": lambda: next(keys),
        "policies": [HTTPSignature(SECRET, key_id="k", components=["authorization"])],
    }
    with Rude(wrong(401), ok()) as server, colour.client(server.url, **options) as it:
        it(retrieve)
        assert [type(each).__name__ for each in it.raw._policies] == ["Authorize", "HTTPSignature"]
    assert [verified(each) for each in server.requests] == [["authorization"]] * 2
    assert [each.headers["authorization"] for each in server.requests] == [
        "Bearer sk-old-0123456789",
        "Bearer sk-new-0123456789",
    ]


def test_explain_shows_it_innermost() -> None:
    client = antiphon.OpenAI(api_key=lambda: "sk-1", policies=[HTTPSignature(SECRET, key_id="k"), Retry(1)])
    lines = client.explain().splitlines()
    assert [line.split(". ")[1].partition("(")[0] for line in lines[:3]] == ["Retry", "Authorize", "HTTPSignature"]
