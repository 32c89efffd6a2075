"""Whatever stands in a field, every model of the API shows it, writes it, and is refused by a check with the place."""

from __future__ import annotations

import contextlib
import copy
import importlib
from pathlib import Path
from typing import Any

import pytest

import antiphon
from antiphon.core.mismatch import ValidationError
from antiphon.core.model import validate
from antiphon.core.view import plan_of

from .oddity import FEW

ROOT = Path(antiphon.__file__).parent
MODULES = sorted(
    ".".join(("antiphon", *file.relative_to(ROOT).with_suffix("").parts)) for file in ROOT.glob("types/**/_models.py")
)


def models_of(module: str) -> list[Any]:
    home = importlib.import_module(module)
    values = [getattr(home, name) for name in dir(home)]
    return [value for value in values if isinstance(value, type) and issubclass(value, antiphon.BaseModel)]


def test_there_are_models() -> None:
    assert sum(len(models_of(module)) for module in MODULES) > 1000


@pytest.mark.parametrize("module", MODULES)
def test_a_field_of_another_type(module: str) -> None:
    for model in models_of(module):
        for field in plan_of(model).fields.values():
            for odd in FEW.values():
                data = {field.key: copy.deepcopy(odd)}
                view = model._view(copy.deepcopy(data))
                getattr(view, field.name)
                assert repr(view)
                assert view.to_dict(mode="json") == data
                with contextlib.suppress(ValidationError):
                    validate(model, data)
