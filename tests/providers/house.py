"""A Bedrock client of either colour, driven in blocking fashion, and AWS's side of a signature."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Any, NamedTuple

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

import antiphon
from tests.client.colour import Driven
from tests.transports.rude import Received

ACCESS = "AKIDCANARY0000000001"
SECRET = "canary/secret+key+not+to+be+seen+0000001"
SESSION = "canary-session-token-not-to-be-seen"
TOKEN = "bedrock-canary-token-not-to-be-seen"
KEYS = {"aws_access_key_id": ACCESS, "aws_secret_access_key": SECRET}


class House(NamedTuple):
    """A colour; made into clients as `tests.client.colour.Colour` is."""

    colour: str

    @property
    def is_async(self) -> bool:
        return self.colour == "async"

    @property
    def kind(self) -> Any:
        return antiphon.AsyncBedrockOpenAI if self.is_async else antiphon.BedrockOpenAI

    def make(self, url: str, **options: Any) -> Any:
        return self.kind(**({"base_url": f"{url}/openai/v1"} if url else {}), **options)

    def client(self, url: str, **options: Any) -> Driven:
        return Driven(self, url, options)  # type: ignore[arg-type]


def signed_names(received: Received) -> list[str]:
    """The names of the fields a signature covers."""
    found = re.search(r"SignedHeaders=([^,]+)", received.headers["authorization"])
    assert found is not None
    return found[1].split(";")


def signature_of(request: AWSRequest, fields: list[tuple[str, str]], signer: SigV4Auth, timestamp: str) -> str:
    """The signature that a request of these fields must have."""
    for name, value in fields:
        request.headers[name] = value
    request.context["timestamp"] = timestamp
    signature: str = signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)
    return signature


def assert_signed(
    received: Received,
    *,
    region: str = "us-east-1",
    service: str = "bedrock-mantle",
    access: str = ACCESS,
    secret: str = SECRET,
    session: str | None = None,
) -> None:
    """What AWS does: sign what was received once more, and compare."""
    names = signed_names(received)
    assert {"host", "x-amz-date", "x-amz-content-sha256", "content-type"} - {"content-type"} <= set(names)
    assert received.headers["x-amz-content-sha256"] == sha256(received.body).hexdigest()
    assert received.headers.get("x-amz-security-token") == session
    verb, target, _ = received.line.split(" ")
    lines = (line.partition(": ") for line in received.raw_head.decode("latin-1").split("\r\n")[1:])
    signature = signature_of(
        AWSRequest(verb, f"http://{received.headers['host']}{target}"),
        [(name, value) for name, _, value in lines if name.lower() in names],
        SigV4Auth(Credentials(access, secret, session), service, region),
        received.headers["x-amz-date"],
    )
    scope = f"{access}/{received.headers['x-amz-date'][:8]}/{region}/{service}/aws4_request"
    assert received.headers["authorization"] == (
        f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders={';'.join(names)}, Signature={signature}"
    )
