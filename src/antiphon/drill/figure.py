"""A figure with its bound, and how a drill's figures are told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Figure(NamedTuple):
    """One number.

    Attributes:
        name: what was counted.
        value: the number, or a short text.
        bound: what it must keep to, as a text; "" where it only informs.
        kept: whether it does.
    """

    name: str
    value: float | int | str
    bound: str = ""
    kept: bool = True

    @classmethod
    def exactly(cls, name: str, value: int | str, wanted: int | str) -> Figure:
        """A number that must be this one."""
        return cls(name, value, f"= {wanted}", value == wanted)

    @classmethod
    def at_most(cls, name: str, value: float, most: float) -> Figure:
        """A number that must not be larger."""
        return cls(name, value, f"≤ {most:g}", value <= most)

    @classmethod
    def at_least(cls, name: str, value: float, least: float) -> Figure:
        """A number that must not be smaller."""
        return cls(name, value, f"≥ {least:g}", value >= least)


class Result(NamedTuple):
    """What one driver's run, or the comparison of all of them, came to."""

    title: str
    figures: Sequence[Figure]

    @property
    def kept(self) -> bool:
        """Whether every bound is kept."""
        return all(figure.kept for figure in self.figures)

    def __str__(self) -> str:
        width = max((len(figure.name) for figure in self.figures), default=0)
        return "\n".join([self.title, *(f"  {_line(figure, width)}" for figure in self.figures)])


def _line(figure: Figure, width: int) -> str:
    value = f"{figure.value:,.4f}".rstrip("0").rstrip(".") if isinstance(figure.value, float) else f"{figure.value}"
    if isinstance(figure.value, int):
        value = f"{figure.value:,}"
    told = f"{figure.name:<{width}}  {value:>14}"
    return f"{told}  {figure.bound:<12} {'kept' if figure.kept else 'MISSED'}" if figure.bound else told
