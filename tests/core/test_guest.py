"""Who gets an answer to which question; what is done with the answers is tested with the bridge."""

from __future__ import annotations

import dataclasses
import itertools
import subprocess
import sys
from typing import Annotated, Any, ClassVar, Literal

import pydantic
import pytest

from antiphon.core.model import BaseModel, ValidationError
from antiphon.core.view import View


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


def test_plain_subclasses_stay_as_they_are() -> None:
    class Mine(Point):
        model_config = pydantic.ConfigDict(frozen=False)
        kind: ClassVar[str] = "mine"
        y: int | None = None
        names: list[str] = []

        @property
        def sum(self) -> int:
            return self.x + (self.y or 0)

        @classmethod
        def origin(cls) -> Any:
            return cls(x=0)

    assert Mine(x=1, y=2).sum == 3
    assert Mine.origin().model_dump() == {"x": 0, "y": None, "names": []}
    assert list(Mine.model_fields) == ["x", "y", "names"]


class Bounded(BaseModel):
    size: int = pydantic.Field(ge=2, description="how large")
    name: Annotated[str, pydantic.Field(min_length=1), pydantic.BeforeValidator(str)] = "n"
    many: list[Annotated[int, pydantic.Field(le=9)]] = []
    api: int | None = pydantic.Field(default=None, alias="API")


class Holder(BaseModel):
    inner: list[Bounded] | None = None


def test_bounds_and_validators_of_annotations_are_checked() -> None:
    assert Bounded(size=2).size == 2
    assert Bounded(size="3", name=5).to_dict() == {"size": 3, "name": "5"}  # type: ignore[arg-type]
    for data, place in (
        ({"size": 1}, "size"),
        ({"size": 2, "name": ""}, "name"),
        ({"size": 2, "many": [10]}, "many[0]"),
    ):
        with pytest.raises(ValidationError) as raised:
            Bounded.model_validate(data)
        assert raised.value.path == place
        with pytest.raises(ValidationError):
            Bounded._view(data).validate()
    with pytest.raises(ValidationError, match="Input should be greater than or equal to 2"):
        Bounded(size=1)
    # As with the official package, what the server sends is not checked.
    assert Bounded._view({"size": 1}).size == 1
    assert Bounded._view({"size": 2}).validate().size == 2


def test_a_class_that_is_described_describes_itself() -> None:
    schema = Bounded.model_json_schema()
    assert schema["properties"]["size"] == {
        "description": "how large",
        "minimum": 2,
        "title": "Size",
        "type": "integer",
    }
    assert schema["properties"]["many"]["items"] == {"maximum": 9, "type": "integer"}
    assert (schema["title"], "API" in schema["properties"]) == ("Bounded", True)
    assert Holder.model_json_schema()["$defs"]["Bounded"]["properties"]["size"]["minimum"] == 2


def test_pydantics_union_mark_tells_variants_apart() -> None:
    class Cat(BaseModel):
        kind: Literal["cat"]
        lives: int | None = None

    class Dog(BaseModel):
        kind: Literal["dog"]
        lives: int | None = None

    class Owner(BaseModel):
        pet: Cat | Dog = pydantic.Field(discriminator="kind")

    assert type(Owner._view({"pet": {"kind": "dog"}}).pet) is Dog
    assert type(Owner(pet={"kind": "cat"}).pet) is Cat  # type: ignore[arg-type]


def test_a_factory_makes_a_value_for_each_model() -> None:
    numbers = itertools.count()

    class Ticket(BaseModel):
        number: int = pydantic.Field(default_factory=lambda: next(numbers))

    first, second = Ticket(), Ticket._view({})
    assert (first.number, first.number, second.number) == (0, 0, 1)
    assert first.model_dump() == {"number": first.number}
    assert Ticket(number=77).number == 77


def test_a_factory_of_lists_is_a_default_like_another() -> None:
    class Basket(BaseModel):
        items: list[str] = pydantic.Field(default_factory=list)

    basket = Basket()
    basket.items.append("a")
    assert basket.to_dict() == {"items": ["a"]}
    assert Basket(items=[]).model_dump(exclude_defaults=True) == {}
    assert (Basket().model_dump(), Basket().model_dump(exclude_unset=True)) == ({"items": []}, {})
    assert not Basket.model_fields["items"].is_required()


def test_a_name_that_cannot_be_found_is_told_when_it_matters() -> None:
    class Lost(BaseModel):
        x: Missing = pydantic.Field(default=None)  # type: ignore[name-defined]  # noqa: F821

    assert Lost._view({"x": 1}).x == 1
    with pytest.raises(ValidationError, match="cannot be found"):
        Lost(x=1)


def test_without_pydantic_loaded_nothing_is_looked_at() -> None:
    code = (
        "import sys; from antiphon.core.model import BaseModel\n"
        "class Mine(BaseModel):\n    x: int = 3\n"
        "assert Mine().x == 3 and 'pydantic' not in sys.modules\n"
        "assert Mine.model_json_schema()['properties']['x']['default'] == 3 and 'pydantic' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
    assert issubclass(Bounded, View)
