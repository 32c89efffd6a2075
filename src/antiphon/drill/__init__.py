"""Drills: what the reliability policies promise, tried on the emulator at full size, with figures that can be missed.

    antiphon drill iid --n 100000 --seed 1

Each drill runs the same requests through the blocking client, the asyncio client and the virtual driver, compares what came back
with the emulator's ledger, and says for each figure which bound it keeps. What the policies decided is compared between the
drivers, step by step, wherever there is something to compare. `antiphon drill` ends with 1 where a bound is missed.
"""

from __future__ import annotations

from typing import Final

DRILLS: Final = {
    "one-fault": "a fifth of all requests meet exactly one fault: nothing is lost, nothing twice",
    "iid": "every attempt meets a fault with the same chance: nothing is lost, at the least number of attempts",
    "outage": "the server is down for a minute: retries do not multiply its load, and it recovers",
    "brownout": "a share of the answers is ten times slower: hedging halves the slowest, for a few requests more",
    "ratelimit": "as fast as the limit allows: the limit is used, and hardly a request refused",
    "canary": "a secret is planted: nothing that is written anywhere shows it, in eight encodings",
    "truncate": "a stream is cut at every byte: it is an error at every one",
    "cancel": "calls are cancelled at every moment: nothing is leaked",
}
