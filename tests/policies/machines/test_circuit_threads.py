"""A circuit under many threads at once."""

from __future__ import annotations

import gc
import threading

from antiphon.policies.machines.circuit import PROBE_SECONDS, Circuit, Rule

EVEN = 0.5
"""The dice that neither lengthen nor shorten."""


def test_threads_hammer_it_and_no_more_probes_go_than_may() -> None:
    circuit = Circuit(Rule(consecutive=3, open_for=0.001, max_open=0.01, probes=2, close_after=3))
    clock, most, under_way, guard = [0.0], [0], dict[int, int](), threading.Lock()

    def work(number: int) -> None:
        for turn in range(300):
            clock[0] += 0.0005
            lease = circuit.admit(clock[0])
            if lease is None:
                continue
            generation = circuit.generation
            if not circuit.closed and lease > generation:
                with guard:
                    under_way[generation] = under_way.get(generation, 0) + 1
                    most[0] = max(most[0], under_way[generation])
            if lease > generation:
                with guard:
                    under_way[generation] = under_way.get(generation, 1) - 1
            match (number + turn) % 4:
                case 0:
                    circuit.fail(lease, clock[0], EVEN)
                case 1:
                    circuit.release(lease)
                case _:
                    circuit.succeed(lease, clock[0])

    threads = [threading.Thread(target=work, args=(number,)) for number in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    gc.collect()
    assert most[0] <= 2
    assert not circuit._late
    now = clock[0] + 1.0
    for _ in range(3):
        lease = circuit.admit(now)
        assert lease is not None
        circuit.succeed(lease, now)
        now += PROBE_SECONDS
    assert circuit.closed
