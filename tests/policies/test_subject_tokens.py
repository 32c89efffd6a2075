"""How many tokens a request is taken to need, counted by hand; and what it is called."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import pytest

from antiphon.core.call import Call, Operation
from antiphon.policies.subject import body_of, is_inference, model_of, most_tokens, operation_of, prompt_tokens

from .stepping import request

POST = Operation("responses.create", "POST", "/responses", body="json", result="responses:Response")


@pytest.mark.parametrize(
    ("body", "tokens"),
    [
        ({}, 1),
        ({"input": ""}, 1),
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
    call = Call(POST, body={"model": "a", "input": "hi"}, extra_body={"model": "b"})
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
