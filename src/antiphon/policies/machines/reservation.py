"""A reservation: what one call set aside, and what becomes of it, exactly once.

Knows what outcomes mean for the bill; refuses to know where sums are kept.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...core.price import Price
from .bill import Bill, cost
from .ledger import Amount, Hold
from .tally import Tally, tally

Enter = Callable[[Hold, Amount, bool, str], None]
"""Writes down what a reservation came to: what was used, whether that is certain, and a flag."""
_LETTERS_A_TOKEN = 2
"""Bytes of text per token, where tokens are estimated: fewer than any common text has, so that the estimate is rather too high."""


class Reservation(Hold):
    """What one call sets aside, and what it came to.

    Args:
        bill: what the call may take at most.
        price: its model's; `None` where it is not known.
        tier: the service tier asked for.
        enter: writes down what it came to.

    Attributes:
        enter: as it was given, or another.
        open: whether it was not settled yet.
    """

    __slots__ = ("_bill", "_price", "_tier", "enter", "open")

    def __init__(self, bill: Bill, price: Price | None, tier: Any, enter: Enter) -> None:
        super().__init__(Amount(bill.usd, bill.tokens, 1))
        self.open = True
        self._bill = bill
        self._price = price
        self._tier = tier
        self.enter = enter

    @property
    def has_tools(self) -> bool:
        """Whether hosted tools may be called for it."""
        return self._bill.tools > 0

    def answered_by(self, price: Price) -> None:
        """Another model answered than the one that was asked, at this price."""
        self._price = price

    def release(self) -> None:
        """Nothing was sent."""
        self._settle(Amount())

    def refused(self, lost: int = 0) -> None:
        """The server refused it, which costs nothing; before, so many attempts got lost that may have been worked on."""
        self._settle(self._lost(Amount(0, 0, 1), lost), certain=not lost)

    def unknown(self, attempts: int = 1) -> None:
        """So many attempts were sent, and nobody knows what became of them: each may have cost the whole bound."""
        self._settle(self._lost(Amount(0, 0, 1), attempts), certain=False)

    def finish(
        self, usage: dict[str, Any] | None, *, whole: bool, letters: int = 0, tools: int | None = None, lost: int = 0
    ) -> None:
        """It was answered.

        Args:
            usage: what the answer says it used; `None` where it says nothing.
            whole: whether all of the answer came.
            letters: bytes of text that were counted in a stream that tells no usage.
            tools: what calls of hosted tools cost; `None` where that was not looked at.
            lost: attempts before that may have been worked on.
        """
        told = tally(usage)
        if told is not None:
            extra = self._bill.tools if tools is None else tools
            flag = "corrected" if told.odd else ""
            self._settle(
                self._lost(self._cost(told, extra), lost), not (told.odd or lost or (tools is None and extra)), flag
            )
        elif whole and self._bill.exact:
            self._settle(self._lost(self.bound, lost), not lost)
        elif whole and usage is None and letters:
            guess = Tally(self._bill.input, -(-letters // _LETTERS_A_TOKEN))
            self._settle(self._lost(self._cost(guess, self._bill.tools), lost), False, "estimated")
        else:
            self._settle(self._lost(self.bound, lost), False, "missing" if usage is None else "unbelievable")

    def _cost(self, used: Tally, tools: int) -> Amount:
        usd = 0 if self._price is None else cost(self._price, used, self._tier) + tools
        return Amount(usd, used.input + used.output, 1)

    def _lost(self, used: Amount, attempts: int) -> Amount:
        bound = self.bound
        return Amount(used[0] + attempts * bound[0], used[1] + attempts * bound[1], used[2]) if attempts else used

    def _settle(self, used: Amount, certain: bool = True, flag: str = "") -> None:
        if self.open:
            if self._price is None and used.requests and not flag:
                flag = "unknown"
            self.enter(self, used, certain, flag)
            self.open = False  # not before: a signal handler may break off the entering
