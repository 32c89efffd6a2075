"""`antiphon serve`: the emulator's own command, found here under its name."""

from __future__ import annotations

from antiphon.emulator.command import main, parser

__all__ = ["main", "parser"]
