"""The error of a value that does not fit its type, and how it speaks."""

from __future__ import annotations

from typing import Any

from .annotation import spelled


class ValidationError(ValueError):
    """A value that does not fit its type.

    Attributes:
        path: where, e.g. "output[2].content[0].text"; empty for the value itself.
        problem: what, e.g. "expected str, got int".
    """

    def __init__(self, problem: str, path: str = "") -> None:
        super().__init__(problem, path)
        self.problem = problem
        self.path = path

    def below(self, step: str | int) -> ValidationError:
        """The same error seen from one level up."""
        here = f"[{step}]" if isinstance(step, int) else step
        dot = "." if self.path and not self.path.startswith("[") else ""
        self.path = f"{here}{dot}{self.path}"
        self.args = (self.problem, self.path)
        return self

    def errors(self) -> list[dict[str, Any]]:
        """The mismatch as a list of one dict, in the shape other validators use."""
        steps = self.path.replace("[", ".").replace("]", "").lstrip(".")
        location = tuple(int(step) if step.isdecimal() else step for step in steps.split(".")) if steps else ()
        return [{"type": "value_error", "loc": location, "msg": self.problem}]

    def __str__(self) -> str:
        return f"{self.path}: {self.problem}" if self.path else self.problem


def mismatch(expected: Any, value: object) -> ValidationError:
    """ "expected …, got …" for a type expression and a value."""
    return ValidationError(f"expected {spelled(expected)}, got {kind_of(value)}")


def kind_of(value: object) -> str:
    """The type of a value as errors name it."""
    return "None" if value is None else type(value).__name__


def as_error(error: ValueError) -> ValidationError:
    """Another validator's error as ours, so that it can be given a path."""
    return error if isinstance(error, ValidationError) else ValidationError(str(error))


def listed(allowed: tuple[Any, ...]) -> str:
    """A choice of literals; a long one is cut."""
    shown = [repr(one) for one in allowed[:12]] + (["…"] if len(allowed) > 12 else [])
    return shown[0] if len(shown) == 1 else "one of " + ", ".join(shown)
