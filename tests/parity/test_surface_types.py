"""The official package's types exist here under the same paths, with the same fields."""

from __future__ import annotations

import importlib
import inspect
import pickle
import typing
from collections.abc import Iterator
from typing import Any

import pydantic
import pytest

import antiphon
from antiphon.core.model import BaseModel
from antiphon.core.view import plan_of

from . import official


def own(name: str) -> Any:
    return importlib.import_module(name.replace("openai", "antiphon", 1))


def types() -> Iterator[tuple[str, str, Any]]:
    for package in official.packages():
        for module in official.modules(package):
            for name in official.own_names(module):
                yield module.__name__, name, getattr(module, name)


def is_model(value: Any) -> bool:
    return inspect.isclass(value) and issubclass(value, pydantic.BaseModel)


def test_every_type_under_its_official_path() -> None:
    wanted = list(types())
    missing = [f"{module}:{name}" for module, name, _ in wanted if not hasattr(own(module), name)]
    assert missing == []
    assert len(wanted) > 4_000


def test_every_export_of_every_package() -> None:
    missing = []
    for package in official.packages():
        given = own(package.__name__)
        for name, value in vars(package).items():
            if not name.startswith("_") and not inspect.ismodule(value) and name != "annotations":
                missing += [] if hasattr(given, name) else [f"{package.__name__}.{name}"]
    assert missing == []


def test_packages_say_what_they_have() -> None:
    for package in official.packages():
        given = own(package.__name__)
        assert given.__all__ == sorted(given.__all__)
        assert set(given.__all__) <= set(dir(given))
        with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
            getattr(given, "Noth" + "ing")


def test_models_have_the_same_fields() -> None:
    differences, models = [], 0
    for module, name, value in types():
        if not is_model(value) or value.__module__ != module:
            continue
        models += 1
        given = getattr(own(module), name)
        assert issubclass(given, BaseModel)
        fields = {field: (f.key, f.required) for field, f in plan_of(given).fields.items()}
        for field, info in value.model_fields.items():
            if fields.get(field) != (info.alias or field, info.is_required()):
                differences.append(f"{module}:{name}.{field}")
        differences += [f"{module}:{name} has {field}" for field in fields if field not in value.model_fields]
    assert differences == []
    assert models > 2_500


def _required(params: Any) -> set[str]:
    """The keys that must be there; `Required` is read from the text, which Python itself does not look into."""
    written = {name for base in params.__mro__ for name in _marked(vars(base).get("__annotations__", {}))}
    return set(params.__required_keys__) | written


def _marked(annotations: dict[str, Any]) -> set[str]:
    return {name for name, hint in annotations.items() if "Required[" in str(hint) and "NotRequired[" not in str(hint)}


def test_typed_dicts_have_the_same_keys() -> None:
    differences, dicts = [], 0
    for module, name, value in types():
        if not hasattr(value, "__required_keys__") or value.__module__ != module:
            continue
        dicts += 1
        given = getattr(own(module), name)
        if _required(value) != _required(given) or set(value.__annotations__) != set(given.__annotations__):
            differences.append(f"{module}:{name}")
    assert differences == []
    assert dicts > 1_500


def _parts(value: Any) -> set[str]:
    """The names of what an alias is made of, containers and order aside."""
    if typing.get_origin(value) is typing.Literal:
        return {repr(item) for item in typing.get_args(value)}
    arguments = [item for item in typing.get_args(value) if not _is_mark(item)]
    if arguments:
        return set().union(*map(_parts, arguments))
    return {getattr(value, "__name__", repr(value))}


def _is_mark(value: Any) -> bool:
    return type(value).__name__ in ("PropertyInfo", "Discriminator")


def test_aliases_are_made_of_the_same_parts() -> None:
    differences = []
    for module, name, value in types():
        if inspect.isclass(value) or name.endswith("T") or isinstance(value, typing.TypeVar):
            continue
        # File contents are the one place where ours are more exact: paths of text.
        given = _parts(getattr(own(module), name)) - {"PathLike"}
        wanted = _parts(value) - {"PathLike"}
        if given != wanted:
            differences.append((f"{module}:{name}", given ^ wanted))
    assert differences == []


def test_classes_call_themselves_by_their_official_names() -> None:
    for module, name, value in types():
        if is_model(value) and value.__module__ == module and value.__name__ == name:
            given = getattr(own(module), name)
            assert (given.__module__, given.__qualname__) == (module.replace("openai", "antiphon", 1), name)
            assert pickle.loads(pickle.dumps(given)) is given


def test_an_official_module_is_a_module() -> None:
    from antiphon.types.responses.response import Response, ToolChoice

    from antiphon.types.responses import response_create_params

    assert Response is antiphon.types.responses.Response
    assert inspect.ismodule(response_create_params)
    assert response_create_params.ToolChoice is not ToolChoice
    assert "ResponseCreateParamsNonStreaming" in dir(response_create_params)
    with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
        getattr(response_create_params, "Noth" + "ing")
    with pytest.raises(ImportError):
        importlib.import_module("antiphon.types.responses.nothing")


def test_annotations_of_models_resolve() -> None:
    unresolved = [
        f"{module}:{name}.{field.name}"
        for module, name, value in types()
        if is_model(value) and value.__module__ == module
        for field in plan_of(getattr(own(module), name)).fields.values()
        if type(field.type).__name__ == "Unresolved"
    ]
    assert unresolved == []


def test_annotations_of_typed_dicts_resolve() -> None:
    from antiphon.types.chat.completion_create_params import CompletionCreateParamsNonStreaming
    from antiphon.types.responses.response_create_params import ResponseCreateParamsNonStreaming

    for params in (ResponseCreateParamsNonStreaming, CompletionCreateParamsNonStreaming):
        hints = typing.get_type_hints(params)
        assert set(hints) == params.__required_keys__ | params.__optional_keys__
