"""A trace: what the policies of one call decided, in order, each step with its reason and its numbers.

Holds no content, no credential and no time of day, so that it may be printed, stored and compared: two runs that decide alike
have equal traces, whoever drove them.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Step(NamedTuple):
    """One decision.

    Attributes:
        policy: who decided, e.g. "Retry".
        event: what, e.g. "wait".
        figures: its numbers and reasons, in the order they were given.
    """

    policy: str
    event: str
    figures: tuple[tuple[str, Any], ...] = ()

    def get(self, name: str) -> Any:
        """A figure, or `None`."""
        return dict(self.figures).get(name)

    def __str__(self) -> str:
        told = " ".join(f"{name}={_shown(value)}" for name, value in self.figures)
        return f"{self.policy}: {self.event}" + (f" {told}" if told else "")


class Trace:
    """The steps of one call.

    >>> trace = Trace()
    >>> trace.note("Retry", "wait", seconds=0.5, reason="503")
    >>> print(trace)
    Retry: wait seconds=0.5 reason=503
    >>> trace.attempts
    0
    """

    __slots__ = ("attempts", "log", "most")

    def __init__(self) -> None:
        self.log: list[Step | tuple[Any, int]] = []
        """The steps as they were noted: an attempt that was answered is where it went and the status, until somebody looks."""
        self.attempts = 0
        """How many requests were sent so far."""
        self.most: int | None = None
        """How many may be sent in all, where a policy bounds that."""

    @property
    def steps(self) -> list[Step]:
        """What was decided, in order."""
        return [
            Step("attempt", str(said[1]), (("endpoint", said[0]),)) if len(said) == 2 else said for said in self.log
        ]

    @property
    def is_spent(self) -> bool:
        """Whether as many were sent as may be."""
        return self.most is not None and self.attempts >= self.most

    def note(self, policy: str, event: str, **figures: Any) -> None:
        """Add a step.

        Args:
            policy: who decided.
            event: what was decided.
            figures: numbers and short words; never content, a secret, or a time of day.
        """
        self.log.append(Step(policy, event, tuple(figures.items())))

    def of(self, policy: str) -> list[Step]:
        """The steps of one policy."""
        return [step for step in self.steps if step.policy == policy]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Trace) and self.steps == other.steps

    __hash__ = None  # type: ignore[assignment]  # it grows

    def __str__(self) -> str:
        from .scrub import scrub  # a reason may be a user's own words

        return scrub("\n".join(map(str, self.steps)))

    def __repr__(self) -> str:
        return f"<Trace of {len(self.steps)} steps, {self.attempts} attempts>"


class TraceOf:
    """The trace of whatever a call returned, where the server sent nothing of that name."""

    __slots__ = ()

    def __get__(self, view: Any, owner: Any = None) -> Trace | None:
        return getattr(view, "_reply_trace", None)


def _shown(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
