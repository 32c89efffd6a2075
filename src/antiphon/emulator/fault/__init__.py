"""Faults on demand: what can be broken (`kind`), for whom (`plan`, `source`), how often it was (`ledger`), and how it
looks on the wire (`answer`, `stream`, `wire`)."""

from __future__ import annotations

from .kind import HEADER, Fault, parse
from .source import Faults

__all__ = ["HEADER", "Fault", "Faults", "parse"]
