"""What a few models gather from their parts."""

from __future__ import annotations

import pickle
import re
from typing import Any

import pytest
from antiphon.types.webhooks.webhook_endpoint_with_secret import WebhookEndpointWithSecret

from antiphon.core.headers import Headers
from antiphon.errors import MalformedResponse
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


@pytest.mark.parametrize(
    ("output", "place"),
    [
        ("Hello", "output: expected a list, got str"),
        ({"type": "message"}, "output: expected a list, got "),
        ([None], "output[0]: expected an object, got None"),
        ([message(text("a")), ["b"]], "output[1]: expected an object, got list"),
        ([{"type": "message", "content": "b"}], "output[0].content: expected a list, got str"),
        ([message(text("a"), 7)], "output[0].content[1]: expected an object, got int"),  # type: ignore[arg-type]
        ([message(text(["a"]))], "output[0].content[0].text: expected str, got list"),  # type: ignore[arg-type]
    ],
)
def test_what_is_no_output_is_told_with_its_place(output: Any, place: str) -> None:
    response = Response._view({"id": "resp_1", "output": output})
    with pytest.raises(MalformedResponse, match=re.escape(place)) as told:
        _ = response.output_text
    assert told.value.body == response.__dict__
    again = pickle.loads(pickle.dumps(told.value))
    assert str(again) == str(told.value)


def test_what_is_no_text_says_nothing() -> None:
    """Servers name things that are not known here, and leave out what nobody needs."""
    unknown: list[Any] = [
        {"type": "odd", "content": "x"},
        {},
        message({"type": "odd", "text": 7}, {}),
        {"type": "message"},
    ]
    assert Response._view({"output": unknown}).output_text == ""


def test_an_error_knows_the_reply_of_its_model() -> None:
    response = Response._view({"output": "Hello"})
    response._reply_headers = Headers({"x-request-id": "req_1"})
    with pytest.raises(MalformedResponse) as told:
        _ = response.output_text
    assert told.value.response.headers["x-request-id"] == "req_1"


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
