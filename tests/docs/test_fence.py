"""Every Python fence of the documentation runs, page by page, in order, against the emulator.

An assertion that is not reached proves nothing (an error that was promised may not have come), so each must be reached.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from types import ModuleType

import pytest

from .page import NAMES, PAGES, Fence, fences

PYTHON = [page for page in PAGES if any(fence.info.split()[:1] == ["python"] for fence in fences(page))]
MARK = "__reached__"


@pytest.mark.parametrize("page", PYTHON, ids=[str(page).rpartition("docs/")[2] for page in PYTHON])
@pytest.mark.usefixtures("environment")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded")  # one page forks
def test_page_runs(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A real module, so that what a page defines can be pickled and its annotations resolved.
    module = ModuleType("documented_page")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    reached: set[int] = set()
    vars(module)[MARK] = reached.add
    expected: set[int] = set()
    for fence in fences(page):
        if fence.info == "python":
            expected |= run(fence, page, module)
    assert sorted(expected - reached) == [], "assertions on these lines of the page were never reached"


def run(fence: Fence, page: Path, module: ModuleType) -> set[int]:
    """Run a fence so that a failure names the page's own line; gives the lines of its assertions."""
    marker = Marker()
    tree = marker.visit(ast.parse("\n" * (fence.line - 1) + fence.code, str(page)))
    exec(compile(ast.fix_missing_locations(tree), str(page), "exec", dont_inherit=True), vars(module))
    return marker.lines


class Marker(ast.NodeTransformer):
    """Puts a mark before each assertion; functions that a test runner would call are left alone."""

    def __init__(self) -> None:
        self.lines: set[int] = set()

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return node if node.name.startswith("test_") else self.generic_visit(node)

    def visit_Assert(self, node: ast.Assert) -> list[ast.stmt]:
        self.lines.add(node.lineno)
        mark = ast.parse(f"{MARK}({node.lineno})").body[0]
        return [ast.copy_location(mark, node), node]


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_fences_say_what_they_are(page: Path) -> None:
    for fence in fences(page):
        assert fence.info, f"{page.name}:{fence.line}: a fence without a language"
        language, *rest = fence.info.split()
        assert language in {"python", "console", "text", "yaml", "toml", "json", "diff", "http", "ini"}, fence.info
        assert rest in ([], ["no-run"])
        if rest:
            assert "not run" in fence.before.rstrip().rpartition("\n\n")[2].lower(), "say why it is not run"


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_no_fence_is_lost(page: Path) -> None:
    marks = sum(line.lstrip().startswith("```") for line in page.read_text("utf-8").splitlines())
    assert marks == 2 * len(fences(page))


def test_an_assertion_that_is_not_reached_is_noticed() -> None:
    module = ModuleType("documented_page")
    reached: set[int] = set()
    vars(module)[MARK] = reached.add
    code = "try:\n    assert True\nexcept ValueError:\n    assert True\n"
    assert run(Fence("python", code, 1, ""), PAGES[0], module) - reached == {4}
