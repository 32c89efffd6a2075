"""Annotations: what their text alone tells, and what they stand for."""

# ruff: noqa: UP006, UP007, UP045 - both spellings are to be understood
from __future__ import annotations

import sys
import types
import typing
from typing import Annotated, Any, ClassVar, ForwardRef, Literal, NewType, Optional, Required, TypedDict, Union

import pytest

from antiphon.core import annotation
from antiphon.core.annotation import (
    Discriminator,
    Unresolved,
    is_class_variable,
    is_plain,
    literals_of,
    resolve,
    spelled,
    union_members,
    unwrap,
)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("str", True), ("Optional[int]", True), ("str | None", True), ("typing.List[str]", True), ("Dict[str, object]", True),
        ("Literal['Usage', \"it's\"]", True), ("Optional[Literal['a b', 'c']]", True), ("list[Any]", True), ("int", True),
        ("Usage", False), ("List[Usage]", False), ("Optional[Status]", False), ("datetime", False), ("Annotated[str, 'x']", False),
    ],
)  # fmt: skip
def test_plain(text: str, plain: bool) -> None:
    assert is_plain(text) is plain
    assert is_plain(text) is plain


def test_objects_are_not_judged_by_text() -> None:
    assert not is_plain(int)


def test_the_memory_of_texts_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(annotation, "_plain", {str(n): True for n in range(10_000)})
    assert is_plain("str")
    assert len(annotation._plain) == 10_000


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("Literal['a', 'b']", ("a", "b")), ("Literal['a'] | None", ("a",)), ("typing.Literal[1, True, None]", (1, True, None)),
        ("Literal['it', \"it's\"]", ("it", "it's")),
        ("Literal['a\\\\b', 'c']", ("a\\b", "c")),
        ('Literal["a", "b"]', ("a", "b")),
        ("Literal['a',  'b']", ("a", "b")),
        ("Literal['a', 1]", ("a", 1)),
        ("Literal[1, 'a']", (1, "a")),
        ("str", None), ("Literal['a'] | int", None), ("Literal['a[0]']", None), ("Literal[Colour.RED]", None),
        (Literal["a"], ("a",)), (Optional[Literal["a"]], ("a",)), (Annotated[Literal["x"], 1], ("x",)), (str, None),
        (Union[Literal["a"], int], None),
    ],
)  # fmt: skip
def test_literals(given: Any, expected: tuple[object, ...] | None) -> None:
    assert literals_of(given) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("ClassVar[int]", True),
        ("typing.ClassVar", True),
        (ClassVar[int], True),
        (ClassVar, True),
        ("int", False),
        (int, False),
    ],
)
def test_class_variables(given: Any, expected: bool) -> None:
    assert is_class_variable(given) is expected


class Options(TypedDict):
    name: Required[str]


def test_unwrap() -> None:
    name = NewType("name", int)
    mark = Discriminator("type")
    assert unwrap(Annotated[Annotated[int | str, mark], "x"]) == (Union[int, str], mark)
    assert unwrap(name) == (int, None)
    assert unwrap(Required[int])[0] is int
    assert unwrap(Annotated[int, "x"]) == (int, None)
    pydantic = pytest.importorskip("pydantic")
    assert unwrap(Annotated[int | str, pydantic.Field(discriminator="kind")])[1] == Discriminator("kind")


@pytest.mark.skipif(sys.version_info < (3, 12), reason="type statements came with 3.12")
def test_type_statements() -> None:
    space: dict[str, Any] = {}
    exec("type Number = int | float", space)
    assert unwrap(space["Number"])[0] == int | float


def test_a_backported_alias_type() -> None:
    extensions = pytest.importorskip("typing_extensions")
    alias = extensions.TypeAliasType("alias", list[int])
    assert unwrap(alias) == (list[int], None)


def test_unions_flatten() -> None:
    inner = Annotated[int | str, Discriminator("type")]
    assert union_members(Union[inner, None, float]) == ([int, str, type(None), float], Discriminator("type"))
    assert union_members(int) == ([int], None)
    assert union_members(None) == ([type(None)], None)
    assert union_members(int | str)[0] == [int, str]


@pytest.mark.parametrize(
    ("expression", "text"),
    [(int, "int"), (None, "None"), (Optional[str], "str | None"), (typing.List[int], "List[int]"), (list[int], "list[int]"), (Literal["a"], "Literal['a']")],
)  # fmt: skip
def test_spelled(expression: Any, text: str) -> None:
    assert spelled(expression) == text


def test_resolving_uses_the_modules_lazily_served_names() -> None:
    module = types.ModuleType("antiphon_test_lazy")
    served = {"Alias": "List[Thing]", "Thing": int, "Text": "Alias"}

    def serve(name: str) -> Any:
        try:
            return served[name]
        except KeyError:
            raise AttributeError(name) from None

    module.__getattr__ = serve  # type: ignore[method-assign]
    module.List = list  # type: ignore[attr-defined]
    sys.modules[module.__name__] = module
    try:
        owner = type("Owner", (), {"__module__": module.__name__})
        assert resolve("Alias", owner) == list[int]
        assert resolve("Text", owner) == list[int]
        assert resolve("Optional", owner).__class__ is Unresolved
        assert resolve("Owner", owner) is owner
        assert resolve("int | None", owner) == int | None
        assert resolve(ForwardRef("Thing"), owner) is int
        assert resolve(str, owner) is str
        assert repr(resolve("Gone.sub", owner)) == "<unresolved Gone.sub>"
    finally:
        del sys.modules[module.__name__]


def test_a_class_without_a_module_resolves_builtins_only() -> None:
    owner = type("Owner", (), {"__module__": "not_loaded_anywhere"})
    assert resolve("list[int]", owner) == list[int]
    assert isinstance(resolve("Thing", owner), Unresolved)


def test_discriminators_compare() -> None:
    assert Discriminator("a") == Discriminator("a") != Discriminator("b")
    assert Discriminator("a") != "a"
    assert len({Discriminator("a"), Discriminator("a")}) == 1
    assert repr(Discriminator("a")) == "Discriminator('a')"
