"""The types that answers are read into, of each kind a program may bring."""

from __future__ import annotations

from dataclasses import dataclass, make_dataclass
from typing import Any

import pydantic
from pydantic.dataclasses import dataclass as pydantic_dataclass


class Verse(pydantic.BaseModel):
    """A pydantic model."""

    title: str
    lines: list[str]
    stars: int


@dataclass
class PlainVerse:
    """A dataclass of the standard library."""

    title: str
    lines: list[str]
    stars: int


@pydantic_dataclass
class CheckedVerse:
    """A dataclass of pydantic."""

    title: str
    lines: list[str]
    stars: int


KINDS: tuple[Any, ...] = (Verse, PlainVerse, CheckedVerse)


def new_kind(number: int) -> Any:
    """A type that nothing has seen before, as a function makes it that defines its types inside."""
    if number % 2:
        return make_dataclass("NewVerse", [("title", str), ("lines", list[str]), ("stars", int)])
    return pydantic.create_model("NewVerse", title=(str, ...), lines=(list[str], ...), stars=(int, ...))
