"""The command line's front door."""

from __future__ import annotations

import subprocess
import sys

import pytest

from antiphon.cli import COMMANDS, main
from antiphon.version import __version__


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"antiphon {__version__}\n"


@pytest.mark.parametrize("words", [[], ["--help"], ["help"]])
def test_usage_names_every_command(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 0
    told = capsys.readouterr().out
    assert all(name in told for name in COMMANDS)


def test_unknown_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sing"]) == 2
    assert "no command 'sing'" in capsys.readouterr().err


def test_words_come_from_the_command_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["antiphon", "--version"])
    assert main() == 0
    assert "antiphon" in capsys.readouterr().out


def test_the_front_door_imports_little() -> None:
    code = "import sys; import antiphon.cli; print(','.join(m for m in ('uvicorn', 'msgspec', 'asyncio', 'argparse') if m in sys.modules))"
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONPATH": ":".join(sys.path)}
    )
    assert told.stdout.strip() == ""
