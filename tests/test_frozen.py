"""A program frozen by PyInstaller finds antiphon's hook, and the hook finds what is only loaded by name."""

from __future__ import annotations

import runpy
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

from antiphon.__pyinstaller import get_hook_dirs

ROOT = Path(__file__).parents[1]


def test_the_hook_is_announced() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["entry-points"]["pyinstaller40"]["hook-dirs"] == "antiphon.__pyinstaller:get_hook_dirs"


def test_the_hook_takes_modules_and_stubs(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, object] = {}
    hooks = ModuleType("PyInstaller.utils.hooks")

    def collect_submodules(name: str) -> None:
        asked["modules"] = [name]

    def collect_data_files(name: str, includes: list[str]) -> None:
        asked["data"] = [name, *includes]

    vars(hooks).update(collect_submodules=collect_submodules, collect_data_files=collect_data_files)
    for name in ("PyInstaller", "PyInstaller.utils"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, "PyInstaller.utils.hooks", hooks)
    (folder,) = get_hook_dirs()
    runpy.run_path(str(Path(folder, "hook-antiphon.py")))
    assert asked == {"modules": ["antiphon"], "data": ["antiphon", "**/*.pyi", "**/*.json"]}
