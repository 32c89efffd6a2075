"""A ledger: what was spent and what is set aside, period by period, in whole numbers.

Knows sums and limits; refuses to know what anything costs, and what time it is. Of every reservation each period's account says
three things: what is `reserved` for requests under way, what was `spent`, and how much of that is `uncertain`, because nobody
told what a request really took. While reservations are upper bounds, `spent + reserved` never exceeds a limit, whoever asks in
whichever order; where a request took more than was set aside for it, the truth is written down, and the excess as `over`.

`spent` never becomes less. A lock guards the arithmetic and is held by nobody who waits. Settling never blocks on it, because
a stream that the garbage collector ends settles too, perhaps in the middle of a reservation of the same thread: it is put down
first, and entered by whoever has the lock.

A signal handler may raise after any call, and is let in nowhere else. So sums change where nothing is called, together with the
`Hold` that says whether they did: however often something is settled, it is entered once.
"""

from __future__ import annotations

from _thread import allocate_lock
from collections import deque
from typing import NamedTuple

from ...core.forked import inherit

UNITS = ("usd", "tokens", "requests")
SUMS = ("spent", "reserved", "uncertain", "over")
_KEPT = 3
"""Periods that are remembered. A clock that is set back leads to an account that is known, not to an empty one."""


class Amount(NamedTuple):
    """Of each unit, a whole number.

    Attributes:
        usd: nano-dollars.
        tokens: of input and output together.
        requests: calls, however many attempts they take.
    """

    usd: int = 0
    tokens: int = 0
    requests: int = 0


Limits = tuple[int | None, int | None, int | None]
"""As `Amount`; `None` for no limit."""


class Hold:
    """What one call sets aside; made before it does.

    Attributes:
        bound: how much that is.
        label: the period it was set aside in.
        taken: whether it is set aside.
    """

    __slots__ = ("bound", "label", "taken")

    def __init__(self, bound: Amount) -> None:
        self.bound = bound
        self.label = ""
        self.taken = False


class Short(NamedTuple):
    """What there was no room in.

    Attributes:
        unit: its place in `UNITS`.
        taken: how much of it is spent or set aside.
        for_good: whether there will be none before the period ends.
    """

    unit: int
    taken: int
    for_good: bool


class Account:
    """One period's sums, each a list in the order of `UNITS`, and how often something was strange."""

    __slots__ = ("flags", "over", "reserved", "spent", "told", "uncertain")

    def __init__(self) -> None:
        self.spent = [0, 0, 0]
        self.reserved = [0, 0, 0]
        self.uncertain = [0, 0, 0]
        self.over = [0, 0, 0]
        self.flags = dict[str, int]()
        self.told = False


class Ledger:
    """The accounts of one budget.

    >>> ledger = Ledger((100, None, None))
    >>> ledger.reserve("2026-11", Amount(usd=60)), ledger.reserve("2026-11", Amount(usd=60))
    (None, 0)
    >>> ledger.settle("2026-11", Amount(usd=60), Amount(usd=7))
    >>> ledger.reserve("2026-11", Amount(usd=60)) is None
    True

    Args:
        limits: of each unit.
        soft: the part of a limit at which a period is said to be crossed.

    Attributes:
        crossed: periods that crossed `soft` and were not told yet.
    """

    def __init__(self, limits: Limits, soft: float = 1.0) -> None:
        self.limits = limits
        self.crossed = deque[str]()
        self._soft = [(n, limit * soft) for n, limit in enumerate(limits) if limit]
        self._accounts: dict[str, Account] = {}
        self._settled = deque[tuple[str, Amount, Amount, bool, str, Hold | None]]()
        self._lock = allocate_lock()
        inherit(self)

    def forget(self) -> None:
        """Nobody holds the lock any more."""
        self._lock = allocate_lock()

    def reserve(self, label: str, bound: Amount, hold: Hold | None = None) -> int | None:
        """Set an upper bound aside; `None` if there was room, else the place in `UNITS` of what is short. A hold is told."""
        dollars, tokens, requests = bound
        most, most_tokens, most_requests = self.limits
        with self._lock:
            if self._settled:
                self._enter()
            account = self._accounts.get(label) or self._open(label)
            spent, reserved = account.spent, account.reserved
            if most is not None and dollars and spent[0] + reserved[0] + dollars > most:
                return 0
            if most_tokens is not None and tokens and spent[1] + reserved[1] + tokens > most_tokens:
                return 1
            if most_requests is not None and requests and spent[2] + reserved[2] + requests > most_requests:
                return 2
            reserved[0] += dollars
            reserved[1] += tokens
            reserved[2] += requests
            if hold is not None:
                hold.label, hold.taken = label, True
        if self._settled:
            self.tidy()
        return None

    def settle(
        self,
        label: str,
        bound: Amount,
        spent: Amount,
        certain: bool = True,
        flag: str = "",
        hold: Hold | None = None,
    ) -> None:
        """Write down what a reservation came to. Never blocks, and may be called from anywhere.

        Args:
            label: the period it was made in.
            bound: what was set aside.
            spent: what was used.
            certain: whether that was told, and not merely taken for used.
            flag: what was strange about it, to be counted.
            hold: what it was set aside for; if that holds nothing any more, nothing is written down.
        """
        self._settled.append((label, bound, spent, certain, flag, hold))
        self.tidy()

    def tidy(self) -> None:
        """Enter what is settled, unless somebody is at it, who will."""
        while self._settled and not self._lock.locked():
            with self._lock:  # and not `acquire`, after which a signal handler may raise
                self._enter()

    def hopeless(self, label: str, bound: Amount) -> int | None:
        """As `reserve`, if all that is set aside came back unused, and without setting anything aside."""
        account = self._accounts.get(label)
        for n, limit in enumerate(self.limits):
            if limit is not None and bound[n] and bound[n] + (account.spent[n] if account else 0) > limit:
                return n
        return None

    def taken(self, label: str, unit: int) -> int:
        """What is spent or set aside of a unit."""
        account = self._accounts.get(label)
        return 0 if account is None else account.spent[unit] + account.reserved[unit]

    def account(self, label: str) -> Account:
        """A copy of a period's account as it is now."""
        self.tidy()
        copy = Account()
        with self._lock:
            account = self._accounts.get(label)
            if account is not None:
                for name in SUMS:
                    setattr(copy, name, list(getattr(account, name)))
                copy.flags, copy.told = dict(account.flags), account.told
        return copy

    def _open(self, label: str) -> Account:
        """A new account; of old ones in which nothing is reserved only the latest are kept."""
        account = self._accounts[label] = Account()
        idle = sorted(each for each, known in self._accounts.items() if each != label and not any(known.reserved))
        for old in idle[: max(0, len(self._accounts) - _KEPT)]:
            del self._accounts[old]
        return account

    def _enter(self) -> None:
        while self._settled:
            label, bound, used, certain, flag, hold = self._settled[0]
            if hold is not None and not hold.taken:
                del self._settled[0]
                continue
            account = self._accounts.get(label) or self._open(label)
            reserved, spent, over, flags = account.reserved, account.spent, account.over, account.flags
            count = flags.get(flag, 0) + 1 if flag else 0
            dollars, tokens, requests = [max(0, used[n] - bound[n]) for n in range(3)]
            # From here on nothing is called, and nothing is repeated, so all of it is done or nothing.
            del self._settled[0]
            if hold is not None:
                hold.taken = False
            reserved[0] -= bound[0]
            reserved[1] -= bound[1]
            reserved[2] -= bound[2]
            spent[0] += used[0]
            spent[1] += used[1]
            spent[2] += used[2]
            if dollars or tokens or not certain:
                over[0] += dollars
                over[1] += tokens
                over[2] += requests
            if not certain:
                uncertain = account.uncertain
                uncertain[0] += used[0]
                uncertain[1] += used[1]
                uncertain[2] += used[2]
            if flag:
                flags[flag] = count
            if not account.told:
                for n, soft in self._soft:
                    if spent[n] >= soft:
                        account.told = True
                        self.crossed.append(label)
                        break
