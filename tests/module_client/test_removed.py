"""Names of version 0: they may be looked at, and say what replaced them when they are called."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

import antiphon
from antiphon.errors import OpenAIError
from antiphon.module_client.removed import REPLACED, APIRemovedInV1, Removed
from tests.parity.official import openai


def test_the_names_are_those_of_the_official_package() -> None:
    from openai.lib import _old_api

    assert set(REPLACED) == set(_old_api.SYMBOLS)


@pytest.mark.parametrize("name", sorted(REPLACED))
def test_looking_does_no_harm_and_calling_raises(name: str) -> None:
    for package, error in ((openai, openai.OpenAIError), (antiphon, OpenAIError)):
        there: Any = getattr(package, name)
        assert hasattr(there, "create")
        for use in (there, there.create, there.create.anything):
            with pytest.raises(error, match=f"openai.{name}"):
                use(model="m")


@pytest.mark.parametrize("name", [name for name, new in REPLACED.items() if new])
def test_what_replaced_it_exists(name: str) -> None:
    text = str(APIRemovedInV1(symbol=name))
    path = (REPLACED[name] or "").partition("(")[0].split(".")[1:]
    value: Any = antiphon.OpenAI(api_key="sk-1")
    for part in path:
        value = getattr(value, part)
    assert callable(value)
    assert f"antiphon.{'.'.join(path)}" in text


def test_the_error_travels() -> None:
    error = APIRemovedInV1(symbol="Edit")
    error.add_note("in a worker")
    for other in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert (type(other), str(other), other.symbol) == (APIRemovedInV1, str(error), "Edit")
        assert other.__notes__ == ["in a worker"]
    assert "no longer exists" in str(error)
    assert repr(Removed("Edit")) == "<openai.Edit, removed in version 1>"
    assert copy.copy(Removed("Edit"))._symbol == "Edit"


def test_dir_and_star_import_show_none_of_them() -> None:
    assert not {*REPLACED, "_client"} & {*dir(antiphon.__all__), *antiphon.__all__}
