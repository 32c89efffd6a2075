"""Hooks as a setting: of a client, its copies and kinds, what they show, and what they cost."""

from __future__ import annotations

from typing import Any

import antiphon
from antiphon import Hooks
from tests.transports.rude import Rude, hang_up, pause

from .answer import CHAT, chat, create, delta, ok, retrieve, sse, wrong
from .colour import KEY, Colour, failure_of
from .ear import NAMES, Ear


def test_copies_keep_hooks_and_may_have_others(colour: Colour) -> None:
    first, second = Ear(), Ear()
    with Rude(ok()) as server, colour.client(server.url, hooks=first.hooks) as it:
        for client in (
            it.raw.with_options(timeout=5),
            it.raw.with_options(hooks=[first.hooks, second.hooks]),
            it.raw.with_options(hooks=None),
            it.raw.with_retries(1),
        ):
            it(lambda _, client=client: client.models.retrieve("m"))
        assert it.raw.hooks == (first.hooks,)
    assert first.names == ["on_request", "on_response"] * 3
    assert second.names == ["on_request", "on_response"]


def test_they_can_be_set_and_taken_off(colour: Colour) -> None:
    ear = Ear()
    with (
        Rude(ok("<html>", "Content-Type: text/html"), ok(), wrong(404), ok()) as server,
        colour.client(server.url) as it,
    ):
        it.raw.hooks = ear.hooks
        failure_of(it, retrieve)
        it.raw.timeout = 5.0  # settles anew
        it(retrieve)
        assert ear.names == ["on_request", "on_response", "on_error", "on_request", "on_response"]
        it.raw.hooks = None
        failure_of(it, retrieve)
        it(retrieve)
        assert not {"perform", "perform_raw", "_attend"} & {*vars(it.raw)}
    assert len(ear.heard) == 5
    assert it.raw.explain() == colour.make(server.url).explain()


def test_explain_says_who_listens(colour: Colour) -> None:
    client = colour.make("http://127.0.0.1:1", hooks=Hooks(on_retry=print, on_error=print))
    assert client.explain().splitlines()[0] == "1. Hooks(on_retry, on_error)"


def test_a_subclass_with_overrides_has_hooks_too(colour: Colour) -> None:
    ear = Ear()
    base: Any = antiphon.AsyncOpenAI if colour.is_async else antiphon.OpenAI

    class Mine(base):
        @property
        def user_agent(self) -> str:
            return "mine/1"

        def _should_retry(self, response: Any) -> bool:
            return bool(response.status_code == 418)

    with Rude(wrong(418), ok()) as server, Colour(colour.colour, "own").client(server.url) as it:
        mine = Mine(api_key=KEY, base_url=server.url, hooks=ear.hooks, _clock=it.clock)
        it(lambda _: mine.models.retrieve("m"))
        it.wait(mine.close())
    assert ear.names == ["on_request", "on_response", "on_retry", "on_request", "on_response"]
    assert {info.operation for info in ear.infos("on_request")} == {"models.retrieve"}
    assert [info.headers["user-agent"] for info in ear.infos("on_request")] == ["mine/1"] * 2


def test_a_client_for_azure_has_them_by_attribute(colour: Colour) -> None:
    ear = Ear()
    kind: Any = antiphon.AsyncAzureOpenAI if colour.is_async else antiphon.AzureOpenAI
    with Rude(ok()) as server, Colour(colour.colour, "own").client(server.url) as it:
        azure = kind(azure_endpoint=server.url, api_version="v", api_key=KEY, max_retries=0)
        azure.hooks = ear.hooks
        azure.stream_idle_timeout = 7.0
        copy = azure.with_options(timeout=5)
        assert (copy.hooks, copy.stream_idle_timeout) == ((ear.hooks,), 7.0)
        it(lambda _: copy.models.retrieve("m"))
        it.wait(azure.close())
    assert ear.names == ["on_request", "on_response"]
    assert ear.heard[0][1].operation == "models.retrieve"
    assert ear.heard[0][1].headers["api-key"] == "<redacted>"


def test_nothing_that_is_told_shows_the_key(colour: Colour) -> None:
    ear = Ear()
    script = (wrong(500), ok(), hang_up, hang_up, hang_up, sse(delta("a"), done=False))
    with Rude(*script) as server, colour.client(server.url, hooks=ear.hooks) as it:
        it(create)
        failure_of(it, create)
        failure_of(it, chat)
    assert {*ear.names} == {*NAMES}
    assert not [name for name, info in ear.heard if KEY in repr(info)]


def test_without_hooks_a_call_has_nothing_of_them(colour: Colour) -> None:
    with Rude(ok(), CHAT) as server, colour.client(server.url) as it:
        it(retrieve)
        it(chat)
        assert not {"perform", "perform_raw", "_attend"} & {*vars(it.raw)}
        assert it.raw._only_failures
        assert type(it.raw._endpoint).__name__ == "Endpoint"
        assert [type(policy).__name__ for policy in it.raw._policies] == ["Retry", "Redirect"]
        it.raw.hooks = Hooks(on_retry=print)
        assert it.raw._only_failures  # a call that succeeds does not pay for it


def test_a_slow_hook_is_waited_for(colour: Colour) -> None:
    """Hooks run where the call runs: order is kept, and so is what a context variable says."""
    order: list[str] = []
    ear = Ear(on_request=lambda info: order.append("told"))
    with Rude([pause(0.01), ok()]) as server, colour.client(server.url, hooks=ear.hooks) as it:
        it(retrieve)
        order.append("done")
    assert order == ["told", "done"]
