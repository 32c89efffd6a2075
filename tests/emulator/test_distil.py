"""The shipped reading of the API is fresh, and the annotation syntax is read right."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path
from typing import Any

import pytest

from antiphon.emulator import distil
from antiphon.emulator.description import description

API = Path(__file__).parents[2] / "api"


def test_shipped_file_is_what_the_description_gives() -> None:
    packed = zlib.decompress(distil.TARGET.read_bytes()).decode()
    assert packed == distil.encoded(API), "run: python -m antiphon.emulator.distil api"


@pytest.mark.parametrize(
    ("expression", "node"),
    [
        ("str", "str"),
        ("str | None", ["union", ["str", "null"]]),
        ("str | int | None", ["union", ["str", "int", "null"]]),
        ("Literal['a:b', 'c']", ["enum", ["a:b", "c"]]),
        ("Literal[True]", ["enum", [True]]),
        ("Iterable[Iterable[int]]", ["list", ["list", "int"]]),
        ("dict[str, object]", ["dict", "any"]),
        ("Union[str, int]", ["union", ["str", "int"]]),
        ("list[a.b:C]", ["list", ["ref", "a.b:C"]]),
        ("FileTypes", "file"),
    ],
)
def test_expressions(expression: str, node: Any) -> None:
    assert distil.Reading({"a.b:C": {"kind": "alias", "type": "str"}}).node(expression) == node


def test_unknown_expression_is_refused() -> None:
    with pytest.raises(ValueError, match="does not know"):
        distil.Reading({}).node("tuple[int, int]")


def test_types_that_hold_themselves_are_read() -> None:
    types = {"a:T": {"kind": "params", "fields": [{"name": "kids", "type": "list[a:T]", "required": False}]}}
    reading = distil.Reading(types)
    assert reading.node("a:T") == ["ref", "a:T"]
    assert reading.kept() == {"a:T": ["object", {"kids": [["list", ["ref", "a:T"]], False]}]}


def test_operations_and_models_are_there() -> None:
    found = description()
    assert len(found.operations) == 396
    assert {"gpt-4o", "text-embedding-3-small", "gpt-5.5"} <= set(found.models)
    assert len(found.models) == len(set(found.models))
    assert repr(found.operations["models.list"]) == "<models.list: GET /models>"


def test_it_answers_from_a_zip(tmp_path: Path) -> None:
    source, packed = Path(distil.__file__).parents[2], tmp_path / "packed.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for file in (source / "antiphon").rglob("*"):
            if file.is_file() and file.suffix != ".pyc":
                archive.write(file, file.relative_to(source))
    code = (
        "import antiphon\nwith antiphon.local() as client:\n"
        "    print(antiphon.__file__, client.responses.create(model='gpt-5.5', input='What is 6 * 7?').output_text)"
    )
    environment = os.environ | {"PYTHONPATH": str(packed)}
    told = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=120)
    assert told.stdout == f"{packed / 'antiphon' / '__init__.py'} 6 * 7 = 42\n", told.stderr


def test_command_line(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert distil.main([]) == 2
    assert "usage" in capsys.readouterr().err
    monkeypatch.setattr(distil, "TARGET", tmp_path / "api.json")
    assert distil.main([str(API)]) == 0
    assert zlib.decompress((tmp_path / "api.json").read_bytes()).startswith(b'{"operations"')
