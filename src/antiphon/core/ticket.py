"""A ticket for an exchange that may be cut short from another thread."""

from __future__ import annotations


class Ticket:
    """Goes with a request into a transport; `withdrawn` once nobody wants the answer any more."""

    __slots__ = ("withdrawn",)

    def __init__(self) -> None:
        self.withdrawn = False
