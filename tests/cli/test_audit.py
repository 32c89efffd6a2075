"""`antiphon audit verify`: what it prints, and the exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from antiphon.cli import main
from antiphon.shared.journal import Journal


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "audit.jsonl"
    Journal(made).add(*({"event": "call", "which": n} for n in range(5)))
    return made


def head(path: Path, number: int = -1) -> str:
    found: str = json.loads(path.read_text().splitlines()[number])["hash"]
    return found


def test_all_is_well(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "verify", str(path)]) == 0
    assert capsys.readouterr().out == f"{path}: ok, 6 lines, head {head(path)}\n"


def test_a_line_that_was_changed(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path.write_text(path.read_text().replace('"which":2', '"which":7'))
    assert main(["audit", "verify", str(path)]) == 1
    told = capsys.readouterr().out
    assert told.startswith(f"{path}: line 4 is wrong: its hash does not fit it and the line before")
    assert head(path, 2) in told


def test_lines_that_were_cut_off(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = head(path)
    assert main(["audit", "verify", str(path), "--head", kept]) == 0
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-2]))
    assert main(["audit", "verify", str(path)]) == 0  # a chain alone cannot show it
    assert main(["audit", "verify", str(path), "--head", kept]) == 1
    assert "lines were cut off" in capsys.readouterr().out


def test_half_a_line(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path.write_text(path.read_text()[:-10])
    assert main(["audit", "verify", str(path)]) == 1
    assert "line 6 is wrong: it is not whole" in capsys.readouterr().out


def test_files_that_were_put_aside_are_checked_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "audit.jsonl"
    journal = Journal(path, rotate=500)
    for n in range(20):
        journal.add({"event": "call", "which": n})
    asides = sorted(tmp_path.glob("audit.jsonl.0*"))
    assert main(["audit", "verify", str(path), "--head", head(asides[0])]) == 0
    lines = 20 + len(asides) + 1
    assert f"ok, {lines} lines, head {head(path)}" in capsys.readouterr().out
    asides[0].unlink()
    assert main(["audit", "verify", str(path)]) == 0
    assert "the file before is not here" in capsys.readouterr().out
    text = asides[1].read_text().splitlines(keepends=True)
    asides[1].write_text("".join(text[:-1]))
    assert main(["audit", "verify", str(path)]) == 1
    assert "lines were cut off" in capsys.readouterr().out


def test_several_files(path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "verify", str(path), str(tmp_path / "none.jsonl")]) == 2
    told = capsys.readouterr()
    assert ("ok, 6 lines" in told.out, "No such file" in told.err) == (True, True)


def test_an_empty_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a").touch()
    assert main(["audit", "verify", str(tmp_path / "a")]) == 1
    assert "it is empty" in capsys.readouterr().out


@pytest.mark.parametrize("words", [[], ["verify"], ["frob"], ["verify", "a", "--hea", "x"]])
def test_words_that_cannot_be_understood(words: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["audit", *words])
    assert caught.value.code == 2
