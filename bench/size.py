"""What an installation takes: a package and everything it needs, as it comes from the index, and with its modules compiled."""

from __future__ import annotations

import marshal
import re
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

_MEBIBYTE = 1024 * 1024
_PYC_HEAD = 16


def installed(package: str, *, compiled: bool = False) -> float:
    """Megabytes of every file of a package and of what it needs.

    Args:
        package: its name on the index.
        compiled: whether the compiled modules, which pip makes, are counted too.
    """
    files = [path for name in needed(package) for path in _files(name)]
    size = sum(path.stat().st_size for path in files)
    if compiled:
        size += sum(_compiled(path) for path in files if path.suffix == ".py")
    return size / _MEBIBYTE


def needed(package: str) -> set[str]:
    """A package and, without extras, all it needs here."""
    found: set[str] = set()
    open_names = [package]
    while open_names:
        name = re.sub(r"[-_.]+", "-", open_names.pop()).lower()
        try:
            requirements = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue  # what only other systems need
        if name not in found:
            found.add(name)
            open_names += [re.split(r"[^\w.-]", line)[0] for line in requirements if "extra ==" not in line]
    return found


def _files(name: str) -> list[Path]:
    listed = [Path(str(path.locate())) for path in metadata.files(name) or []]
    spec = find_spec(name.replace("-", "_"))
    if spec is not None and spec.submodule_search_locations and not any(path.suffix == ".py" for path in listed):
        listed += Path(spec.submodule_search_locations[0]).rglob("*")  # installed as a link to its sources
    return [path for path in listed if path.is_file() and path.suffix != ".pyc"]


def _compiled(path: Path) -> int:
    try:
        return _PYC_HEAD + len(marshal.dumps(compile(path.read_bytes(), str(path), "exec", dont_inherit=True)))
    except (SyntaxError, ValueError):
        return 0  # templates, and code for other versions
