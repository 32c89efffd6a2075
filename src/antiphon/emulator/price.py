"""What the traffic costs by the one table of prices, in nano-dollars; what is not listed there costs nothing here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from antiphon.core.price import CALLS, price_of

Row = Mapping[str, Any]


class Item(NamedTuple):
    """One line of a bill."""

    name: str
    quantity: int
    unit: str
    cost: int


_MEASURES: Final = {"characters": "characters", "seconds": "duration_seconds", "images": "images"}


def items(row: Row) -> Iterator[Item]:
    """The lines that a row of usage puts on the bill; batches cost half."""
    model: str = row.get("model") or ""
    if (call := CALLS.get(row["kind"])) is not None:
        calls = row.get("num_requests") or row.get("num_sessions") or row.get("requests", 1)
        yield Item(row["kind"], calls, "calls", calls * call)
        return
    price = price_of(model)
    if price is None:
        return
    share = 2 if row.get("batch") else 1
    if price.input:
        names = ("input_tokens", "input_cached_tokens", "output_tokens")
        for name, count, each in zip(names, _counts(row), price[:3], strict=True):
            if count:
                yield Item(f"{model}, {name}", count, "tokens", count * each // share)
    for measure, unit in _MEASURES.items():
        if (count := row.get(measure, 0)) and (rate := getattr(price, measure)):
            yield Item(f"{model}, {measure}", count, unit, count * rate // share)


def cost(row: Row) -> int:
    """What a row of usage costs, in nano-dollars."""
    price = price_of(row.get("model") or "")
    if price is None or not price.input or row["kind"] in CALLS:
        return sum(item.cost for item in items(row))
    # Every request comes this way: the same sum, without its lines.
    fresh, cached, output = _counts(row)
    total = fresh * price.input + cached * price.cached + output * price.output
    return total // 2 if row.get("batch") else total


def _counts(row: Row) -> tuple[int, int, int]:
    """Tokens of input that were new and cached, and of output."""
    whole = row.get("input_tokens", 0)
    cached = min(row.get("input_cached_tokens", 0), whole)
    return whole - cached, cached, row.get("output_tokens", 0)
