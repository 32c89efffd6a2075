"""What a few models gather from their parts."""

from __future__ import annotations

from typing import Any

import pytest
from antiphon.types.webhooks.webhook_endpoint_with_secret import WebhookEndpointWithSecret

from antiphon.types.beta import AgentSessionMessage
from antiphon.types.responses import ParsedResponse, Response


def message(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"type": "message", "content": list(parts)}


def text(content: str | None, **more: Any) -> dict[str, Any]:
    return {"type": "output_text", "text": content, **more}


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ([message(text("Hello, "), text("world"))], "Hello, world"),
        ([message(text("a")), {"type": "reasoning"}, message(text("b"))], "ab"),
        ([message({"type": "refusal", "refusal": "no"}, text(None))], ""),
        ([{"type": "message", "content": None}], ""),
        ([], ""),
        (None, ""),
    ],
)
def test_the_text_of_a_response(output: Any, said: str) -> None:
    assert Response._view({"output": output}).output_text == said


def test_the_text_of_a_session_message() -> None:
    made = AgentSessionMessage._view({"content": [text("a"), {"type": "input_text", "text": "x"}, text("b")]})
    assert made.output_text == "ab"
    assert AgentSessionMessage._view({"content": None}).output_text == ""


def test_what_was_parsed() -> None:
    parsed = {"answer": 42}
    response: ParsedResponse[Any] = ParsedResponse[Any]._view(
        {"output": [message(text("…"), text("{}", parsed=parsed))]}
    )
    assert response.output_parsed == parsed
    assert ParsedResponse._view({"output": [message(text("…"))]}).output_parsed is None


def test_a_secret_is_not_shown() -> None:
    made = WebhookEndpointWithSecret._view({"id": "we_1", "signing_secret": "whsec_hidden"})
    assert made.signing_secret == "whsec_hidden"
    assert "whsec_hidden" not in repr(made) + str(made)
    assert "we_1" in repr(made)
