"""The official package in the same drill, where it is installed: what it loses, and how often it asks. No bound binds it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from .figure import Figure, Result
from .house import House
from .question import Question


def beside(questions: Sequence[Question], plan: dict[str, Any] | None) -> Result:
    """The same questions, one after another, with its own two retries; their pauses are left out, since they change nothing.

    Raises:
        SystemExit: it is not installed.
    """
    try:
        import openai
    except ImportError:
        raise SystemExit("--official needs the package openai: pip install openai") from None
    errors: Counter[str] = Counter()
    wrong = 0
    with House("--journal", "1") as house:
        house.break_with(plan)
        client: Any = openai.OpenAI(api_key=house.key, base_url=house.base_url)
        client._sleep_for_retry = _not_at_all
        for question in questions:
            try:
                made: Any = client.chat.completions.create(**question.body, extra_headers=question.headers)
            except Exception as failure:
                errors[type(failure).__name__] += 1
            else:
                wrong += made.choices[0].message.content != question.answer
        client.close()
        sent = sum(account["attempts"] for account in house.ledger().values())
    return Result(
        f"the official package {openai.__version__}: {len(questions):,} requests",
        [
            Figure("lost", sum(errors.values())),
            Figure("wrong answers", wrong),
            Figure("attempts a request", sent / len(questions)),
            *(Figure(f"errors: {name}", count) for name, count in errors.most_common(3)),
        ],
    )


def _not_at_all(**_: object) -> None:
    """A pause that takes no time."""
