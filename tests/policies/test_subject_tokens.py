"""How many tokens a request is taken to need, counted by hand; and what it is called."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import pytest

from antiphon.core.call import Call, Operation
from antiphon.core.headers import Headers
from antiphon.core.reply import Reply
from antiphon.policies.subject import (
    body_of,
    endpoint_of,
    first_byte,
    is_inference,
    model_of,
    most_tokens,
    operation_of,
    prompt_tokens,
)

from .piecewise import Piecewise
from .stepping import ORIGIN, request

POST = Operation("responses.create", "POST", "/responses", body="json", result="responses:Response")


@pytest.mark.parametrize(
    ("body", "tokens"),
    [
        ({}, 1),
        ({"input": ""}, 1),
        ({"input": "xxx"}, 1),
        ({"input": "x" * 40}, 12),
        ({"input": ["x" * 40, "y" * 40]}, 23),
        ({"input": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]}, 12),
        ({"input": [[1] * 10, [2] * 10]}, 23),
        ({"input": []}, 1),
        ({"messages": [{"role": "user", "content": "x" * 36}]}, 12),
        ({"messages": [MappingProxyType({"role": "user", "content": "x" * 36})]}, 12),
        ({"messages": [{"content": [{"image_url": {"url": "x" * 10_000}}, {"text": "x" * 40}]}]}, 12 + 1105),
        ({"messages": [{"content": [{"image_url": "a"}, {"image_url": "b"}]}]}, 1 + 2 * 1105),
        ({"metadata": {"a": "x" * 400}}, 1),
    ],
)
def test_a_prompt_has_a_token_for_four_letters_and_a_tenth_more(body: dict[str, Any], tokens: int) -> None:
    assert prompt_tokens(body) == tokens


@pytest.mark.parametrize(
    ("body", "tokens"),
    [
        ({}, None),
        ({"max_tokens": 7}, 7),
        ({"max_tokens": 7, "n": 3}, 21),
        ({"max_tokens": 7, "n": 3, "best_of": 5}, 35),
        ({"max_tokens": 7, "n": None}, 7),
        ({"max_tokens": 7, "n": "3"}, 7),
        ({"max_tokens": "7"}, None),
        ({"max_output_tokens": 9}, 9),
    ],
)
def test_the_most_is_for_all_answers_together(body: dict[str, Any], tokens: int | None) -> None:
    assert most_tokens(body) == tokens


def test_without_a_call_a_request_is_named_by_verb_and_path() -> None:
    plain = request()
    plain.target = "/v1/files?limit=3&x=?"
    assert operation_of(plain) == "POST /v1/files"
    assert operation_of(request(call=Call(POST, body={}))) == "responses.create"


def test_arguments_beside_the_body_count_as_its_own() -> None:
    call: Call[Any] = Call(POST, body={"model": "a", "input": "hi"}, extra_body={"model": "b"})
    assert body_of(request(call=call)) == {"model": "b", "input": "hi"}
    assert model_of(request(call=call)) == "b"
    assert model_of(request(call=Call(POST, body=MappingProxyType({"model": "c"})))) == "c"
    assert model_of(request(call=Call(POST, body={"model": 7}))) == ""
    assert model_of(request()) == ""
    assert body_of(request()) == {}
    assert body_of(request(call=Call(POST, body=None))) == {}


@pytest.mark.parametrize(("body", "asks"), [({}, True), ({"background": True}, False), ({"store": True}, False)])
def test_what_changes_something_else_is_no_mere_question(body: dict[str, Any], asks: bool) -> None:
    assert is_inference(request(call=Call(POST, body=body))) is asks
    assert is_inference(request()) is False


def test_an_endpoint_is_a_targets_name_or_a_host_and_port() -> None:
    odd = ORIGIN._replace(host="one.example.com", port=8443)
    assert endpoint_of(request(server="eu")) == "eu"
    for _ in range(2):
        assert endpoint_of(request()) == "api.openai.com"
        assert endpoint_of(request(origin=odd)) == "one.example.com:8443"


@pytest.mark.parametrize(
    ("operation", "is_read", "seconds"),
    [
        ("responses.create", True, None),
        ("responses.create", False, 2.5),
        ("embeddings.create", True, 2.5),
        ("embeddings.create", False, 2.5),
    ],
)
def test_of_an_answer_that_is_written_and_was_read_whole_the_first_byte_is_not_known(
    operation: str, is_read: bool, seconds: float | None
) -> None:
    made = Reply(200, Headers(), request=request(), body=Piecewise(), elapsed=2.5)
    if is_read:
        made.read()
    call: Call[Any] = Call(Operation(operation, "POST", "/x", body="json"), body={})
    assert first_byte(request(call=call), made) == seconds
