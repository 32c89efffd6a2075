"""Which files of a source tree are looked at."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from . import requirement

_SOURCE = {".py", ".pyi", ".pyw"}
_SKIPPED = {"__pycache__", "node_modules", "site-packages", "build", "dist", "venv", "env"}


def is_source(path: Path) -> bool:
    """Whether a file is Python."""
    return path.suffix in _SOURCE


def is_notebook(path: Path) -> bool:
    """Whether a file is a notebook."""
    return path.suffix == ".ipynb"


def is_requirement(path: Path) -> bool:
    """Whether a file says what a project needs."""
    return requirement.NAMES.fullmatch(path.name) is not None


def files(given: list[Path]) -> Iterator[tuple[Path, bool]]:
    """Every file, once, and whether it is a symbolic link met on the way, which is looked at and not written to.

    Folders that are hidden, made by tools, or reached by a symbolic link are left out; what is given is taken as it is.
    """
    seen: set[Path] = set()
    for start in given:
        for path, link in _below(start) if start.is_dir() else [(start, False)]:
            place = path if link else path.resolve()
            if place not in seen:
                seen.add(place)
                yield path, link


def _below(start: Path) -> Iterator[tuple[Path, bool]]:
    for folder, folders, names in os.walk(start):
        here = Path(folder)
        folders[:] = sorted(name for name in folders if not _is_skipped(here / name))
        for path in map(here.joinpath, sorted(names)):
            if is_source(path) or is_notebook(path) or is_requirement(path):
                yield path, path.is_symlink()


def _is_skipped(folder: Path) -> bool:
    return folder.name.startswith(".") or folder.name in _SKIPPED or (folder / "pyvenv.cfg").exists()
