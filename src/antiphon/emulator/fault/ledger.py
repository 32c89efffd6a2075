"""How often each request was received and answered, by its key: the oracle of every drill.

A request's key is what its header `X-Antiphon-Request` says, else its `Idempotency-Key`; without either it has none and
is not entered. Knows numbers; refuses to know contents.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

KEY: Final = b"x-antiphon-request"
IDEMPOTENCY: Final = b"idempotency-key"
MOST: Final = 1_000_000


@dataclass(slots=True)
class Account:
    """One key's: requests that came, ones that a fault met, and ones that were answered well and whole."""

    attempts: int = 0
    faults: int = 0
    answered: int = 0


class Ledger:
    """The accounts by key; the oldest leave when there are a million."""

    def __init__(self) -> None:
        self._accounts: dict[str, Account] = {}

    def __len__(self) -> int:
        return len(self._accounts)

    def attempt(self, key: str) -> int:
        """One more request of this key; gives its number, from 1."""
        account = self._accounts.get(key)
        if account is None:
            account = self._accounts[key] = Account()
            if len(self._accounts) > MOST:
                del self._accounts[next(iter(self._accounts))]
        account.attempts += 1
        return account.attempts

    def fault(self, key: str) -> None:
        """A fault met a request of this key."""
        self._accounts[key].faults += 1

    def answer(self, key: str) -> None:
        """A request of this key was answered well, and nothing broke the answer."""
        if key in self._accounts:
            self._accounts[key].answered += 1

    def total(self) -> dict[str, int]:
        """All accounts together; `repeated`: answers that a key got beyond its first."""
        accounts = self._accounts.values()
        return {
            "keys": len(accounts),
            "attempts": sum(account.attempts for account in accounts),
            "faults": sum(account.faults for account in accounts),
            "answered": sum(account.answered for account in accounts),
            "unanswered": sum(not account.answered for account in accounts),
            "repeated": sum(max(0, account.answered - 1) for account in accounts),
        }

    def shown(self) -> dict[str, Any]:
        """Every account."""
        return {
            key: {"attempts": a.attempts, "faults": a.faults, "answered": a.answered}
            for key, a in self._accounts.items()
        }


def key_of(headers: dict[bytes, bytes]) -> str:
    """The key a request names; empty when it names none."""
    return (headers.get(KEY) or headers.get(IDEMPOTENCY) or b"").decode("latin-1")[:256]
