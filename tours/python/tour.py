"""What a chapter is given: clients, the house they talk to, and assertions that are counted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import openai

from .colour import KEY, Make
from .house import House, until


class Tour:
    """One chapter's walk."""

    def __init__(self, house: House, make: Make) -> None:
        self.house = house
        self.make = make
        self.client = make()
        self.count = 0

    def same(self, found: Any, wanted: Any) -> None:
        """The two are equal."""
        self.count += 1
        assert found == wanted, _told(found, wanted)

    def true(self, found: Any) -> None:
        """It is so."""
        self.count += 1
        assert found, f"found {_short(found)}"

    def near(self, found: Any, wanted: Any, by: float = 1e-6) -> None:
        """Numbers are equal but for their last digits; lists of them too."""
        pairs = zip(found, wanted, strict=True) if isinstance(found, list) else ((found, wanted),)
        self.count += 1
        assert all(abs(one - other) <= by for one, other in pairs), _told(found, wanted)

    def refused(self, kind: type[openai.APIStatusError], call: Callable[..., Any], *given: Any, **named: Any) -> Any:
        """The call raises this; gives what it raised."""
        self.count += 1
        try:
            found = call(*given, **named)
        except kind as error:
            return error
        raise AssertionError(_told(found, kind))

    def gone(self, call: Callable[..., Any], *given: Any, **named: Any) -> None:
        """The call finds nothing: 404."""
        self.refused(openai.NotFoundError, call, *given, **named)

    def settled(self, look: Callable[[], Any], *states: str) -> Any:
        """What `look` gives once its status is none of these."""
        return until(lambda: found if (found := look()).status not in states else None)

    def upload(self, name: str, data: str | bytes, purpose: Any = "user_data", client: Any = None) -> str:
        """A new file's id."""
        given = data.encode() if isinstance(data, str) else data
        made = (client or self.client).files.create(file=(name, given), purpose=purpose)
        return str(made.id)


def _told(found: Any, wanted: Any) -> str:
    return f"found {_short(found)}, wanted {_short(wanted)}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) < 600 else f"{text[:600]}…"


def user(text: str) -> Any:
    """Messages with this one line of the user."""
    return [{"role": "user", "content": text}]


__all__ = ["KEY", "Tour", "until", "user"]
