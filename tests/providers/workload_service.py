"""A token service, the proof it is shown, and the identities that are exchanged at it."""

from __future__ import annotations

import json
from typing import Any

from antiphon import auth
from tests.client.answer import ok
from tests.transports.rude import Rude

PROOF = "subject-canary-not-to-be-seen"
TOKEN = "exchanged-canary-not-to-be-seen"
CERTIFIED = auth.x509_workload_identity(identity_provider_id="idp_1", service_account_id="sa_1")


def give() -> str:
    return PROOF


def identity(source: Any = give, kind: str = "jwt", **more: Any) -> dict[str, Any]:
    provider = {"token_type": kind, "get_token": source}
    return {"identity_provider_id": "idp_1", "service_account_id": "sa_1", "provider": provider, **more}


def granted(token: str = TOKEN, expires_in: Any = 3600, **more: Any) -> bytes:
    return ok({"access_token": token, "expires_in": expires_in, "token_type": "Bearer", **more})


class Service(Rude):
    """A token service that stands in for OpenAI's."""

    def __init__(self, *script: Any, **options: Any) -> None:
        super().__init__(*(script or [granted()]), **options)

    @property
    def place(self) -> str:
        return f"{self.url}/oauth/token"

    @property
    def forms(self) -> list[dict[str, Any]]:
        return [json.loads(got.body) for got in self.requests]


def bearers(server: Rude) -> list[str]:
    return [got.headers["authorization"] for got in server.requests]
