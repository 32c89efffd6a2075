"""Budget: no more money, tokens or requests than you said, in a run, an hour, a day or a month.

Before a call is sent, what it may cost at most is set aside; when its usage is known, what it did cost is written down instead. It
knows when to do so, and what a failure means for the bill; sums are the ledger's, prices are the table's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar

from ..core.effects import Follow, Invoke, Outside
from ..core.json import JSONError, decode_json
from ..core.price import NANO, VERSION, Price, dollars, most_output, price_of, thinks
from ..core.reply import Reply
from ..core.request import BodyStream, Request
from ..core.resource import spelled
from ..core.shape import is_dict, is_mapping, is_sequence
from ..core.usage import usage_of
from ..errors import APIError, PolicyError, UnknownPrice
from .chain import PLACES, Forward
from .machines.bill import Bill, at_most, is_bounded, kind_of, tool_calls
from .machines.budget_report import BudgetReport
from .machines.ledger import SUMS, Amount, Ledger
from .machines.lost import Attempts, lost_attempts
from .machines.meter import Meter
from .machines.number import is_number, seconds, whole
from .machines.period import PERIODS, Per
from .machines.reservation import Reservation
from .purse import Purse
from .subject import body_of, model_of, most_tokens
from .telling import settled

if TYPE_CHECKING:
    from ..shared.store import Store
    from .shared_ledger import SharedLedger

T = TypeVar("T")

_UNSAID = {
    "moderations.create": "omni-moderation",
    "images.generate": "dall-e-2",
    "images.create_variation": "dall-e-2",
}
"""Models of calls that name none."""


class Budget:
    """Refuses a call, or has it wait, where it could take more than the budget has left.

    >>> Budget(usd=50, per="day")
    Budget(50 usd per day, soft=0.8, on_exceed=raise, unknown_price=refuse, prices of 2026-11-10)

    Whoever calls in whichever order, `spent + reserved` of a period does not exceed the limit while calls take no more than the
    bound that was set aside for them. That is a token for each byte of the body, and the most that the model may answer, so that
    `max_output_tokens` makes it small. A call that may have been worked on and was never answered is taken for its whole bound.

    Args:
        usd: dollars; `None` for no limit.
        tokens: of input and output together; `None` for no limit.
        requests: calls that ask a model, whatever attempts they take; `None` for no limit.
        per: "run" (as long as this object, or its store, keeps the sums), or "hour", "day" or "month" of the calendar in UTC.
        soft: the part of a limit, above 0 and at most 1, at which `on_soft` is called.
        on_soft: called with a `BudgetReport` once in a period; a coroutine function under an async client only. What it raises is
            logged and changes nothing. After a stream it is called when the next call begins.
        on_exceed: "raise" `BudgetExceeded`, or "wait" until there is room, at most until the call's deadline.
        unknown_price: what becomes of a call whose cost cannot be bounded, where dollars are limited: "refuse" it, or "allow" it
            for nothing.
        prices: `{model: Price}`, or `{model: (input, output)}` in dollars per million tokens; they go before the table's.
        most_output: tokens an answer may have where its call names no maximum; the model's own when left out.
        afar: tokens of input added for what only the server sees: an earlier response, a conversation, tools, a stored prompt.
        store: shares the sums with other processes or machines, e.g. `SQLiteStore(path)`; there they outlive a crash.
        store_fails: what becomes of a call while the store cannot be used: "refuse" it, or go on "alone", by this process's sums.
        name: of the budget, where a store holds several.
        lifetime: seconds after which a reservation in a store that nobody settled counts as spent, and uncertain.

    Raises:
        ValueError, TypeError: an argument that cannot be right.
    """

    place: ClassVar[int] = PLACES["Budget"]

    @spelled
    def __init__(
        self,
        usd: float | None = None,
        *,
        tokens: int | None = None,
        requests: int | None = None,
        per: Per = "run",
        soft: float = 0.8,
        on_soft: Callable[[BudgetReport], Any] | None = None,
        on_exceed: Literal["raise", "wait"] = "raise",
        unknown_price: Literal["refuse", "allow"] = "refuse",
        prices: Mapping[str, Price | tuple[float, float]] | None = None,
        most_output: int | None = None,
        afar: int = 20_000,
        store: Store | None = None,
        store_fails: Literal["refuse", "alone"] = "refuse",
        name: str = "budget",
        lifetime: float = 3600.0,
    ) -> None:
        self.per: Per = _one_of("per", per, PERIODS)
        self.on_exceed = _one_of("on_exceed", on_exceed, ("raise", "wait"))
        self.unknown_price = _one_of("unknown_price", unknown_price, ("refuse", "allow"))
        self.store_fails = _one_of("store_fails", store_fails, ("refuse", "alone"))
        if not is_number(soft) or not 0 < soft <= 1:
            raise ValueError(f"soft must be a part of the limit, above 0 and at most 1; got {soft!r}")
        if on_soft is not None and not callable(on_soft):
            raise TypeError(f"on_soft must be a function; got {type(on_soft).__name__}")
        limits = (
            None if usd is None else _nano(usd),
            None if tokens is None else whole("tokens", tokens),
            None if requests is None else whole("requests", requests),
        )
        if limits == (None, None, None):
            raise ValueError("a budget needs a limit: usd=…, tokens=… or requests=…")
        self.soft, self.on_soft, self.name = soft, on_soft, name
        self._prices = {model: _price(model, each) for model, each in (prices or {}).items()}
        self._most = None if most_output is None else whole("most_output", most_output)
        self._afar = whole("afar", afar)
        self._limits = limits
        self._store, self._lifetime = store, lifetime
        shared = None if store is None else self._share(store, seconds("lifetime", lifetime))
        self._purse = Purse(Ledger(limits, soft), self.per, on_exceed == "wait", shared, store_fails == "alone")

    def _share(self, store: Store, lifetime: float) -> SharedLedger:
        from .machines.book import Book
        from .shared_ledger import SharedLedger

        if not hasattr(store, "lease"):
            raise TypeError(f"store must be a store, e.g. antiphon.shared.SQLiteStore(path); got {store!r}")
        if lifetime < 1:
            raise ValueError(f"lifetime must be 1 second or more; got {lifetime}")
        usd, tokens, requests = (None if limit is None else int(limit * self.soft) for limit in self._limits)
        return SharedLedger(store, Book(self.name, self.per, self._limits, lifetime), (usd, tokens, requests))

    def __repr__(self) -> str:
        usd, tokens, requests = self._limits
        named = ((None if usd is None else f"{dollars(usd):g}", "usd"), (tokens, "tokens"), (requests, "requests"))
        limits = ", ".join(f"{limit} {unit}" for limit, unit in named if limit is not None)
        shared = "" if self._purse.shared is None else f", shared as {self.name!r}, store_fails={self.store_fails}"
        return (
            f"Budget({limits} per {self.per}, soft={self.soft:g}, on_exceed={self.on_exceed}, "
            f"unknown_price={self.unknown_price}, prices of {VERSION}{shared})"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        if self._store is None:
            raise TypeError(
                "a budget without a store does not go to other processes: each would spend the whole of it; "
                "give it a store that they share, e.g. Budget(…, store=SQLiteStore(path))"
            )
        usd, tokens, requests = self._limits
        said: dict[str, Any] = {
            name: getattr(self, name)
            for name in ("per", "soft", "on_soft", "on_exceed", "unknown_price", "store_fails", "name")
        }
        said |= {"prices": self._prices, "most_output": self._most, "afar": self._afar, "lifetime": self._lifetime}
        said |= {"tokens": tokens, "requests": requests, "store": self._store}
        return (partial(type(self), None if usd is None else dollars(usd), **said), ())

    async def __call__(self, request: Request, forward: Forward) -> Reply:
        call = request.call
        kind = "" if call is None else kind_of(call.operation.name)
        if not kind:
            return await forward(request)
        purse, trace = self._purse, request.trace
        held = Reservation(*self._bill(request, kind), purse.enter)
        before: tuple[int, int] | None = None
        try:
            await self._reserve(request, held)
            before = (0, 0) if trace is None else (len(trace.steps), trace.attempts)
            reply = await forward(request)
            lost = 0
            if trace is not None and trace.attempts > before[1] + 1:
                known = lost_attempts(trace, *before)
                lost = max(0, known.unclear - (200 <= reply.status_code < 300))
            await self._finish(held, request, reply, lost)
        except BaseException as failure:
            if before is None:
                held.release()
                raise
            if held.open:
                _fail(held, failure, None if trace is None else lost_attempts(trace, *before))
            if isinstance(failure, APIError):
                await purse.tidy()
            raise
        if purse.shared is not None:
            await purse.tidy()
        if purse.crossed:
            await self._tell()
        return reply

    def report(self, label: str | None = None) -> BudgetReport:
        """How the budget stands; with a store, for all who share it, and read there and then.

        Args:
            label: the period, e.g. "2026-11-21"; that of the last call when left out.

        Raises:
            StoreError: the store cannot be used now.
        """
        purse = self._purse
        label = purse.period.label if label is None else label
        account = purse.ledger.account(label)
        if purse.shared is not None:
            sums = purse.shared.look(label)
        else:
            sums = {name: Amount(*getattr(account, name)) for name in SUMS}
        spent, reserved, uncertain, over = (sums[name] for name in SUMS)
        return BudgetReport(label, self._limits, spent, reserved, uncertain, over, account.flags)

    def left(self) -> float:
        """Which part of the scarcest limit is left in the period of the last call, from 0 to 1; 1 where a store keeps the sums,
        which is not asked for this."""
        account = self._purse.ledger.account(self._purse.period.label)
        sums = zip(self._limits, account.spent, account.reserved, strict=True)
        return min(
            max(0.0, 1 - (spent + held) / limit) if limit else 0.0 for limit, spent, held in sums if limit is not None
        )

    async def _reserve(self, request: Request, held: Reservation) -> None:
        """Set aside what the call may take at most.

        Raises:
            BudgetExceeded: there is no room for it.
        """
        if self._purse.crossed:
            await self._tell()
        await self._purse.take(request, held)
        if request.trace is not None:
            request.trace.note("Budget", "reserved", usd=dollars(held.bound.usd), tokens=held.bound.tokens)

    def _bill(self, request: Request, kind: str) -> tuple[Bill, Price | None, Any]:
        """What the call may take at most, by which price.

        Raises:
            UnknownPrice: nobody can say.
        """
        body = body_of(request)
        model = body.get("model")
        name = model if isinstance(model, str) and model else _UNSAID.get(kind, "")
        price = price_of(name, self._prices) if is_bounded(kind) else None
        if price is None and self._limits[0] is not None and self.unknown_price == "refuse":
            raise UnknownPrice(name or kind, request=request)
        if not is_bounded(kind):
            return Bill(0, 0, 0), None, None
        most = most_tokens(body)
        if most is None or most < 0:
            most = 16 if kind == "completions.create" else self._most if self._most is not None else most_output(name)
            choices = body.get("n")
            most *= choices if isinstance(choices, int) and choices > 0 else 1
        bill = at_most(kind, body, _size(request), price or Price(), most, self._afar)
        return bill, price, body.get("service_tier")

    async def _finish(self, held: Reservation, request: Request, reply: Reply, lost: int) -> None:
        """Write down what an answer used, now or when its stream ends."""
        served = reply.request
        if served.call is not request.call:
            other = price_of(model_of(served), self._prices)
            if other is not None:
                held.answered_by(other)
        if reply.cached:
            held.release()
        elif not 200 <= reply.status_code < 300:
            held.refused(lost)
        elif reply.is_read:
            usage, tools = _told(reply)
            held.finish(usage, whole=True, tools=tools, lost=lost)
        else:

            def ended(usage: dict[str, Any] | None, letters: int, whole: bool) -> None:
                held.finish(usage, whole=whole, letters=letters, tools=None if held.has_tools else 0, lost=lost)

            await Follow(reply, Meter(events=request.events, counts=_counts(request), done=ended))

    async def _tell(self) -> None:
        """Call `on_soft` for each period that crossed its soft limit; what it raises is logged."""
        purse = self._purse
        while purse.crossed:
            label = purse.crossed.popleft()
            if self.on_soft is None:
                continue
            try:
                if purse.shared is None or await Outside(purse.shared.first_to_tell, label):
                    report = await Outside(self.report, label) if purse.shared is not None else self.report(label)
                    settled(await Invoke(self.on_soft, report))
            except Exception:
                import logging

                logging.getLogger("antiphon").exception("a budget's on_soft failed; the call goes on")


def _fail(held: Reservation, failure: BaseException, known: Attempts | None) -> None:
    """Write down what a failure may have cost."""
    if known is None:
        sent = not isinstance(failure, PolicyError) and getattr(failure, "sent", "maybe") != "no"
        known = Attempts(1, 0, 1) if sent else Attempts(0, 0, 0)
    if known.unclear:
        held.unknown(known.unclear)
    elif known.refused:
        held.refused()
    else:
        held.release()


def _told(reply: Reply) -> tuple[dict[str, Any] | None, int]:
    """What a reply that was read says it used, and what its calls of hosted tools cost."""
    content = reply.content
    if b'"usage"' not in content:
        return None, 0
    if content[:1] != b"{":
        return usage_of(reply), 0
    try:
        body: Any = decode_json(content)
    except JSONError:
        return None, 0
    usage = body.get("usage")
    return (usage if is_dict(usage) else None), tool_calls(body.get("output")) if b"_call" in content else 0


def _counts(request: Request) -> bool:
    """Whether the reply is a stream of chat that tells no usage, but shows all of its text."""
    body: Mapping[str, Any] = body_of(request)
    options: Any = body.get("stream_options")
    told = is_mapping(options) and options.get("include_usage")
    return request.events and "messages" in body and not told and not thinks(str(body.get("model")))


def _size(request: Request) -> int:
    """Bytes of the body."""
    content = request.content
    if isinstance(content, bytes):
        return len(content)
    return (content.length or 0) if isinstance(content, BodyStream) else 0


def _one_of(name: str, value: T, known: tuple[T, ...]) -> T:
    if value not in known:
        raise ValueError(f"{name} must be {' or '.join(map(repr, known))}; got {value!r}")
    return value


def _nano(usd: Any) -> int:
    if not is_number(usd):
        raise TypeError(f"usd must be a number of dollars; got {usd!r}")
    if not 0 <= usd <= 9_000_000:
        raise ValueError(f"usd must be from 0 to 9,000,000 dollars; got {usd}")
    nano: int = round(usd * NANO)
    return nano


def _price(model: str, given: Any) -> Price:
    if isinstance(given, Price):
        return given
    if is_sequence(given) and len(given) == 2:
        return Price.per_million(given[0], output=given[1])
    raise TypeError(
        f"the price of {model!r} must be a Price, or a pair of dollars per million tokens, of input and output; got {given!r}"
    )
