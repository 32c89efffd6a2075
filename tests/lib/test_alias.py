"""Modules whose names live elsewhere: they lend, they are light, and they behave as modules do."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

import antiphon
import antiphon.module_client
from antiphon.core import alias, official

SOURCE = Path(antiphon.__file__).parent
PATHS = sorted(official.MODULES)


def file_of(path: str) -> Path | None:
    whole = SOURCE.joinpath(*path.split("."))
    return next((file for file in (whole.with_suffix(".py"), whole / "__init__.py") if file.exists()), None)


@pytest.mark.parametrize("path", PATHS)
def test_every_name_of_the_table_leads_to_something(path: str) -> None:
    module = importlib.import_module(f"antiphon.{path}")
    for name, (home, there) in alias.names_of(path).items():
        assert getattr(module, name) is getattr(importlib.import_module(home), there)
        assert name in dir(module)
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = module.nothing


@pytest.mark.parametrize("path", PATHS)
def test_a_star_import_takes_the_public_names(path: str) -> None:
    names: dict[str, object] = {}
    exec(f"from antiphon.{path} import *", names)
    assert names.keys() - {"__builtins__"} == {name for name in alias.names_of(path) if not name.startswith("_")}


@pytest.mark.parametrize("path", [path for path in PATHS if file_of(path)])
def test_type_checkers_see_the_names_of_the_table(path: str) -> None:
    """They read a part of the module that is never run, so it is compared with the table."""
    file = file_of(path)
    assert file
    tree = ast.parse(file.read_text())
    seen: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            for inner in node.body:
                if isinstance(inner, ast.ImportFrom):
                    seen |= {a.asname for a in inner.names if a.asname and a.asname != f"_{a.name}"}
                    if inner.names[0].name == "*":
                        seen |= set(antiphon.module_client.__all__) & alias.names_of(path).keys()
                elif isinstance(inner, ast.Assign):
                    seen |= {ast.unparse(target) for target in inner.targets}
    assert seen == alias.names_of(path).keys()


def test_every_public_module_has_a_file_for_type_checkers() -> None:
    assert not [path for path in PATHS if not alias.is_private(path) and not file_of(path)]


def modules_after(statement: str) -> set[str]:
    code = f"import sys; before = set(sys.modules); {statement}; print('\\n'.join(set(sys.modules) - before))"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


@pytest.mark.parametrize("path", ["_types", "_client", "lib.streaming.chat", "lib.streaming.responses._responses"])
def test_a_module_loads_nothing_before_it_is_asked(path: str) -> None:
    loaded = {name for name in modules_after(f"import antiphon.{path}") if name.startswith("antiphon.")}
    parts = path.split(".")
    itself = {f"antiphon.{'.'.join(parts[:count])}" for count in range(1, len(parts) + 1)}
    core = {f"antiphon.core{name}" for name in ("", ".alias", ".lazy", ".official")}
    assert loaded == itself | core | {"antiphon.version"}


def test_a_sentinel_costs_no_client() -> None:
    loaded = modules_after("from antiphon._types import NOT_GIVEN, NotGiven")
    assert not loaded & {"antiphon.client", "antiphon.types", "msgspec", "asyncio", "socket", "ssl"}


def test_what_a_private_module_lacks_is_told_with_a_reason() -> None:
    with pytest.raises(ImportError, match=r"antiphon has no _response\.BinaryAPIResponse: binary replies are"):
        exec("from antiphon._response import BinaryAPIResponse", {})
    with pytest.raises(
        ImportError, match=r"antiphon has no _types\.Weird: it is a private part of the official package"
    ):
        exec("from antiphon._types import Weird", {})
    with pytest.raises(ImportError, match=r"antiphon has no lib\.azure\.API_KEY_SENTINEL: a client without a key"):
        exec("from antiphon.lib.azure import API_KEY_SENTINEL", {})
    with pytest.raises(ImportError, match=r"antiphon has no lib\._websocket: it is a private part"):
        importlib.import_module("antiphon.lib._websocket")
    assert not hasattr(importlib.import_module("antiphon._types"), "Weird")


def test_what_a_public_module_lacks_is_told_as_ever() -> None:
    with pytest.raises(ImportError, match=r"cannot import name 'Weird' from 'antiphon\.lib\.streaming\.chat'"):
        exec("from antiphon.lib.streaming.chat import Weird", {})
    with pytest.raises(ModuleNotFoundError, match=r"No module named 'antiphon\.lib\.weird'"):
        importlib.import_module("antiphon.lib.weird")


def test_other_packages_are_none_of_its_business() -> None:
    assert importlib.util.find_spec("antiphon.lib.nothing") is None
    with pytest.raises(ModuleNotFoundError, match="No module named 'antiphonal'"):
        importlib.import_module("antiphonal")


def test_classes_travel_and_know_their_source() -> None:
    from antiphon.lib.streaming.chat._events import ChunkEvent

    from antiphon._client import OpenAI
    from antiphon._exceptions import RateLimitError

    for made in (OpenAI, RateLimitError, ChunkEvent):
        assert pickle.loads(pickle.dumps(made)) is made
    assert inspect.getsource(ChunkEvent).startswith("class ChunkEvent")
    module = importlib.import_module("antiphon.lib._parsing._completions")
    assert inspect.ismodule(module)
    assert "type_to_response_format_param" in dict(inspect.getmembers(module))


@pytest.mark.parametrize(
    "path", ["lib._old_api", "lib.streaming.chat._events", "_types", "types.websocket_reconnection"]
)
def test_it_has_a_page_of_help(path: str) -> None:
    made = subprocess.run(
        [sys.executable, "-m", "pydoc", f"antiphon.{path}"], capture_output=True, text=True, check=True
    )
    assert f"antiphon.{path}" in made.stdout
    assert "problem in" not in made.stdout


def test_a_client_of_the_private_module_is_the_official_meaning() -> None:
    from antiphon._client import AsyncClient, Client

    assert (Client, AsyncClient) == (antiphon.OpenAI, antiphon.AsyncOpenAI)


def test_a_module_below_another_is_its_attribute() -> None:
    code = "import antiphon.lib; antiphon.lib.azure.AzureOpenAI; antiphon.lib.streaming.chat.ChunkEvent; antiphon.lib._tools"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_from_package_import_module() -> None:
    names: dict[str, object] = {}
    exec("from antiphon import _legacy_response, _models", names)
    assert names["_legacy_response"].LegacyAPIResponse is antiphon.response.LegacyAPIResponse  # type: ignore[attr-defined]


def test_the_module_of_the_clients_does_not_take_the_place_of_the_packages_own_client() -> None:
    code = (
        "import antiphon._client, sys; assert antiphon._client is None, antiphon._client; "
        "antiphon.api_key = 'sk-1'; antiphon.models.with_raw_response; made = antiphon._load_client(); "
        "assert isinstance(made, antiphon.OpenAI); assert antiphon._client is made; "
        "from antiphon._client import OpenAI; assert OpenAI is antiphon.OpenAI; "
        "assert sys.modules['antiphon._client'].OpenAI is OpenAI"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


PROVIDERS = ["bedrock", "vertex"]
STATEMENTS = [
    "from antiphon.providers.{0} import {0} as function",
    "import antiphon.providers.{0}; from antiphon.providers import {0} as function",
    "from antiphon.providers import {0}; from antiphon.providers.{0} import {0} as function",
    "import antiphon.providers.{0}; function = antiphon.providers.{0}",
    "import antiphon.providers.{0} as function",
]


def about_a_provider(name: str, statement: str) -> str:
    return f"""
import sys
{statement.format(name)}
import antiphon
module = sys.modules.get("antiphon.providers.{name}")
assert type(function).__name__ == "function", function
assert antiphon.providers.{name} is function
assert module is None or module.{name} is function
"""


@pytest.mark.parametrize("name", PROVIDERS)
@pytest.mark.parametrize("statement", STATEMENTS)
def test_a_provider_is_a_function_and_a_module_path(name: str, statement: str) -> None:
    subprocess.run([sys.executable, "-c", about_a_provider(name, statement)], check=True)


def test_so_it_is_in_the_official_package() -> None:
    """Each statement in a process of its own; the package itself, which any of them imports first, is imported once."""
    programs = [about_a_provider(name, statement) for name in PROVIDERS for statement in STATEMENTS]
    forking = """
import os, sys
import openai
for program in sys.argv[1:]:
    child = os.fork()
    if not child:
        exec(program)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0, program
"""
    official = [program.replace("antiphon", "openai") for program in programs]
    subprocess.run([sys.executable, "-c", forking, *official], check=True)


def test_a_private_module_at_the_top_is_told_with_what_to_use() -> None:
    with pytest.raises(ImportError, match=r"antiphon has no _provider: the client takes provider="):
        importlib.import_module("antiphon._provider")
    with pytest.raises(ImportError, match=r"antiphon has no _weird: it is a private part of the official package"):
        importlib.import_module("antiphon._weird")
    with pytest.raises(ImportError, match=r"antiphon has no providers\.bedrock\._Auth: it is a private part"):
        exec("from antiphon.providers.bedrock import _Auth", {})
    with pytest.raises(ModuleNotFoundError, match=r"No module named 'antiphon\.weird'"):
        importlib.import_module("antiphon.weird")
