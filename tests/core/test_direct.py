"""The short way of a plain call gives the same call as the method itself."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import antiphon
from antiphon import resources
from antiphon.core import direct
from antiphon.core.call import Call

FACTS = [*Call.__slots__]


def methods() -> Iterator[tuple[str, Callable[..., Any], Callable[..., Any]]]:
    """Every method with a short way: its name, itself, and what it stands for."""
    for module in pkgutil.walk_packages(resources.__path__, "antiphon.resources."):
        for kind in vars(importlib.import_module(module.name)).values():
            if not inspect.isclass(kind) or kind.__module__ != module.name or "With" in kind.__name__:
                continue
            for name, method in vars(kind).items():
                whole = getattr(method, "__wrapped__", None)
                if whole is not None and method.__code__.co_filename == direct.__file__:
                    yield f"{module.name[9:]}.{kind.__qualname__}.{name}", method, whole


METHODS = {name: (method, whole) for name, method, whole in methods()}


class Ear:
    """A client that hears the call."""

    def __init__(self, asynchronous: bool) -> None:
        self._asynchronous = asynchronous

    def perform(self, call: Call[Any]) -> Any:
        async def later() -> Call[Any]:
            return call

        return later() if self._asynchronous else call


class Holder:
    """A resource, as far as a method cares."""

    def __init__(self, asynchronous: bool) -> None:
        self._client = Ear(asynchronous)


def heard(method: Callable[..., Any], /, **kwargs: Any) -> dict[str, Any]:
    """The facts of the call that a method makes; a body's fields in their order."""
    asynchronous = inspect.iscoroutinefunction(method)
    made = method(Holder(asynchronous), **kwargs)
    call = asyncio.run(made) if asynchronous else made
    facts = {name: getattr(call, name) for name in FACTS}
    return {**facts, "body": list(facts["body"].items())}


def given(whole: Callable[..., Any]) -> dict[str, Any]:
    """A value for each argument that is about the body, against the signature's order."""
    names = [name for name in inspect.signature(whole).parameters if name != "self"]
    return {name: object() for name in reversed(names) if name not in TAIL}


TAIL = ("extra_headers", "extra_query", "extra_body", "timeout")


def test_the_methods_that_matter_have_one() -> None:
    for kind in ("", "Async"):
        assert f"resources.responses.{kind}Responses.create" in METHODS
        assert f"resources.chat.completions.{kind}Completions.create" in METHODS


@pytest.mark.parametrize("name", METHODS)
def test_it_gives_the_same_call(name: str) -> None:
    method, whole = METHODS[name]
    everything = given(whole)
    required = [n for n, p in inspect.signature(whole).parameters.items() if p.default is p.empty and n != "self"]
    for kwargs in (
        everything,
        {n: everything[n] for n in required},
        {**everything, "stream": False} if "stream" in everything else everything,
        {n: v if n in required else antiphon.omit for n, v in everything.items()},
        {n: v if n in required else antiphon.NOT_GIVEN for n, v in everything.items()},
        {**everything, "timeout": 3.0, "extra_headers": {"a": "b"}},
    ):
        assert heard(method, **kwargs) == heard(whole, **kwargs)


@pytest.mark.parametrize("name", METHODS)
def test_it_is_taken(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The method's own code is not run for a plain call."""
    method, whole = METHODS[name]
    everything = given(whole)
    monkeypatch.setattr(whole, "__code__", _never.__code__)
    assert heard(method, **everything)["body"]


def _never(**_: Any) -> None:
    """What takes no method's arguments."""


@pytest.mark.parametrize("name", METHODS)
def test_what_is_wrong_is_told_by_the_method(name: str) -> None:
    method, whole = METHODS[name]
    required = [n for n, p in inspect.signature(whole).parameters.items() if p.default is p.empty and n != "self"]
    everything = given(whole)
    with pytest.raises(TypeError, match=r"unexpected keyword argument .timeoud.; did you mean .timeout"):
        heard(method, **everything, timeoud=1)
    if required:
        with pytest.raises(TypeError, match=required[0]):
            heard(method, **{n: v for n, v in everything.items() if n != required[0]})


@pytest.mark.parametrize("name", METHODS)
def test_signature_and_help_are_the_methods_own(name: str) -> None:
    method, whole = METHODS[name]
    assert inspect.signature(method) == inspect.signature(whole)
    assert (method.__name__, method.__qualname__, method.__doc__) == (whole.__name__, whole.__qualname__, whole.__doc__)
    assert inspect.iscoroutinefunction(method) == inspect.iscoroutinefunction(whole)
