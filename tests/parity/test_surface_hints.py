"""What annotations of methods mean can be asked, for every method; and which sets of arguments a method takes."""

from __future__ import annotations

import asyncio
import inspect
import typing
import warnings
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pydantic
import pytest
from openai import BaseModel

import antiphon
from codegen.description import Operation

from . import official
from .sample import description
from .test_surface import METHODS, found, ours

VARIANTS = [o for o in description().operations if o.variants and not o.helper]


@pytest.mark.parametrize("colour", official.COLOURS)
@pytest.mark.parametrize("form", ["", ".with_raw_response", ".with_streaming_response"])
def test_annotations_of_every_method_resolve(colour: str, form: str) -> None:
    client, count = ours(colour), 0
    for path, resource in official.resources(colour).items():
        if not hasattr(resource, form[1:] or "_client"):
            continue
        for name in official.methods(resource):
            method = getattr(found(client, path + form), name, None)
            if method is None:
                continue
            count += 1
            hints = typing.get_type_hints(method, include_extras=True)
            signature = inspect.signature(method, eval_str=True)
            written = {n: p.annotation for n, p in signature.parameters.items()} | {
                "return": signature.return_annotation
            }
            assert {n: type(None) if hint is None else hint for n, hint in written.items()} == hints, f"{path}.{name}"
            assert not any(isinstance(hint, str) for hint in hints.values())
    assert count == METHODS if not form else count > METHODS // 2


def test_a_validated_method() -> None:
    client = antiphon.OpenAI(api_key="k", base_url="http://localhost:1/v1")
    validated: Any = pydantic.validate_call(config=pydantic.ConfigDict(arbitrary_types_allowed=True))
    create = validated(client.chat.completions.create)
    with pytest.raises(pydantic.ValidationError) as caught:
        create(messages=5, model=["x"])
    assert {error["loc"][0] for error in caught.value.errors()} == {"messages", "model"}


def partial(operation: Operation) -> Iterator[set[str]]:
    """Nothing, each argument alone, and each variant's set with one missing."""
    yield set()
    for variant in operation.variants:
        for name in variant.required:
            yield {name}
            yield set(variant.required) - {name}


def refuses(client: Any, operation: Operation, names: set[str]) -> bool:
    """Whether the call is a TypeError; every other end means that the arguments were taken."""
    method = getattr(found(client, operation.resource), operation.method)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            answer = method(**dict.fromkeys(names, "x"), **({"timeout": 0.01} if "timeout" not in names else {}))
            if inspect.isawaitable(answer):
                asyncio.run(finished(answer))
    except TypeError as error:
        return "rgument" in str(error)
    except Exception:
        return False
    return False


async def finished(answer: Any) -> None:
    await answer


@pytest.mark.parametrize("colour", official.COLOURS)
@pytest.mark.parametrize("operation", VARIANTS, ids=lambda operation: operation.name)
def test_the_same_sets_of_arguments_are_refused(colour: str, operation: Operation) -> None:
    official_client = official.client(colour).with_options(max_retries=0)
    own = ours(colour).with_options(max_retries=0)
    for names in partial(operation):
        if refuses(official_client, operation, names):
            assert refuses(own, operation, names), sorted(names)


def test_the_error_names_the_sets() -> None:
    with pytest.raises(
        TypeError, match=r"Missing required arguments.*'audio_sample', 'consent', 'name'.*'prompt', 'type'"
    ):
        ours("sync").audio.voices.create(name="x")


def models() -> Iterator[Any]:
    """Every official model, by the class of the same place below `antiphon.types`."""
    for package in official.packages():
        own = import_module(package.__name__.replace("openai", "antiphon", 1))
        names: list[str] = getattr(package, "__all__", None) or [*vars(package)]
        for name in names:
            theirs = getattr(package, name, None)
            if inspect.isclass(theirs) and issubclass(theirs, BaseModel):
                yield getattr(own, name)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_annotations_of_every_model_resolve() -> None:
    count = 0
    for model in models():
        count += 1
        evaluated = inspect.get_annotations(model, eval_str=True)
        hints = typing.get_type_hints(model, include_extras=True)
        assert not any(isinstance(hint, (str, typing.ForwardRef)) for hint in (*evaluated.values(), *hints.values())), (
            model
        )
        assert evaluated == {name: hints[name] for name in evaluated}
        assert evaluated.keys() == inspect.get_annotations(model).keys()
    assert count > 500


def test_a_models_annotations_are_text_where_nobody_asks_what_they_mean() -> None:
    assert inspect.get_annotations(antiphon.types.Model)["created"] == "int"
    assert inspect.get_annotations(antiphon.types.Model, eval_str=True)["created"] is int
