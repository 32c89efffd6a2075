"""The methods of a model class that pydantic has a part in: made, changed, compared and written through its shadow.

`Lodger` stands before `BaseModel` among the bases of such a class (`adoption` puts it there), so no other model meets any of
it. The data stays a view's: what was given, by API name; the rest is `beside` it. How pydantic is asked is `shadow`'s knowledge.
"""

# pyright: reportPrivateUsage=false
from __future__ import annotations

import copy as copying
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar, cast

from .beside import Extra, Given, keep, state_of
from .mismatch import ValidationError
from .model import BaseModel, _kept, _Validate
from .view import plan_of

if TYPE_CHECKING:
    from typing import Self


class _OfShadow:
    """A mark of pydantic's models, read from the shadow of the class."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, model: Any, owner: Any = None) -> Any:
        return getattr(_shadow(owner), self._name)

    def __set__(self, model: Any, value: Any) -> None:
        raise AttributeError(f"{self._name} belongs to the class")


class _Serializer:
    """How pydantic writes such a model where anything may stand."""

    __slots__ = ()

    def __get__(self, model: Any, owner: Any = None) -> Any:
        from .shadow import serializer_of

        return serializer_of(owner)

    def __set__(self, model: Any, value: Any) -> None:
        # A server's key of this name is data, and hides nothing.
        model.__dict__["__pydantic_serializer__"] = value


def _shadow(cls: Any) -> Any:
    from .shadow import shadow_of

    return shadow_of(cls)


class Lodger(BaseModel):
    """What a model class does otherwise that pydantic has a part in."""

    __slots__ = ()
    # What each class itself told pydantic: its hooks and its private attributes.
    _lodger_hooks: ClassVar[dict[str, Any]] = {}
    _lodger_privates: ClassVar[dict[str, Any]] = {}

    if not TYPE_CHECKING:
        model_fields = _OfShadow("model_fields")
        model_computed_fields = _OfShadow("model_computed_fields")
        __pydantic_extra__ = property(lambda model: model.model_extra)
        __pydantic_fields_set__ = __fields_set__ = property(lambda model: model.model_fields_set)
        __pydantic_serializer__ = _Serializer()
        __pydantic_fields__ = _OfShadow("model_fields")
        __pydantic_decorators__ = _OfShadow("__pydantic_decorators__")
        __private_attributes__ = property(lambda model: all_of(type(model), "_lodger_privates"))

    def __init__(self, /, **data: Any) -> None:
        from .shadow import fill

        fill(self, data)

    # Making

    @classmethod
    def model_validate(cls, obj: Any, **options: Any) -> Self:
        """As pydantic does it, validators included.

        Raises:
            pydantic.ValidationError: the data does not fit.
        """
        from .shadow import validated

        return cast("Self", validated(cls, "model_validate", obj, options))

    @classmethod
    def model_validate_json(cls, json_data: str | bytes | bytearray, **options: Any) -> Self:
        """As `model_validate`, from JSON text."""
        from .shadow import validated

        return cast("Self", validated(cls, "model_validate_json", json_data, options))

    @classmethod
    def model_validate_strings(cls, obj: Any, **options: Any) -> Self:
        """As `model_validate`, from texts."""
        from .shadow import validated

        return cast("Self", validated(cls, "model_validate_strings", obj, options))

    @_Validate
    def validate(self) -> Self:
        """Check the whole model as its validators do, and give it back.

        Raises:
            ValidationError: with the path of the first mismatch, as of any model.
        """
        check(type(self), self.__dict__)
        return self

    # Changing

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("_"):
            super().__setattr__(name, value)
            return
        from .shadow import assign

        if not assign(self, name, value):
            super().__setattr__(name, value)
            field, state = plan_of(type(self)).fields.get(name), state_of(self)
            state.filled.discard(field.key if field else name)
            state.gone.discard(name)

    # Writing

    @_kept
    def model_dump(self, **options: Any) -> Any:
        """As pydantic does it, serializers and computed fields included."""
        return _write(self, "model_dump", options)

    @_kept
    def model_dump_json(self, **options: Any) -> str:
        """As `model_dump`, as JSON text."""
        return cast(str, _write(self, "model_dump_json", options))

    @_kept
    def to_dict(self, *, use_api_names: bool = True, exclude_unset: bool = True, **options: Any) -> Any:
        """The model as a new dict, by API names and without what nobody set."""
        return self.model_dump(by_alias=use_api_names, exclude_unset=exclude_unset, **options)

    @_kept
    def to_json(
        self, *, indent: int | None = 2, use_api_names: bool = True, exclude_unset: bool = True, **options: Any
    ) -> str:
        """As `to_dict`, as JSON text."""
        options = {"by_alias": use_api_names, "exclude_unset": exclude_unset, **options}
        options.pop("mode", None)
        return self.model_dump_json(indent=indent, **options)

    @_kept
    def dict(self, **options: Any) -> Any:
        """The older name of `model_dump`."""
        return _write(self, "model_dump", options)

    @_kept
    def json(self, **options: Any) -> str:
        """The older name of `model_dump_json`."""
        return cast(str, _write(self, "model_dump_json", options))

    # Copying and comparing

    def __copy__(self) -> Self:
        made = super().__copy__()
        keep(made, state_of(self).parts())
        return made

    @_kept
    def __deepcopy__(self, memo: Any) -> Self:
        made = super().__deepcopy__(memo)
        keep(made, copying.deepcopy(state_of(self).parts(), memo))
        return made

    @_kept
    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return (_again, (super().__reduce_ex__(protocol), state_of(self).parts()))

    def __eq__(self, other: object) -> bool:
        same = super().__eq__(other)
        if same is not True:
            return same
        mine, theirs = state_of(self), state_of(other)
        return mine.private == theirs.private and mine.gone == theirs.gone

    # Looking

    @property
    def model_fields_set(self) -> Any:
        """The Python names of the fields that were given or set."""
        return Given(self)

    @property
    def model_extra(self) -> Any:
        """What was given beyond the fields; a change of it is one of the model."""
        return Extra(self)

    @classmethod
    def model_json_schema(cls, *options: Any, **named: Any) -> Any:
        """The JSON schema of the class, as pydantic writes it."""
        return _shadow(cls).model_json_schema(*options, **named)

    schema = model_json_schema

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        return iter(_write(self, "__iter__", {}))

    def __repr_args__(self) -> Iterator[tuple[str, Any]]:
        return iter(_write(self, "__repr_args__", {}))

    __rich_repr__ = __repr_args__

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self.__repr_args__())
        return f"{type(self).__name__}({shown})"

    __str__ = __repr__

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        from .shadow import core_schema_of

        return core_schema_of(cls, handler)


def _write(model: Any, method: str, options: dict[str, Any]) -> Any:
    from .shadow import carrier

    return getattr(carrier(model), method)(**options)


def all_of(cls: type, name: str) -> dict[str, Any]:
    """What a class and its bases told pydantic, the bases' first."""
    return {key: value for base in reversed(cls.__mro__) for key, value in vars(base).get(name, {}).items()}


def _again(made: tuple[Any, ...], parts: tuple[Any, ...]) -> Any:
    revive, arguments = made
    model = revive(*arguments)
    keep(model, parts)
    return model


def check(cls: Any, value: Any) -> Any:
    """A lodger of `value`, for the checks of models that hold lodgers.

    Raises:
        ValidationError: with the path of the first mismatch.
    """
    try:
        return cls.model_validate(value)
    except ValidationError:
        raise
    except ValueError as error:
        raise told(error) from None


def told(error: Any) -> ValidationError:
    """The first of pydantic's problems in the words of all models."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    problem = ValidationError(first["msg"])
    for step in reversed(first["loc"]):
        problem.below(step)
    return problem
