"""What PyInstaller asks a package for: where its hooks are. Nothing else imports this."""

from __future__ import annotations

from pathlib import Path


def get_hook_dirs() -> list[str]:
    """The folder of the hooks."""
    return [str(Path(__file__).parent)]
