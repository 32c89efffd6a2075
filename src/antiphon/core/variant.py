"""Which model of a union an object is: by its discriminator where there is one, else by what fits best.

Tags are read from the text of the annotations, so that a union of sixty events is told apart without evaluating sixty
classes. An object that fits none becomes a plain view.
"""

# pyright: reportPrivateUsage=false
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .annotation import literals_of, resolve
from .view import Cast, View, plan_of

_new = object.__new__


class Variants:
    """The models of one union.

    Args:
        models: the variants, in order.
        field: the Python name of the discriminating field, or `None`.
        open_to_dicts: whether the union also takes plain dicts, so that an object that fits no model stays one.
    """

    def __init__(self, models: list[type[View]], field: str | None, *, open_to_dicts: bool = False) -> None:
        self.models = models
        self.field = field
        self.open_to_dicts = open_to_dicts
        self.key: str | None = None
        self._by_tag: dict[object, list[type[View]]] | None = None
        self._ready: dict[object, type[View]] = {}

    def by_tag(self) -> dict[object, list[type[View]]]:
        """The variants by the literals of the discriminating field; several may share one."""
        table = self._by_tag
        if table is None:
            table = dict[object, list[type[View]]]()
            name = self.field or ""
            for model in self.models:
                for tag in _tags(model, name):
                    self.key = model.__aliases__.get(name, name)
                    table.setdefault(tag, []).append(model)
            self._by_tag = table
        return table

    def choose(self, data: dict[str, Any]) -> type[View] | None:
        """The variant `data` is, or `None`."""
        if self.field is None:
            return best_fit(self.models, data)
        table = self.by_tag()
        tag = data.get(self.key or self.field)
        if tag is None:
            return best_fit(self.models, data)
        candidates = table.get(tag, []) if isinstance(tag, (str, int)) else []
        if len(candidates) != 1:
            return best_fit(candidates, data)
        plan_of(candidates[0])
        self._ready[tag] = candidates[0]
        return candidates[0]

    def view(self, data: dict[str, Any]) -> Any:
        """`data` seen through its variant, as a plain view where it is none, or as it is where the union allows that."""
        model = self.choose(data)
        if model is None:
            return data if self.open_to_dicts else _plain_view()(data)
        return model._view(data)

    def table_cast(self) -> Cast:
        """The caster of the union; the hot path of event streams."""
        ready, slow = self._ready, self.view
        if self.field is None:
            return lambda value: slow(value) if value.__class__ is dict else value
        self.by_tag()
        key = self.key or self.field

        def cast_variant(value: Any) -> Any:
            if value.__class__ is not dict:
                return value
            try:
                model = ready[value[key]]
            except (KeyError, TypeError):
                return slow(value)
            view = _new(model)
            view.__dict__ = value
            return view

        return cast_variant


def _tags(model: type[View], name: str) -> tuple[object, ...]:
    """The literals of one field, read without making the model's plan."""
    for base in model.__mro__:
        annotation: object = base.__annotations__.get(name) if View in base.__mro__ else None
        if annotation is not None:
            return literals_of(annotation) or literals_of(resolve(annotation, base)) or ()
    return ()


def _plain_view() -> Callable[[dict[str, Any]], Any]:
    from .model import BaseModel

    return BaseModel._view


def best_fit(candidates: list[type[View]], data: dict[str, Any]) -> type[View] | None:
    """The candidate whose literals agree with `data`, that misses the fewest fields and knows the most keys."""
    best: type[View] | None = None
    best_score: tuple[int, int] | None = None
    tied: list[type[View]] = []
    for model in candidates:
        score = _score(model, data)
        if score is not None and (best_score is None or score > best_score):
            best, best_score, tied = model, score, [model]
        elif score is not None and score == best_score:
            tied.append(model)
    return best if len(tied) < 2 else _first_valid(tied, data)


def _score(model: type[View], data: dict[str, Any]) -> tuple[int, int] | None:
    plan = plan_of(model)
    missing = 0
    for field in plan.fields.values():
        if field.key not in data:
            missing += field.required
        elif field.required and (allowed := literals_of(field.annotation)) and data[field.key] not in allowed:
            return None
    unknown = sum(key not in plan.by_key for key in data)
    return (-missing, -unknown)


def _first_valid(models: list[type[View]], data: dict[str, Any]) -> type[View]:
    """Where names do not decide, the first whose values have the right types."""
    from .validation import is_valid

    return next((model for model in models if is_valid(model, data)), models[0])
