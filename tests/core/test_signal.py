"""A signal happens once, and everybody who listens is told once, from wherever it is set."""

from __future__ import annotations

import threading

from antiphon.core.signal import Signal


def test_whoever_listens_is_woken_once() -> None:
    signal, woken = Signal(), list[str]()
    signal.listen(lambda: woken.append("early"))
    assert not signal.is_set
    signal.set()
    signal.set()
    signal.listen(lambda: woken.append("late"))
    assert woken == ["early", "late"]


def test_whoever_forgets_is_not_woken() -> None:
    signal, woken = Signal(), list[str]()

    def wake() -> None:
        woken.append("x")

    signal.listen(wake)
    signal.forget(wake)
    signal.forget(wake)
    signal.set()
    assert woken == []


def test_nobody_is_missed_when_threads_listen_while_it_is_set() -> None:
    for _ in range(200):
        assert _race(3) == [0, 1, 2]


def _race(listeners: int) -> list[int]:
    """Who was woken, where some listen while another sets it."""
    signal, woken, gate = Signal(), list[int](), threading.Barrier(listeners + 1)

    def listen(number: int) -> None:
        gate.wait()
        signal.listen(lambda: woken.append(number))

    threads = [threading.Thread(target=listen, args=(number,)) for number in range(listeners)]
    for thread in threads:
        thread.start()
    gate.wait()
    signal.set()
    for thread in threads:
        thread.join()
    return sorted(woken)
