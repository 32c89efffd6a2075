"""Mutation testing of our own: which mistakes are made, that a mistake reaches who holds the function, and who is told."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from textwrap import dedent, indent

import pytest

from mutation.mutators import Change, changes
from mutation.swap import Bodies

ROOT = Path(__file__).parent.parent

MISTAKES = {
    "return a < b": {"return a <= b", "return None"},
    "return a >= b": {"return a > b", "return None"},
    "f(a == b)": {"f(a != b)", "pass"},
    "x = a not in b": {"x = a in b"},
    "x = a is None": {"x = a is not None"},
    "x = a < b <= c": {"x = a <= b <= c", "x = a < b < c"},
    "x = a and b": {"x = a or b"},
    "x = not a": {"x = a"},
    "x = -a": {"x = a"},
    "x = a + b": {"x = a - b"},
    "x = a - b * c": {"x = a + b * c", "x = a - b / c"},
    "x = a // b": {"x = a * b"},
    "x = a << b": {"x = a >> b"},
    "x = a & b": {"x = a | b"},
    "x = 'a' + b": set(),
    "x = b'%d' % b": set(),
    "a += b": {"a -= b"},
    "self.a += b": {"self.a -= b", "pass"},
    "x = 2": {"x = 3"},
    "x = 0": {"x = 1"},
    "x = 1": {"x = 0"},
    "x = 0.5": {"x = 1.5"},
    "x = True": {"x = False"},
    "x = 'text'": set(),
    "x = f'{a + 1}'": {"x = f'{a - 1}'", "x = f'{a + 0}'"},
    "self.a = b": {"pass"},
    "a[b] = c": {"pass"},
    "a[0]: int = c": {"a[1]: int = c", "pass"},
    "a: Literal[1] = c": set(),
    "a = b": set(),
    "f()": {"pass"},
    "await f()": {"pass"},
    "return": set(),
    "return None": set(),
    "return False": {"return True"},
    "return True": {"return False", "return None"},
    "return 0": {"return 1", "return None"},
    "x = min(a, b)": {"x = max(a, b)"},
    "x = any(a)": {"x = all(a)"},
    "x = a if b else c": {"x = a if not b else c"},
    "assert a < 1": set(),
    "raise Error(f'{a + 1}', a < b)": {"pass"},
    "raise": {"pass"},
    "x = lambda a, b=1: a + b": {"x = lambda a, b=1: a - b"},
}


def found(source: str) -> list[Change]:
    return changes(ast.parse(source))


def inside(body: str) -> str:
    return "async def function():\n" + indent(dedent(body), "    ")


@pytest.mark.parametrize("statement", MISTAKES)
def test_each_operator_makes_its_mistakes_and_no_other(statement: str) -> None:
    made = [str(change).partition("  =>  ") for change in found(inside(statement))]
    assert {before for before, _, _ in made} <= {ast.unparse(ast.parse(statement))}
    assert len(made) == len(MISTAKES[statement])
    assert {after for _, _, after in made} == MISTAKES[statement]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("if a:\n    f = b", {"if not a:"}),
        ("if not a:\n    f = b", {"if a:"}),
        ("if a == b:\n    f = b", {"if a != b:"}),
        ("if a < b:\n    f = b", {"if a <= b:", "if not a < b:"}),
        ("while True:\n    break", {"while False:", "continue"}),
        ("for a in b:\n    continue", {"break"}),
        ("if TYPE_CHECKING:\n    f()", set()),
        ("def g(a=1):\n    return a", {"return None"}),
        ("try:\n    a = b\nexcept E:\n    raise", {"pass"}),
    ],
)
def test_of_a_compound_statement_its_head_is_changed(body: str, expected: set[str]) -> None:
    assert {str(change).partition("  =>  ")[2] for change in found(inside(body))} == expected


def test_what_is_outside_of_functions_stays_and_what_is_in_classes_does_not() -> None:
    source = """
        LIMIT = 1 + 2
        class A:
            size = 3
            @register(4)
            def method(self, a: Literal[5] = 6) -> Literal[7]:
                "A sentence."
                return a
        if TYPE_CHECKING:
            def f(): return 1
        """
    (change,) = found(dedent(source))
    assert (change.function, change.operator, change.line) == ("A.method", "return None", 8)


def test_a_change_is_in_the_tree_within_only() -> None:
    tree = ast.parse(inside("a = [b, c + 1]"))
    before = ast.unparse(tree)
    for change in changes(tree):
        with change.made():
            assert ast.unparse(tree) != before
        assert ast.unparse(tree) == before


def test_who_may_notice_is_asked_by_the_lines_of_the_statement_or_of_its_head() -> None:
    many, head, inner = (
        next(change for change in found(inside(body)) if change.operator == operator).lines
        for body, operator in (
            ("a = f(b,\n      c + d,\n      e)", "arithmetic"),
            ("if (a or\n    b):\n    f()", "and/or"),
            ("if (a or\n    b):\n    f()", "statement removed"),
        )
    )
    assert [*many] == [2, 3, 4]
    assert [*head] == [2, 3]
    assert [*inner] == [4]


SHAPES = """
import functools

def loud(function):
    @functools.wraps(function)
    def wrapper(*words):
        return function(*words)
    return wrapper

class Shape:
    def __init__(self, side): self.side = side
    @property
    def area(self): return self.side * 2
    @staticmethod
    def fixed(): return 2 * 2
    @classmethod
    def unit(cls): return cls(2 * 2)
    def later(self):
        def inner(): return self.side * 2
        return inner

@loud
def double(number):
    return number * 2
"""


def test_every_holder_of_a_function_has_the_new_body() -> None:
    names: dict[str, object] = {"__name__": "shapes"}
    tree = ast.parse(SHAPES)
    before = compile(tree, "shapes.py", "exec")
    exec(before, names)
    shape_type, double = names["Shape"], names["double"]
    shape = shape_type(3)  # type: ignore[operator]
    ask = {
        "Shape.area": lambda: shape.area,
        "Shape.fixed": shape.fixed,
        "Shape.unit": lambda: shape.unit().side,
        "Shape.later": lambda: shape.later()(),
        "double": lambda: double(3),  # type: ignore[operator]
    }
    told = {name: asked() for name, asked in ask.items()}
    bodies = Bodies()
    products = [change for change in changes(tree) if change.operator == "arithmetic"]
    assert [change.function for change in products] == [*ask]
    for change in products:
        with change.made():
            after = compile(tree, "shapes.py", "exec")
        assert bodies.swap(before, after) == 1
        assert {name for name, asked in ask.items() if asked() != told[name]} == {change.function}
        assert bodies.swap(after, before) == 1
    assert bodies.swap(before, before) == 0


def test_a_body_that_asks_for_other_variables_is_not_swapped() -> None:
    source = (
        "def outer(a, b):\n    def inner():\n        f(b)\n        return a\n    return inner\ninner = outer(1, 2)\n"
    )
    names: dict[str, object] = {}
    tree = ast.parse(source)
    before = compile(tree, "outer.py", "exec")
    exec(before, names)
    bodies = Bodies()
    removed = next(change for change in changes(tree) if change.operator == "statement removed")
    with removed.made():
        after = compile(tree, "outer.py", "exec")
    bodies.swap(before, after)
    assert names["inner"].__code__.co_freevars == ("a", "b")  # type: ignore[attr-defined]


SOURCE = """
def sign(number):
    if number < 0:
        return -1
    return 1

def count(limit):
    number = 0
    while number < limit:
        number += 1
    return number

def unseen():
    return 5
"""
WEAK = "from room import sign\ndef test_weak(): assert sign(5) and sign(-5)\n"
STRONG = """
import pytest
from room import count, sign

@pytest.mark.parametrize(("number", "expected"), [(-1, -1), (0, 1), (5, 1)])
def test_strong(number, expected):
    assert sign(number) == expected

def test_count():
    assert [count(limit) for limit in range(4)] == [0, 1, 2, 3]
"""


def run(folder: Path, tests: str, *words: str) -> subprocess.CompletedProcess[str]:
    (folder / "source").mkdir(exist_ok=True)
    (folder / "tests").mkdir(exist_ok=True)
    (folder / "source" / "room.py").write_text(SOURCE)
    (folder / "tests" / "test_room.py").write_text("import sys\nsys.path.insert(0, 'source')\n" + tests)
    command = [sys.executable, "-m", "mutation", "--source", "source", "--tests", "tests", *words]
    environment = {"PYTHONPATH": str(ROOT), "PATH": "", "HOME": str(folder)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120)


def figures(done: subprocess.CompletedProcess[str]) -> list[str]:
    return done.stdout.splitlines()[-2].split()


@pytest.mark.slow
def test_strong_tests_kill_what_they_reach_and_what_never_ends_is_late(tmp_path: Path) -> None:
    done = run(tmp_path, STRONG, "--survivors", "left.txt", "--jobs", "2")
    assert done.returncode == 1, done.stderr
    left = (tmp_path / "left.txt").read_text().splitlines()
    assert left == [
        "room.py:14: unseen: return None [no test]: return 5  =>  return None",
        "room.py:14: unseen: number [no test]: return 5  =>  return 6",
    ]
    name, mutants, killed, late, survived, not_made, _ = figures(done)
    assert (name, survived, not_made) == ("all", "2", "0")
    assert int(late) == 3  # `number -= 1`, `number += 0`, `while not number < limit`
    assert int(killed) == int(mutants) - 5


def test_weak_tests_let_mutants_live_and_the_floor_decides(tmp_path: Path) -> None:
    done = run(tmp_path, WEAK, "--floor", "90")
    assert done.returncode == 1
    assert "if number < 0:  =>  if number <= 0:" in done.stdout
    assert "return -1  =>  return 1" in done.stdout
    score = float(figures(done)[-1].rstrip("%"))
    assert 0 < score < 50
    assert run(tmp_path, WEAK, "--floor", str(score - 1)).returncode == 0


def test_a_sample_is_drawn_by_its_seed(tmp_path: Path) -> None:
    first, again, other = (run(tmp_path, WEAK, "--sample", "4", "--seed", seed).stdout for seed in ("1", "1", "2"))
    assert first.splitlines()[:-1] == again.splitlines()[:-1] != other.splitlines()[:-1]
    assert first.splitlines()[-2].split()[1] == "4"


def test_tests_that_fail_anyway_prove_nothing(tmp_path: Path) -> None:
    done = run(tmp_path, WEAK + "def test_broken(): assert False\n")
    assert done.returncode == 2
    assert "test_broken" in done.stderr
