"""The sentinels for "not given": `omit` and `not_given`.

`None` is a value the API understands, so leaving an argument out needs a mark of its own. Both marks are falsy, both are
accepted wherever an argument is, and neither is ever sent.
"""

from __future__ import annotations

from typing import Any, Literal, Self, TypeGuard, TypeVar

T = TypeVar("T")


class Omit:
    """Leave this argument, header or query entry out, also where a default would add it. There is one, `omit`."""

    __slots__ = ()
    _only: Self | None = None

    def __new__(cls) -> Self:
        if cls._only is None:
            cls._only = super().__new__(cls)
        return cls._only

    def __bool__(self) -> Literal[False]:
        return False

    def __repr__(self) -> str:
        return "omit"

    def __reduce__(self) -> str:
        return "omit"


class NotGiven:
    """The older mark for an argument that was not given; means the same as `Omit` in a request. There is one."""

    __slots__ = ()
    _only: Self | None = None

    def __new__(cls) -> Self:
        if cls._only is None:
            cls._only = super().__new__(cls)
        return cls._only

    def __bool__(self) -> Literal[False]:
        return False

    def __repr__(self) -> str:
        return "NOT_GIVEN"

    def __reduce__(self) -> str:
        return "not_given"


omit = Omit()
not_given = NotGiven()
NOT_GIVEN = not_given

SENTINELS: frozenset[type] = frozenset({Omit, NotGiven})


def is_given(value: T | Omit | NotGiven) -> TypeGuard[T]:
    """Whether `value` is a real value rather than a sentinel."""
    return value.__class__ not in SENTINELS


def is_left_out(value: object) -> bool:
    """Whether `value` is a sentinel, of this package or of the official one: programs that move over file by file mix them."""
    kind = value.__class__
    return kind in SENTINELS or (
        kind.__name__ in ("NotGiven", "Omit") and kind.__module__.partition(".")[0] == "openai"
    )


def given(arguments: dict[str, Any]) -> dict[str, Any]:
    """The entries of `arguments` that were given, in order."""
    absent, missing = omit, not_given
    return {name: value for name, value in arguments.items() if value is not absent and value is not missing}
