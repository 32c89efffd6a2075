"""What drills ask: sums whose answers are known, each request with a key by which the ledger knows it."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..core.call import Call
from ..operations import chat

MODEL = "gpt-4.1-mini"


class Question(NamedTuple):
    """One request.

    Attributes:
        number: which.
        key: by which the ledger knows it.
        fault: what the emulator is asked to break, or "".
    """

    number: int
    key: str
    fault: str = ""

    @property
    def answer(self) -> str:
        """What must come back."""
        return f"{self.number} * 3 = {self.number * 3}"

    @property
    def headers(self) -> dict[str, str]:
        """The fields that are for the emulator."""
        return {"X-Antiphon-Request": self.key, **({"X-Antiphon-Fault": self.fault} if self.fault else {})}

    @property
    def body(self) -> dict[str, Any]:
        """The arguments."""
        return {"model": MODEL, "messages": [{"role": "user", "content": f"What is {self.number} * 3?"}]}

    def call(self, *, stream: bool = False) -> Call[Any]:
        """The call that asks it."""
        body = {**self.body, "stream": True} if stream else self.body
        return chat.COMPLETIONS_CREATE.call(body=body, headers=self.headers, stream=stream)
