"""The stubs of models and request types: the text that type checkers read, and an index of it.

Each begins with the index, in its docstring: for each module of the official package the names it has, as `core.lazy` says.
Knows where stubs are, not what their definitions mean.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any


class Index(Mapping[str, str]):
    """The index of each physical module of a package; those of stubs are read when a name is first looked for.

    Args:
        package: its name.
        stubs: the modules that are stubs.
        others: the index of each module that is elsewhere.
    """

    def __init__(self, package: str, stubs: Sequence[str], others: Mapping[str, str] | None = None) -> None:
        self._package = package
        self._texts = {**dict.fromkeys(stubs), **(others or {})}

    def __getitem__(self, file: str) -> str:
        text = self._texts[file]
        if text is None:
            _, said, _ = read(self._package, file).split('"""', 2)
            text = self._texts[file] = said.partition("\n\n")[2]
        return text

    def __contains__(self, file: object) -> bool:
        return file in self._texts

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)


def read(package: str, file: str) -> str:
    """The text of a stub, read with what its package was loaded with, be that a folder or an archive.

    Raises:
        ImportError: it is not there.
    """
    home = sys.modules[package]
    path = f"{home.__path__[0]}/{file}.pyi"
    loader: Any = home.__spec__ and home.__spec__.loader
    try:
        return str(loader.get_data(path), "utf-8")
    except OSError as error:
        raise ImportError(f"types are made of {path}, which this installation lacks", name=package) from error
