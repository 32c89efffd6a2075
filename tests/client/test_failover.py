"""Failover over real sockets, in both colours and over both transports."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest

import antiphon
from antiphon.policies.failover import Failover, Parked
from antiphon.policies.redirect import Redirect
from antiphon.policies.retry import Retry
from antiphon.policies.target import Target
from antiphon.testing import TestServer
from tests.transports.rude import Rude, chunked, hang_up, reset

from .answer import CHAT, RESPONSE, chat, create, ok, retrieve, wrong
from .colour import KEY, Colour, failure_of

SPARE_KEY = "sk-spare-canary-77c1"
FINE = ok(RESPONSE)


def spare(server: Any, **options: Any) -> Target:
    arguments: dict[str, Any] = {"api_key": SPARE_KEY, "name": "spare", **options}
    return Target(f"{server.url}/v1", **arguments)


def falling(*targets: Target, retries: int | None = None, **options: Any) -> dict[str, Any]:
    """A client's policies."""
    return {"policies": [*([] if retries is None else [Retry(retries)]), Failover(list(targets), **options)]}


def authorizations(server: Rude) -> set[str | None]:
    return {request.headers.get("authorization") for request in server.requests}


def unused_url() -> str:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def test_row_02_a_dead_target_costs_no_error(colour: Colour) -> None:
    with Rude(FINE) as alive, colour.client(unused_url(), **falling(spare(alive))) as it:
        replies = [it(create) for _ in range(20)]
        assert {reply.id for reply in replies} == {"resp_1"}
        assert len(alive.requests) == 20
        assert authorizations(alive) == {f"Bearer {SPARE_KEY}"}


@pytest.mark.parametrize("rude", [wrong(503), wrong(500), hang_up, reset])
def test_trouble_moves_the_call_to_the_next_target(colour: Colour, rude: Any) -> None:
    with Rude(rude) as ill, Rude(FINE) as well, colour.client(ill.url, **falling(spare(well))) as it:
        assert it(create).id == "resp_1"
        assert it.clock.slept == []
        assert authorizations(ill) == {f"Bearer {KEY}"}
        assert authorizations(well) == {f"Bearer {SPARE_KEY}"}


def test_nothing_of_the_clients_own_travels(colour: Colour) -> None:
    own = {"api-key": KEY, "X-Gateway": KEY, "Cookie": KEY}
    options = {"default_headers": own, "default_query": {"key": KEY}, "organization": "org-own", "project": "proj-own"}
    with Rude(wrong(503)) as ill, Rude(FINE) as well:
        with colour.client(ill.url, **falling(spare(well)), **options) as it:
            assert it(create).id == "resp_1"
        assert KEY in ill.requests[0].line
        there = well.requests[0]
        assert KEY.encode() not in there.raw_head
        assert b"org-own" not in there.raw_head
        assert b"proj-own" not in there.raw_head
        assert there.target == "/v1/responses"


def test_row_25_a_key_without_credit_is_parked_and_told_of_once(colour: Colour) -> None:
    told: list[Parked] = []
    with Rude(wrong(429, code="credit_balance_exhausted")) as poor, Rude(FINE) as well:
        with colour.client(poor.url, **falling(spare(well), on_park=told.append)) as it:
            assert [it(create).id for _ in range(5)] == ["resp_1"] * 5
        assert (len(poor.requests), len(well.requests)) == (1, 5)
        assert [each.reason for each in told] == ["billing"]


def test_row_27_a_rejected_key_is_parked_until_it_is_enabled(colour: Colour) -> None:
    with Rude(wrong(401), FINE) as own, Rude(FINE) as well:
        policies = falling(spare(well))
        with colour.client(own.url, **policies) as it:
            assert [it(create).id for _ in range(3)] == ["resp_1"] * 3
            assert (len(own.requests), len(well.requests)) == (1, 3)
            policies["policies"][0].enable()
            it(create)
            assert (len(own.requests), len(well.requests)) == (2, 3)


def test_where_all_refuse_the_last_answer_is_the_error(colour: Colour) -> None:
    with Rude(wrong(503)) as first, Rude(wrong(500, message="second")) as second:
        with colour.client(first.url, **falling(spare(second))) as it:
            failure = failure_of(it, create)
        assert isinstance(failure, antiphon.InternalServerError)
        assert failure.status_code == 500
        assert "second" in failure.message
        assert failure.response.request.server == "spare"


def test_retries_and_moves_together_stay_within_their_bound(colour: Colour) -> None:
    with Rude(wrong(503)) as first, Rude(wrong(503)) as second:
        with colour.client(first.url, **falling(spare(second), retries=5)) as it:
            failure = failure_of(it, create)
        assert isinstance(failure, antiphon.InternalServerError)
        assert len(first.requests) + len(second.requests) == 4


def test_after_the_first_byte_nothing_moves(colour: Colour) -> None:
    broken = [chunked(b'data: {"id":"c","choices":[]}\n\n', headers=["Content-Type: text/event-stream"])[:-5], reset]
    with Rude(broken) as ill, Rude(CHAT) as well, colour.client(ill.url, **falling(spare(well))) as it:
        _, failure = it.events(chat)
        assert isinstance(failure, antiphon.APIConnectionError)
        assert well.requests == []


def test_a_stream_that_cannot_begin_begins_elsewhere(colour: Colour) -> None:
    with Rude(wrong(503)) as ill, Rude(CHAT) as well, colour.client(ill.url, **falling(spare(well))) as it:
        events = it.items(chat)
        assert [event.choices[0].delta.content for event in events] == ["Hel", "lo", ""]


def test_balanced_streams_give_their_seats_back(colour: Colour) -> None:
    with Rude(CHAT) as one, Rude(CHAT) as two:
        failover = Failover([Target.own(), spare(two)])
        with colour.client(one.url, policies=[failover]) as it:
            assert len(it.items(chat)) == 3
            stream, _ = it.first(chat)
            assert sum(failover._fleet.loads) == 1
            it.wait(stream.close())
            assert sum(failover._fleet.loads) == 0


def test_what_lives_at_home_is_asked_for_there_only(colour: Colour) -> None:
    with Rude(wrong(503)) as ill, Rude(ok()) as well, colour.client(ill.url, **falling(spare(well))) as it:
        assert isinstance(failure_of(it, retrieve), antiphon.InternalServerError)
        assert isinstance(failure_of(it, lambda c: create(c, previous_response_id="resp_0")), antiphon.APIStatusError)
        assert well.requests == []


def test_row_32_a_targets_redirect_is_followed_to_nobody(own_colour: Colour) -> None:
    moved = wrong(307, "Location: /elsewhere")
    with Rude(wrong(503)) as ill, Rude(moved) as mover:
        policies = [Retry(0), Redirect(), Failover([spare(mover)])]
        with own_colour.client(ill.url, policies=policies) as it:
            assert isinstance(failure_of(it, create), antiphon.RedirectRefused)
        assert [request.target for request in ill.requests + mover.requests] == ["/v1/responses"] * 2


def test_a_local_model_is_the_last_resort(colour: Colour) -> None:
    with Rude(FINE) as local:
        target = Target.local(f"{local.url}/v1", model="llama3.2", provider="127.0.0.1")
        with colour.client(unused_url(), **falling(target, cross_model=True)) as it:
            assert it(create).id == "resp_1"
        assert authorizations(local) == {None}
        assert json.loads(local.requests[0].body)["model"] == "llama3.2"


def test_a_targets_key_may_come_from_a_function(colour: Colour) -> None:
    keys = ["sk-old", "sk-new", "sk-new"]

    async def later() -> str:
        return keys.pop(0)

    source = later if colour.is_async else lambda: keys.pop(0)
    with Rude(wrong(503)) as ill, Rude(wrong(401), FINE) as well:
        with colour.client(ill.url, **falling(spare(well, api_key=source))) as it:
            assert it(create).id == "resp_1"
        assert [request.headers["authorization"] for request in well.requests] == ["Bearer sk-old", "Bearer sk-new"]


def test_a_copy_of_the_client_knows_what_the_client_knows(colour: Colour) -> None:
    with Rude(wrong(401)) as own, Rude(FINE) as well, colour.client(own.url, **falling(spare(well))) as it:
        it(create)
        it(lambda client: create(client.with_options(timeout=9)))
        assert len(own.requests) == 1


def test_two_emulators_one_of_them_killed_in_the_middle(own_colour: Colour) -> None:
    first, second = TestServer(), TestServer()
    with first, second:
        target = Target(second.base_url, api_key=second.api_key, name="second")
        failover = Failover([Target.own(), target])
        url = first.base_url.removesuffix("/v1")
        with own_colour.client(url, policies=[failover], api_key=first.api_key) as it:
            served: list[str] = []
            for n in range(40):
                if n == 20:
                    first.close()
                key = f"chapter {n}"
                result = it(lambda c: c.responses.create(model="gpt-5.5", input="Say hello.", prompt_cache_key=key))  # noqa: B023
                assert result.output_text
                served.append(result.trace.of("Failover")[-1].get("target"))
    assert set(served[:20]) == {"own", "second"}
    assert set(served[20:]) == {"second"}
    assert [each.name for each in failover.ejected()] == ["own"]


def test_the_spare_shows_in_what_is_explained(colour: Colour) -> None:
    with Rude(FINE) as well, colour.client(well.url, **falling(spare(well, weight=2, group=1))) as it:
        assert "Failover(own → spare" in it.raw.explain()
        assert SPARE_KEY not in it.raw.explain() + repr(it.raw)
