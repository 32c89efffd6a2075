"""Keys: where they come from, where they go, and that none is ever shown."""

from __future__ import annotations

import asyncio
import traceback
from typing import Any

import pytest

import antiphon
from antiphon.core.secret import Secret
from antiphon.errors import APIConnectionError, CredentialScopeError, InvalidCredential, OpenAIError
from tests.transports.rude import Rude, hang, hang_up, reply, reset

from .answer import ok, retrieve, wrong
from .colour import ADMIN_KEY, KEY, Colour, failure_of

ANSWER = ok()


def shown(error: BaseException) -> str:
    """Everything a traceback tool could print of an error: locals of all frames, causes, attributes."""
    pieces = ["".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())]
    rest: list[BaseException | None] = [error]
    while rest:
        each = rest.pop()
        if each is not None:
            pieces += [str(each), repr(each), repr(vars(each))]
            rest += [each.__cause__, each.__context__]
    return "\n".join(pieces)


def test_a_missing_key_is_an_error_that_says_what_to_do(colour: Colour) -> None:
    with pytest.raises(OpenAIError, match=r"Missing credentials\. Please pass an `api_key`"):
        colour.make("http://127.0.0.1:1", api_key=None)


MALFORMED = {
    "empty": "",
    "blank": "   ",
    "line break": f"{KEY}\n",
    "line break inside": f"{KEY}\r\nX-Evil: 1",
    "leading blank": f" {KEY}",
    "quotes": f'"{KEY}"',
    "single quote": f"'{KEY}",
    "non-ascii": f"{KEY}é",
    "invisible": f"{KEY}\u200b",
    "control": f"{KEY}\x00",
    "bearer": f"Bearer {KEY}",
}


@pytest.mark.parametrize("flaw", MALFORMED)
def test_row_56_a_malformed_key_is_refused_at_construction_and_never_shown(colour: Colour, flaw: str) -> None:
    value = MALFORMED[flaw]
    for arguments in ({"api_key": value}, {"admin_api_key": value}):
        with pytest.raises(InvalidCredential) as caught:
            colour.make("http://127.0.0.1:1", **arguments)
        assert isinstance(caught.value, ValueError)
        assert KEY not in _ours(shown(caught.value))


def _ours(text: str) -> str:
    """Without the frames of this file, which hold the key on purpose."""
    return text.split("base_client.py", 1)[-1]


@pytest.mark.parametrize("flaw", MALFORMED)
def test_row_56_a_malformed_key_set_later_or_copied_is_refused_too(colour: Colour, flaw: str) -> None:
    with colour.client("http://127.0.0.1:1") as it:
        with pytest.raises(InvalidCredential) as caught:
            it.raw.api_key = MALFORMED[flaw]
        assert KEY not in _ours(shown(caught.value))
        with pytest.raises(InvalidCredential) as caught:
            it.raw.with_options(api_key=MALFORMED[flaw])
        assert KEY not in _ours(shown(caught.value))
        assert it.raw.api_key == KEY


def test_a_malformed_key_in_the_environment(colour: Colour, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", f"{KEY}\n")
    with pytest.raises(InvalidCredential) as caught:
        colour.make("http://127.0.0.1:1", api_key=None)
    assert KEY not in shown(caught.value)


def test_a_blank_is_allowed_for_servers_that_are_not_the_official_one(colour: Colour) -> None:
    assert colour.make("http://127.0.0.1:1", api_key="not needed").api_key == "not needed"
    with pytest.raises(InvalidCredential, match="blank"):
        colour.make("", api_key="not needed")


@pytest.mark.parametrize("value", [5, b"sk-bytes", ["sk"], object()], ids=lambda value: type(value).__name__)
def test_a_key_of_another_type_is_named(colour: Colour, value: Any) -> None:
    with pytest.raises(TypeError, match=f"api_key.*{type(value).__name__}"):
        colour.make("http://127.0.0.1:1", api_key=value)


FAILURES = {
    "401": [wrong(401)],
    "reset": [reset],
    "hang up": [hang_up],
    "timeout": [hang],
    "not json": [reply(b"<html>", 200, "Content-Type: text/html")],
    "not http": [b"\x16\x03\x01 nonsense\r\n\r\n", hang_up],
}


@pytest.mark.parametrize("failure", FAILURES)
def test_no_key_in_a_traceback_with_locals_of_a_failing_request(colour: Colour, failure: str) -> None:
    with Rude(FAILURES[failure]) as server:
        with colour.client(server.url, max_retries=1, timeout=0.2 if failure == "timeout" else 5) as it:
            error = failure_of(it, retrieve)
    text = shown(error)
    assert "perform" in text
    assert KEY not in text, [line for line in text.splitlines() if KEY in line]


def test_no_key_in_a_traceback_when_nobody_answers(colour: Colour) -> None:
    with Rude() as server:
        url = server.url
    with colour.client(url, max_retries=0) as it:
        error = failure_of(it, retrieve)
    assert isinstance(error, APIConnectionError)
    assert KEY not in shown(error)


def test_no_key_in_repr_vars_or_dir(colour: Colour) -> None:
    with Rude(ANSWER) as server, colour.client(server.url, admin_api_key=ADMIN_KEY, webhook_secret="whsec_x1") as it:
        it(retrieve)
        client = it.raw
        for holder in (client, client.settings, client._endpoint, client.models, client.with_options(timeout=1)):
            text = repr(holder) + repr(getattr(holder, "__dict__", ""))
            for secret in (KEY, ADMIN_KEY, "whsec_x1"):
                assert secret not in text
        # Reading it on purpose works, as the official client has it.
        assert (client.api_key, client.admin_api_key, client.webhook_secret) == (KEY, ADMIN_KEY, "whsec_x1")


def _authorizations(server: Rude) -> list[str | None]:
    return [request.headers.get("authorization") for request in server.requests]


def test_a_key_function_is_asked_once_per_attempt_and_rotates(colour: Colour) -> None:
    asked: list[str] = []

    def source() -> str:
        asked.append(f"sk-{len(asked)}")
        return asked[-1]

    with Rude(wrong(500), wrong(500), ANSWER) as server, colour.client(server.url, api_key=source) as it:
        it(retrieve)
        it(retrieve)
        assert _authorizations(server) == [f"Bearer sk-{n}" for n in range(4)]
    assert len(asked) == 4


def test_a_key_function_may_be_async_for_the_async_client_only(colour: Colour) -> None:
    async def source() -> str:
        await asyncio.sleep(0)
        return "sk-async"

    with Rude(ANSWER) as server, colour.client(server.url, api_key=source) as it:
        if colour.is_async:
            it(retrieve)
            assert _authorizations(server) == ["Bearer sk-async"]
        else:
            error = failure_of(it, retrieve)
            assert isinstance(error, (TypeError, InvalidCredential))
            assert "coroutine" in str(error) or "async" in str(error)
            assert server.requests == []


def test_a_key_function_that_raises_is_not_retried(colour: Colour) -> None:
    calls = []

    def source() -> str:
        calls.append(1)
        raise LookupError("vault sealed")

    with Rude(ANSWER) as server, colour.client(server.url, api_key=source) as it:
        assert type(failure_of(it, retrieve)) is LookupError
        assert (len(calls), server.requests) == (1, [])


@pytest.mark.parametrize("value", [None, 5, "", "a\nb", f"Bearer {KEY}"], ids=repr)
def test_a_key_function_that_gives_no_key(colour: Colour, value: Any) -> None:
    with Rude(ANSWER) as server, colour.client(server.url, api_key=lambda: value) as it:
        error = failure_of(it, retrieve)
        assert isinstance(error, InvalidCredential)
        assert KEY not in str(error)
        assert server.requests == []


def test_a_key_function_yields_to_the_callers_own_authorization(colour: Colour) -> None:
    asked: list[int] = []
    with Rude(ANSWER) as server, colour.client(server.url, api_key=lambda: str(asked.append(1))) as it:
        it(lambda client: client.models.retrieve("m", extra_headers={"Authorization": "Own 1"}))
        assert _authorizations(server) == ["Own 1"]
    assert asked == []


def test_the_admin_key_goes_to_admin_operations_only(colour: Colour) -> None:
    page = ok({"object": "list", "data": [], "has_more": False})
    with Rude(page) as server, colour.client(server.url, admin_api_key=ADMIN_KEY) as it:
        it(lambda client: client.admin.organization.users.list())
        it(lambda client: client.models.list())
        assert _authorizations(server) == [f"Bearer {ADMIN_KEY}", f"Bearer {KEY}"]


def test_a_call_without_a_fitting_key_is_refused_before_any_request(colour: Colour) -> None:
    with Rude(ANSWER) as server:
        with colour.client(server.url, api_key=None, admin_api_key=ADMIN_KEY) as it:
            error = failure_of(it, retrieve)
            assert isinstance(error, TypeError)
            assert "Could not resolve authentication method" in str(error)
            assert ADMIN_KEY not in shown(error)
        with colour.client(server.url) as it:
            error = failure_of(it, lambda client: client.admin.organization.users.list())
            assert isinstance(error, TypeError)
            assert "admin_api_key" in str(error)
        with colour.client(server.url, api_key=None, _enforce_credentials=False) as it:
            assert isinstance(failure_of(it, retrieve), TypeError)
        assert server.requests == []


@pytest.mark.parametrize("how", ["call", "default"])
def test_authorization_removed_on_purpose(colour: Colour, how: str) -> None:
    removed = {"authorization": antiphon.omit}
    options = {"default_headers": removed} if how == "default" else {}
    extra = {"extra_headers": removed} if how == "call" else {}
    with Rude(ANSWER) as server:
        with colour.client(server.url, api_key=None, _enforce_credentials=False, **options) as it:
            it(lambda client: client.models.retrieve("m", **extra))
        with colour.client(server.url, **options) as it:
            it(lambda client: client.models.retrieve("m", **extra))
        assert _authorizations(server) == [None, None]


def test_a_callers_own_authorization_wins(colour: Colour) -> None:
    with Rude(ANSWER) as server:
        with colour.client(server.url, default_headers={"AUTHORIZATION": "Default"}) as it:
            it(retrieve)
            it(lambda client: client.models.retrieve("m", extra_headers={"authorization": "Call"}))
        assert _authorizations(server) == ["Default", "Call"]


def test_row_57_a_key_never_goes_to_another_origin_by_an_absolute_url(colour: Colour) -> None:
    with Rude(ANSWER) as home, Rude(ANSWER) as other, colour.client(home.url) as it:
        error = failure_of(it, lambda client: client.get(f"{other.url}/x", cast_to=dict))
        assert isinstance(error, CredentialScopeError)
        assert KEY not in str(error)
        assert other.requests == []
        it(lambda client: client.get(f"{home.url}/v1/x", cast_to=dict))
        assert _authorizations(home) == [f"Bearer {KEY}"]
        options: Any = {"headers": {"Authorization": "Bearer other"}}
        it(lambda client: client.get(f"{other.url}/x", cast_to=dict, options=options))
        assert _authorizations(other) == ["Bearer other"]


def test_row_57_a_key_function_never_answers_for_another_origin(colour: Colour) -> None:
    with Rude(ANSWER) as home, Rude(ANSWER) as other, colour.client(home.url, api_key=lambda: KEY) as it:
        assert isinstance(failure_of(it, lambda c: c.get(f"{other.url}/x", cast_to=dict)), CredentialScopeError)
        assert other.requests == []


def test_a_secret_may_be_passed_as_the_key(colour: Colour) -> None:
    with Rude(ANSWER) as server, colour.client(server.url, api_key=Secret(KEY)) as it:
        it(retrieve)
        assert _authorizations(server) == [f"Bearer {KEY}"]
