"""The twins that are made are those that type checkers see."""

from __future__ import annotations

import ast
import importlib
import inspect
import pickle
from pathlib import Path
from typing import Any

import pytest

import antiphon
from antiphon.core.lazy import Link

ROOT = Path(antiphon.__file__).parent
STUBS = sorted(ROOT.glob("resources/**/_*.pyi"))


def module_of(stub: Path) -> str:
    folder = stub.relative_to(ROOT).parent
    parts = folder.parts if stub.stem == "_twins" else (*folder.parts, stub.stem[1:])
    return ".".join(("antiphon", *parts))


@pytest.mark.parametrize("stub", STUBS, ids=module_of)
def test_twins_are_as_their_stub_says(stub: Path) -> None:
    module = importlib.import_module(module_of(stub))
    classes = [node for node in ast.parse(stub.read_text()).body if isinstance(node, ast.ClassDef)]
    assert {node.name for node in classes} <= {*module.__all__} & {*dir(module)}
    for node in classes:
        made = getattr(module, node.name)
        methods = {ast.unparse(line.targets[0]): line.value for line in node.body if isinstance(line, ast.Assign)}
        children = {ast.unparse(x.target): ast.unparse(x.annotation) for x in node.body if isinstance(x, ast.AnnAssign)}
        assert (made.__module__, made.__qualname__) == (module.__name__, node.name)
        assert [base.__name__ for base in made.__bases__] == [ast.unparse(base) for base in node.bases]
        assert {n for n in vars(made) if not n.startswith("__")} == {*methods, *children}
        assert made.__annotations__ == children
        assert all(isinstance(vars(made)[child], Link) for child in children)
        for name, value in methods.items():
            assert isinstance(value, ast.Call)
            own: Any = module
            for part in ast.unparse(value.args[0]).split("."):
                own = getattr(own, part)
            assert inspect.unwrap(getattr(made, name)) is inspect.unwrap(own)
            assert ast.unparse(value.func).startswith("async_") is node.name.startswith("Async")


def test_twins_travel_and_say_what_they_are() -> None:
    from antiphon.resources.chat import AsyncCompletionsWithRawResponse, completions

    assert completions.AsyncCompletionsWithRawResponse is AsyncCompletionsWithRawResponse
    assert pickle.loads(pickle.dumps(AsyncCompletionsWithRawResponse)) is AsyncCompletionsWithRawResponse
    assert inspect.getdoc(AsyncCompletionsWithRawResponse) == ("`AsyncCompletions` whose methods give the whole reply.")


@pytest.mark.parametrize("name", ["ForksWithRawResponse", "WithRawResponse", "Lives"])
def test_what_has_no_twins_is_not_there(name: str) -> None:
    with pytest.raises(AttributeError, match=f"has no attribute {name!r}"):
        getattr(importlib.import_module("antiphon.resources.live"), name)
