"""What runs of the models is what their stubs say, read by Python's own parser."""

from __future__ import annotations

import ast
import importlib
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

import antiphon
from antiphon.core.lazy import served

ROOT = Path(antiphon.__file__).parent
STUBS = sorted(ROOT.glob("types/**/_models.pyi"))


def module_of(stub: Path) -> str:
    return ".".join(("antiphon", *stub.relative_to(ROOT).with_suffix("").parts))


def said(text: str) -> str:
    return ast.unparse(ast.parse(text, mode="eval"))


@pytest.mark.parametrize("stub", STUBS, ids=module_of)
def test_every_class_is_as_its_stub_says(stub: Path) -> None:
    module = importlib.import_module(module_of(stub))
    package = served(module.__package__ or "")
    assert package is not None
    homes = package.settled("_models")
    classes = [node for node in ast.parse(stub.read_text()).body if isinstance(node, ast.ClassDef)]
    assert {node.name for node in classes} <= set(dir(module))
    for node in classes:
        made = getattr(module, node.name)
        assert (made.__module__, made.__qualname__) == homes[node.name]
        assert made.__doc__ == ast.get_docstring(node)
        bases = made.__dict__.get("__orig_bases__", made.__bases__)
        assert bases == tuple(eval(ast.unparse(base), {}, made.__local_namespace__) for base in node.bases)
        fields = [line for line in node.body if isinstance(line, ast.AnnAssign)]
        written = {ast.unparse(field.target): ast.unparse(field.annotation) for field in fields}
        assert {name: said(made.__annotations__[name]) for name in made.__annotations__} == written
        values = {ast.unparse(field.target): ast.unparse(field.value) for field in fields if field.value}
        # A class that was used has accessors in the place of some defaults.
        untouched = {name: value for name, value in values.items() if not hasattr(made.__dict__[name], "__get__")}
        assert {name: made.__dict__[name] for name in untouched} == {n: eval(v) for n, v in untouched.items()}


def test_every_thread_gets_the_same_class() -> None:
    module: Any = importlib.import_module("antiphon.types.beta._models")
    found = {name for name in dir(module) if name.startswith("BetaResponse") and name not in vars(module)}
    start = Barrier(8)

    def ask(_: int) -> list[int]:
        start.wait()
        return [id(getattr(module, name)) for name in sorted(found)]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(8)))
    assert all(answer == answers[0] for answer in answers)


def test_a_name_that_no_stub_has() -> None:
    module: Any = importlib.import_module("antiphon.types.responses._models")
    with pytest.raises(
        AttributeError, match=r"module 'antiphon\.types\.responses\._models' has no attribute 'Respond'"
    ):
        _ = module.Respond


def ran(path: Path, program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONPATH": str(path)}, capture_output=True, text=True, check=False
    )


PROGRAM = """
from antiphon.types.responses import Response
print(Response.__module__, Response.model_construct(id="r", output=[{"type": "message"}]).output[0].type)
"""


def test_models_are_made_from_an_archive(tmp_path: Path) -> None:
    folder = tmp_path / "folder" / "antiphon"
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns("__pycache__", "emulator", "playground"))
    archive = shutil.make_archive(str(tmp_path / "antiphon"), "zip", folder.parent)
    done = ran(Path(archive), PROGRAM)
    assert done.stdout == "antiphon.types.responses.response message\n", done.stderr


def test_an_installation_without_stubs_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "antiphon"
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns("__pycache__", "emulator", "*.pyi"))
    done = ran(tmp_path, PROGRAM)
    assert "ImportError: types are made of" in done.stderr
    assert "_params.pyi, which this installation lacks" in done.stderr
