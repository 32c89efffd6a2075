"""Policies in a forked child: whoever held a lock, a place or a turn at the fork is a thread that the child does not have."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")

PROGRAM = """
import os, signal, threading
from antiphon import OpenAI
from antiphon.core.headers import Headers
from antiphon.core.reply import Reply
from antiphon.policies import *

asked, go = threading.Semaphore(0), threading.Event()
CONTENT = b'{{"id":"c","object":"chat.completion","choices":[],"usage":{{"total_tokens":1}}}}'

class Slow:
    def send(self, request):
        asked.release()
        go.wait()
        return Reply(200, Headers({{"content-type": "application/json"}}), request, CONTENT)

    def close(self):
        pass

policies = {policies}
client = OpenAI(api_key="sk-test", base_url="http://127.0.0.1:1/v1", http_client=Slow(), policies=policies)

def call(key="k"):
    client.chat.completions.create(model="gpt-4o", messages=[], temperature=0, extra_headers={{"Idempotency-Key": key}})

threads = [threading.Thread(target=call, daemon=True) for _ in range(3)]
for thread in threads:
    thread.start()
asked.acquire()  # one of them asks; the others ask or wait

held, over = threading.Semaphore(0), threading.Event()

def hold(lock):
    with lock:
        held.release()
        over.wait()

holders = [threading.Thread(target=hold, args=(lock,), daemon=True) for lock in {locks}]
for holder in holders:
    holder.start()
    held.acquire()

child = os.fork()
if child == 0:
    signal.alarm(10)
    go = threading.Event()
    go.set()
    call("another")
    os._exit(0)
_, status = os.waitpid(child, 0)
over.set()
for holder in holders:  # who held a lock for long does not do what others left for its holder
    holder.join()
go.set()
for thread in threads:
    thread.join()
print(status)
"""
CASES = {
    "Bulkhead": ("[Bulkhead(1)]", "[each._lock for each in policies[0]._compartments.values()]"),
    "RateLimit": ("[RateLimit(rpm=600_000)]", "[each.lock for each in policies[0]._lanes.values()]"),
    "SingleFlight": ("[SingleFlight()]", "[policies[0]._flights._lock]"),
    "CircuitBreaker": (
        "[CircuitBreaker()]",
        "[policies[0]._board._lock, *(each._lock for each in policies[0]._board.endpoints.values())]",
    ),
    "Budget": ("[Budget(usd=9)]", "[policies[0]._purse.ledger._lock]"),
    "Retry": ("[Retry(2, budget=RetryBudget())]", "[policies[0].budget._lock]"),
    "Hedge": ("[Hedge()]", "[policies[0]._machine._lock]"),
    "Failover": ('[Failover([Target("http://127.0.0.1:2/v1", api_key="k")])]', "[policies[0]._fleet._lock]"),
    "Cache": ("[Cache()]", "[]"),
    "Idempotency": ("[Idempotency()]", "[policies[0]._running._lock]"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_child_waits_for_nobody_it_does_not_have(name: str) -> None:
    policies, locks = CASES[name]
    code = PROGRAM.format(policies=policies, locks=locks)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout.strip() == "0", done.stderr
