"""Lazily served packages, in fresh interpreters where loading itself is the behaviour."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from antiphon.core.lazy import child, same, top, twin
from antiphon.core.resource import Resource


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_package_loads_nothing_of_its_own() -> None:
    code = """
import sys, antiphon.types.responses, antiphon.types as types
print([name for name in sys.modules if name.endswith(("_models", "_params"))], "typing_extensions" in sys.modules)
"""
    assert run(code) == "[] False"


def test_models_load_without_the_argument_types() -> None:
    code = """
import sys
from antiphon.types.responses import Response
Response._view({"output": [], "reasoning": {"effort": "low"}}).reasoning.effort
print(sorted(name.removeprefix("antiphon.types.") for name in sys.modules if name.endswith(("_models", "_params"))))
"""
    assert run(code) == "['responses._models', 'shared._models']"


def test_an_alias_is_an_object_when_asked_for() -> None:
    code = """
import typing
from antiphon.types.responses import ResponseOutputItem, response_output_item
from antiphon.types.responses import _models
union, mark = typing.get_args(ResponseOutputItem)
print(mark, len(typing.get_args(union)) > 20, response_output_item.ResponseOutputItem is ResponseOutputItem)
print(_models.ResponseOutputItem is ResponseOutputItem)
"""
    assert run(code) == "Discriminator('type') True True\nTrue"


def test_a_submodule_is_an_attribute_as_in_the_official_package() -> None:
    code = """
import antiphon.types.chat as chat
print(chat.chat_completion.Choice.__qualname__, chat.completion_create_params.__name__)
import antiphon
print(antiphon.types.beta.threads.runs.run_step.RunStep.__module__)
from antiphon.types import *
print(FileObject.__name__)
"""
    assert run(code).split() == [
        "Choice",
        "antiphon.types.chat.completion_create_params",
        "antiphon.types.beta.threads.runs.run_step",
        "FileObject",
    ]


def test_a_type_pickles_by_its_official_path() -> None:
    code = """
import pickle
from antiphon.types.responses.response import Response, ToolChoiceSpecificProgrammaticToolCallingParam as Choice
print(b"antiphon.types.responses.response" in pickle.dumps(Choice), b"_models" in pickle.dumps(Response))
"""
    assert run(code) == "True False"
    load = "import pickle; print(pickle.loads({!r}).__name__)"
    dump = "import pickle, sys; from antiphon.types import FileObject; print(pickle.dumps(FileObject, 0))"
    assert run(load.format(eval(run(dump)))) == "FileObject"


@pytest.mark.parametrize(
    "statement",
    [
        "from antiphon.types.responses import Nothing",
        "import antiphon.types.responses.nothing",
        "from antiphon.types.responses.response import Nothing",
        "from antiphon.resources.chat import Nothing",
    ],
)
def test_what_is_not_there_cannot_be_imported(statement: str) -> None:
    with pytest.raises(ImportError):
        exec(statement, {})


def test_a_module_is_found_while_another_thread_loads_its_package() -> None:
    """The import system waits for the loading of what it was asked for, not for that of the package around it."""
    code = """
import threading
from importlib import import_module
from antiphon.core import lazy

halfway, go, serve, found = threading.Event(), threading.Event(), lazy.serve, []

def slowly(*arguments, **options):
    halfway.set()
    go.wait(0.5)
    serve(*arguments, **options)

lazy.serve = slowly
threads = [threading.Thread(target=lambda: import_module("antiphon.types"))]
threads[0].start()
halfway.wait()
lazy.serve = serve
threads.append(threading.Thread(target=lambda: found.append(import_module("antiphon.types.model").Model)))
threads[1].start()
for thread in threads:
    thread.join()
print(found)
"""
    assert run(code) == "[<class 'antiphon.types.model.Model'>]"


def test_physical_modules_refuse_unknown_names() -> None:
    from antiphon.types.responses import _models, _params  # pyright: ignore[reportMissingModuleSource]

    for module in (_models, _params):
        with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
            getattr(module, "Noth" + "ing")


class Toys:
    def __init__(self, start: Any) -> None:
        self.start = start


class PetsAsSeen:
    toys: ToysAsSeen = same()

    def __init__(self, resource: Any) -> None:
        self._resource = resource


class ToysAsSeen(Toys): ...


class Pets:
    toys: Toys = child()
    as_seen: PetsAsSeen = twin()

    def __init__(self) -> None:
        self._client = "client"


class Client:
    pets: Toys = top("")
    elsewhere: Resource = top("antiphon.core.resource")


def test_a_child_is_made_once_for_the_same_client() -> None:
    pets = Pets()
    assert type(pets.toys) is Toys
    assert pets.toys.start == "client"
    assert pets.toys is pets.toys
    assert Pets().toys is not pets.toys


def test_a_resource_of_a_client_is_made_for_the_client() -> None:
    client = Client()
    assert client.pets.start is client
    assert type(client.elsewhere).__module__ == "antiphon.core.resource"


def test_a_twin_is_made_of_the_resource_and_not_kept() -> None:
    pets = Pets()
    assert pets.as_seen._resource is pets
    assert pets.as_seen is not pets.as_seen
    assert "as_seen" not in vars(pets)


def test_a_twins_child_is_the_twin_of_the_child() -> None:
    pets = Pets()
    seen = pets.as_seen.toys
    assert type(seen) is ToysAsSeen
    assert seen.start is pets.toys


def test_a_subclass_leads_where_its_parent_does() -> None:
    class Own(Pets): ...

    assert type(Own().toys) is Toys


def test_on_the_class_it_says_what_it_is() -> None:
    assert repr(Pets.toys) == "<Pets.toys: Toys>"
