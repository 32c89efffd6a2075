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
        self.key = field
        self._by_tag: dict[object, list[type[View]]] = {}
        self._untagged: list[type[View]] = []
        self._ready: dict[object, type[View]] = {}
        if field is not None:
            self._sort(field)

    def _sort(self, field: str) -> None:
        """By the literals of the discriminating field; several variants may share one, some may have none."""
        for model in self.models:
            tags = _tags(model, field)
            if tags:
                self.key = model.__aliases__.get(field, field)
            else:
                self._untagged.append(model)
            for tag in tags:
                self._by_tag.setdefault(tag, []).append(model)

    def choose(self, data: dict[str, Any]) -> type[View] | None:
        """The variant `data` is, or `None`."""
        tag = None if self.key is None else data.get(self.key)
        if tag is None:
            return best_fit(self.models, data, complete=self.open_to_dicts)
        candidates = self._by_tag.get(tag, self._untagged) if isinstance(tag, (str, int)) else self._untagged
        if len(candidates) != 1:
            return best_fit(candidates, data, complete=self.open_to_dicts)
        if candidates is not self._untagged:
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
        key = self.key

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


def best_fit(candidates: list[type[View]], data: dict[str, Any], *, complete: bool = False) -> type[View] | None:
    """The candidate whose literals agree with `data`, that misses the fewest fields and knows the most keys.

    Args:
        candidates: the classes in question, in order.
        data: the object.
        complete: whether a class that misses a required field, or knows none of the keys, is no candidate.
    """
    best_score: tuple[int, int] | None = None
    best: list[type[View]] = []
    for model in candidates:
        score = _score(model, data)
        if score is None or (complete and (score[0] < 0 or score[1] == -len(data))):
            continue
        if best_score is None or score > best_score:
            best_score, best = score, [model]
        elif score == best_score:
            best.append(model)
    return (_first_valid(best, data) if len(best) > 1 else best[0]) if best else None


def _score(model: type[View], data: dict[str, Any]) -> tuple[int, int] | None:
    plan = plan_of(model)
    missing = 0
    for field in plan.fields.values():
        if data.get(field.key) is None:
            missing += field.required and field.key not in data
        elif field.required and (allowed := literals_of(field.annotation)) and data[field.key] not in allowed:
            return None
    unknown = sum(key not in plan.by_key for key in data)
    return (-missing, -unknown)


def _first_valid(models: list[type[View]], data: dict[str, Any]) -> type[View]:
    """Where names do not decide, the first whose values have the right types."""
    from .validation import is_valid

    return next((model for model in models if is_valid(model, data)), models[0])
