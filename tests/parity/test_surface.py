"""Every method of the official package exists here, in both colours, with the same parameters."""

from __future__ import annotations

import inspect
import re
from typing import Any

import pytest

import antiphon

from . import official

METHODS = 436


def ours(colour: str) -> Any:
    made = antiphon.OpenAI if colour == "sync" else antiphon.AsyncOpenAI
    return made(api_key="sk-test", admin_api_key="sk-admin", base_url="http://localhost:1/v1")


def found(client: Any, path: str) -> Any:
    for name in path.split("."):
        client = getattr(client, name)
    return client


def parameters(function: Any) -> list[tuple[str, Any, bool]]:
    listed = list(inspect.signature(function).parameters.values())
    return [(p.name, p.kind, p.default is inspect.Parameter.empty) for p in listed if p.name != "self"]


@pytest.mark.parametrize("colour", official.COLOURS)
def test_every_method_with_the_same_parameters(colour: str) -> None:
    client = ours(colour)
    differences, count = [], 0
    for path, resource in official.resources(colour).items():
        own = type(found(client, path))
        for name, function in official.methods(resource).items():
            count += 1
            if parameters(function) != parameters(getattr(own, name)):
                differences.append(f"{path}.{name}")
    assert differences == []
    assert count == METHODS


@pytest.mark.parametrize("colour", official.COLOURS)
def test_no_method_that_the_official_package_lacks(colour: str) -> None:
    client = ours(colour)
    for path, resource in official.resources(colour).items():
        own = {name for name, value in vars(type(found(client, path))).items() if inspect.isfunction(value)}
        assert {name for name in own if not name.startswith("_")} == set(official.methods(resource)), path


@pytest.mark.parametrize("colour", official.COLOURS)
def test_deprecated_methods_are_the_same(colour: str) -> None:
    client = ours(colour)
    for path, resource in official.resources(colour).items():
        own = type(found(client, path))
        for name, function in official.methods(resource).items():
            marked = hasattr(getattr(own, name), "__deprecated__")
            assert marked == hasattr(function, "__deprecated__"), f"{path}.{name}"


def test_coroutine_functions_are_recognised_where_the_official_ones_are() -> None:
    client = ours("async")
    for path, resource in official.resources("async").items():
        for name, function in official.methods(resource).items():
            if inspect.iscoroutinefunction(function):
                assert inspect.iscoroutinefunction(getattr(found(client, path), name)), f"{path}.{name}"


@pytest.mark.parametrize("colour", official.COLOURS)
@pytest.mark.parametrize("form", ["with_raw_response", "with_streaming_response"])
def test_the_raw_twins_have_the_same_names(colour: str, form: str) -> None:
    client = ours(colour)
    for path, resource in official.resources(colour).items():
        if not hasattr(resource, form):
            continue
        wanted, given = getattr(resource, form), getattr(found(client, path), form)
        assert type(given).__name__ == type(wanted).__name__
        names = {name for name in dir(wanted) if not name.startswith("_")}
        assert names <= set(dir(given)), path


@pytest.mark.parametrize("colour", official.COLOURS)
def test_classes_are_found_under_the_official_module_paths(colour: str) -> None:
    for path, resource in official.resources(colour).items():
        module = type(resource).__module__.replace("openai", "antiphon")
        own = getattr(__import__(module, fromlist=["x"]), type(resource).__name__)
        assert own is type(found(ours(colour), path)), module


def test_resource_packages_export_what_the_official_ones_do() -> None:
    wanted = __import__("openai.resources", fromlist=["x"])
    given = __import__("antiphon.resources", fromlist=["x"])
    assert set(wanted.__all__) <= set(given.__all__)
    assert given.__all__ == sorted(given.__all__)
    for name in given.__all__:
        assert getattr(given, name).__name__ == name


@pytest.mark.parametrize("colour", official.COLOURS)
def test_every_method_says_what_it_does_and_where_it_is_described(colour: str) -> None:
    client = ours(colour)
    for path, resource in official.resources(colour).items():
        for name in official.methods(resource):
            text = inspect.getdoc(getattr(found(client, path), name)) or ""
            assert re.search(r"https://platform\.openai\.com/docs/api-reference", text), f"{path}.{name}"
