"""What pydantic keeps of a model beside its data, for the models it has a part in.

A view has no place for it: private attributes, which values are mere defaults, which fields were deleted. Here it is kept by
object, as long as the object lives, with the descriptors and collections through which it is read and changed.
"""

from __future__ import annotations

import inspect
import weakref
from collections.abc import Callable, Iterable, Iterator, MutableMapping, MutableSet
from typing import Any, cast

from .view import Field, plan_of


def class_of(model: Any) -> Any:
    """The class of a model, for type checkers one with everything such classes have."""
    return cast(Any, type(model))


class State:
    """What pydantic keeps of one model.

    Attributes:
        private: the private attributes.
        filled: the keys in the data that nobody gave: defaults that can change or were converted.
        gone: the names of fields that were deleted, which not even their default stands for.
        cached: values of computed fields that are worked out once.
        is_checked: whether it was made from validated data, where what is extra counts as set, too.
    """

    __slots__ = ("cached", "filled", "gone", "is_checked", "private")

    def __init__(self) -> None:
        self.private: dict[str, Any] = {}
        self.filled: set[str] = set()
        self.gone: set[str] = set()
        self.cached: dict[str, Any] = {}
        self.is_checked = False

    def parts(self) -> tuple[Any, ...]:
        """All of it, for a copy."""
        return self.private.copy(), self.filled.copy(), self.gone.copy(), self.cached.copy(), self.is_checked


_states: dict[int, tuple[Any, State]] = {}


def state_of(model: Any) -> State:
    """The state of one model, kept as long as the model is."""
    place = id(model)
    entry = _states.get(place)
    if entry is None or entry[0]() is not model:
        entry = _states[place] = (weakref.ref(model, lambda gone: _forget(place, gone)), State())
    return entry[1]


def _forget(place: int, gone: Any) -> None:
    entry = _states.get(place)
    if entry is not None and entry[0] is gone:
        del _states[place]


def keep(model: Any, parts: tuple[Any, ...]) -> None:
    state = state_of(model)
    state.private, state.filled, state.gone, state.cached, state.is_checked = parts


class Private:
    """A private attribute: beside the data, with a default of its own for each model."""

    __slots__ = ("_mark", "_name")

    def __init__(self, name: str, mark: Any) -> None:
        self._name = name
        self._mark = mark

    def __get__(self, model: Any, owner: type | None = None) -> Any:
        if model is None:
            raise AttributeError(self._name)
        kept = state_of(model).private
        if self._name not in kept:
            self.settle(model)
        try:
            return kept[self._name]
        except KeyError:
            raise AttributeError(f"{type(model).__name__!r} object has no attribute {self._name!r}") from None

    def __set__(self, model: Any, value: Any) -> None:
        state_of(model).private[self._name] = value

    def __delete__(self, model: Any) -> None:
        try:
            del state_of(model).private[self._name]
        except KeyError:
            raise AttributeError(f"{type(model).__name__!r} object has no attribute {self._name!r}") from None

    def settle(self, model: Any) -> None:
        """Give it its default, where it has one."""
        ask = self._mark.get_default
        # Newer versions of pydantic want to be asked for a factory's value, and tell the factory what was validated.
        is_newer = "call_default_factory" in inspect.signature(ask).parameters
        value = ask(call_default_factory=True, validated_data=dict(model.__dict__)) if is_newer else ask()
        if value is not _undefined():
            state_of(model).private[self._name] = value


def _undefined() -> Any:
    from pydantic_core import PydanticUndefined

    return PydanticUndefined


class Cached:
    """A computed field that is worked out once, and kept beside the data rather than in it."""

    __slots__ = ("func", "name")

    def __init__(self, func: Callable[[Any], Any]) -> None:
        self.func = func
        self.name = func.__name__

    def __get__(self, model: Any, owner: type | None = None) -> Any:
        if model is None:
            return self
        kept = state_of(model).cached
        if self.name not in kept:
            kept[self.name] = self.func(model)
        return kept[self.name]

    def __set__(self, model: Any, value: Any) -> None:
        state_of(model).cached[self.name] = value

    def __delete__(self, model: Any) -> None:
        state_of(model).cached.pop(self.name, None)


class Deletable:
    """A field that can be deleted: from then on nothing, not even its default, can be read of that model."""

    __slots__ = ("_field", "_inner")

    def __init__(self, field: Field, inner: Any) -> None:
        self._field = field
        self._inner = inner

    @classmethod
    def install(cls, owner: type, field: Field) -> None:
        """Put it in the place of what reads the field in this class."""
        inner = inspect.getattr_static(owner, field.name)
        if not isinstance(inner, Deletable):
            setattr(owner, field.name, cls(field, inner))

    def __get__(self, model: Any, owner: type | None = None) -> Any:
        if model is not None and self._field.name in state_of(model).gone:
            raise AttributeError(f"{type(model).__name__!r} object has no attribute {self._field.name!r}")
        if hasattr(self._inner, "__get__"):
            return self._inner.__get__(model, owner)
        return self._inner if model is None else model.__dict__.get(self._field.key, self._inner)

    def __set__(self, model: Any, value: Any) -> None:
        state = state_of(model)
        state.filled.discard(self._field.key)
        state.gone.discard(self._field.name)
        model.__dict__[self._field.key] = value

    def __delete__(self, model: Any) -> None:
        state = state_of(model)
        if self._field.name in state.gone:
            raise AttributeError(f"{type(model).__name__!r} object has no attribute {self._field.name!r}")
        state.gone.add(self._field.name)
        model.__dict__.pop(self._field.key, None)


class Extra(MutableMapping[str, Any]):
    """What a model's data holds beyond its fields; what is changed here is changed there."""

    __slots__ = ("_by_key", "_data")

    def __init__(self, model: Any) -> None:
        self._data: dict[str, Any] = model.__dict__
        self._by_key = plan_of(class_of(model)).by_key

    def __getitem__(self, key: str) -> Any:
        if key in self._by_key:
            raise KeyError(key)
        return self._data[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self._data[key] = value

    def __delitem__(self, key: str) -> None:
        if key in self._by_key:
            raise KeyError(key)
        del self._data[key]

    def __iter__(self) -> Iterator[str]:
        return iter([key for key in self._data if key not in self._by_key])

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __repr__(self) -> str:
        return repr(dict(self))


class Given(MutableSet[str]):
    """The names of the fields of a model that were given or set; to take a name out makes its value a mere default."""

    __slots__ = ("_model",)

    def __init__(self, model: Any) -> None:
        self._model = model

    def _names(self) -> set[str]:
        state, plan, data = state_of(self._model), plan_of(class_of(self._model)), self._model.__dict__
        return {
            plan.by_key[key].name if key in plan.by_key else key
            for key in data
            if key not in state.filled and (state.is_checked or key in plan.by_key)
        }

    def __contains__(self, name: object) -> bool:
        return name in self._names()

    def __iter__(self) -> Iterator[str]:
        return iter(self._names())

    def __len__(self) -> int:
        return len(self._names())

    def add(self, value: str) -> None:
        """A value that is there is no default any more."""
        field = plan_of(class_of(self._model)).fields.get(value)
        state_of(self._model).filled.discard(value if field is None else field.key)

    def discard(self, value: str) -> None:
        """The value stays, as a default."""
        if value in self._names():
            field = plan_of(class_of(self._model)).fields.get(value)
            state_of(self._model).filled.add(value if field is None else field.key)

    def update(self, *others: Iterable[str]) -> None:
        """Add all of them."""
        for other in others:
            for name in other:
                self.add(name)

    def __repr__(self) -> str:
        return repr(self._names())
