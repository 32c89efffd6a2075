"""Every public module path of the official package is importable here, and has every public name it has there."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import warnings
from collections.abc import Iterator
from functools import cache
from types import ModuleType
from typing import Any

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import openai
    import openai.lib.beta.agents  # first, or the official package's own imports go in a circle

import antiphon
from antiphon.core import official

TOOLSETS = {"AsyncComputerDriver", "AsyncComputerToolset", "ComputerDriver", "ComputerToolset"}
# What is not there: by module (all of it) or by module and name, with the reason.
ABSENT_MODULES = {
    "lib.browser": "the browser's toolset is absent",
    "lib.computer": "the computer's toolset is absent",
    "lib.decisions_tool_runner": "tool runners are absent",
    "lib.responses_tool_runner": "tool runners are absent",
    "lib.tool_diagnostics": "tool runners are absent",
    "lib.live": "what is built over WebSockets is absent",
    "lib.realtime_translation": "what is built over WebSockets is absent",
    "lib.responses_websocket": "what is built over WebSockets is absent",
}
ABSENT_NAMES = {
    **{f".{name}": "the computer's toolset is absent" for name in TOOLSETS},
    "helpers.microphone.DType": "a type variable",
    "pagination.CursorPageItem": "a protocol for checks inside",
    "resources.chat.completions.completions.validate_response_format": "a check inside",
}
BASES = "Base"  # abstract classes of the resources of connections; nothing is made of them


@cache
def modules() -> tuple[ModuleType, ...]:
    """The official public modules."""
    return (openai, *_below(openai))


def _below(package: ModuleType) -> Iterator[ModuleType]:
    for entry in pkgutil.iter_modules(package.__path__):
        if not entry.name.startswith("_"):
            module = importlib.import_module(f"{package.__name__}.{entry.name}")
            yield module
            if entry.ispkg:
                yield from _below(module)


def path_of(module: ModuleType) -> str:
    return module.__name__.partition(".")[2]


def own(path: str) -> Any:
    return importlib.import_module(f"antiphon.{path}".rstrip("."))


def is_of(value: Any, package: str) -> bool:
    return str(getattr(value, "__module__", "")).startswith(package)


def public_names(module: ModuleType) -> set[str]:
    """What a module exports, what it defines, and, where it is a package, what it takes from the modules below it."""
    names = set(getattr(module, "__all__", ()))
    if module is openai:  # to look at what else it has would make its client
        return names
    for name, value in vars(module).items():
        if name.isidentifier() and not name.startswith("_") and not inspect.ismodule(value):
            home = getattr(value, "__module__", "")
            if home == module.__name__ or (hasattr(module, "__path__") and is_of(value, f"{module.__name__}.")):
                names.add(name)
    return names


def test_there_are_as_many_as_there_were() -> None:
    assert len(modules()) > 1_900


def test_every_public_module_is_importable() -> None:
    missing = list[str]()
    for path in map(path_of, modules()):
        try:
            own(path)
        except ImportError:
            missing.append(path)
    assert set(missing) == set(ABSENT_MODULES)


def test_every_public_module_has_its_public_names() -> None:
    missing = set[str]()
    for module in modules():
        path = path_of(module)
        if path not in ABSENT_MODULES:
            ours = own(path)
            missing |= {f"{path}.{name}" for name in public_names(module) if not hasattr(ours, name)}
    bases = {
        name for name in missing if name.rpartition(".")[2].startswith(BASES) and name.endswith("ConnectionResource")
    }
    assert missing - bases == set(ABSENT_NAMES)


@pytest.mark.parametrize("path", sorted(path for path in ABSENT_MODULES if path.startswith("lib.")))
def test_what_is_absent_says_so_and_what_to_use(path: str) -> None:
    parent, _, leaf = path.rpartition(".")
    for statement in (
        f"import antiphon.{path}",
        f"from antiphon.{path} import X",
        f"from antiphon.{parent} import {leaf}",
    ):
        with pytest.raises(ModuleNotFoundError, match=f"^antiphon has no {path}: ") as caught:
            exec(statement, {})
        assert official.ABSENT[path] in str(caught.value)


def test_a_connection_is_the_one_that_connect_gives() -> None:
    module, beta = own("resources.realtime.realtime"), own("resources.beta.realtime.realtime")
    manager = antiphon.OpenAI(api_key="sk-1").realtime.connect(model="gpt")
    assert type(manager) is module.RealtimeConnectionManager is not beta.RealtimeConnectionManager
    later = antiphon.AsyncOpenAI(api_key="sk-1").realtime.connect(model="gpt")
    assert type(later) is module.AsyncRealtimeConnectionManager
    assert not [name for name in ("CHANNEL", "ConnectionManager", "Any", "Omit", "nothing") if hasattr(module, name)]


def test_what_a_module_of_types_imports_is_there_too() -> None:
    """Programs import `ToolParam` from `response_create_params`, which only imports it."""
    missing, different, checked = list[str](), list[tuple[str, str, str]](), 0
    for module in modules():
        if not module.__name__.startswith("openai.types.") or hasattr(module, "__path__"):
            continue
        ours = own(path_of(module))
        for name, value in vars(module).items():
            if name.startswith("_") or not inspect.isclass(value) or not is_of(value, "openai.types"):
                continue
            given = getattr(ours, name, None)
            if given is None:
                missing.append(f"{module.__name__}:{name}")
                continue
            checked += 1
            if value.__name__.isidentifier():  # pydantic's parametrised classes are named otherwise
                home = f"{given.__module__}.{given.__name__}".replace("antiphon", "openai", 1)
                different += [] if home == f"{value.__module__}.{value.__name__}" else [(module.__name__, name, home)]
    assert missing == []
    assert different == []
    assert checked > 4_000


def test_files_are_a_type_of_modules_that_take_them() -> None:
    from antiphon.core.argument import FileTypes

    for path in ("types.audio.transcription_create_params", "types.file_create_params", "types.image_edit_params"):
        assert own(path).FileTypes is FileTypes
    assert not hasattr(own("types.file_object"), "FileTypes")


def test_what_no_module_of_types_has() -> None:
    module = own("types.responses.response_create_params")
    for name in ("Nothing", "nothing", "_Nothing", "AudioModelNothing"):
        with pytest.raises(AttributeError, match=f"has no attribute '{name}'"):
            getattr(module, name)
