"""`--check` fails on stale, missing and extra output, and says which; writing repairs all three."""

from __future__ import annotations

from pathlib import Path

import pytest

from codegen.__main__ import main
from codegen.description import load
from codegen.surface import surface

from .conftest import Api


@pytest.fixture
def package(api: Api, tmp_path: Path) -> Path:
    """The generated rooms of the small description."""
    root = tmp_path / "antiphon"
    assert run(api, root) == 0
    return root


def run(api: Api, root: Path, *arguments: str) -> int:
    return main(["--api", str(api.folder), "--package", str(root), *arguments])


def test_fresh_output_passes(api: Api, package: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert run(api, package, "--check") == 0
    assert capsys.readouterr().out == ""


def test_each_fault_is_named_and_mended(api: Api, package: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stale, missing, extra = (package / path for path in ("types/pets/_models.py", "operations/pets.py", "types/old.py"))
    stale.write_text(stale.read_text() + "# edited by hand\n")
    missing.unlink()
    extra.write_text("")
    capsys.readouterr()
    assert run(api, package, "--check") == 1
    named = capsys.readouterr().out.splitlines()
    assert named == ["missing: operations/pets.py", "stale: types/pets/_models.py", "extra: types/old.py"]
    assert extra.exists()
    assert run(api, package) == 0
    assert capsys.readouterr().out.splitlines() == named
    assert run(api, package, "--check") == 0
    assert not extra.exists()


def test_a_changed_description_makes_the_output_stale(api: Api, package: Path) -> None:
    api.facts["types"]["pets.pet:Pet"]["fields"][0]["type"] = "int"
    api.save()
    assert run(api, package, "--check") == 1


def test_the_repository_is_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check"]) == 0, capsys.readouterr().out


def test_two_runs_write_the_same(api: Api) -> None:
    assert surface(load(api.folder)) == surface(load(api.folder))
