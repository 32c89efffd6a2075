"""`antiphon migrate`: a tree before and after, byte by byte; what is told; and that what was changed still runs."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from antiphon.cli import main
from antiphon.cli.migration import program, surface
from antiphon.cli.migration.edit import Edit, Lines, applied
from antiphon.cli.migration.requirement import findings

from .change import CHANGES, LEFT


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def migrate(*words: str) -> int:
    return main(["migrate", *words])


@pytest.mark.parametrize("name", CHANGES)
def test_changes(name: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before, after = CHANGES[name]
    file = here / "x.py"
    file.write_bytes(before.encode())
    assert migrate("--write") == 0, capsys.readouterr().err
    assert file.read_bytes().decode() == after
    ast.parse(after)
    assert migrate("--write") == 0
    assert file.read_bytes().decode() == after  # once is enough


@pytest.mark.parametrize("name", LEFT)
def test_what_is_left_is_told(name: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before, told, after = LEFT[name]
    file = here / "x.py"
    file.write_bytes(before.encode())
    assert migrate("--write", "x.py") == 1
    *remarks, last = capsys.readouterr().err.splitlines()
    assert len(remarks) == len(told), remarks
    for remark, wish in zip(remarks, told, strict=True):
        assert remark.startswith("x.py:")
        assert wish in remark
    assert (
        last
        == f"{0 if after is None else 1} file{'s' if after is None else ''} changed, {len(told)} remark{'s' if len(told) > 1 else ''}"
    )
    assert file.read_bytes().decode() == (before if after is None else after)


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(("declared", "encoding", "bom"), [("", "utf-8", b""), ("", "utf-8", b"\xef\xbb\xbf"), ("# coding: latin-1\n", "latin-1", b""), ("# -*- coding: cp1252 -*-\n", "cp1252", b""), ("# coding: shift_jis\n", "shift_jis", b"")])  # fmt: skip
def test_encodings_and_line_endings_stay(ending: str, declared: str, encoding: str, bom: bytes, here: Path) -> None:
    if declared and ending == "\r":
        pytest.skip("Python itself does not find a declaration in such a file")
    letter = "ソ" if encoding == "shift_jis" else "é"  # whose second byte is a backslash
    text = f"{declared}import openai\nx = '{letter}\x0c'; y = openai.OpenAI  # {letter}\n\nfrom openai import (\n  nonsense,\n  OpenAI)\n"
    file = here / "x.py"
    file.write_bytes(bom + text.replace("\n", ending).encode(encoding))
    assert migrate("--write") == 1
    wish = f"{declared}import antiphon\nx = '{letter}\x0c'; y = antiphon.OpenAI  # {letter}\n\nfrom antiphon import OpenAI\nfrom openai import nonsense\n"
    assert file.read_bytes() == bom + wish.replace("\n", ending).encode(encoding)


@pytest.mark.parametrize(
    "content",
    [
        b"# coding: nonsense\nimport openai\n",
        b"import openai\nx = '\xff'\n",
        b"\xef\xbb\xbf# coding: latin-1\nimport openai\n",
    ],
)
def test_what_cannot_be_read_is_told_and_the_rest_goes_on(
    content: bytes, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "a.py").write_bytes(content)
    (here / "b.py").write_text("import openai\n")
    assert migrate("--write") == 1
    assert (here / "a.py").read_bytes() == content
    assert (here / "b.py").read_text() == "import antiphon\n"
    assert "a.py:" in capsys.readouterr().err


TREE = {
    "app/__init__.py": "import openai\n",
    "app/ai.py": "import openai\nclient = openai.OpenAI\n",
    "app/main.py": "from app.ai import openai\nfrom app import other\n",
    "app/other.py": "from openai import OpenAI\nimport openai\nopenai.Stream\n",
    "app/data.txt": "import openai\n",
    "tests/test_ai.py": 'from unittest.mock import patch\nwith patch("app.ai.openai.OpenAI"): ...\n',
    ".venv/lib/x.py": "import openai\n",
    "env2/pyvenv.cfg": "",
    "env2/x.py": "import openai\n",
    "node_modules/x.py": "import openai\n",
    "stub.pyi": "import openai\nx: openai.OpenAI",
}
MOVED = {
    "app/__init__.py": "import antiphon\n",
    "app/ai.py": "import antiphon as openai\nclient = openai.OpenAI\n",
    "app/other.py": "from antiphon import OpenAI\nimport antiphon\nantiphon.Stream\n",
    "stub.pyi": "import antiphon\nx: antiphon.OpenAI",
}


def plant(here: Path, tree: dict[str, str]) -> None:
    for name, text in tree.items():
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_text(text)


def harvest(here: Path) -> dict[str, str]:
    return {str(path.relative_to(here)): path.read_text() for path in here.rglob("*") if path.is_file()}


def test_a_tree_before_and_after(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plant(here, TREE)
    assert migrate("--write", ".") == 0
    out, err = capsys.readouterr()
    assert harvest(here) == {**TREE, **MOVED}
    assert out.split() == sorted(MOVED, key=lambda name: (name != "stub.pyi", name))
    assert err == "4 files changed, 0 remarks\n"


def test_dry_by_default_and_the_diff_can_be_applied(here: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    plant(here, TREE)
    (here / "crlf.py").write_bytes(b"import openai\r\nx = 1\r\n")
    before = harvest(here)
    assert migrate() == 0
    assert harvest(here) == before
    diff, err = capfdbinary.readouterr()
    assert err == b"5 files to change, 0 remarks\n"
    subprocess.run(
        ["git", "apply", "--unsafe-paths", "-p1"],
        input=diff,
        check=True,
        env={**os.environ, "GIT_CEILING_DIRECTORIES": str(here.parent)},
    )
    assert harvest(here) == {**before, **MOVED, "crlf.py": "import antiphon\nx = 1\n"}
    assert (here / "crlf.py").read_bytes() == b"import antiphon\r\nx = 1\r\n"


def test_keep_name(here: Path) -> None:
    plant(here, {"x.py": "import openai\nopenai.OpenAI\n"})
    assert migrate("--write", "--keep-name") == 0
    assert harvest(here) == {"x.py": "import antiphon as openai\nopenai.OpenAI\n"}


def test_symbolic_links(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outside = here / "outside"
    inside = here / "inside"
    plant(here, {"outside/x.py": "import openai\n", "inside/y.py": "import openai\n", "outside/z.py": "x = 1\n"})
    (inside / "x.py").symlink_to(outside / "x.py")
    (inside / "z.py").symlink_to(outside / "z.py")
    (inside / "loop").symlink_to(inside)
    (inside / "gone.py").symlink_to(here / "gone")
    assert migrate("--write", "inside") == 1
    err = capsys.readouterr().err
    assert "inside/x.py: a symbolic link; give its target to change it" in err
    assert "inside/gone.py: cannot be read" in err
    assert err.count("\n") == 3
    assert (inside / "y.py").read_text() == "import antiphon\n"
    assert (outside / "x.py").read_text() == "import openai\n"
    assert migrate("--write", "inside/x.py", "outside/x.py") == 0
    assert (outside / "x.py").read_text() == "import antiphon\n"
    assert (inside / "x.py").is_symlink()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_pipes_are_left_alone(here: Path) -> None:
    plant(here, {"y.py": "import openai\n"})
    for name in ("x.py", "requirements.txt", "x.ipynb"):
        os.mkfifo(here / name)
    (here / "link.py").symlink_to(here / "x.py")
    command = [sys.executable, "-m", "antiphon.cli", "migrate", "--write"]
    made = subprocess.run(command, cwd=here, capture_output=True, text=True, timeout=60)
    assert (made.returncode, made.stdout, made.stderr) == (0, "y.py\n", "1 file changed, 0 remarks\n")
    made = subprocess.run([*command, "x.py", "y.py"], cwd=here, capture_output=True, text=True, timeout=60)
    assert (made.returncode, made.stdout) == (2, "")
    assert "neither a regular file nor a folder: x.py" in made.stderr


def test_permissions_stay_and_a_folder_that_cannot_be_written_is_told(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    plant(here, {"x.py": "import openai\n", "y.py": "import openai\n"})
    (here / "x.py").chmod(0o750)
    copied = shutil.copymode

    def refuse(source: Path, target: str) -> None:
        if source.name == "y.py":
            raise PermissionError(13, "Permission denied")
        copied(source, target)

    monkeypatch.setattr(shutil, "copymode", refuse)
    assert migrate("--write") == 1
    assert (here / "x.py").stat().st_mode & 0o777 == 0o750
    assert "y.py: cannot be written: Permission denied" in capsys.readouterr().err
    assert harvest(here) == {"x.py": "import antiphon\n", "y.py": "import openai\n"}


def test_a_path_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert migrate("nowhere") == 2
    assert "nowhere" in capsys.readouterr().err


REQUIREMENTS = {
    "openai": True,
    "openai==1.2": True,
    "openai[realtime] >= 2 # x": True,
    '    "openai>=1.0",': True,
    "install_requires = ['openai']": True,
    "  - openai=1.2": True,
    'module = ["openai.*"]': True,
    "openai-agents>=1": False,
    "my-openai": False,
    "# openai": False,
    "https://api.openai.com": False,
    "langchain-openai": False,
}


@pytest.mark.parametrize("line", REQUIREMENTS)
def test_lines_that_need_the_package(line: str) -> None:
    assert bool(findings(f"x\n{line}\n")) == REQUIREMENTS[line]


def test_requirements_are_told_and_not_changed(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tree = {"requirements-dev.txt": "httpx\nopenai>=1\n", "pyproject.toml": '[project]\ndependencies = ["openai"]\n', "setup.py": "import openai\nsetup(install_requires=['openai'])\n"}  # fmt: skip
    plant(here, tree)
    assert migrate("--write") == 1
    assert harvest(here) == {**tree, "setup.py": "import antiphon\nsetup(install_requires=['openai'])\n"}
    told = capsys.readouterr().err
    assert [name for name in ("requirements-dev.txt:2: needs openai", "pyproject.toml:2: needs openai", "setup.py:2: needs openai") if name not in told] == []  # fmt: skip


def notebook(*cells: object) -> str:
    """A notebook with odd layout, which must stay."""
    made = [{"cell_type": "markdown", "source": ["import openai"]}]
    made += [{"cell_type": "code", "metadata": {"é": 1}, "outputs": [], "source": cell} for cell in cells]  # type: ignore[dict-item]
    return json.dumps({"nbformat": 4, "cells": made}, indent=1).replace('"metadata"', '"metadata"  ') + "\n\n"


def test_a_notebook(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = notebook(
        ["%pip install -q openai\n", "import openai\n", "x = '\\u00e9 \\ud83d\\ude00 \\\\n'; c = openai.OpenAI()"],
        "!ls\nawait openai.AsyncOpenAI()\nfiles = !ls\nopenai?\nopenai.ChatCompletion",
        ["%%bash\n", "import openai\n"],
        ["%%time\n", "print(f'{openai.VERSION}'\n", "   % openai.VERSION)"],
        ["this is not python openai\n"],
        [],
    )
    file = here / "n.ipynb"
    file.write_text(before)
    assert migrate("--write") == 1
    after = file.read_text()
    assert after == (
        before.replace('"import openai\\n",\n    "x', '"import antiphon\\n",\n    "x')
        .replace("c = openai.OpenAI()", "c = antiphon.OpenAI()")
        .replace("await openai.Async", "await antiphon.Async")
        .replace("\\nopenai.ChatC", "\\nantiphon.ChatC")
        .replace("openai.VERSION", "antiphon.VERSION")
    )
    *remarks, _ = capsys.readouterr().err.splitlines()
    assert [remark.partition(": ")[2].partition(":")[0] for remark in remarks] == [
        "cell 2, line 1",
        "cell 6, line 1",
        "cell 3, line 5",
    ]


@pytest.mark.parametrize("text", ["{}", "[]", "no json", '{"cells": 3}', '{"cells": [{"x": 1}]}', "[" * 100_000])
def test_what_is_no_notebook_is_told(text: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "n.ipynb").write_text(text)
    assert migrate("--write") == 1
    assert "n.ipynb: cannot be read" in capsys.readouterr().err
    assert (here / "n.ipynb").read_text() == text


def test_what_was_moved_runs(here: Path) -> None:
    plant(here, {"p.py": "import openai\nfrom openai.types.chat import ChatCompletion\nprint(openai.OpenAI(api_key='k').base_url, ChatCompletion.__name__)\n"})  # fmt: skip
    assert migrate("--write") == 0
    code = "import sys; sys.modules['openai'] = None; import runpy; runpy.run_path('p.py')"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=here)
    assert told.stdout == "https://api.openai.com/v1/ ChatCompletion\n"


def test_a_change_that_could_not_be_read_is_not_made(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    plant(here, {"x.py": "import openai\n"})
    monkeypatch.setattr(program, "rewrite", lambda *_, **__: program.Rewriting([Edit(0, 6, "(")], []))
    assert migrate("--write") == 1
    assert harvest(here) == {"x.py": "import openai\n"}
    assert "could not be read afterwards" in capsys.readouterr().err


def test_positions_and_edits() -> None:
    lines = Lines("a\r\né\x0c\u2028b\rc")
    assert [lines.offset(1, 0), lines.offset(2, 2), lines.offset(3, 0)] == [0, 4, 8]
    assert [lines.line_of(position) for position in (0, 3, 7, 8)] == [1, 2, 2, 3]
    assert applied("abcabc", [Edit(0, 1, "xy"), Edit(3, 4, ""), Edit(0, 1, "xy")]) == "xybcbc"


def test_the_surface_is_asked_and_not_remembered() -> None:
    assert surface.has("OpenAI")
    assert surface.has("types.chat.chat_completion.ChatCompletion")
    assert not surface.has("nonsense")
    assert surface.version_0("ChatCompletion") == "now client.chat.completions.create(...)"


OFFICIAL = Path(__import__("openai").__file__).parent


def test_over_the_official_packages_own_helpers(here: Path) -> None:
    """Thousands of lines that nobody wrote for this test: each is moved, or told; and all that is Python stays Python."""
    shutil.copytree(OFFICIAL / "lib", here / "lib", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(OFFICIAL / "helpers", here / "helpers", ignore=shutil.ignore_patterns("__pycache__"))
    before = harvest(here)
    migrate("--write")
    for name, text in harvest(here).items():
        if not name.endswith(".py"):
            continue
        ast.parse(text)
        changed = [(a, b) for a, b in zip(before[name].splitlines(), text.splitlines(), strict=False) if a != b]
        assert all(
            b in (a.replace("openai", "antiphon"), a.replace("import openai", "import antiphon as openai"))
            for a, b in changed
        ) or len(text) != len(before[name])


def test_names_of_files_in_any_bytes(here: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    name = os.fsdecode(b"a\xff.py")
    (here / name).write_text("import openai\n")
    assert migrate() == 0
    assert b"+++ b/a\xff.py\n" in capfdbinary.readouterr().out
    assert migrate("--write") == 0
    assert capfdbinary.readouterr().out == b"a\xff.py\n"


def test_a_reader_that_leaves_early_is_no_failure_of_ours(here: Path) -> None:
    plant(here, {f"x{number}.py": "import openai\n" + "x = 1\n" * 50 for number in range(400)})
    command = [sys.executable, "-m", "antiphon.cli", "migrate"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=here) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        err = process.stderr.read()
    assert process.returncode == 1
    assert b"Traceback" not in err
