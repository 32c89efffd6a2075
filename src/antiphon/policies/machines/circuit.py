"""A circuit: whether something that failed too often is left alone, and when it is tried again.

    closed ── too many failures ──> open ── its time is over ──> half-open ── enough successes ──> closed
                                     ^                              │
                                     └───────── a failure ──────────┘

Who may go gets a *lease*, and says how it went: success, a slow one, failure, or nothing that counts. A lease is a number, and each change
between closed and open begins a new *generation* of numbers: what a lease from before it says does not matter any more. While
half-open only so many probes are under way at once, and a probe that says nothing for half a minute makes room for the next
one, so nothing that anybody forgets can keep the circuit from closing.

Arithmetic over numbers and timestamps. Refuses to know what is being called, what a failure is, and what is slow.
"""

from __future__ import annotations

from typing import NamedTuple

from .late import Late
from .window import Window

PROBE_SECONDS = 30.0
"""After which a probe that has said nothing makes room for another one."""
HEALTHY_SECONDS = 60.0
"""After which a circuit that stayed closed is as good as new: the next opening is short again."""


class Rule(NamedTuple):
    """When a circuit opens and closes.

    Attributes:
        window: seconds of calls that are looked at.
        min_calls: how few of them tell nothing.
        ratio: the share of failures among them that opens it.
        consecutive: failures in a row that open it, however few calls there were.
        open_for: seconds it stays open, the first time; doubled each time it opens again.
        max_open: seconds it stays open at most.
        probes: how many may be under way at once while half-open.
        close_after: how many successes close it.
        slow_ratio: the share of slow ones among the successes that opens it, if there were `min_calls` calls.
    """

    window: float = 30.0
    min_calls: int = 10
    ratio: float = 0.5
    consecutive: int = 5
    open_for: float = 5.0
    max_open: float = 300.0
    probes: int = 1
    close_after: int = 2
    slow_ratio: float = 1.0


class Circuit(Late):
    """One circuit; threads may share it.

    >>> circuit = Circuit(Rule(consecutive=1, open_for=10))
    >>> circuit.fail(circuit.generation, now=0.0, random=0.5)
    True
    >>> circuit.admit(9.0), circuit.admissible(10.0)
    (None, True)

    Attributes:
        closed: whether everybody may go; then `generation` is everybody's lease.
        generation: the first lease that counts.
        openings: how often it has opened since it was healthy.
        opened_at: when it last opened, as far as that is known.
        row: how many failures came in a row lately.
        window: the calls of the last seconds.
    """

    __slots__ = (
        "_closed_at",
        "_for",
        "_leases",
        "_rule",
        "_successes",
        "_until",
        "closed",
        "generation",
        "last",
        "opened_at",
        "openings",
        "row",
        "window",
    )

    def __init__(self, rule: Rule) -> None:
        super().__init__()
        self._rule = rule
        self.window = Window(rule.window)
        self.row = 0
        self._leases: dict[int, float] = {}
        self._successes = 0
        self._closed_at = float("-inf")
        self._until: float | None = 0.0
        self._for = 0.0
        self.closed = True
        self.generation = self.last = 0
        self.openings = 0
        self.opened_at = float("-inf")

    def forget(self) -> None:
        """No probe is under way."""
        super().forget()
        self._leases = {}

    # Who may go.

    def admissible(self, now: float) -> bool:
        """Whether `admit` would give a lease; reserves nothing."""
        return self.closed or self.retry_in(now) == 0

    def admit(self, now: float, lasts: float = PROBE_SECONDS) -> int | None:
        """A lease, or `None` if this one has to stay away.

        Args:
            now: seconds on a clock that never goes back.
            lasts: seconds after which a probe makes room for another one.
        """
        with self._lock:
            if self.closed:
                lease: int | None = self.generation
            elif self._wait(now) > 0:
                lease = None
            else:
                lease = self._next()
                self._leases[lease] = now + lasts
        if self._late:
            self._settle()
        return lease

    def insist(self) -> int:
        """A lease whatever the state; it takes no probe's room."""
        with self._lock:
            lease = self.generation if self.closed else self._next()
        if self._late:
            self._settle()
        return lease

    def retry_in(self, now: float) -> float:
        """Seconds until somebody may go; while probes are under way, until the first of them has had its time."""
        with self._lock:
            seconds = 0.0 if self.closed else self._wait(now)
        if self._late:
            self._settle()
        return seconds

    @property
    def is_well(self) -> bool:
        """Whether it is closed, and nothing has failed since the last success."""
        return self.closed and self.row == 0

    def state(self, now: float) -> str:
        """In a word: "closed", "open" or "half-open"."""
        until = self._until
        return "closed" if self.closed else "open" if until is None or now < until else "half-open"

    @property
    def counts(self) -> tuple[int, int]:
        """Calls and failures in the window, as of the last one."""
        return self.window.calls, self.window.failures

    # How it went.

    def succeed(self, lease: int, now: float) -> bool:
        """It went well; whether that closed the circuit."""
        with self._lock:
            if lease < self.generation:
                changed = False
            elif self.closed:
                self.window.succeed(now)
                self.row = 0
                changed = False
            else:
                changed = self._succeed_probing(lease, now)
        if self._late:
            self._settle()
        return changed

    def fail(self, lease: int, now: float, random: float) -> bool:
        """It failed; whether that opened the circuit.

        Args:
            lease: what was given.
            now: the time.
            random: a number in [0, 1), so that many processes do not come back together.
        """
        with self._lock:
            changed = self._fail(lease, now, random)
        if self._late:
            self._settle()
        return changed

    def crawl(self, lease: int, now: float, random: float) -> bool:
        """It went well but slowly, which is no success of a probe; whether that opened the circuit. Arguments as for `fail`."""
        with self._lock:
            changed = self._fail(lease, now, random, slow=True)
        if self._late:
            self._settle()
        return changed

    def release(self, lease: int) -> None:
        """It says nothing about the endpoint, or has said it already. May be called as often as one likes, from anywhere."""
        if lease in self._leases:
            self._leave(lambda: self._drop(lease))

    def succeed_late(self, lease: int) -> None:
        """It went well to the end, says a finalizer: it never waits, and has no clock."""
        self._leave(lambda: self._count_late(lease))

    def fail_late(self, lease: int, random: float) -> None:
        """It broke in the end, says a finalizer. An opening lasts from when it is first asked about."""
        self._leave(lambda: self._fail(lease, None, random))

    # What somebody else found out.

    def invite(self, now: float) -> None:
        """Let a probe go now, if it is open."""
        with self._lock:
            if not self.closed:
                self._until = now
        if self._late:
            self._settle()

    def close(self, now: float) -> None:
        """Close it."""
        with self._lock:
            if not self.closed:
                self._close(now)
        if self._late:
            self._settle()

    def pardon(self, now: float) -> bool:
        """Close it on trial: it is not well before its next success. Whether it was not closed."""
        with self._lock:
            pardoned = not self.closed
            if pardoned:
                self._close(now)
                self.row = 1
        if self._late:
            self._settle()
        return pardoned

    def open(self, now: float, seconds: float) -> None:
        """Open it for so many seconds, if it is closed: another process saw it fail."""
        with self._lock:
            if self.closed:
                self._open(now, seconds)
        if self._late:
            self._settle()

    # All below is called under the lock.

    def _wait(self, now: float) -> float:
        """Seconds until a probe may go, if the circuit is not closed."""
        until, leases = self._until, self._leases
        if until is None:  # an opening without a beginning begins now
            until = self._until = now + self._for
            self.opened_at = now
        if now < until:
            return until - now
        for lease in [lease for lease, end in leases.items() if end <= now]:
            del leases[lease]
        return 0.0 if len(leases) < self._rule.probes else min(leases.values()) - now

    def _next(self) -> int:
        self.last += 1
        return self.last

    def _drop(self, lease: int) -> None:
        self._leases.pop(lease, None)

    def _count_late(self, lease: int) -> None:
        if lease >= self.generation and self.closed:
            self.window.succeed(None)
            self.row = 0

    def _succeed_probing(self, lease: int, now: float) -> bool:
        self._drop(lease)
        self._successes += 1
        if self._successes >= self._rule.close_after:
            self._close(now)
        else:
            self._until = now
        return self.closed

    def _fail(self, lease: int, now: float | None, random: float, *, slow: bool = False) -> bool:
        if lease < self.generation:
            return False
        rule = self._rule
        if self.closed:
            (self.window.crawl if slow else self.window.fail)(now)
            self.row = 0 if slow else self.row + 1
            if not self._is_bad() and self.row < rule.consecutive:
                return False
            if now is not None and now - self._closed_at >= HEALTHY_SECONDS:
                self.openings = 0
        else:
            until = self._until
            if until is None or (now is not None and now < until):
                return False  # it was let through while open, and is as bad as was known
        self.openings += 1
        seconds = rule.open_for * 2.0 ** min(self.openings - 1, 32) * (0.8 + 0.4 * random)
        self._open(now, min(rule.max_open, seconds))
        return True

    def _is_bad(self) -> bool:
        """Whether too many of the window's calls failed, or too many of those that did not were slow."""
        rule, window = self._rule, self.window
        calls, failures, slow = window.calls, window.failures, window.slow
        many = failures >= rule.ratio * calls or (slow > 0 and slow >= rule.slow_ratio * (calls - failures))
        return many and calls >= rule.min_calls

    def _open(self, now: float | None, seconds: float) -> None:
        self.closed = False
        self._begin()
        self._for = seconds
        self.opened_at = self.opened_at if now is None else now
        self._until = None if now is None else now + seconds

    def _close(self, now: float) -> None:
        self._begin()
        self._closed_at = now
        self.closed = True

    def _begin(self) -> None:
        """A new generation, which begins with nothing counted."""
        self.generation = self._next()
        self._leases.clear()
        self.window.clear()
        self.row = self._successes = 0
