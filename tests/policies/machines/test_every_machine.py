"""Every machine that keeps something between calls is put through any order of them by a test beside this one.

Found by rule: a class of policies/machines keeps something if one of its methods, other than `__init__`, assigns to an attribute
of `self` or changes a container held in one. A test puts it through if it defines a state machine that uses the class, by itself
or by way of something else in that test's module.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import antiphon.policies.machines as machines

ROOM = "antiphon.policies.machines."
CHANGES = frozenset(
    {
        *("add", "append", "appendleft", "clear", "discard", "extend", "insert", "move_to_end", "pop", "popitem"),
        *("popleft", "remove", "setdefault", "sort", "update"),
    }
)


def modules(folder: Path) -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(folder.glob("*.py")):
        yield path.stem, ast.parse(path.read_text(encoding="utf-8"))


def keeps(kind: ast.ClassDef) -> bool:
    """Whether a method changes what it finds in `self`."""
    methods = [each for each in kind.body if isinstance(each, ast.FunctionDef) and each.name != "__init__"]
    return any(
        _changes(node, called) for method in methods for called in [_called(method)] for node in ast.walk(method)
    )


def _changes(node: ast.AST, called: set[str]) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(value=held, attr=name)):
            return name in CHANGES and _is_own(held, called)
        case ast.Assign(targets=targets) | ast.Delete(targets=targets):
            return any(_is_own(each, called) for target in targets for each in _several(target) if not _is_name(each))
        case ast.AugAssign(target=target) | ast.AnnAssign(target=target):
            return _is_own(target, called) and not _is_name(target)
        case _:
            return False


def _called(method: ast.FunctionDef) -> set[str]:
    """Names by which a method calls what is in an attribute of `self`."""
    pairs = [
        pair
        for node in ast.walk(method)
        if isinstance(node, ast.Assign)
        for target in node.targets
        for pair in zip(_several(target), _several(node.value), strict=False)
    ]
    return {name.id for name, value in pairs if isinstance(name, ast.Name) and _is_own(value, set())}


def _several(node: ast.expr) -> list[ast.expr]:
    return node.elts if isinstance(node, ast.Tuple) else [node]


def _is_name(node: ast.AST) -> bool:
    return isinstance(node, ast.Name)


def _is_own(node: ast.AST, called: set[str]) -> bool:
    """Whether it is an attribute of `self`, an item of one, or one under another name."""
    while isinstance(node, ast.Subscript):
        node = node.value
    if isinstance(node, ast.Name):
        return node.id in called
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self"


def put_through(test: ast.Module) -> set[tuple[str, str]]:
    """Modules and names of what a test's state machines use."""
    uses = {each.name: _names(each) for each in test.body if isinstance(each, (ast.ClassDef, ast.FunctionDef))}
    seen = set[str]()
    waiting = [
        each.name
        for each in test.body
        if isinstance(each, ast.ClassDef) and "RuleBasedStateMachine" in map(ast.unparse, each.bases)
    ]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += uses.get(name, ())
    return {
        (each.module.removeprefix(ROOM), name.name)
        for each in test.body
        if isinstance(each, ast.ImportFrom) and each.module is not None and each.module.startswith(ROOM)
        for name in each.names
        if (name.asname or name.name) in seen
    }


def _names(node: ast.AST) -> set[str]:
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}


def kept() -> list[tuple[str, str]]:
    """Modules and names; what begins with an underscore is a part of another in its module, which is looked for."""
    return [
        (module, each.name)
        for module, tree in modules(Path(machines.__path__[0]))
        for each in tree.body
        if isinstance(each, ast.ClassDef) and not each.name.startswith("_") and keeps(each)
    ]


@pytest.fixture(scope="module")
def tested() -> set[tuple[str, str]]:
    return {each for _, test in modules(Path(__file__).parent) for each in put_through(test)}


@pytest.mark.parametrize(("module", "name"), kept())
def test_what_keeps_something_is_put_through_any_order(module: str, name: str, tested: set[tuple[str, str]]) -> None:
    assert (module, name) in tested, f"no RuleBasedStateMachine of tests/policies/machines uses {module}.{name}"


def test_the_rule_finds_what_it_should() -> None:
    found = kept()
    assert {("gcra", "Gcra"), ("percentile", "Percentile"), ("circuit", "Circuit"), ("late", "Late")} <= set(found)
    assert ("backoff", "Backoff") not in found
    assert ("rule", "Rules") not in found
    unused = ast.parse(
        f"from {ROOM}rest import Rest\nclass A(RuleBasedStateMachine): pass\ndef test_a(): assert Rest().over(0.0)\n"
    )
    assert not put_through(unused)
    helped = ast.parse(
        f"from {ROOM}rest import Rest as R\nclass A(RuleBasedStateMachine):\n x = made()\ndef made(): return R()\n"
    )
    assert put_through(helped) == {("rest", "Rest")}


@pytest.mark.parametrize(
    "line",
    [
        "self.x = 1",
        "self.x += 1",
        "self.x[1] = 2",
        "del self.x[1]",
        "self.x.add(1)",
        "a, self.x = y",
        "a, b = 1, self.x; b[1] = 2",
        "a = self.x; a.pop()",
    ],
)
def test_a_line_that_changes_something(line: str) -> None:
    kind = ast.parse(f"class A:\n def __init__(self):\n  self.x = 1\n def b(self):\n  {line}\n").body[0]
    assert isinstance(kind, ast.ClassDef)
    assert keeps(kind)
    del kind.body[1]
    assert not keeps(kind)
