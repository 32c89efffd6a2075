# ruff: noqa: N999 (the name that PyInstaller looks for)
"""Everything of antiphon goes into a frozen program: it is loaded by name, which no analysis of imports sees."""

from PyInstaller.utils.hooks import (  # type: ignore[import-untyped,import-not-found,unused-ignore]  # pyright: ignore[reportMissingImports]
    collect_data_files,  # pyright: ignore[reportUnknownVariableType]
    collect_submodules,  # pyright: ignore[reportUnknownVariableType]
)

hiddenimports = collect_submodules("antiphon")
datas = collect_data_files("antiphon", includes=["**/*.pyi", "**/*.json"])
