"""Names kept for type checkers: found in compiled code, learnt when annotations are read, not before."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from antiphon.core.hint import imports, learn

CODE = """
import os, a.b, a.b as c
from typing import TYPE_CHECKING, Any as Thing
from . import near
from .sister import one, two as deux
if TYPE_CHECKING:
    from ...far import away
def later():
    from hidden import never
x = 1
"""


def run(code: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_what_compiled_code_imports() -> None:
    assert list(imports(compile(CODE, "x", "exec"), "up.here.in")) == [
        ("os", "os", ""),
        ("a", "a", ""),
        ("c", "a.b", ""),
        ("TYPE_CHECKING", "typing", "TYPE_CHECKING"),
        ("Thing", "typing", "Any"),
        ("near", "up.here.in", "near"),
        ("one", "up.here.in.sister", "one"),
        ("deux", "up.here.in.sister", "two"),
        ("away", "up.far", "away"),
    ]


def test_a_module_whose_code_cannot_be_read_learns_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("nowhere")
    monkeypatch.setitem(sys.modules, "nowhere", module)
    before = set(vars(module))
    learn("nowhere")
    assert set(vars(module)) == before


def test_what_is_not_installed_stays_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "TYPE_CHECKING = 0\nif TYPE_CHECKING:\n    from no_such_thing import x\n    from fractions import Fraction\n"
    (tmp_path / "half_known.py").write_text(text)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    import half_known  # type: ignore[import-not-found]  # pyright: ignore[reportMissingImports]

    learn("half_known")
    assert hasattr(half_known, "Fraction")
    assert not hasattr(half_known, "x")


def test_a_loader_that_only_runs_modules_is_done_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As pytest's is, for the modules whose assertions it rewrites."""
    (tmp_path / "only_run.py").write_text("TYPE_CHECKING = 0\nif TYPE_CHECKING:\n    from fractions import Fraction\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    import only_run  # type: ignore[import-not-found]  # pyright: ignore[reportMissingImports]

    monkeypatch.setattr(only_run.__spec__, "loader", object())
    learn("only_run")
    assert hasattr(only_run, "Fraction")


@pytest.mark.parametrize(
    "question",
    [
        "typing.get_type_hints(method)['messages']",
        "inspect.signature(method, eval_str=True).parameters['messages'].annotation",
        "eval(method.__annotations__['messages'], vars(sys.modules[method.__module__]))",
        "eval(method.__annotations__.get('messages'), vars(sys.modules[method.__module__]))",
        "eval([*method.__annotations__.values()][0], vars(sys.modules[method.__module__]))",
        "eval(dict(method.__annotations__)['messages'], vars(sys.modules[method.__module__]))",
    ],
)
def test_every_way_to_ask(question: str) -> None:
    code = f"import inspect, sys, typing, antiphon; method = antiphon.OpenAI(api_key='k').chat.completions.create; print({question})"
    assert run(code)[0].startswith("collections.abc.Iterable[antiphon.types.chat.")


def test_nothing_is_learnt_before_somebody_asks() -> None:
    code = """
import sys, antiphon
create = antiphon.OpenAI(api_key="k").chat.completions.with_raw_response.create
home = sys.modules[create.__module__]
before = {"antiphon.core.hint", "antiphon.types"} & set(sys.modules), hasattr(home, "ChatCompletion")
list(create.__annotations__)
print(*before, hasattr(home, "ChatCompletion"))
"""
    assert run(code) == ["set()", "False", "True"]
