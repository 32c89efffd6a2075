"""A budget's report: its sums as people read them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from ...core.price import VERSION, dollars
from .ledger import UNITS, Amount, Limits


class BudgetReport(NamedTuple):
    """How a budget stands in one period.

    Attributes:
        period: its name, e.g. "2026-11-21", or "run".
        limits: what may be spent; `None` where there is no limit. All amounts are whole: nano-dollars, tokens, requests.
        spent: what was, whatever is uncertain included.
        reserved: what is set aside for requests under way.
        uncertain: of what was spent, what nobody told and was taken at its upper bound.
        over: of what was spent, what was used beyond the bound set aside for it.
        flags: how often something was strange: usage that was "missing", "estimated", "unbelievable" or "corrected", a price
            that was "unknown".
        prices: the day of the price table.
    """

    period: str
    limits: Limits
    spent: Amount
    reserved: Amount
    uncertain: Amount
    over: Amount
    flags: Mapping[str, int]
    prices: str = VERSION

    @property
    def usd(self) -> float:
        """Dollars spent."""
        return dollars(self.spent.usd)

    @property
    def left(self) -> tuple[float | None, int | None, int | None]:
        """Dollars, tokens and requests that may still be set aside; `None` where there is no limit."""
        money, tokens, requests = (
            None if limit is None else max(0, limit - spent - reserved)
            for limit, spent, reserved in zip(self.limits, self.spent, self.reserved, strict=True)
        )
        return (None if money is None else dollars(money)), tokens, requests

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield f"budget, {self.period} (prices of {self.prices})"
        for n, unit in enumerate(UNITS):
            limit = self.limits[n]
            parts = [f"{_shown(unit, self.spent[n])} spent"]
            if limit is not None:
                parts[0] += f" of {_shown(unit, limit)}"
            for name in ("reserved", "uncertain", "over"):
                amount: Amount = getattr(self, name)
                if amount[n]:
                    parts.append(f"{_shown(unit, amount[n])} {name}")
            yield f"  {unit:<9}{', '.join(parts)}"
        if self.flags:
            yield "  flags    " + ", ".join(f"{name} {count}" for name, count in sorted(self.flags.items()))


def _shown(unit: str, amount: int) -> str:
    return f"${dollars(amount):,.6f}" if unit == "usd" else f"{amount:,}"
