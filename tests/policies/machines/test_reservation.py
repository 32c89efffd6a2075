"""Reservations beside the list of what they came to: whatever is said of one, and however often, it is entered once."""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from antiphon.core.price import Price
from antiphon.policies.machines.bill import Bill
from antiphon.policies.machines.ledger import Amount, Hold
from antiphon.policies.machines.reservation import Reservation

CHEAP, DEAR = Price(1, 1, 10), Price(100, 100, 1000)
USAGES: list[dict[str, Any] | None] = [
    {"input_tokens": 3, "output_tokens": 5, "total_tokens": 8},
    {"input_tokens": 3, "output_tokens": 5, "total_tokens": 4},
    {"input_tokens": -3},
    None,
]
Entry = tuple[str, Amount, Amount, bool, str]


class Once(RuleBasedStateMachine):
    """The first word about it counts, and none after it."""

    @initialize(exact=st.booleans(), tools=st.sampled_from([0, 700]), price=st.sampled_from([CHEAP, None]))
    def begin(self, exact: bool, tools: int, price: Price | None) -> None:
        self.bill, self.price = Bill(9000, 60, 20, tools, exact), price
        self.entered: list[Entry] = []
        self.expected: list[Entry] = []
        self.it = Reservation(self.bill, price, None, self.enter)
        self.it.label = "may"
        assert self.it.has_tools == (tools > 0)

    def enter(self, held: Hold, used: Amount, certain: bool, flag: str) -> None:
        self.entered.append((held.label, held.bound, used, certain, flag))

    def expect(self, usd: int, tokens: int, requests: int, lost: int, certain: bool, flag: str) -> None:
        """What it comes to, were it the first word: each attempt that got lost may have cost all of the bound."""
        if not self.expected:
            if not flag and self.price is None and requests:
                flag = "unknown"
            used = Amount(usd + lost * 9000, tokens + lost * 60, requests)
            self.expected.append(("may", Amount(9000, 60, 1), used, certain, flag))

    @rule()
    def another_model_answers(self) -> None:
        self.it.answered_by(DEAR)
        self.price = DEAR

    @rule()
    def release(self) -> None:
        self.it.release()
        self.expect(0, 0, 0, 0, True, "")

    @rule(lost=st.integers(0, 2))
    def refuse(self, lost: int) -> None:
        self.it.refused(lost)
        self.expect(0, 0, 1, lost, lost == 0, "")

    @rule(attempts=st.sampled_from([None, 0, 3]))
    def nobody_knows(self, attempts: int | None) -> None:
        self.it.unknown() if attempts is None else self.it.unknown(attempts)
        self.expect(0, 0, 1, 1 if attempts is None else attempts, False, "")

    @rule(
        usage=st.sampled_from(USAGES),
        whole=st.booleans(),
        letters=st.sampled_from([0, 7]),
        tools=st.sampled_from([None, 0, 300]),
        lost=st.sampled_from([0, 0, 2]),
    )
    def finish(self, usage: dict[str, Any] | None, whole: bool, letters: int, tools: int | None, lost: int) -> None:
        self.it.finish(usage, whole=whole, letters=letters, tools=tools, lost=lost)
        extra = self.bill.tools if tools is None else tools
        if usage in USAGES[:2]:
            odd = usage == USAGES[1]
            certain = not odd and not lost and not (tools is None and self.bill.tools)
            self.expect(self.cost(3, 5, extra), 8, 1, lost, certain, "corrected" if odd else "")
        elif whole and self.bill.exact:
            self.expect(9000, 60, 1, lost, lost == 0, "")
        elif usage is None and whole and letters:
            # Seven bytes are four tokens at most; of the input nothing is known but the bound.
            self.expect(self.cost(20, 4, self.bill.tools), 24, 1, lost, False, "estimated")
        else:
            self.expect(9000, 60, 1, lost, False, "missing" if usage is None else "unbelievable")

    def cost(self, given: int, made: int, extra: int) -> int:
        return 0 if self.price is None else given * self.price.input + made * self.price.output + extra

    @rule()
    def the_next_call(self) -> None:
        """So that each of these is the first word now and then."""
        if self.expected:
            self.begin(self.bill.exact, self.bill.tools, self.price)
            self.expected.clear()

    @invariant()
    def it_is_entered_once(self) -> None:
        if hasattr(self, "it"):
            assert self.entered == self.expected
            assert self.it.open == (not self.entered)
            assert self.it.bound == (9000, 60, 1)


TestOnce = Once.TestCase
TestOnce.settings = settings(derandomize=True, deadline=None, max_examples=40, stateful_step_count=20)
