"""Hooks beside everything else: streams, copies, policies, deadlines, files; in both colours."""

from __future__ import annotations

import inspect
import io
from typing import Any

import antiphon
from tests.client.answer import ok, wrong
from tests.transports.rude import pause

from .hooked_call import retrieve
from .twin import COLOURS, ask, both, coloured


@COLOURS
def test_streams_raw_replies_and_copies_go_the_same_way(colour: str) -> None:
    def own(base: Any) -> dict[str, Any]:
        return {"default_headers": property(lambda self: {**base.default_headers.fget(self), "X-Own": "1"})}

    ours, _ = both(colour, own, lambda client: client.models.with_raw_response.retrieve("m"), ok())
    assert ours.value.parse().id == "m"
    assert ours.head()["x-own"] == "1"

    def copied(client: Any) -> Any:
        return client.with_options(timeout=3).models.retrieve("m")

    ours, theirs = both(colour, own, copied, ok())
    assert ours.head() == theirs.head()
    assert ours.requests[0].headers["x-stainless-read-timeout"] == "3"


def test_a_class_without_hooks_goes_the_plain_way() -> None:
    class Plain(antiphon.OpenAI):
        extra = 1

    client = Plain(api_key="sk-1")
    assert not Plain._hooks
    assert type(client._endpoint).__name__ == "Endpoint"
    assert "perform" not in vars(client)


def test_the_policies_are_shown_with_the_hooks() -> None:
    class Own(antiphon.OpenAI):
        user_agent = property(lambda self: "x")

        def _prepare_request(self, request: Any) -> None:
            return None

    client = Own(api_key="sk-1")
    assert "Prepare(_prepare_request, user_agent)" in client.explain()
    assert inspect.ismethod(client._prepare_request)


class Marking:
    """A policy of a user's own, outside of the hooks."""

    async def __call__(self, request: Any, forward: Any) -> Any:
        request = request.replace()
        request.headers["X-Policy"] = "outside"
        return await forward(request)


@COLOURS
def test_policies_and_hooks_see_each_others_fields(colour: str) -> None:
    seen: list[str] = []

    def own(base: Any) -> dict[str, Any]:
        return {"_prepare_request": coloured(colour, lambda self, request: seen.append(request.headers["x-policy"]))}

    name = "OpenAI" if colour == "sync" else "AsyncOpenAI"
    policies = [Marking(), antiphon.Retry(1)]
    asked = ask(
        getattr(antiphon, name),
        own,
        retrieve,
        [wrong(500, "Retry-After-Ms: 1"), ok()],
        policies=policies,
        max_retries=1,
    )
    assert asked.error is None
    assert [request.headers["x-policy"] for request in asked.requests] == seen == ["outside"] * 2
    assert asked.requests[1].headers["x-stainless-retry-count"] == "1"


@COLOURS
def test_the_deadline_holds_with_hooks(colour: str) -> None:
    def own(base: Any) -> dict[str, Any]:
        return {"_should_retry": lambda self, response: True, "user_agent": property(lambda self: "x")}

    name = "OpenAI" if colour == "sync" else "AsyncOpenAI"
    asked = ask(getattr(antiphon, name), own, retrieve, [[pause(5)]], deadline=0.2, max_retries=3)
    assert isinstance(asked.error, antiphon.APITimeoutError)
    assert len(asked.requests) == 1
    asked = ask(getattr(antiphon, name), own, retrieve, [wrong(500, "Retry-After: 60")], deadline=5, max_retries=3)
    assert isinstance(asked.error, antiphon.InternalServerError)
    assert len(asked.requests) == 1


class Once(io.RawIOBase):
    """A file that can be read once and not be wound back."""

    def __init__(self) -> None:
        self.left = b"content"

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def readinto(self, buffer: Any) -> int:
        taken, self.left = self.left, b""
        buffer[: len(taken)] = taken
        return len(taken)


@COLOURS
def test_a_file_that_cannot_be_wound_back_is_not_sent_empty(colour: str) -> None:
    def own(base: Any) -> dict[str, Any]:
        return {"_prepare_request": coloured(colour, lambda self, request: None)}

    name = "OpenAI" if colour == "sync" else "AsyncOpenAI"
    asked = ask(
        getattr(antiphon, name),
        own,
        lambda client: client.files.create(file=("a.txt", Once()), purpose="batch"),
        [wrong(500, "Retry-After-Ms: 1"), ok({"id": "f"})],
        max_retries=1,
    )
    assert [b"content" in request.body for request in asked.requests] == [True]
    assert isinstance(asked.error, antiphon.InternalServerError)
