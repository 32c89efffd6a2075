"""Pains 12, 13, 20 and 24: what replies become, where they may travel, and what is refused before it is sent."""

from __future__ import annotations

import copy
import json
import pickle
import warnings
from typing import Any

import pydantic
import pytest

import antiphon
from antiphon.transports.memory import AsyncMemoryTransport, MemoryTransport
from tests.client.answer import ok, retrieve, wrong
from tests.client.colour import Colour, failure_of
from tests.client.test_official import official
from tests.parity.official import openai
from tests.transports.rude import Rude, reply

from .test_cost import PARSED, parse


class Shape(pydantic.BaseModel):
    """At the top of a module, so that it can travel."""

    a: int


def test_pain_12_a_parsed_completion_dumps_without_a_warning(colour: Colour) -> None:
    with Rude(reply(json.dumps(PARSED).encode())) as server:
        theirs = official(colour, server.url, lambda client: parse(client, Shape), {})
        with pytest.warns(UserWarning, match="PydanticSerializationUnexpectedValue"):
            theirs.model_dump()
        with colour.client(server.url) as it, warnings.catch_warnings():
            warnings.simplefilter("error")
            ours = it(lambda client: parse(client, Shape))
            assert ours.model_dump()["choices"][0]["message"]["parsed"] == {"a": 1}
            assert json.loads(ours.model_dump_json())["choices"][0]["message"]["parsed"] == {"a": 1}


def test_pain_13_errors_and_models_travel(colour: Colour) -> None:
    with Rude(wrong(429, code="x"), wrong(429, code="x"), reply(json.dumps(PARSED).encode())) as server:
        theirs = official(colour, server.url, retrieve, {"max_retries": 0})
        with pytest.raises(TypeError, match="missing"):
            pickle.loads(pickle.dumps(theirs))
        with colour.client(server.url, max_retries=0) as it:
            error = failure_of(it, retrieve)
            parsed = it(lambda client: parse(client, Shape))
    for twin in (pickle.loads(pickle.dumps(error)), copy.deepcopy(error), copy.copy(error)):
        assert type(twin) is antiphon.RateLimitError
        assert (str(twin), twin.code, twin.status_code) == (str(error), "x", 429)
    for other in (pickle.loads(pickle.dumps(parsed)), copy.deepcopy(parsed)):
        assert other == parsed
        assert other.choices[0].message.parsed == Shape(a=1)


def test_pain_13_connection_errors_travel(colour: Colour) -> None:
    theirs = official(colour, "http://127.0.0.1:1", retrieve, {"max_retries": 0})
    with pytest.raises(TypeError, match="argument"):
        pickle.loads(pickle.dumps(theirs))
    with colour.client("http://127.0.0.1:1", max_retries=0) as it:
        error = failure_of(it, retrieve)
    twin = pickle.loads(pickle.dumps(error))
    assert (type(twin), str(twin), twin.phase) == (type(error), str(error), error.phase)  # type: ignore[attr-defined]


def test_pain_13_a_client_travels_as_its_settings(colour: Colour, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-env")
    name = "AsyncOpenAI" if colour.is_async else "OpenAI"
    with pytest.raises((TypeError, AttributeError, pickle.PicklingError)):
        pickle.dumps(getattr(openai, name)())
    client = getattr(antiphon, name)(timeout=7)
    sent = pickle.dumps(client)
    assert b"sk-env" not in sent
    assert (pickle.loads(sent).timeout, pickle.loads(sent).api_key) == (7, "sk-env")


def ask(client: Any) -> Any:
    return client.chat.completions.create(model="m", messages=[{"role": "user", "content": "x"}])


HOLLOW: dict[str, tuple[bytes, Any]] = {
    "an error object": (ok({"error": {"message": "no such model", "code": "c"}}), lambda it: it.choices is None),
    "html": (reply(b"<html>", 200, "Content-Type: text/html"), lambda it: it == "<html>"),
    "half a body": (reply(b'{"id": "c", "choi'), lambda it: type(it) is json.JSONDecodeError),
}


@pytest.mark.parametrize("name", HOLLOW)
def test_pain_20_what_is_no_result_is_an_error(name: str, colour: Colour) -> None:
    answer, hollow = HOLLOW[name]
    with Rude(answer) as server:
        assert hollow(official(colour, server.url, ask, {}))
        with colour.client(server.url, max_retries=0) as it:
            error = failure_of(it, ask)
    assert isinstance(error, antiphon.APIError)
    assert name != "an error object" or "no such model" in str(error)


def test_pain_24_a_schema_the_api_would_refuse_is_refused_here_with_its_place(colour: Colour) -> None:
    class Inner(pydantic.BaseModel):
        anything: dict[str, int]

    class Outer(pydantic.BaseModel):
        inner: Inner

    with Rude(reply(json.dumps(PARSED).encode())) as server:
        official(colour, server.url, lambda client: parse(client, Outer), {})
        assert len(server.requests) == 1  # it is sent, and the server is left to refuse it
    sent: Any = (AsyncMemoryTransport if colour.is_async else MemoryTransport)([PARSED])
    # Other hosts may take more than OpenAI's does, so only what goes there is judged.
    with colour.client("", http_client=sent) as it:
        error = failure_of(it, lambda client: parse(client, Outer))
    assert not sent.requests
    assert isinstance(error, (ValueError, TypeError))
    assert "anything" in str(error)
