"""What is worth another attempt, as a table: rules over facts, of which the first that fits decides.

Knows two tables: the official client's, and the one of whoever would rather be careful. Refuses to know replies, requests and
pauses: whoever asks has drawn the facts from them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any, Literal, NamedTuple, get_args

from ...core.resource import spelled
from ...errors import APIConnectionError, APIError, DeadlineExceeded, ProtocolError, TLSError

Verdict = Literal["retry", "once", "free", "stop"]
_FLAGS = ("too_long", "unsafe", "malformed", "too_large", "cut")

QUOTA_CODES = frozenset(
    {
        "insufficient_quota",
        "credit_balance_exhausted",
        "organization_spend_limit_exceeded",
        "project_spend_limit_exceeded",
        "organization_usage_limit_exceeded",
    }
)
"""Codes of a 429 that no waiting heals."""
RETRIED_STATUSES = frozenset({408, 409, 429})
BUSY_CODES = frozenset({"rate_limit_exceeded", "slow_down", "server_is_overloaded"})
"""Codes of a server that wants less, and sooner or later gives more."""
TRANSIENT_CODES = BUSY_CODES | {"server_error", "internal_error", "internal_server_error", "timeout"}
"""Codes of an error object that came with a success, and may not come again."""


class Facts(NamedTuple):
    """What is known of an attempt that failed.

    Attributes:
        status: the reply's; `None` where none came.
        code: the `error.code` of its body, where that was read.
        failure: the kind of failure, where no reply came.
        sent: whether the server saw the request: "no", "maybe" or "yes".
        told: what the server said in `x-should-retry`.
        too_long: it asks for a longer pause than is waited for.
        unsafe: the request may have been carried out, and doing so twice is not the same as once.
        malformed: a success whose body is not what a success holds.
        too_large: the request needs more than the whole limit.
        cut: a stream that ended before its first event.
    """

    status: int | None = None
    code: str | None = None
    failure: type[APIError] | None = None
    sent: str = "yes"
    told: str | None = None
    too_long: bool = False
    unsafe: bool = False
    malformed: bool = False
    too_large: bool = False
    cut: bool = False


class Rule:
    """One line of a table: what it is about, and what is to be done. All conditions that are given must hold.

    >>> Rule("stop", "out of paper", statuses={503}, codes={"no_paper"}).fits(Facts(503, "no_paper"))
    True

    Args:
        verdict: "retry"; "once", for one attempt more at the same endpoint; "free", where the first such attempt needs no pause
            and counts for none; or "stop".
        reason: a few words for the trace.
        statuses: of the reply.
        codes: its `error.code`.
        failures: kinds of errors, subclasses included, where no reply came.
        sent: whether the server saw the request: "no" or "maybe".
        told: what it said in `x-should-retry`: "true" or "false".
        fact: another fact that must be so: "too_long", "unsafe", "malformed", "too_large" or "cut".
        firm: whether it holds whatever `retry_on` names.
        throttle: whether the server is busy, so that the first pause is longer.

    Raises:
        ValueError, TypeError: an argument that cannot be right.
    """

    __slots__ = ("codes", "fact", "failures", "firm", "reason", "sent", "statuses", "throttle", "told", "verdict")

    @spelled
    def __init__(
        self,
        verdict: Verdict,
        reason: str,
        *,
        statuses: Collection[int] | None = None,
        codes: Iterable[str] | None = None,
        failures: Iterable[type[APIError]] | None = None,
        sent: str | None = None,
        told: str | None = None,
        fact: str | None = None,
        firm: bool = False,
        throttle: bool = False,
    ) -> None:
        for name, value, known in (
            ("verdict", verdict, get_args(Verdict)),
            ("sent", sent, (None, "no", "maybe")),
            ("told", told, (None, "true", "false")),
            ("fact", fact, (None, *_FLAGS)),
        ):
            if value not in known:
                raise ValueError(f"a rule's {name} is one of {', '.join(map(repr, known))}; got {value!r}")
        for name, several in (("statuses", statuses), ("codes", codes), ("failures", failures)):
            if several is not None and (isinstance(several, (str, type)) or not hasattr(several, "__iter__")):
                raise TypeError(f"a rule's {name} come in a set, e.g. {{…}}; got {several!r}")
        self.verdict = verdict
        self.reason = reason
        self.statuses = statuses
        self.codes = None if codes is None else frozenset(codes)
        self.failures = None if failures is None else tuple(failures)
        self.sent = sent
        self.told = told
        self.fact = fact
        self.firm = firm
        self.throttle = throttle

    @property
    def stops(self) -> bool:
        """Whether no attempt follows."""
        return self.verdict == "stop"

    def fits(self, facts: Facts) -> bool:
        """Whether it is about such an attempt."""
        return (
            (self.statuses is None or facts.status in self.statuses)
            and (self.codes is None or facts.code in self.codes)
            and (self.failures is None or (facts.failure is not None and issubclass(facts.failure, self.failures)))
            and (self.sent is None or facts.sent == self.sent)
            and (self.told is None or facts.told == self.told)
            and (self.fact is None or bool(getattr(facts, self.fact)))
        )

    def __repr__(self) -> str:
        said = [f"{name}={value!r}" for name in self.__slots__ if (value := getattr(self, name)) not in (None, False)]
        return f"Rule({', '.join(said)})"


FINAL = Rule("stop", "final")
"""What no rule is about is not repeated."""
NAMED = Rule("retry", "named")
"""What the user named."""
UNNAMED = Rule("stop", "not named")


class Rules:
    """A table, to be read from the top.

    >>> mine = RELIABLE_RULES.led_by(Rule("stop", "our proxy is down for good", statuses={502}))
    >>> mine.judge(Facts(502)).reason
    'our proxy is down for good'

    Args:
        rules: the lines.
        official: whether hints and pauses are the official client's, too: any number Python can read, dates by this machine's
            clock, three quarters of a pause at least. Otherwise only a plain number or date is a hint, measured by the server's
            own clock, and chance may take all of a pause that nobody asked for.
        name: how it is called where it is shown.
    """

    def __init__(self, rules: Iterable[Rule], *, official: bool = False, name: str = "") -> None:
        self._rules = tuple(rules)
        for rule in self._rules:
            if not isinstance(rule, Rule):  # pyright: ignore[reportUnnecessaryIsInstance]  # what users give is not known
                raise TypeError(f"rules are made of Rule(…)s; got {rule!r}")
        self.official = official
        self.name = name or f"{len(self._rules)} rules"

    def led_by(self, *rules: Rule) -> Rules:
        """The same table with others before it."""
        return Rules((*rules, *self._rules), official=self.official, name=f"{len(rules)} more, {self.name}")

    def judge(self, facts: Facts, named: bool | None = None) -> Rule:
        """The rule that decides.

        Args:
            facts: of the attempt.
            named: whether the user named such a failure; `None` where the user named none at all. It stands in the place of all
                rules that are not firm.
        """
        for rule in self._rules:
            if rule.fits(facts):
                if named is None or rule.firm:
                    return rule
                break
        if named is None:
            return FINAL
        return NAMED if named else UNNAMED

    def __iter__(self) -> Iterator[Rule]:
        return iter(self._rules)

    def __len__(self) -> int:
        return len(self._rules)

    def __repr__(self) -> str:
        return self.name

    def __reduce__(self) -> Any:
        return (_remade, (self._rules, self.official, self.name))


def table(rules: Rules | Iterable[Rule]) -> Rules:
    """A table as it is, or one of these lines."""
    return rules if isinstance(rules, Rules) else Rules(rules)


def _remade(rules: tuple[Rule, ...], official: bool, name: str) -> Rules:
    return Rules(rules, official=official, name=name)


_CUT = "the stream ended before its first event"
OFFICIAL_RULES = Rules(
    (
        Rule("stop", "the deadline passed", failures={DeadlineExceeded}, firm=True),
        Rule("stop", "the server asks for too long a pause", fact="too_long", firm=True),
        Rule("stop", "the server says no", told="false", firm=True),
        Rule("retry", "the server says so", told="true"),
        # The one deviation: the official client sends these three times.
        Rule("stop", "the quota is exhausted", codes=QUOTA_CODES, firm=True),
        Rule("retry", "the status", statuses=RETRIED_STATUSES),
        Rule("retry", "the server failed", statuses=range(500, 1000)),
        Rule("once", _CUT, fact="cut"),
        Rule("stop", "the certificate", failures={TLSError}),
        Rule("retry", "the connection failed", failures={APIConnectionError}),
    ),
    official=True,
    name="OFFICIAL_RULES",
)
"""What the official client repeats."""

RELIABLE_RULES = Rules(
    (
        Rule("stop", "the deadline passed", failures={DeadlineExceeded}, firm=True),
        Rule("stop", "the server asks for too long a pause", fact="too_long", firm=True),
        Rule("stop", "the server says no", told="false", firm=True),
        Rule("stop", "the quota is exhausted", codes=QUOTA_CODES, firm=True),
        Rule("stop", "more than the whole limit", fact="too_large", firm=True),
        Rule("retry", "the server says so", told="true"),
        Rule("stop", "it may have been carried out", fact="unsafe", firm=True),
        Rule("stop", "the certificate", failures={TLSError}),
        Rule("free", "nothing was sent", failures={APIConnectionError}, sent="no"),
        Rule("once", _CUT, fact="cut"),
        Rule("once", "the body is malformed", fact="malformed"),
        Rule("once", "the server broke HTTP", failures={ProtocolError}),
        Rule("stop", "not implemented", statuses={501, 505}),
        Rule("retry", "the server is busy", statuses={429}, throttle=True),
        Rule("retry", "the server is busy", codes=BUSY_CODES, throttle=True),
        Rule("retry", "the server failed", statuses=range(500, 1000)),
        Rule("retry", "the status", statuses={408, 409}),
        Rule("retry", "an error in a success", statuses=range(200, 300), codes=TRANSIENT_CODES),
        Rule("retry", "the connection failed", failures={APIConnectionError}),
    ),
    name="RELIABLE_RULES",
)
"""What is worth another attempt, and nothing else: no request whose effect could come twice is repeated blindly."""
