"""What a client is made of is not shown by a traceback with locals, whatever fails."""

from __future__ import annotations

import asyncio
import pickle
import traceback
from typing import Any

import pytest

import antiphon

SECRETS = {
    "api_key": "sk-canary-key",
    "admin_api_key": "sk-canary-admin",
    "webhook_secret": "whsec_canary",
    "proxy": "http://user:sk-canary-proxy@127.0.0.1:1",
    "cert": ("/none.pem", "/none.key", "sk-canary-password"),
    "default_headers": {
        "Authorization": "Bearer sk-canary-field",
        "ocp-apim-subscription-key": "sk-canary-apim",
        "X-Mine": "seen",
    },
}


def made(colour: str, **more: Any) -> Any:
    """A client with secrets everywhere; the frame that holds them is this one, which a user's program has too."""
    kind: Any = antiphon.OpenAI if colour == "sync" else antiphon.AsyncOpenAI
    return kind(**{**SECRETS, **more})


def shown(problem: BaseException) -> str:
    """What a traceback prints with the locals of antiphon's own frames."""
    frames = traceback.StackSummary.extract(traceback.walk_tb(problem.__traceback__), capture_locals=True)
    own = [frame for frame in frames if "antiphon" in frame.filename and "tests" not in frame.filename]
    assert own
    return "".join(traceback.StackSummary.from_list(own).format()) + repr(problem) + str(problem.__cause__)


FAILING: dict[str, dict[str, Any]] = {
    "an argument that cannot be": {"max_retries": -1},
    "an unknown argument": {"nonsense": 1},
    "a base URL that is none": {"base_url": "ftp://x"},
    "a region that is none": {"data_residency": "moon"},
    "a timeout that is none": {"timeout": "soon"},
    "fields that are none": {"default_headers": [("Authorization", 1)]},
    "a policy that is none": {"policies": [5]},
    "an http client beside wiring": {"http_client": object()},
}


@pytest.mark.parametrize("colour", ["sync", "async"])
@pytest.mark.parametrize("name", FAILING)
def test_no_secret_is_among_the_locals_of_a_client_that_cannot_be_made(name: str, colour: str) -> None:
    with pytest.raises(Exception) as raised:
        made(colour, **FAILING[name])
    assert "canary" not in shown(raised.value)


@pytest.mark.parametrize("colour", ["sync", "async"])
@pytest.mark.parametrize("options", [{"set_default_headers": SECRETS["default_headers"]}, {}])
def test_nor_of_a_copy(colour: str, options: dict[str, Any]) -> None:
    client = made(colour)
    with pytest.raises(ValueError) as raised:
        client.with_options(**options, max_retries=-1)
    assert "canary" not in shown(raised.value)


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_nor_of_a_call_whose_certificate_cannot_be_loaded(colour: str) -> None:
    client = made(colour, base_url="https://127.0.0.1:1/v1", proxy=None, max_retries=0)

    async def asked() -> None:
        await client.models.retrieve("m")

    with pytest.raises(antiphon.APIConnectionError) as raised:
        asyncio.run(asked()) if colour == "async" else client.models.retrieve("m")
    assert "canary" not in shown(raised.value)


def test_a_client_whose_certificate_has_a_password_does_not_pickle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1")
    client = antiphon.OpenAI(cert=("/none.pem", "/none.key", "sk-canary-password"))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="does not pickle"):
        pickle.dumps(client)
    assert pickle.loads(pickle.dumps(antiphon.OpenAI(cert=("/none.pem", "/none.key"))))
