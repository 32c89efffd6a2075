"""Hooks of a subclass are honoured as the official client honours them, in both colours, on the same input."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from openai._qs import Querystring

import antiphon
from antiphon.errors import CredentialScopeError
from tests.client.answer import ok, wrong

from .hooked_call import retrieve
from .twin import COLOURS, ask, both, coloured


def create(client: Any) -> Any:
    return client.responses.create(model="m", input="hi")


def properties(base: Any) -> dict[str, Any]:
    def platform_headers(self: Any) -> dict[str, str]:
        return {"X-Platform": "mine"}

    return {
        "user_agent": property(lambda self: "mine/1"),
        "platform_headers": platform_headers,
        "default_query": property(lambda self: {**super(type(self), self).default_query, "v": "1"}),
        "default_headers": property(
            lambda self: {
                **{k: v for k, v in super(type(self), self).default_headers.items() if "Async" not in k},
                "X-Own": "1",
            }
        ),
    }


@COLOURS
def test_headers_and_query_of_a_subclass_are_sent(colour: str) -> None:
    ours, theirs = both(colour, properties, retrieve, ok(), default_query={"q": "0"}, organization="org")
    assert ours.error is None
    assert ours.head() == theirs.head()
    assert ours.requests[0].line == theirs.requests[0].line == "GET /v1/models/m?q=0&v=1 HTTP/1.1"
    assert ours.requests[0].headers["user-agent"] == "mine/1"
    assert ours.head()["x-own"] == "1"
    assert "x-stainless-async" not in ours.head()
    assert "x-stainless-os" not in ours.head()


@COLOURS
def test_the_auth_of_a_subclass_is_sent(colour: str) -> None:
    """The official client asks only `_auth_headers`; antiphon asks `auth_headers` too, as that package's name promises."""

    def own(base: Any) -> dict[str, Any]:
        return {
            "_auth_headers": lambda self, security: self.auth_headers,
            "auth_headers": property(lambda self: {"Authorization": "Token t", "X-Tenant": "7"}),
        }

    ours, theirs = both(colour, own, create, ok({"id": "x"}))
    assert ours.head() == theirs.head()
    assert ours.head()["authorization"] == "Token t"

    name = "OpenAI" if colour == "sync" else "AsyncOpenAI"
    alone = {"auth_headers": property(lambda self: {"Authorization": "Token u"})}
    asked = ask(getattr(antiphon, name), lambda base: alone, create, [ok({"id": "x"})])
    assert asked.head()["authorization"] == "Token u"


@COLOURS
def test_prepare_options_changes_every_attempt(colour: str) -> None:
    def own(base: Any) -> dict[str, Any]:
        def change(self: Any, options: Any) -> Any:
            self.count = getattr(self, "count", 0) + 1
            options.headers = {**(options.headers or {}), "X-Attempt": str(self.count)}
            options.json_data["metadata"]["n"] += 1
            options.params = {**options.params, "p": "1"}
            return options

        return {"_prepare_options": coloured(colour, change)}

    ours, theirs = both(
        colour,
        own,
        lambda client: client.responses.create(model="m", input="hi", metadata={"n": 0}),
        wrong(500, "Retry-After-Ms: 1"),
        ok({"id": "x"}),
        max_retries=1,
    )
    assert ours.error is None
    assert [request.headers["x-attempt"] for request in ours.requests] == ["1", "2"]
    assert [request.headers["x-stainless-retry-count"] for request in ours.requests] == ["0", "1"]
    assert ours.head(1) == theirs.head(1)
    assert [request.line for request in ours.requests] == [request.line for request in theirs.requests]
    # The official package's attempts share the caller's own data; each of ours begins anew.
    assert [json.loads(request.body)["metadata"]["n"] for request in ours.requests] == [1, 1]


@COLOURS
def test_prepare_options_may_call_super_and_set_the_credential(colour: str) -> None:
    """As the clients that speak to houses with tokens of their own do it."""

    def own(base: Any) -> dict[str, Any]:
        def change(self: Any, options: Any) -> Any:
            options.headers = {**(options.headers or {}), "Authorization": "Bearer fetched"}
            return base._prepare_options(self, options)

        return {"_prepare_options": change}

    ours, theirs = both(colour, own, retrieve, ok(), api_key="", _enforce_credentials=False)
    if isinstance(ours.error, ValueError):  # an empty key is refused here
        ours, _ = both(colour, own, retrieve, ok(), api_key=None, _enforce_credentials=False)
    assert ours.error is None
    assert ours.head() == theirs.head()


@COLOURS
def test_prepare_request_sees_what_is_sent_and_may_change_it(colour: str) -> None:
    seen: list[Any] = []

    def own(base: Any) -> dict[str, Any]:
        def sign(self: Any, request: Any) -> None:
            body = request.read() if request.method == "POST" else b""
            seen.append((request.method, request.url.path, request.headers["authorization"], json.loads(body)))
            request.headers["X-Signature"] = str(len(body))
            del request.headers["X-Stainless-Lang"]

        return {"_prepare_request": coloured(colour, sign)}

    ours, theirs = both(colour, own, create, ok({"id": "x"}))
    assert ours.error is None
    assert seen[0] == seen[1]
    assert ours.head() == theirs.head()
    assert "x-stainless-lang" not in ours.head()


@COLOURS
def test_prepare_request_knows_the_key_that_was_asked_for(colour: str) -> None:
    seen: list[str] = []

    def own(base: Any) -> dict[str, Any]:
        return {
            "_prepare_request": coloured(colour, lambda self, request: seen.append(request.headers["authorization"]))
        }

    ours, theirs = both(colour, own, retrieve, ok(), api_key=coloured(colour, lambda: "sk-asked"))
    assert ours.error is None
    assert seen == ["Bearer sk-asked"] * 2
    assert ours.head() == theirs.head()


class Ours(Exception):
    pass


@COLOURS
@pytest.mark.parametrize("status", [404, 429, 503])
def test_make_status_error_decides_what_is_raised(colour: str, status: int) -> None:
    def own(base: Any) -> dict[str, Any]:
        def make(self: Any, err_msg: str, *, body: Any, response: Any) -> Exception:
            plain = base._make_status_error(self, err_msg, body=body, response=response)
            return Ours(err_msg, body, response.status_code, type(plain).__name__, plain.body)

        return {"_make_status_error": make}

    ours, theirs = both(colour, own, create, wrong(status))
    assert isinstance(ours.error, Ours)
    assert ours.error.args == theirs.error.args  # type: ignore[union-attr]


@COLOURS
def test_should_retry_and_the_pause_are_asked(colour: str) -> None:
    asked: list[Any] = []

    def own(base: Any) -> dict[str, Any]:
        def wanted(self: Any, response: Any) -> bool:
            return response.status_code == 404 or base._should_retry(self, response)

        def pause(self: Any, remaining: int, options: Any, headers: Any = None) -> float:
            asked.append((remaining, options.url, headers["x-hint"]))
            return 0.001

        return {"_should_retry": wanted, "_calculate_retry_timeout": pause}

    ours, theirs = both(colour, own, retrieve, wrong(404, "X-Hint: a"), wrong(500, "X-Hint: b"), ok(), max_retries=3)
    assert ours.error is None
    assert len(ours.requests) == len(theirs.requests) == 3
    assert asked[:2] == asked[2:]
    refusing, _ = both(
        colour, lambda base: {"_should_retry": lambda self, response: False}, retrieve, wrong(500), max_retries=3
    )
    assert isinstance(refusing.error, antiphon.InternalServerError)
    assert len(refusing.requests) == 1


@COLOURS
def test_a_retry_that_is_asked_about_keeps_the_rules_for_the_rest(colour: str) -> None:
    def same(base: Any) -> dict[str, Any]:
        return {"_should_retry": lambda self, response: base._should_retry(self, response)}

    quota, _ = both(colour, same, retrieve, wrong(429, code="insufficient_quota"), max_retries=1)
    assert isinstance(quota.error, antiphon.RateLimitError)
    assert len(quota.requests) == 1
    name = "OpenAI" if colour == "sync" else "AsyncOpenAI"
    dead = ask(getattr(antiphon, name), same, retrieve, [ok()], base_url="http://127.0.0.1:9/v1", max_retries=0)
    assert isinstance(dead.error, antiphon.APIConnectionError)


@COLOURS
def test_validate_headers_may_do_without_a_credential(colour: str) -> None:
    def own(base: Any) -> dict[str, Any]:
        return {"_validate_headers": lambda self, headers, custom_headers: None}

    ours, theirs = both(colour, own, retrieve, ok(), api_key=None, _enforce_credentials=False)
    assert ours.error is None
    assert ours.head() == theirs.head()
    strict, _ = both(
        colour,
        lambda base: {"user_agent": property(lambda s: "x")},
        retrieve,
        ok(),
        api_key=None,
        _enforce_credentials=False,
    )
    assert type(strict.error) is TypeError
    assert strict.requests == []


@COLOURS
def test_build_request_and_prepare_url_may_move_a_call(colour: str) -> None:
    def built(base: Any) -> dict[str, Any]:
        def build(self: Any, options: Any, *, retries_taken: int = 0) -> Any:
            options.url = f"/deployments/d{options.url}"
            return base._build_request(self, options, retries_taken=retries_taken)

        return {"_build_request": build}

    ours, theirs = both(colour, built, create, ok({"id": "x"}))
    assert ours.error is None
    assert ours.requests[0].line == theirs.requests[0].line == "POST /v1/deployments/d/responses HTTP/1.1"

    def placed(base: Any) -> dict[str, Any]:
        return {"_prepare_url": lambda self, url: base._prepare_url(self, f"/other{url}")}

    ours, theirs = both(colour, placed, create, ok({"id": "x"}))
    assert ours.requests[0].line == theirs.requests[0].line == "POST /v1/other/responses HTTP/1.1"


@COLOURS
def test_qs_writes_the_query(colour: str) -> None:
    def own(base: Any) -> dict[str, Any]:
        return {"qs": property(lambda self: Querystring(array_format="comma"))}

    def do(client: Any) -> Any:
        return client.get("/things?a=1", cast_to=object, options={"params": {"ids": ["x", "y"]}})

    ours, theirs = both(colour, own, do, ok({}))
    assert ours.error is None
    assert sorted(ours.requests[0].target.partition("?")[2].split("&")) == sorted(
        theirs.requests[0].target.partition("?")[2].split("&")
    )


@COLOURS
def test_a_form_is_sent_whole_at_every_attempt(colour: str) -> None:
    def own(base: Any) -> dict[str, Any]:
        return {"_prepare_request": coloured(colour, lambda self, request: None)}

    def upload(client: Any) -> Any:
        return client.files.create(file=("a.txt", io.BytesIO(b"content")), purpose="batch")

    ours, _ = both(colour, own, upload, wrong(500, "Retry-After-Ms: 1"), ok({"id": "f"}), max_retries=1)
    assert ours.error is None
    assert [b"content" in request.body and b"batch" in request.body for request in ours.requests] == [True, True]
    assert "boundary=" in ours.requests[1].headers["content-type"]


@COLOURS
def test_no_hook_takes_the_key_to_another_origin(colour: str) -> None:
    def own(base: Any) -> dict[str, Any]:
        return {"user_agent": property(lambda self: "mine")}

    ours, _ = both(colour, own, lambda client: client.get("http://127.0.0.1:9/x", cast_to=object), ok())
    assert isinstance(ours.error, CredentialScopeError)
