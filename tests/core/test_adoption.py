"""Which classes pydantic gets a part in, and which stay views."""

import contextlib
import subprocess
import sys
from abc import ABC
from typing import Annotated, Any, ClassVar, Generic, TypeVar

import pytest

pydantic = pytest.importorskip("pydantic")

from antiphon import BaseModel  # noqa: E402
from antiphon.core.lodger import Lodger  # noqa: E402
from antiphon.types.chat import ChatCompletionMessage  # noqa: E402

T = TypeVar("T")


class Early(BaseModel):
    later: "list[Later] | None" = None


class Later(BaseModel):
    _x: int = 0


def make(**body: Any) -> Any:
    written = {"__module__": __name__, "__qualname__": "Mine", "__annotations__": {"x": int}, **body}
    return type("Mine", (BaseModel,), written)


ASKING: dict[str, dict[str, Any]] = {
    "field validator": {"own": pydantic.field_validator("x")(classmethod(lambda cls, value: value))},
    "model validator": {"own": pydantic.model_validator(mode="after")(lambda self: self)},
    "computed field": {"own": pydantic.computed_field(property(lambda self: 1), return_type=int)},
    "field serializer": {"own": pydantic.field_serializer("x")(lambda self, value: value)},
    "model serializer": {"own": pydantic.model_serializer()(lambda self: {})},
    "private mark": {"_own": pydantic.PrivateAttr(default=1)},
    "private annotation": {"__annotations__": {"_own": int}},
    "validation alias": {"x": pydantic.Field(default=1, validation_alias="y")},
    "serialization alias": {"x": pydantic.Field(default=1, serialization_alias="y")},
    "exclusion": {"x": pydantic.Field(default=1, exclude=True)},
    "exclusion in text": {"__annotations__": {"x": "Annotated[int, pydantic.Field(exclude=True)]"}},
    "serializer of a type": {"__annotations__": {"x": Annotated[int, pydantic.PlainSerializer(str)]}},
    "configuration": {"model_config": {"extra": "forbid"}},
    "older configuration": {"Config": type("Config", (), {"frozen": True})},
    "own making": {"__init__": lambda self, **data: BaseModel.__init__(self, **data)},
    "own follow-up": {"model_post_init": lambda self, context: None},
    "one it holds": {"__annotations__": {"x": "list[Later]"}},
}
CONTENT: dict[str, dict[str, Any]] = {
    "nothing": {},
    "a default": {"x": 1},
    "bounds": {"x": pydantic.Field(default=1, ge=1, description="how many", alias="X")},
    "bounds in text": {"__annotations__": {"x": "Annotated[int, pydantic.Field(ge=1)]"}},
    "usual configuration": {"model_config": {"extra": "allow", "protected_namespaces": (), "frozen": False}},
    "a class variable": {"__annotations__": {"_x": ClassVar[int]}, "_x": 1},
    "a method": {"_own": lambda self: 1, "shown": property(lambda self: 1)},
}


@pytest.mark.parametrize("ask", ASKING)
def test_who_asks_for_more(ask: str) -> None:
    assert issubclass(make(**ASKING[ask]), Lodger)


@pytest.mark.parametrize("what", CONTENT)
def test_who_is_content_to_be_a_view(what: str) -> None:
    assert not issubclass(make(**CONTENT[what]), Lodger)


def test_what_a_class_says_before_the_one_it_holds_is_made() -> None:
    assert issubclass(Early, Lodger)
    early = Early.model_validate({"later": [{"a": 1}]})
    assert early.later is not None
    assert (type(early.later[0]), early.later[0]._x) == (Later, 0)


def test_it_stands_before_the_models_and_after_mixins() -> None:
    class Safe:
        def __delattr__(self, name: str) -> None:
            with contextlib.suppress(AttributeError):
                super().__delattr__(name)

    class Mine(Safe, ChatCompletionMessage):
        _x: int = 0

    class Deeper(Mine, ABC):
        y: int = 1

    assert Mine.__mro__[:4] == (Mine, Safe, Lodger, ChatCompletionMessage)
    assert Deeper.__mro__[:5] == (Deeper, Mine, Safe, Lodger, ChatCompletionMessage)
    one = Deeper(role="assistant")
    del one.nothing  # type: ignore[attr-defined]
    assert one.model_dump(exclude_unset=True) == {"role": "assistant"}


def test_generic_ones() -> None:
    class Box(BaseModel, Generic[T]):
        item: Any
        _opened: bool = False

    box = Box[int](item=1)
    box._opened = True
    assert (box.to_dict(), box._opened) == ({"item": 1}, True)


def test_what_cannot_be_done_is_refused_when_the_class_is_made() -> None:
    with pytest.raises(
        TypeError, match=r"Mine\.model_config asks for revalidate_instances='always', which antiphon's models"
    ):
        make(model_config={"revalidate_instances": "always"})
    assert not issubclass(make(model_config={"revalidate_instances": "never"}), Lodger)


def test_pydantics_first_version_has_none_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "pydantic_core")
    assert not issubclass(make(**ASKING["own making"]), Lodger)


def test_nothing_of_it_is_loaded_for_models_of_the_api() -> None:
    code = (
        "import pydantic, sys; from antiphon.types.chat import ChatCompletion\n"
        "import antiphon; ChatCompletion.construct(id='a').model_dump()\n"
        "assert not {'antiphon.core.lodger', 'antiphon.core.shadow', 'antiphon.core.adoption'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
