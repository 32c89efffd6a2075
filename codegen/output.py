"""The generated files on disk: formatted, written, or compared.

Knows paths and ruff. A file belongs to the output when it lies in one of the generated rooms; there is nothing else there.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

ROOMS = ("operations", "resources", "sockets/channel", "types")


class FormatError(Exception):
    """The generator wrote what is not Python; holds ruff's words."""


def formatted(files: Mapping[str, str], configuration: Path) -> dict[str, str]:
    """The files as ruff writes them: imports in order, lines broken.

    Args:
        files: text by path.
        configuration: the `pyproject.toml` with ruff's settings.

    Raises:
        FormatError: ruff could not read one of them.
    """
    with TemporaryDirectory() as folder:
        root = Path(folder)
        for path, text in files.items():
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        ruff = [sys.executable, "-m", "ruff"]
        common = ["--quiet", "--no-cache", "--config", str(configuration), str(root)]
        for command in (["check", "--select", "I", "--fix"], ["format"]):
            done = subprocess.run([*ruff, *command, *common], capture_output=True, text=True, check=False)
            if done.returncode:
                raise FormatError(done.stdout + done.stderr)
        return {path: (root / path).read_text() for path in files}


def differences(files: Mapping[str, str], root: Path) -> list[str]:
    """What on disk is not as generated, one line each: "missing: …", "stale: …", "extra: …"."""
    found: list[str] = []
    for path, text in sorted(files.items()):
        target = root / path
        if not target.exists():
            found.append(f"missing: {path}")
        elif target.read_text() != text:
            found.append(f"stale: {path}")
    return found + [f"extra: {path}" for path in _present(root) if path not in files]


def write(files: Mapping[str, str], root: Path) -> list[str]:
    """Make disk as generated; says what changed, one line each."""
    changes = differences(files, root)
    for change in changes:
        kind, _, path = change.partition(": ")
        target = root / path
        if kind == "extra":
            target.unlink()
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(files[path])
    return changes


def _present(root: Path) -> list[str]:
    suffixes = (".py", ".pyi")
    found = (path for room in ROOMS for path in (root / room).rglob("*") if path.suffix in suffixes)
    return sorted(str(path.relative_to(root)) for path in found)
