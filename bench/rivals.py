"""`python -m bench.rivals [--n N]`: what other ways to be reliable lose, send and cost, on the same faults.

The official client alone, under tenacity, under stamina, behind LiteLLM's router, and antiphon's presets. Each asks the same
questions of an emulator of its own, one after another; pauses between attempts are left out, since they change none of these
figures. A library that is not installed is left out of the table.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import logging
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from antiphon import OpenAI
from antiphon.drill.chance import CountedClock, take_dice
from antiphon.drill.house import House
from antiphon.drill.lossless import KINDS
from antiphon.drill.question import MODEL, Question
from antiphon.policies import Policy

Ask = Callable[[Question], str | None]
"""Asks one question and gives the answer's text, or raises."""
DOWN = {"rules": [{"faults": ["status=503"]}]}


class Way(NamedTuple):
    """One way to be reliable."""

    name: str
    make: Callable[[House], Ask]


class Row(NamedTuple):
    """What it came to."""

    name: str
    lost: float
    wrong: int
    attempts: float
    outage: float
    cost: float

    def __str__(self) -> str:
        return (
            f"| {self.name} | {self.lost:.1%} | {self.wrong} | {self.attempts:.2f} | {self.outage:.2f} "
            f"| {self.cost * 1e6:,.0f} µs |"
        )


def official(house: House, retries: int = 2) -> Any:
    """The official client, whose pauses take no time."""
    import openai

    client: Any = openai.OpenAI(api_key=house.key, base_url=house.base_url, max_retries=retries)
    client._sleep_for_retry = lambda **_: None
    return client


def asking(client: Any) -> Ask:
    """Asks through a client of that interface."""
    create = client.chat.completions.create
    return lambda question: create(**question.body, extra_headers=question.headers).choices[0].message.content


def with_tenacity(house: House) -> Ask:
    """Three attempts, as its documentation begins."""
    import tenacity

    again = tenacity.retry(stop=tenacity.stop_after_attempt(3), reraise=True)
    return again(asking(official(house, 0)))


def with_stamina(house: House) -> Ask:
    """Three attempts at the errors the official client raises."""
    import openai
    import stamina

    again = stamina.retry(on=openai.APIError, attempts=3, wait_initial=0, wait_max=0, wait_jitter=0)
    return again(asking(official(house, 0)))


def with_litellm(house: House) -> Ask:
    """Its router with two retries and one deployment."""
    import litellm

    litellm.suppress_debug_info = True
    router: Any = litellm.Router(
        model_list=[
            {
                "model_name": MODEL,
                "litellm_params": {"model": f"openai/{MODEL}", "api_key": house.key, "api_base": house.base_url},
            }
        ],
        num_retries=2,
        retry_after=0,
    )
    router._time_to_sleep_before_retry = lambda *_, **__: 0
    return lambda question: (
        router.completion(**question.body, extra_headers=question.headers).choices[0].message.content
    )


def with_antiphon(chain: Callable[[], Any]) -> Callable[[House], Ask]:
    """antiphon's client under some policies."""

    def make(house: House) -> Ask:
        options: dict[str, Any] = {"policies": chain()} if chain is not _default else {}
        client = OpenAI(api_key=house.key, base_url=house.base_url, proxy=None, _clock=CountedClock(), **options)
        ask = asking(client)

        def asked(question: Question) -> str | None:
            take_dice(1, question.number)
            return ask(question)

        return asked

    return make


def _default() -> Any:
    return None


WAYS = (
    Way("official client, 2 retries", lambda house: asking(official(house))),
    Way("official client under tenacity, 3 attempts", with_tenacity),
    Way("official client under stamina, 3 attempts", with_stamina),
    Way("LiteLLM router, 2 retries", with_litellm),
    Way("antiphon, as it comes", with_antiphon(_default)),
    Way("antiphon, Policy.interactive()", with_antiphon(Policy.interactive)),
    Way("antiphon, Policy.production()", with_antiphon(Policy.production)),
    Way("antiphon, Policy.bulk()'s retries", with_antiphon(lambda: Policy(retry=Policy.bulk().retry))),
)


def row(way: Way, n: int) -> Row:
    """One way's figures."""
    lost, wrong, attempts, _ = _asked(way, n, {"seed": 1, "rules": [{"faults": list(KINDS), "rate": 0.2}]})
    outage = float("nan") if "bulk" in way.name else _asked(way, max(n // 5, 1), DOWN)[2]
    cost = _asked(way, n, None)[3]
    return Row(way.name, lost, wrong, attempts, outage, cost)


def _asked(way: Way, n: int, plan: dict[str, Any] | None) -> tuple[float, int, float, float]:
    """The share that was lost, wrong answers, attempts a request, and CPU seconds a request."""
    with House("--journal", "1") as house:
        ask = way.make(house)
        ask(Question(0, "warm"))
        house.break_with(plan)
        lost = wrong = 0
        gc.collect()
        began = time.process_time()
        for number in range(n):
            question = Question(number, f"q-{number}")
            try:
                wrong += ask(question) != question.answer
            except Exception:
                lost += 1
        spent = time.process_time() - began
        sent = sum(account["attempts"] for key, account in house.ledger().items() if key.startswith("q-"))
    return lost / n, wrong, sent / n, spent / n


def _installed() -> Iterator[Way]:
    for way in WAYS:
        library = next((name for name in ("tenacity", "stamina", "litellm") if name in way.name.lower()), "openai")
        try:
            importlib.import_module(library)
        except ImportError:
            continue
        yield way


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.rivals", description=__doc__)
    parser.add_argument("--n", type=int, default=2000, help="how many requests (default: 2000)")
    n = parser.parse_args().n
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    print(
        "| way | lost at 20 % faults | wrong answers | attempts a request | sent for each in an outage | CPU of a call |"
    )
    print("|---|---|---|---|---|---|")
    for way in _installed():
        print(row(way, n), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
