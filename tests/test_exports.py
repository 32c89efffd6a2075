"""The public names: where they live, that they are all there, and that importing the package stays light."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from pathlib import Path

import openai
import pytest

import antiphon

API = Path(__file__).parent.parent / "api"
# Names that later work brings; each is named here so that none is forgotten.
LATER = {"AsyncComputerDriver", "AsyncComputerToolset", "ComputerDriver", "ComputerToolset"}


def test_all_is_sorted_complete_and_importable() -> None:
    homes = {name for names in antiphon._HOMES.values() for name in names}
    assert set(antiphon.__all__) == homes | {
        "NoneType",
        "VERSION",
        "__title__",
        "__version__",
        "errors",
        "resources",
        "types",
    }
    for name in antiphon.__all__:
        assert getattr(antiphon, name) is not None
    assert set(antiphon.__all__) <= set(dir(antiphon))


def test_the_official_public_names_are_there() -> None:
    index = json.loads((API / "index.json").read_text())
    names = {*index["public_names"], *openai.__all__} - LATER
    assert not {name for name in names if not hasattr(antiphon, name)}


def test_the_official_exceptions_are_there_with_their_bases_and_fields() -> None:
    from antiphon import errors

    index = json.loads((API / "index.json").read_text())
    for entry in index["exceptions"]:
        if entry["name"].startswith("_"):
            continue
        ours = getattr(errors, entry["name"])
        for base in entry["bases"]:
            assert base in {parent.__name__ for parent in ours.__mro__}, entry["name"]


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nonsense"):
        _ = antiphon.nonsense  # type: ignore[attr-defined]


def test_every_public_name_is_documented() -> None:
    silent = [
        name
        for name in antiphon.__all__
        if (inspect.isclass(value := getattr(antiphon, name)) or inspect.isfunction(value))
        and value.__module__.startswith("antiphon")
        and not inspect.getdoc(value)
    ]
    assert not silent


def modules_after(statement: str) -> set[str]:
    code = f"import sys; before = set(sys.modules); {statement}; print('\\n'.join(set(sys.modules) - before))"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


def test_importing_the_package_imports_almost_nothing() -> None:
    loaded = modules_after("import antiphon")
    assert {name for name in loaded if name.startswith("antiphon")} == {"antiphon", "antiphon.version"}
    assert not loaded & {"msgspec", "asyncio", "ssl", "socket", "pydantic"}


def test_a_client_and_its_first_method_load_only_what_they_need() -> None:
    loaded = modules_after("import antiphon; antiphon.OpenAI(api_key='sk-1').responses.create")
    heavy = {
        *("asyncio", "socket", "ssl", "http", "email", "urllib", "urllib.parse", "ipaddress"),
        *("hashlib", "random", "json", "uuid", "decimal", "datetime", "copy", "math"),
        *("inspect", "dataclasses", "typing_extensions"),
        *("msgspec", "httptools", "pydantic", "httpx", "httpx2", "websockets"),
    }
    assert not loaded & heavy
    assert not {name for name in loaded if name.startswith("antiphon.types.")}
    assert sum(name.startswith("antiphon") for name in loaded) <= 70
