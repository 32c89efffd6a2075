"""The limiter in whole clients, over real sockets: both colours, threads and tasks, streams, Ctrl-C and cancels."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from antiphon.errors import RateLimited, RequestTooLarge
from antiphon.policies.rate_limit import RateLimit
from antiphon.shared import SQLiteStore
from tests.transports.rude import Rude, hang

from .answer import CHAT, chat, ok, retrieve, wrong
from .colour import Colour, Driven, failure_of
from .script import ended, start


def many(it: Driven, calls: int) -> None:
    """So many calls at once."""
    if it.runner is None:
        with ThreadPoolExecutor(calls) as threads:
            list(threads.map(lambda _: retrieve(it.raw), range(calls)))
        return

    async def together() -> None:
        await asyncio.gather(*(retrieve(it.raw) for _ in range(calls)))

    it.runner.run(together())


def limiter(**limits: Any) -> RateLimit:
    return RateLimit(**{"source": "config", "safety": 1.0, **limits})


def lane(policy: RateLimit) -> Any:
    (only,) = policy._lanes.values()
    return only


def test_calls_that_come_at_once_are_spread(colour: Colour) -> None:
    policy = limiter(rpm=6000, burst_seconds=0.05)
    with Rude(ok()) as server, colour.client(server.url, policies=[policy]) as it:
        began = time.monotonic()
        many(it, 15)
        assert time.monotonic() - began >= 0.095, "five at once, and ten more at a hundred a second"
        assert len(server.requests) == 15
    assert lane(policy).queue.length == 0


def test_what_would_wait_too_long_is_not_sent(colour: Colour) -> None:
    with Rude(ok()) as server, colour.client(server.url, policies=[limiter(rpm=1, max_wait=1)]) as it:
        it(retrieve)
        failure = failure_of(it, retrieve)
        assert isinstance(failure, RateLimited)
        assert 55 < failure.retry_after <= 60
        assert len(server.requests) == 1
        assert failure.trace is not None
        assert failure.trace.of("RateLimit")[0].get("reason") == "RateLimited"


def test_row_26_what_is_larger_than_the_limit_is_not_sent(colour: Colour) -> None:
    with Rude(ok()) as server, colour.client(server.url, policies=[limiter(tpm=100)]) as it:
        failure = failure_of(it, lambda client: chat(client, max_tokens=500))
        assert isinstance(failure, RequestTooLarge)
        assert not server.requests


HEADS = {
    "half": ("600", "300", "30s"),
    "minus": ("-1", "-1", "0"),
    "nothing": ("0", "0", "0"),
    "days": ("200", "199", "7m12s"),
    "words": ("many", "some", "soon"),
    "long": ("600", "599", "1h2m3.5s"),
    "empty": ("", "", ""),
}


@pytest.mark.parametrize("name", HEADS)
def test_row_33_whatever_the_header_fields_say_nobody_hangs(own_colour: Colour, name: str) -> None:
    limit, left, reset = HEADS[name]
    fields = [
        f"x-ratelimit-limit-requests: {limit}",
        f"x-ratelimit-remaining-requests: {left}",
        f"x-ratelimit-reset-requests: {reset}",
    ]
    policy = RateLimit(max_wait=5)
    with Rude(ok({"id": "m"}, *fields)) as server, own_colour.client(server.url, policies=[policy]) as it:
        for _ in range(3):
            it(retrieve)
        assert len(server.requests) == 3
    limits = [gate.most for gate in lane(policy).gates]
    assert limits == {"half": [600], "days": [200]}.get(name, [])


def test_row_19_a_server_that_asks_for_quiet_gets_it(own_colour: Colour) -> None:
    policy = RateLimit()
    with (
        Rude(wrong(429, "retry-after-ms: 200"), ok()) as server,
        own_colour.client(server.url, policies=[policy]) as it,
    ):
        failure_of(it, retrieve)
        began = time.monotonic()
        it(retrieve)
        assert time.monotonic() - began >= 0.15
        assert len(server.requests) == 2


def test_a_streams_tokens_are_settled_at_its_end(own_colour: Colour) -> None:
    policy = limiter(tpm=60_000)
    with Rude(CHAT) as server, own_colour.client(server.url, policies=[policy]) as it:
        it(lambda client: chat(client, max_tokens=500))
    assert lane(policy).queue.length == 0
    assert lane(policy).gates[0].full > 0


def test_row_61_a_task_that_is_cancelled_while_it_waits_gives_its_place_back() -> None:
    policy = limiter(rpm=60, burst_seconds=1)
    colour = Colour("async", "own")
    with Rude(ok()) as server, colour.client(server.url, policies=[policy]) as it:

        async def scene() -> None:
            await retrieve(it.raw)
            waiting = [asyncio.ensure_future(retrieve(it.raw)) for _ in range(50)]
            await asyncio.sleep(0.05)
            assert lane(policy).queue.length == 50
            for task in waiting:
                task.cancel()
            done = await asyncio.gather(*waiting, return_exceptions=True)
            assert all(isinstance(each, asyncio.CancelledError) for each in done)

        assert it.runner is not None
        it.runner.run(scene())
        assert lane(policy).queue.length == 0
        assert len(server.requests) == 1


@pytest.mark.parametrize("colour_name", ["sync", "async"])
def test_row_61_ctrl_c_while_waiting_ends_at_once(colour_name: str) -> None:
    with Rude(ok()) as server:
        process = start(
            """
            from antiphon.policies.rate_limit import RateLimit
            policy = RateLimit(rpm=2, source="config")
            client = Colour(COLOUR, TRANSPORT).make(URL, policies=[policy])
            def later():
                time.sleep(0.5)
                os.kill(os.getpid(), signal.SIGINT)
            async def twice():
                await retrieve(client)
                threading.Thread(target=later).start()
                await retrieve(client)
            began = None
            try:
                if COLOUR == "async":
                    asyncio.run(twice())
                else:
                    retrieve(client)
                    threading.Thread(target=later).start()
                    retrieve(client)
            except KeyboardInterrupt:
                (lane,) = policy._lanes.values()
                say("interrupted", lane.queue.length)
            """,
            colour_name,
            "own",
            server.url,
            strict=False,
        )
        _, out, err = ended(process)
        assert out.split() == ["interrupted", "0"], err


def test_threads_and_event_loops_share_a_policy() -> None:
    policy = limiter(rpm=60_000, burst_seconds=0.02)
    with Rude(ok()) as server:
        clients = [Colour(kind, "own").client(server.url, policies=[policy]) for kind in ("sync", "async") * 2]

        def use(it: Driven) -> None:
            with it:
                many(it, 12)

        threads = [threading.Thread(target=use, args=(it,)) for it in clients]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert len(server.requests) == 48
    assert lane(policy).queue.length == 0
    assert lane(policy)._number == 48


def test_two_clients_share_a_limit_through_a_file(own_colour: Colour, tmp_path: Path) -> None:
    stores = [SQLiteStore(tmp_path / "shared.db", patience=5) for _ in range(2)]
    policies = [limiter(rpm=3000, burst_seconds=0.1, store=store) for store in stores]
    with Rude(ok()) as server:
        with (
            own_colour.client(server.url, policies=[policies[0]]) as one,
            own_colour.client(server.url, policies=[policies[1]]) as two,
        ):
            began = time.monotonic()
            for it in (one, two) * 15:
                it(retrieve)
            assert time.monotonic() - began >= (30 - 5 - 1) / 50
        assert len(server.requests) == 30
    for store in stores:
        store.close()


def test_a_file_that_cannot_be_used_is_told_in_the_trace_and_holds_nobody_up(
    own_colour: Colour, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    policy = limiter(rpm=6000, burst_seconds=1, store=SQLiteStore(tmp_path / "file" / "shared.db"))
    traces = []

    async def watched(request: Any, forward: Any) -> Any:
        traces.append(request.trace)
        return await forward(request)

    with Rude(ok()) as server, own_colour.client(server.url, policies=[policy, watched]) as it:
        it(retrieve)
        it(retrieve)
        assert len(server.requests) == 2
    steps = [step for trace in traces for step in trace.of("RateLimit") if step.event == "alone"]
    assert len(steps) == 1
    assert steps[0].get("workers") == 2


def test_it_is_named_where_a_client_explains_itself(own_colour: Colour) -> None:
    with Rude(ok()) as server, own_colour.client(server.url) as it:
        limited = it.raw.with_rate_limit(rpm=500, tpm=200_000)
        it(lambda _: retrieve(limited))
        assert "RateLimit(rpm=500, tpm=200000, headers+config" in limited.explain()
        (known,) = limited.health().policies["RateLimit"].values()
        assert known["queued"] == 0
        assert known["limits"] == {"requests": 500, "tokens": 200_000}


def test_a_body_that_never_comes_holds_no_place(own_colour: Colour) -> None:
    policy = limiter(rpm=6000)
    with Rude([CHAT[:-40], hang]) as server, own_colour.client(server.url, policies=[policy]) as it:
        stream, _ = it.first(lambda client: chat(client))
        it.wait(stream.close())
        assert lane(policy).queue.length == 0
        assert len(server.requests) == 1
