"""Every Python fence of the documentation runs, page by page, in order, against the emulator."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

from .page import NAMES, PAGES, Fence, fences

PYTHON = [page for page in PAGES if any(fence.info.split()[:1] == ["python"] for fence in fences(page))]


@pytest.mark.parametrize("page", PYTHON, ids=[str(page).rpartition("docs/")[2] for page in PYTHON])
@pytest.mark.usefixtures("environment")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded")  # one page forks
def test_page_runs(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A real module, so that what a page defines can be pickled and its annotations resolved.
    module = ModuleType("documented_page")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    for fence in fences(page):
        if fence.info == "python":
            run(fence, page, module)


def run(fence: Fence, page: Path, module: ModuleType) -> None:
    """Run a fence so that a failure names the page's own line."""
    code = compile("\n" * (fence.line - 1) + fence.code, str(page), "exec", dont_inherit=True)
    exec(code, vars(module))


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
