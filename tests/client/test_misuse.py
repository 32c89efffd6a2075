"""Arguments of a call that cannot be right: refused before a byte is sent, naming what is wrong and where."""

from __future__ import annotations

import asyncio
import datetime
import decimal
from typing import Any

import pytest

import antiphon
from antiphon.errors import ClientClosed, InvalidBody, OpenAIError
from tests.transports.rude import Rude

from .answer import ok, retrieve
from .colour import Colour, failure_of


def refused(colour: Colour, do: Any) -> BaseException:
    """The error of a call that must not reach the server."""
    with Rude(ok()) as server, colour.client(server.url) as it:
        error = failure_of(it, do)
        assert server.requests == []
    return error


@pytest.mark.parametrize(
    ("wrong", "nearest"), [("inputs", "input"), ("temprature", "temperature"), ("max_tokens", "max_output_tokens")]
)
def test_an_unknown_keyword_names_the_nearest_known_one(colour: Colour, wrong: str, nearest: str) -> None:
    arguments = {"model": "m", wrong: 1}
    error = refused(colour, lambda client: client.responses.create(**arguments))
    assert type(error) is TypeError
    assert wrong in str(error)
    assert nearest in str(error)


def test_a_missing_argument_is_a_type_error(colour: Colour) -> None:
    error = refused(colour, lambda client: client.embeddings.create(model="m"))
    assert type(error) is TypeError
    assert "input" in str(error)


CYCLE: dict[str, Any] = {}
CYCLE["self"] = CYCLE
UNSENDABLE = {
    "object": ({"when": object()}, "metadata.when"),
    "nested": ({"a": [1, {"b": {1, object()}}]}, "metadata.a[1].b"),
    "bytes": ({"raw": b"x"}, "metadata.raw"),
    "class": ({"k": dict}, "metadata.k"),
    "nan": ({"x": [0.5, float("nan")]}, "metadata.x[1]"),
    "infinity": ({"x": float("inf")}, "metadata.x"),
    "cycle": (CYCLE, "metadata.self"),
    "sentinel in a list": ({"x": [antiphon.omit]}, "metadata.x[0]"),
    "key": ({("a", "b"): 1}, "metadata"),
    "function": ({"f": len}, "metadata.f"),
}


@pytest.mark.parametrize("kind", UNSENDABLE)
def test_a_value_that_cannot_be_sent_is_named_with_its_path(colour: Colour, kind: str) -> None:
    value, path = UNSENDABLE[kind]
    error = refused(colour, lambda client: client.responses.create(model="m", input="x", metadata=value))
    assert isinstance(error, InvalidBody)
    assert isinstance(error, ValueError)
    assert error.path.startswith(path)
    assert path.split(".")[0] in str(error)


def test_a_value_that_cannot_be_sent_in_extra_body(colour: Colour) -> None:
    error = refused(colour, lambda c: c.responses.create(model="m", input="x", extra_body={"deep": {"x": object()}}))
    assert isinstance(error, InvalidBody)
    assert error.path == "deep.x"
    error = refused(colour, lambda c: c.post("/x", cast_to=dict, body=[1], options={"extra_json": {"a": 1}}))
    assert isinstance(error, InvalidBody)


def test_dates_models_and_numbers_that_can_be_sent_are(colour: Colour) -> None:
    with Rude(ok()) as server, colour.client(server.url) as it:
        model = it(retrieve)
        body = {"when": datetime.date(2026, 1, 2), "model": model, "t": (1, 2), "text": "é\u2028"}
        it(lambda client: client.post("/x", cast_to=dict, body=body))
        sent = server.requests[1].body
    assert b'"when":"2026-01-02"' in sent
    assert b'"model":{"id":"m"' in sent
    assert '"text":"é\u2028"'.encode() in sent


def test_a_decimal_is_refused_rather_than_rounded(colour: Colour) -> None:
    error = refused(colour, lambda c: c.post("/x", cast_to=dict, body={"d": decimal.Decimal("0.1")}))
    assert isinstance(error, InvalidBody)
    assert error.path == "d"


@pytest.mark.parametrize("value", ["", None, False, antiphon.omit, antiphon.NOT_GIVEN, ".", ".."], ids=repr)
def test_row_58_an_id_that_is_none(colour: Colour, value: Any) -> None:
    error = refused(colour, lambda client: client.responses.retrieve(value))
    assert isinstance(error, ValueError)
    assert "response_id" in str(error) or "dot segment" in str(error)


@pytest.mark.parametrize(
    ("value", "segment"),
    [
        ("../../admin", "..%2F..%2Fadmin"),
        ("%2e%2e", "%252e%252e"),
        ("a?x=1", "a%3Fx=1"),
        ("a#b", "a%23b"),
        ("a b\r\nX: 1", "a%20b%0D%0AX:%201"),
        ("ü/\\", "%C3%BC%2F%5C"),
        (".env", ".env"),
        (7, "7"),
    ],
)
def test_row_58_an_id_is_always_one_segment(colour: Colour, value: Any, segment: str) -> None:
    with Rude(ok({"id": "x"})) as server, colour.client(server.url) as it:
        it(lambda client: client.responses.retrieve(value))
        assert server.requests[0].target == f"/v1/responses/{segment}"


SENTINELS = [antiphon.omit, antiphon.NOT_GIVEN, antiphon.not_given]


@pytest.mark.parametrize("mark", SENTINELS, ids=["omit", "NOT_GIVEN", "not_given"])
def test_sentinels_are_taken_everywhere_and_never_sent(colour: Colour, mark: Any) -> None:
    with Rude(ok({"id": "x"})) as server, colour.client(server.url, default_headers={"X-Default": "1"}) as it:
        it(
            lambda client: client.responses.create(
                model="m",
                input="x",
                temperature=mark,
                stream=mark,
                metadata={"a": mark, "b": "1"},
                tools=[{"type": "function", "strict": mark}],
                extra_headers={"X-Mine": mark, "x-default": mark},
                extra_query={"q": mark, "r": "1"},
                extra_body={"y": mark, "z": {"w": mark}},
                timeout=antiphon.NOT_GIVEN,
            )
        )
        it(lambda client: client.responses.retrieve("x", include=mark, stream=mark))
    post, get = server.requests
    assert post.body == (
        b'{"input":"x","metadata":{"b":"1"},"model":"m","tools":[{"type":"function"}],"z":{}}'
        if post.body.startswith(b'{"input"')
        else b'{"model":"m","input":"x","metadata":{"b":"1"},"tools":[{"type":"function"}],"z":{}}'
    )
    assert post.target == "/v1/responses?r=1"
    assert get.target == "/v1/responses/x"
    assert not {"x-mine", "x-default"} & set(post.headers)
    assert "omit" not in str(post.raw_head) + str(get.raw_head)


@pytest.mark.parametrize("mark", SENTINELS, ids=["omit", "NOT_GIVEN", "not_given"])
def test_the_wrong_sentinel_means_not_given_in_settings_too(colour: Colour, mark: Any) -> None:
    client = colour.make("http://h", timeout=mark, base_url=mark)
    assert client.timeout == antiphon.Timeout(600, connect=5.0)
    assert str(client.base_url) == "https://api.openai.com/v1/"


def test_a_sentinel_class_instead_of_its_instance_is_named(colour: Colour) -> None:
    error = refused(colour, lambda c: c.responses.create(model="m", input="x", temperature=antiphon.Omit))
    assert isinstance(error, InvalidBody)
    assert error.path == "temperature"


@pytest.mark.parametrize("used", [False, True], ids=["fresh", "used"])
def test_row_17_a_closed_client(colour: Colour, used: bool) -> None:
    with Rude(ok()) as server, colour.client(server.url) as it:
        if used:
            it(retrieve)
        assert not it.raw.is_closed()
        copy = it.raw.with_options(timeout=3)
        it.wait(it.raw.close())
        it.wait(it.raw.close())
        assert it.raw.is_closed()
        assert copy.is_closed()
        before = len(server.requests)
        for client in (it.raw, copy):
            error = failure_of(it, lambda _, client=client: client.models.retrieve("m"))
            assert isinstance(error, ClientClosed)
            assert isinstance(error, (OpenAIError, RuntimeError))
            assert "closed" in str(error)
        assert len(server.requests) == before


def test_a_context_manager_closes(colour: Colour) -> None:
    with Rude(ok()) as server:
        client = colour.make(server.url)

        async def whole() -> None:
            async with client as inner:
                assert inner is client
                await retrieve(client)

        if colour.is_async:
            asyncio.run(whole())
        else:
            with client as inner:
                assert inner is client
                retrieve(client)
        assert client.is_closed()
        assert server.left()


def test_the_other_colours_context_manager_is_not_there(colour: Colour) -> None:
    client = colour.make("http://h")
    assert hasattr(client, "__aenter__") == colour.is_async
    assert hasattr(client, "__enter__") != colour.is_async


@pytest.mark.parametrize("content", [{"body": {}, "content": b"x"}, {"files": {"a": b"x"}, "content": b"x"}])
def test_two_kinds_of_body_at_once(colour: Colour, content: dict[str, Any]) -> None:
    error = refused(colour, lambda client: client.post("/x", cast_to=dict, **content))
    assert isinstance(error, TypeError)
