"""Who gets an answer to which question; what is done with the answers is tested with the bridge."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from typing import Any

import pytest

from antiphon.core.model import BaseModel


class Point(BaseModel):
    x: int


def test_a_model_is_no_dataclass() -> None:
    point = Point(x=1)
    assert not dataclasses.is_dataclass(Point)
    assert not dataclasses.is_dataclass(point)
    with pytest.raises(TypeError):
        dataclasses.asdict(point)  # type: ignore[call-overload]
    assert not hasattr(point, "__dataclass_fields__")


def test_except_to_the_module_in_which_fastapi_sorts_parameters() -> None:
    asked: dict[str, Any] = {
        "__name__": "fastapi._compat.shared",
        "is_dataclass": dataclasses.is_dataclass,
        "of": Point,
    }
    assert eval("is_dataclass(of)", asked)
    assert not eval("is_dataclass(of)", {**asked, "__name__": "fastapi.encoders"})
    assert not eval("hasattr(of, '__dataclass_fields__')", asked)


def test_keys_of_these_names_are_data() -> None:
    point = Point._view({"x": 1, "__dataclass_fields__": 2})
    point.__dataclass_fields__ = 3  # type: ignore[attr-defined]
    assert point.to_dict() == {"x": 1, "__dataclass_fields__": 3}
    assert not dataclasses.is_dataclass(point)


def test_without_pydantic_there_is_no_serializer() -> None:
    code = (
        "import sys; sys.modules['pydantic_core'] = None\n"
        "from antiphon.core.model import BaseModel\n"
        "assert not hasattr(BaseModel, '__pydantic_serializer__')"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
