"""Streams that end before their first event, over real sockets: the user sees one whole stream, and the server two requests."""

from __future__ import annotations

from typing import Any

import pytest

from antiphon import Retry
from antiphon.errors import APIConnectionError, StreamInterrupted, StreamTruncated
from antiphon.policies.machines.rule import RELIABLE_RULES
from antiphon.policies.policy import Policy
from tests.transports.rude import Rude, reset

from .answer import CHAT, chat, delta, sse
from .colour import Colour, failure_of

EMPTY = sse(done=False)
HEAD = CHAT[: CHAT.index(b"\r\n\r\n") + 4]
CUT: list[Any] = [EMPTY, [HEAD, reset], [CHAT[: len(HEAD) + 20], reset]]


@pytest.mark.parametrize("cut", CUT, ids=["ends", "breaks", "breaks within"])
def test_rows_46_and_47_a_stream_that_never_began_is_asked_for_again(colour: Colour, cut: Any) -> None:
    for policies in ([Retry(2, rules=RELIABLE_RULES, first_event=True)], Policy.production(), Policy.bulk()):
        with Rude(cut, CHAT) as server, colour.client(server.url, policies=policies) as it:
            assert [item.choices[0].delta.content for item in it(chat)] == ["Hel", "lo", ""]
            assert len(server.requests) == 2


@pytest.mark.parametrize("cut", CUT, ids=["ends", "breaks", "breaks within"])
def test_the_drop_in_raises_as_ever(colour: Colour, cut: Any) -> None:
    with Rude(cut, CHAT) as server, colour.client(server.url) as it:
        assert isinstance(failure_of(it, chat), StreamTruncated if cut is EMPTY else StreamInterrupted)
        assert len(server.requests) == 1


def test_rows_46_and_47_what_was_seen_is_not_repeated(colour: Colour) -> None:
    begun = sse(delta("Hel"), done=False)
    with Rude(begun, CHAT) as server, colour.client(server.url, policies=Policy.production()) as it:
        assert isinstance(failure_of(it, chat), StreamTruncated)
        assert len(server.requests) == 1


def test_where_no_attempt_is_left_the_failure_is_told(colour: Colour) -> None:
    policies = [Retry(1, rules=RELIABLE_RULES, first_event=True)]
    for cut, kind in zip(CUT[:2], (StreamTruncated, APIConnectionError), strict=True):
        with Rude(cut) as server, colour.client(server.url, policies=policies) as it:
            assert isinstance(failure_of(it, chat), kind)
            assert len(server.requests) == 2


def test_a_client_of_servers_that_mark_no_end_gets_its_empty_stream(colour: Colour) -> None:
    policies = [Retry(1, rules=RELIABLE_RULES, first_event=True)]
    with Rude(EMPTY) as server, colour.client(server.url, policies=policies, strict_streams=False) as it:
        assert it(chat) == []
