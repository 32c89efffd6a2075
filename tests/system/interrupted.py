"""Blocking calls into which a signal raises KeyboardInterrupt at random points: `python -m tests.system.interrupted PORT SEED`.

Prints, as JSON, what the process held at the end.
"""

from __future__ import annotations

import gc
import json
import random
import signal
import sys
import traceback
import warnings
from collections import Counter
from time import monotonic
from typing import Any

from antiphon import ProtocolError
from soak.load import _opened
from tests.system.house import client_of, taken

ROUNDS = 1_500


class Bell:
    """Rings once for a call; and again when the call goes on, for what is raised while a finalizer runs is lost, as Python has it.

    A second ring into the cleaning up after the first would be another matter, and on a busy machine that takes its time. So a
    call that goes on is one that brings events, or still waits for one a second later.
    """

    beats = 0
    """Events that calls have brought."""
    rung: int | None = None
    """How many they were at the last ring."""
    patience = 0.0
    """Until when nothing is made of silence."""

    def __call__(self, *_: object) -> None:
        if self.rung is None or self.beats > self.rung + 1 or monotonic() > self.patience:
            self.rung = self.beats
            self.patience = monotonic() + 1.0
            raise KeyboardInterrupt


bell = Bell()


def _call(client: Any, number: int) -> None:
    if number % 3 == 0:
        client.chat.completions.create(model="m", messages=[])
        return
    for _ in _opened(client, 0, 20 if number % 3 == 1 else -1):
        bell.beats += 1


def _interrupted(client: Any, number: int, seconds: float) -> str:
    """How the call ended: "in time", "interrupted", or with an interruption that was "mistaken" for bad HTTP."""
    bell.rung = None
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds, 0.02)
        try:
            _call(client, number)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    except KeyboardInterrupt:
        return "interrupted"
    except ProtocolError as problem:
        if "callback error" not in str(problem):
            raise
        traceback.print_exc()
        return "mistaken"
    return "in time"


def main() -> None:
    """Interrupt, count, tell."""
    warnings.simplefilter("ignore", ResourceWarning)
    port, seed = int(sys.argv[1]), int(sys.argv[2])
    dice = random.Random(seed)

    signal.signal(signal.SIGALRM, bell)
    client = client_of(port)
    sum(1 for _ in _opened(client, 0, 20))  # what is imported on first use is there
    client.close()
    client = client_of(port)
    before = taken(None, 0)
    found, warm = Counter[str](), before
    for number in range(ROUNDS):
        found[_interrupted(client, number, 0.00002 + dice.random() * 0.002)] += 1
        if number == ROUNDS // 3:
            warm = taken(client, number)
    gc.collect()
    end = taken(client, ROUNDS)
    told = {
        "interrupted": found["interrupted"],
        "mistaken": found["mistaken"],
        "held": end.held,
        "idle": end.idle,
        "files": end.files - before.files,
        "threads": end.threads,
        "growth": end.objects / warm.objects,
        "last": client.chat.completions.create(model="m", messages=[]).object,
    }
    client.close()
    print(json.dumps(told))


if __name__ == "__main__":
    main()
