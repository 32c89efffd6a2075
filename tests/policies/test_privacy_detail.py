"""Privacy's smaller promises: what is sent byte for byte as it came, what is told, and what it keeps its hands off."""

from __future__ import annotations

import json
from typing import Any

import pytest

from antiphon.core.call import Call
from antiphon.core.request import Request
from antiphon.operations import images
from antiphon.policies.privacy import SEALED, Privacy

from .spending import House, ask
from .test_privacy import CANARY, raw, sent


def asked(policy: Privacy, request: Request) -> tuple[Request, str]:
    """The request as it went out, and the trace."""
    house = House(policy)
    reply = house(request)
    return house.asked[0], str(reply.trace)


@pytest.mark.parametrize(
    ("body", "same"),
    [
        ({"store": False}, True),
        ({}, False),
        ({"store": None}, False),
        ({"store": False, "model": "o3", "include": [SEALED]}, True),
        ({"model": "o3", "include": [SEALED]}, False),
        ({"store": False, "model": "o3"}, False),
    ],
)
def test_a_call_that_says_all_of_it_is_sent_as_it_came(body: dict[str, Any], same: bool) -> None:
    request = ask(**body)
    out, _ = asked(Privacy(), request)
    assert (out.content is request.content) is same
    assert isinstance(out.content, bytes)
    assert json.loads(out.content)["store"] is False


@pytest.mark.parametrize(
    ("policy", "body", "told"),
    [
        (Privacy(), {"input": CANARY}, "store=False redacted=0"),
        (Privacy(redact=True), {"input": "hi"}, "store=False redacted=0"),
        (Privacy(store=None, redact=True), {"input": CANARY}, "store=left alone redacted=1"),
    ],
)
def test_what_was_done_is_counted(policy: Privacy, body: dict[str, Any], told: str) -> None:
    assert f"Privacy: applied {told}" in asked(policy, ask(**body))[1]


def test_where_no_text_is_found_the_body_is_sent_as_it_came() -> None:
    request = ask(input="hi")
    assert asked(Privacy(store=None, redact=True), request)[0].content is request.content


def test_what_was_made_by_hand_is_left_alone() -> None:
    request = ask(input=CANARY)
    request.call = None
    assert asked(Privacy(redact=True), request)[0].content is request.content


def test_a_form_whose_files_were_given_apart_is_left_alone() -> None:
    request = ask()
    request.call = Call(images.EDIT, body={"prompt": CANARY}, files={"image": b"x"})
    request.content = b"--b\r\n"
    out, trace = asked(Privacy(redact=True), request)
    assert out.content == b"--b\r\n"
    assert "Privacy" not in trace


@pytest.mark.parametrize("path", ["/responses", "responses", "/responses/"])
def test_a_raw_call_is_known_by_its_path(path: str) -> None:
    assert sent(Privacy(redact=True), raw(path, model="m", input=CANARY))["input"] == "[EMAIL_1]"


def test_somebodys_name_becomes_one_of_thirty_two_letters() -> None:
    name = sent(Privacy(redact=True), ask(user=CANARY))["user"]
    assert len(name) == 32
    assert name.isalnum()
