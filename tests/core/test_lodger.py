"""Copies, comparisons, deletions and the older names of models that pydantic has a part in."""

import copy
import gc
import importlib
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar

import pytest

pydantic = pytest.importorskip("pydantic")

from antiphon import BaseModel, ValidationError  # noqa: E402
from antiphon.core.beside import _states  # noqa: E402  # pyright: ignore[reportPrivateUsage]
from antiphon.core.lodger import Lodger  # noqa: E402
from antiphon.types.chat import ChatCompletion  # noqa: E402

PACKAGES = ("antiphon", "openai")


class Note(BaseModel):
    text: str
    cost: float | None = None
    tags: list[str] = []
    _read: int = pydantic.PrivateAttr(0)
    _seen: list[str] = pydantic.PrivateAttr(default_factory=list)

    @pydantic.field_validator("text")
    @classmethod
    def short(cls, value: str) -> str:
        if len(value) > 9:
            raise ValueError("too long")
        return value


class Shelf(BaseModel):
    notes: list[Note] = []
    top: "Note | None" = None


def note() -> Note:
    made = Note(text="a", new={"b": 1})  # type: ignore[call-arg]
    made._read = 3
    made._seen.append("x")
    return made


@pytest.mark.parametrize(
    "copied",
    [
        copy.copy,
        copy.deepcopy,
        lambda one: pickle.loads(pickle.dumps(one)),
        lambda one: one.model_copy(),
        lambda one: one.model_copy(deep=True),
        lambda one: one.copy(),
    ],
)
def test_copies_have_what_is_beside_the_data(copied: Any) -> None:
    one = note()
    del one.cost
    other = copied(one)
    assert other == one
    assert (other._read, other._seen, hasattr(other, "cost")) == (3, ["x"], False)
    assert other.model_fields_set == one.model_fields_set == {"text", "new"}
    other._read = 4
    assert (one._read, other != one) == (3, True)


def test_a_deep_copy_shares_nothing() -> None:
    one = note()
    copy.deepcopy(one)._seen.append("y")
    assert one._seen == ["x"]


def test_private_attributes_are_none_of_the_data() -> None:
    one = note()
    assert one.to_dict() == {"text": "a", "new": {"b": 1}}
    assert vars(one).keys() == {"text", "new", "tags"}
    del one._read
    with pytest.raises(AttributeError, match="'Note' object has no attribute '_read'"):
        del one._read
    with pytest.raises(AttributeError):
        Note._read  # noqa: B018


def test_factories_of_private_attributes_run_when_a_model_is_made() -> None:
    numbers = iter(range(9))

    class Ticket(BaseModel):
        _number: int = pydantic.PrivateAttr(default_factory=lambda: next(numbers))

    first, second = Ticket(), Ticket.model_validate({})
    assert (second._number, first._number, next(numbers)) == (1, 0, 2)


def test_nothing_is_kept_of_models_that_are_gone() -> None:
    gc.collect()
    before = len(_states)
    many = [note() for _ in range(20)]
    assert len(_states) == before + 20
    del many
    gc.collect()
    assert len(_states) == before


def test_a_deleted_field_is_gone_from_this_model_alone() -> None:
    def seen(package: str) -> Any:
        class Usage(importlib.import_module(package).BaseModel):  # type: ignore[misc]
            tokens: int
            cost: float | None = None
            parts: list[int] = []

            def __init__(self, **data: Any) -> None:
                super().__init__(**data)
                if self.cost is None:
                    del self.cost
                if not self.parts:
                    object.__delattr__(self, "parts")

        bare, full = Usage(tokens=1), Usage(tokens=1, cost=2, parts=[1])
        told = [
            hasattr(bare, "cost"),
            hasattr(bare, "parts"),
            bare.model_dump(),
            repr(bare),
            full.model_dump(),
            list(bare),
        ]
        with pytest.raises(AttributeError):
            del bare.cost
        bare.cost = 3
        return [*told, bare.cost, bare.model_dump(), bare.model_fields_set]

    assert seen("antiphon") == seen("openai")


def test_what_programs_do_with_extras_and_the_names_that_were_set() -> None:
    def seen(package: str) -> Any:
        class Delta(importlib.import_module(package).BaseModel):  # type: ignore[misc]
            role: str | None = None
            _kept: int = 0

        delta = Delta(more=1)
        extra: Any = delta.__pydantic_extra__
        extra["content"] = "a"
        extra.update(index=0)
        del extra["more"]
        delta.role = "user"
        told = [delta.model_dump(), delta.content, dict(delta.model_extra), set(delta.model_fields_set)]
        delta.__pydantic_fields_set__.discard("role")
        told += [delta.model_dump(exclude_unset=True)]
        delta.__pydantic_fields_set__.update(["role"])
        return [*told, delta.model_dump(exclude_unset=True), len(extra), repr(extra), "role" in extra]

    ours, theirs = seen("antiphon"), seen("openai")
    # pydantic does not count an extra among the set names that was put into its dict.
    assert ours[3] - theirs[3] <= {"content", "index"}
    for one in (ours, theirs):
        del one[3:6]
    assert ours == theirs


def test_a_cached_computed_field_is_worked_out_once_and_is_no_data() -> None:
    import functools

    class Sum(BaseModel):
        x: int
        runs: ClassVar[list[int]] = []

        @pydantic.computed_field  # type: ignore[prop-decorator]
        @functools.cached_property
        def double(self) -> int:
            self.runs.append(self.x)
            return 2 * self.x

    one = Sum(x=2)
    assert (one.double, one.double, one.model_dump(), Sum.runs) == (4, 4, {"x": 2, "double": 4}, [2])
    assert one.to_dict() == {"x": 2, "double": 4}
    del one.double
    assert (one.double, vars(one)) == (4, {"x": 2})


def test_models_that_hold_them() -> None:
    shelf = Shelf.model_validate({"notes": [{"text": "a"}], "top": {"text": "b"}})
    assert isinstance(shelf, Lodger)
    assert type(shelf.notes[0]) is type(shelf.top) is Note
    with pytest.raises(pydantic.ValidationError, match="too long"):
        Shelf(notes=[{"text": "0123456789"}])  # type: ignore[list-item]


def test_their_own_check_speaks_as_that_of_all_models() -> None:
    seen = Shelf._view({"notes": [{"text": "a"}, {"text": "0123456789"}]})
    with pytest.raises(ValidationError, match="too long") as raised:
        seen.validate()
    assert raised.value.path == "notes[1].text"
    assert note().validate() == note()


def test_a_generic_model_of_them_checks_them() -> None:
    from antiphon.core.validation import validate

    with pytest.raises(ValidationError) as raised:
        validate(list[Note], [{"text": "a"}, {"text": "0123456789"}])
    assert (raised.value.path, "too long" in str(raised.value)) == ("[1].text", True)
    with pytest.raises(ValidationError, match="too long"):
        validate(dict[str, Note], {"a": Note.construct(text="0123456789")})
    assert validate(list[Note], [{"text": "a"}]) == [{"text": "a"}]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_older_names() -> None:
    one: Any = note()
    assert one.dict() == one.model_dump()
    assert one.json() == one.model_dump_json()
    assert Note.parse_obj({"text": "a"}) == Note(text="a")
    assert Note.validate({"text": "a"}) == Note(text="a")
    assert Note.model_validate_strings({"text": "a", "cost": "2"}).cost == 2
    assert Note.schema() == Note.model_json_schema()
    with pytest.raises(pydantic.ValidationError):
        Note.parse_raw('{"text": 1}')


def test_what_is_excluded_is_not_sent() -> None:
    from antiphon.core.encode import encode_json

    class Part(BaseModel):
        text: str
        own: int = pydantic.Field(default=1, exclude=True)
        renamed: int = pydantic.Field(default=1, exclude=True, alias="other")
        _x: int = 0

    part = Part(text="a", own=2, other=3)  # type: ignore[call-arg]
    assert encode_json({"input": [part]}) == b'{"input":[{"text":"a"}]}'


def test_many_threads_make_the_first_at_once() -> None:
    for _ in range(20):

        class Tree(BaseModel):
            branches: "list[Tree]" = []
            name: str | None = None
            _x: int = 0

            @pydantic.computed_field  # type: ignore[prop-decorator]
            @property
            def size(self) -> int:
                return 1 + sum(branch.size for branch in self.branches)

        start = threading.Barrier(4)

        def grow(kind: Any = Tree, start: threading.Barrier = start) -> Any:
            start.wait()
            tree = kind(branches=[{"branches": [{}]}, {}])
            del tree.branches[0].name
            return tree.model_dump()

        with ThreadPoolExecutor(4) as pool:
            grown = [job.result() for job in [pool.submit(grow) for _ in range(4)]]
        assert grown == [grown[0]] * 4


def test_an_override_reaches_what_it_overrides() -> None:
    def seen(package: str) -> Any:
        class Response(importlib.import_module(package).BaseModel):  # type: ignore[misc]
            x: int = 1
            _hidden: dict[str, Any] = {}

            def model_dump(self, **options: Any) -> Any:
                return {**super().model_dump(**options), "own": True}

            def __setattr__(self, name: str, value: Any) -> None:
                super().__setattr__(name, value)
                if name == "x":
                    super().__setattr__("mirror", value)

        one = Response()
        one.x = 5
        return [one.model_dump(), one.to_dict(), one.model_dump_json(), one._hidden]

    assert seen("antiphon") == seen("openai")


def test_keys_named_like_methods_hide_nothing() -> None:
    one = Note.model_validate({"text": "a", "dict": 1, "model_dump": 2, "__pydantic_serializer__": 3})
    data = {"text": "a", "dict": 1, "model_dump": 2, "__pydantic_serializer__": 3}
    assert one.to_dict() == data
    assert pydantic.TypeAdapter(Any).dump_python({"one": one}, exclude_unset=True) == {"one": data}


def test_models_of_the_api_are_none_of_them() -> None:
    assert not issubclass(ChatCompletion, Lodger)
    assert Lodger not in ChatCompletion.__mro__
