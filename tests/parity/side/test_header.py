"""1.2: the fields that requests carry, name by name and value by value."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from tests.client.answer import CHAT, create, ok, retrieve, wrong

from .duet import Row, check_known, compare, entered, every, got
from .known.header import KNOWN


class Verse(BaseModel):
    """What `parse` asks for."""

    title: str


def plainly(client: Any, _: Any) -> Any:
    return retrieve(client)


def posting(client: Any, _: Any) -> Any:
    return create(client)


def said(**fields: Any) -> Any:
    """A POST with fields of its own; a value may be a function of the package."""

    def do(client: Any, package: Any) -> Any:
        headers = {name.replace("_", "-"): v(package) if callable(v) else v for name, v in fields.items()}
        return create(client, extra_headers=headers)

    return do


def waiting(timeout: Any) -> Any:
    """A POST with a timeout of its own."""

    def do(client: Any, package: Any) -> Any:
        return create(client, timeout=timeout(package) if callable(timeout) else timeout)

    return do


async def streamed_raw(client: Any, _: Any) -> Any:
    async with entered(client.models.with_streaming_response.retrieve("m")) as response:
        return await got(response.json())


async def parsed(client: Any, _: Any) -> Any:
    return await got(
        client.chat.completions.parse(model="m", messages=[{"role": "user", "content": "x"}], response_format=Verse)
    )


async def helped(client: Any, _: Any) -> Any:
    messages = [{"role": "user", "content": "x"}]
    async with entered(client.chat.completions.stream(model="m", messages=messages)) as stream:
        return len(await every(stream))


def omitted(package: Any) -> Any:
    return package.omit


def not_given(package: Any) -> Any:
    return package.NOT_GIVEN


COMPLETION = {
    "id": "c",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [
        {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": '{"title":"x"}'}},
    ],
}

# name: (call, client's arguments)
CALLS: dict[str, tuple[Any, dict[str, Any]]] = {
    "GET": (plainly, {}),
    "POST": (posting, {}),
    "DELETE": (lambda c, p: c.models.delete("m"), {}),
    "POST without a body": (lambda c, p: c.responses.cancel("r"), {}),
    "raw": (lambda c, p: got_raw(c), {}),
    "streamed raw": (streamed_raw, {}),
    "upload": (lambda c, p: c.files.create(file=("a.txt", b"x"), purpose="assistants"), {}),
    "assistants": (lambda c, p: c.beta.assistants.list(), {}),
    "threads": (lambda c, p: c.beta.threads.create(), {}),
    "vector stores": (lambda c, p: c.vector_stores.retrieve("v"), {}),
    "chatkit": (lambda c, p: c.beta.chatkit.sessions.create(user="u", workflow={"id": "w"}), {}),
    "beta overridden": (lambda c, p: c.vector_stores.retrieve("v", extra_headers={"OpenAI-Beta": "mine"}), {}),
    "admin": (lambda c, p: c.admin.organization.projects.retrieve("p"), {}),
    "admin without its key": (lambda c, p: c.admin.organization.projects.retrieve("p"), {"admin_api_key": None}),
    "organization and project": (posting, {"organization": "org-1", "project": "proj-1"}),
    "default fields": (posting, {"default_headers": {"X-Mine": "1", "User-Agent": "mine", "accept": "text/x"}}),
    "default fields in other cases": (
        posting,
        {"default_headers": {"x-mine": "1", "X-MINE": "2", "authorization": "Basic x"}},
    ),
    "default query": (plainly, {"default_query": {"a": 1, "b": [1, 2], "c": None, "d": True, "e": {"f": "g"}}}),
    "a key from a function": (posting, {}),
    **{
        f"default {name} left out": (posting, {"default_headers": lambda p, name=name: {name: p.omit}})
        for name in ("Authorization", "User-Agent", "Accept", "Content-Type", "X-Stainless-Lang", "x-stainless-async")
    },
    **{
        f"{name} left out": (said(**{name: omitted}), {})
        for name in (
            *("Authorization", "User-Agent", "Accept", "Content_Type", "x_stainless_retry_count"),
            *("X_Stainless_Read_Timeout", "x_stainless_os", "OpenAI_Organization", "X_Nobody"),
        )
    },
    **{
        f"{name} overridden": (said(**{name: "mine"}), {"organization": "o", "project": "p"})
        for name in (
            *("authorization", "user_agent", "Accept", "content_type", "X_Stainless_Retry_Count"),
            *(
                "x_stainless_read_timeout",
                "X_STAINLESS_LANG",
                "openai_organization",
                "OpenAI_Project",
                "Idempotency_Key",
            ),
            *("x_request_id", "cookie", "Accept_Language"),
        )
    },
    "a field not given": (said(X_Mine=not_given), {}),
    "an empty field": (said(X_Mine=""), {}),
    "a field with blanks around": (said(X_Mine="  a  "), {}),
    "a field of latin letters": (said(X_Mine="é"), {}),
    "a field of other letters": (said(X_Mine="☃"), {}),
    "a field of bytes": (said(X_Mine=b"raw"), {}),
    "a field of None": (said(X_Mine=None), {}),
    "a number as a field": (said(X_Mine=1), {}),
    **{
        f"timeout {name} of the client": (posting, {"timeout": value})
        for name, value in {
            "7": 7,
            "7.0": 7.0,
            "7.5": 7.5,
            "None": None,
            "0.25": 0.25,
            "parts": lambda p: p.Timeout(9.0, connect=1.0),
            "no read": lambda p: p.Timeout(9.0, read=None),
            "nothing": lambda p: p.Timeout(None),
        }.items()
    },
    **{
        f"timeout {name} of the call": (waiting(value), {})
        for name, value in {
            "7": 7,
            "7.5": 7.5,
            "None": None,
            "parts": lambda p: p.Timeout(9.0, connect=1.0),
            "no read": lambda p: p.Timeout(9.0, read=None),
            "not given": lambda p: p.NOT_GIVEN,
        }.items()
    },
    "with_options": (
        lambda c, p: create(c.with_options(default_headers={"X-A": "1"}, timeout=3, organization="o2")),
        {"default_headers": {"X-B": "2"}},
    ),
    "set_default_headers": (
        lambda c, p: create(c.with_options(set_default_headers={"X-A": "1"})),
        {"default_headers": {"X-B": "2"}},
    ),
    "set_default_query": (
        lambda c, p: retrieve(c.with_options(set_default_query={"x": "1"})),
        {"default_query": {"y": "2"}},
    ),
    "default query joined": (
        lambda c, p: retrieve(c.with_options(default_query={"x": "1"})),
        {"default_query": {"y": "2"}},
    ),
    "base URL with a query": (plainly, {}),
    "no key at all": (posting, {"api_key": None, "_enforce_credentials": False}),
    "no key, but a field": (
        said(Authorization="Basic x"),
        {"api_key": None, "admin_api_key": None, "_enforce_credentials": False},
    ),
    "no key, and none wanted": (
        said(Authorization=omitted),
        {"api_key": None, "admin_api_key": None, "_enforce_credentials": False},
    ),
    "no key and no admin key": (posting, {"api_key": None, "admin_api_key": None, "_enforce_credentials": False}),
}


async def got_raw(client: Any) -> Any:
    return (await got(client.models.with_raw_response.retrieve("m"))).status_code


HELPERS: dict[str, tuple[list[Any], Any]] = {
    "chat parse": ([ok(COMPLETION)], parsed),
    "chat stream": ([CHAT], helped),
    "retried": ([wrong(500), wrong(500), ok()], posting),
    "retried with a count of its own": ([wrong(500), ok()], said(X_Stainless_Retry_Count="7")),
    "retried without a count": ([wrong(500), ok()], said(X_Stainless_Retry_Count=omitted)),
    "raw after a retry": ([wrong(500), ok()], lambda c, p: got_raw(c)),
    "idempotency key kept": ([wrong(500), wrong(500), ok()], said(Idempotency_Key="k")),
    "polled": (
        [ok({"id": "f", "object": "vector_store.file", "status": "completed"})],
        lambda c, p: c.vector_stores.files.poll("f", vector_store_id="v"),
    ),
    "polled at intervals": (
        [ok({"id": "f", "object": "vector_store.file", "status": "completed"})],
        lambda c, p: c.vector_stores.files.poll("f", vector_store_id="v", poll_interval_ms=50),
    ),
}

ROWS = {name: Row([ok()], do, options) for name, (do, options) in CALLS.items()}
ROWS |= {name: Row(script, do) for name, (script, do) in HELPERS.items()}


@pytest.mark.parametrize("name", ROWS)
def test_fields(name: str, colour: str) -> None:
    compare(name, ROWS[name], colour, KNOWN)


def test_known_differences_are_of_rows() -> None:
    check_known(KNOWN, ROWS)
