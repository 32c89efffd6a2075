"""Defaults of every request, copies with other options, and clients that travel."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import pytest

import antiphon
from antiphon.core.timeout import Timeout
from antiphon.policies.retry import Retry
from tests.transports.rude import Rude

from .answer import create, ok, retrieve
from .colour import ADMIN_KEY, KEY, Colour, failure_of


def test_what_every_request_carries(colour: Colour) -> None:
    with Rude(ok()) as server, colour.client(server.url) as it:
        it(create)
        it(retrieve)
    post, get = (request.headers for request in server.requests)
    assert post["content-type"] == "application/json"
    assert "content-type" not in get
    name = "AsyncOpenAI" if colour.is_async else "OpenAI"
    assert post["user-agent"].startswith(f"{name}/Python ")
    assert post["accept"] == "application/json"
    assert post["x-stainless-lang"] == "python"
    assert post["x-stainless-async"] == ("async:asyncio" if colour.is_async else "false")
    assert (post["x-stainless-retry-count"], post["x-stainless-read-timeout"]) == ("0", "600")
    assert "openai-organization" not in post
    assert not [name for name in post if "idempotency" in name or "raw-response" in name]


def test_headers_merge_without_regard_to_case(colour: Colour) -> None:
    with Rude(ok()) as server:
        defaults = {"X-A": "client", "user-agent": "mine/1", "X-B": "client", "X-C": antiphon.omit}
        with colour.client(server.url, default_headers=defaults) as it:
            it(lambda client: client.models.retrieve("m", extra_headers={"x-a": "call", "X-b": antiphon.omit}))
            it(retrieve)
    call, plain = (request.headers for request in server.requests)
    assert (call["x-a"], plain["x-a"]) == ("call", "client")
    assert ("x-b" in call, plain["x-b"]) == (False, "client")
    assert call["user-agent"] == "mine/1"
    assert server.requests[0].raw_head.lower().count(b"x-a:") == 1


@pytest.mark.parametrize("name", ["User-Agent", "x-stainless-lang", "Accept", "X-Stainless-Retry-Count"])
def test_a_default_can_be_removed(colour: Colour, name: str) -> None:
    with Rude(ok()) as server, colour.client(server.url, default_headers={name: antiphon.omit}) as it:
        it(retrieve)
        # What httpx2 then says for itself is its own.
        sent = server.requests[0].headers.get(name.lower())
        assert sent is None or (not colour.own and (sent == "*/*" or "httpx2" in sent))


def test_queries_merge(colour: Colour) -> None:
    with Rude(ok({"data": []})) as server:
        with colour.client(server.url, default_query={"tenant": "t", "limit": 1, "flag": True}) as it:
            it(lambda client: client.files.list(limit=2, extra_query={"extra": ["a", "b"]}))
            it(lambda client: client.files.list(extra_query={"tenant": "other"}))
    first, second = (request.target for request in server.requests)
    assert first == "/v1/files?tenant=t&limit=2&flag=true&extra[]=a&extra[]=b".replace("[]", "%5B%5D") or first == (
        "/v1/files?tenant=t&limit=2&flag=true&extra[]=a&extra[]=b"
    )
    assert second == "/v1/files?tenant=other&limit=1&flag=true"


def test_extra_body_is_merged_over_the_body(colour: Colour) -> None:
    with Rude(ok({"id": "x"})) as server, colour.client(server.url) as it:
        it(lambda client: create(client, extra_body={"model": "other", "own": {"deep": 1}}))
    assert json.loads(server.requests[0].body) == {"input": "hi", "model": "other", "own": {"deep": 1}}


def test_copies_merge_or_replace_defaults(colour: Colour) -> None:
    client = colour.make("http://h", default_headers={"A": "1", "B": "2"}, default_query={"a": "1"})
    merged = client.with_options(default_headers={"B": "3", "C": "4"}, default_query={"b": 2})
    assert dict(merged._custom_headers) == {"A": "1", "B": "3", "C": "4"}
    assert merged.default_headers["B"] == "3"
    assert dict(merged.default_query) == {"a": "1", "b": 2}
    replaced = client.copy(set_default_headers={"C": "4"}, set_default_query={})
    assert dict(replaced._custom_headers) == {"C": "4"}
    assert dict(replaced.default_query) == {}
    assert dict(client._custom_headers) == {"A": "1", "B": "2"}
    for twins in (
        {"default_headers": {}, "set_default_headers": {}},
        {"default_query": {}, "set_default_query": {}},
    ):
        with pytest.raises(ValueError, match="set_default"):
            client.copy(**twins)


def test_a_copy_keeps_everything_and_shares_connections(colour: Colour) -> None:
    with Rude(ok()) as server:
        options: dict[str, Any] = {
            "admin_api_key": ADMIN_KEY,
            "organization": "org",
            "project": "proj",
            "webhook_secret": "whsec_x",
            "timeout": 7,
            "max_retries": 5,
            "deadline": 60,
            "default_headers": {"X-A": "1"},
            "default_query": {"q": 1},
        }
        with colour.client(server.url, **options) as it:
            twin = it.raw.copy()
            assert type(twin) is type(it.raw)
            assert twin.settings == it.raw.settings
            assert twin.explain() == it.raw.explain()
            it(retrieve)
            it(lambda _: retrieve(twin))
            it(lambda _: retrieve(copy.copy(it.raw)))
            it(lambda _: retrieve(copy.deepcopy(it.raw)))
            assert server.connections == 1
            assert len({request.raw_head for request in server.requests}) == 1


def test_a_copy_with_other_options_leaves_the_first_alone(colour: Colour) -> None:
    with Rude(ok()) as server, colour.client(server.url, max_retries=1) as it:
        other = it.raw.with_options(api_key="sk-other", max_retries=0, timeout=3, organization="o2")
        it(lambda _: retrieve(other))
        it(retrieve)
        assert [r.headers["authorization"] for r in server.requests] == ["Bearer sk-other", f"Bearer {KEY}"]
        assert [r.headers.get("openai-organization") for r in server.requests] == ["o2", None]
        assert (other.max_retries, it.raw.max_retries) == (0, 1)


def test_setters_take_effect_at_once(colour: Colour) -> None:
    with Rude(ok()) as first, Rude(ok()) as second, colour.client(first.url) as it:
        client = it.raw
        models = client.models
        it(lambda _: models.retrieve("m"))
        client.api_key = "sk-new"
        client.base_url = second.url
        client.timeout = Timeout(8.0)
        client.max_retries = 0
        client.organization = "org"
        client.project = "proj"
        client.admin_api_key = None
        client.webhook_secret = "whsec_new"
        it(lambda _: models.retrieve("m"))
        assert len(first.requests) == 1
        (request,) = second.requests
    assert request.target == "/models/m"
    assert request.headers["authorization"] == "Bearer sk-new"
    assert request.headers["x-stainless-read-timeout"] == "8.0"
    assert (request.headers["openai-organization"], request.headers["openai-project"]) == ("org", "proj")
    assert (client.max_retries, client.webhook_secret) == (0, "whsec_new")


@pytest.mark.parametrize("argument", ["api_key", "admin_api_key", "webhook_secret"])
def test_row_59_a_client_whose_key_was_passed_does_not_pickle(
    own_colour: Colour, argument: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-env")
    client = own_colour.make("http://h", **{"api_key": None, argument: KEY})
    with pytest.raises(TypeError, match="OPENAI_") as caught:
        pickle.dumps(client)
    assert KEY not in str(caught.value)


def test_row_59_a_client_pickles_as_its_settings_without_the_key(
    own_colour: Colour, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A borrowed client cannot travel: only antiphon's own connections are made anew.
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    options: dict[str, Any] = {"timeout": 7, "default_headers": {"X": "1"}, "max_retries": 4, "deadline": 9}
    client = own_colour.make("http://h", api_key=None, policies=[Retry(1)], **options)
    data = pickle.dumps(client)
    assert KEY.encode() not in data
    twin = pickle.loads(data)
    assert type(twin) is type(client)
    assert (twin.api_key, twin.timeout, twin.max_retries, str(twin.base_url)) == (KEY, 7, 4, "http://h/v1/")
    assert twin.settings == client.settings
    assert twin.explain() == client.explain()
    monkeypatch.setenv("OPENAI_API_KEY", "sk-there")
    assert pickle.loads(data).api_key == "sk-there"


def test_row_59_a_borrowed_client_does_not_pickle_silently(colour: Colour, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    client = colour.make("http://h", api_key=None, http_client=colour.http_client())
    for each in (client, client.with_options(timeout=3)):
        with pytest.raises(TypeError, match="http_client"):
            pickle.dumps(each)


def test_row_59_models_pickle_copy_and_compare(colour: Colour) -> None:
    answer = {"id": "resp_1", "output": [{"type": "message", "content": [{"type": "output_text", "text": "hi"}]}]}
    with Rude(ok(answer, "x-request-id: req_1")) as server, colour.client(server.url) as it:
        model = it(create)
    for twin in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model), copy.copy(model)):
        assert twin == model
        assert twin.output_text == "hi"
        assert twin.to_dict() == answer
    assert model._request_id == "req_1"


def test_raw_verbs_reach_any_path(colour: Colour) -> None:
    with Rude(ok({"k": [1]})) as server, colour.client(server.url) as it:
        assert it(lambda c: c.get("/a/b", cast_to=dict, options={"params": {"x": [1, 2]}})) == {"k": [1]}
        assert it(lambda c: c.post("rel", cast_to=object, body={"b": 1})) == {"k": [1]}
        assert it(lambda c: c.put("/p", cast_to=str, content=b"raw")) == '{"k": [1]}'
        assert it(lambda c: c.patch("/p", cast_to=bytes, body=[1])) == b'{"k": [1]}'
        assert it(lambda c: c.delete("/p", cast_to=antiphon.NoneType)) is None
    seen = [(r.line.split(" ")[0], r.target, r.body) for r in server.requests]
    assert (
        seen
        == [
            ("GET", "/v1/a/b?x[]=1&x[]=2", b""),
            ("POST", "/v1/rel", b'{"b":1}'),
            ("PUT", "/v1/p", b"raw"),
            ("PATCH", "/v1/p", b"[1]"),
            ("DELETE", "/v1/p", b""),
        ]
        or seen[0][1] == "/v1/a/b?x%5B%5D=1&x%5B%5D=2"
    )


def test_options_of_one_raw_call(colour: Colour) -> None:
    with Rude(ok({})) as server, colour.client(server.url) as it:
        options: Any = {
            "headers": {"X-Mine": "1"},
            "timeout": 3,
            "idempotency_key": "k-1",
            "extra_json": {"more": 2},
            "max_retries": 0,
        }
        it(lambda c: c.post("/x", cast_to=dict, body={"b": 1}, options=options))
    fields = server.requests[0].headers
    assert (fields["x-mine"], fields["x-stainless-read-timeout"], fields["idempotency-key"]) == ("1", "3", "k-1")
    assert server.requests[0].body == b'{"b":1,"more":2}'


def test_a_subclass_keeps_its_name_and_class_in_copies(colour: Colour) -> None:
    base: Any = antiphon.AsyncOpenAI if colour.is_async else antiphon.OpenAI

    class Mine(base):
        """A user's own."""

    client = Mine(api_key=KEY, base_url="http://h")
    assert type(client.with_options(timeout=1)) is Mine
    assert "Mine" in repr(client)


def test_a_failing_copy_leaves_the_first_usable(colour: Colour) -> None:
    with Rude(ok()) as server, colour.client(server.url) as it:
        assert isinstance(failure_of(it, lambda c: c.with_options(max_retries=-1)), ValueError)
        assert it(retrieve).id == "m"
