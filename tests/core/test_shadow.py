"""What pydantic does for subclasses of models, side by side with the official package: the same classes, written on either."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

pydantic = pytest.importorskip("pydantic")

from .form import CASES, Home, computed, field_validators, fields, frozen, privates, strict  # noqa: E402

PACKAGES = ("antiphon", "openai")


PAIRS = [pytest.param(form, value, id=f"{form.__name__}-{n}") for form, many in CASES for n, value in enumerate(many)]
GOOD = [pytest.param(form, many[0], id=form.__name__) for form, many in CASES]


def told(act: Callable[..., Any], *given: Any, **named: Any) -> Any:
    """What came of it: the value, or what the error says."""
    try:
        return act(*given, **named)
    except pydantic.ValidationError as error:
        kinds = {"model_type": "object", "dict_type": "object", "model_attributes_type": "object"}
        return [
            (kinds.get(one["type"], one["type"]), one["loc"], one["msg"] * (one["type"] not in kinds))
            for one in error.errors()
        ]
    except Exception as error:
        return type(error).__name__


def looks(model: Any) -> Any:
    """Everything that can be seen of a model."""
    if not hasattr(model, "model_dump"):
        return model
    choices: list[dict[str, Any]] = [
        {},
        {"by_alias": True},
        {"exclude_unset": True},
        {"exclude_defaults": True},
        {"exclude_none": True},
        {"mode": "json"},
    ]
    seen: dict[str, Any] = {f"dump {options}": told(model.model_dump, **options) for options in choices}
    seen["json"] = told(lambda: json.loads(model.model_dump_json()))
    seen["to_dict"] = told(model.to_dict)
    seen["names"] = told(lambda: model.to_dict(use_api_names=False, exclude_unset=False))
    seen["to_json"] = told(lambda: json.loads(model.to_json()))
    seen["text"] = (told(lambda: repr(model)), told(lambda: str(model)))
    seen["set"] = set(model.model_fields_set)
    seen["extra"] = dict(model.model_extra or {})
    seen["pairs"] = told(lambda: [name for name, _ in model])
    seen["private"] = {name: told(getattr, model, name) for name in ("_read", "_made", "_hidden", "_late", "_notes")}
    seen["read"] = {
        name: told(getattr, model, name)
        for name in [*type(model).model_fields, "area", "outer", "note"]
        if name != "choices"
    }
    return seen


@pytest.mark.parametrize(("form", "value"), PAIRS)
def test_what_is_made(form: Callable[[Home], Any], value: Any) -> None:
    ours, theirs = (form(Home(package)) for package in PACKAGES)
    if isinstance(value, dict):
        assert looks(told(lambda: ours(**value))) == looks(told(lambda: theirs(**value)))
        text = json.dumps(value)
        assert looks(told(lambda: ours.model_validate_json(text))) == looks(
            told(lambda: theirs.model_validate_json(text))
        )
    mine = looks(told(lambda: ours.model_validate(value, context={"by": "me"})))
    assert mine == looks(told(lambda: theirs.model_validate(value, context={"by": "me"})))


@pytest.mark.parametrize(("form", "value"), GOOD)
def test_where_they_are_part_of_something(form: Callable[[Home], Any], value: Any) -> None:
    def seen(home: Home) -> Any:
        kind = form(home)

        class Holder(home.model):
            many: list[kind]
            one: kind | None = None
            anything: Any = None

        class Outer(pydantic.BaseModel):
            inner: kind
            anything: Any = None

        holder = Holder.model_validate({"many": [value, kind(**value)], "one": value, "anything": kind(**value)})
        outer = Outer(inner=value, anything=kind(**value))
        assert type(holder.many[0]) is type(holder.one) is type(outer.inner) is kind
        return (
            looks(holder.many[1]),
            *(whole.model_dump(**options) for whole in (holder, outer) for options in ({}, {"exclude_unset": True})),
            json.loads(holder.model_dump_json()),
            json.loads(outer.model_dump_json(by_alias=True)),
            [error["loc"] for error in _errors(Holder, {"many": [5]})],
        )

    ours, theirs = (seen(Home(package)) for package in PACKAGES)
    assert ours == theirs


def _errors(kind: Any, value: Any) -> Any:
    with pytest.raises(pydantic.ValidationError) as raised:
        kind.model_validate(value)
    return raised.value.errors()


@pytest.mark.parametrize(("form", "value"), GOOD)
def test_what_is_described(form: Callable[[Home], Any], value: Any) -> None:
    ours, theirs = (form(Home(package)) for package in PACKAGES)
    for mode in ("validation", "serialization"):
        mine, other = (kind.model_json_schema(mode=mode) for kind in (ours, theirs))
        assert (mine.get("title"), mine.get("required")) == (other.get("title"), other.get("required"))
        assert list(mine.get("properties", [])) == list(other.get("properties", []))
        own = [
            name
            for name in mine.get("properties", [])
            if name in form(Home("openai")).__annotations__ and name != "choices"
        ]
        assert [mine["properties"][name] for name in own] == [other["properties"][name] for name in own]
    assert list(ours.model_fields) == list(theirs.model_fields)
    assert list(ours.model_computed_fields) == list(theirs.model_computed_fields)


def test_assignments() -> None:
    def seen(home: Home) -> Any:
        route, fixed, row = strict(home)(), frozen(home)(), fields(home)(other=1)
        results: list[Any] = []
        for model, name, value in [
            *((route, "size", size) for size in ("7", 0)),
            (route, "to", " b"),
            (route, "more", 1),
            (fixed, "x", 5),
            (row, "names", ["a"]),
            (row, "hidden", "unchecked"),
            (row, "more", 1),
        ]:
            results += [told(setattr, model, name, value), looks(model)]
        return results

    assert seen(Home("antiphon")) == seen(Home("openai"))


def test_an_assignment_runs_the_validators_of_the_model() -> None:
    def seen(home: Home) -> Any:
        class Watched(home.model):
            model_config = {"validate_assignment": True}

            low: int = 0
            high: int = 5

            @pydantic.model_validator(mode="after")
            def ordered(self) -> Any:
                assert type(self) is Watched
                if self.low > self.high:
                    raise ValueError("low is above high")
                return self

        model = Watched()
        return [told(lambda: setattr(model, "low", 4)), looks(model), told(lambda: setattr(model, "low", "6"))]

    assert seen(Home("antiphon")) == seen(Home("openai"))


@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
def test_what_is_not_validated() -> None:
    def seen(home: Home) -> Any:
        logprob = field_validators(home).construct(token="longer", tops="x", new=1)
        square = computed(home).model_construct(side=3)
        row = fields(home).construct(BOTH="x", more=1)
        return [
            (logprob.token, logprob.new, logprob.to_dict()),
            (square.area, square.model_dump()),
            (row.both, row.hidden, row.to_dict(), row.model_fields_set),
        ]

    assert seen(Home("antiphon")) == seen(Home("openai"))


@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
def test_what_a_server_sent_is_seen_as_it_is() -> None:
    from antiphon.core.caster import caster

    home = Home("antiphon")
    seen = caster(privates(home))({"prompt_tokens": "x", "new": {"a": 1}})
    assert (seen.prompt_tokens, seen._read, seen._made, seen.new) == ("x", 0, [], {"a": 1})
    assert seen.to_dict() == {"prompt_tokens": "x", "new": {"a": 1}}
    assert caster(computed(home))({"side": 3}).to_dict(exclude_unset=False) == {"side": 3, "area": 9, "outerLength": 12}


def test_unknown_variants_and_extras_survive() -> None:
    from antiphon.types.responses import Response

    class Mine(Response):
        @pydantic.field_validator("model", mode="before")
        @classmethod
        def named(cls, value: Any) -> Any:
            return value or "unknown"

    data: dict[str, Any] = {
        "id": "r",
        "object": "response",
        "model": None,
        "created_at": 1.0,
        "output": [{"type": "brand_new", "more": [1]}],
        "new": {"a": {"b": 1}},
    }
    for model in (Mine.construct(**data), Mine._view(copy.deepcopy(data))):
        assert model.to_dict() == data
        assert model.output[0].more == [1]  # type: ignore[union-attr]


def test_a_name_that_cannot_be_found_is_told_on_first_use() -> None:
    class Lost(Home("antiphon").model):  # type: ignore[misc]
        x: "Missing" = None  # type: ignore[name-defined]  # noqa: F821
        _y: int = 0

    with pytest.raises(NameError, match=r"Lost\.x: 'Missing' names what cannot be found"):
        Lost(x=1)
