"""Twins: our model classes with the fields of the official package's, made from what its classes say of themselves.

They let the two be compared side by side over any of its types, without the generated types.
"""

from __future__ import annotations

import random
import sys
import types
import typing
from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

import openai._models as official

from antiphon.core.model import BaseModel, Discriminator

_module = types.ModuleType("antiphon_test_twins")
sys.modules[_module.__name__] = _module
vars(_module).update(
    {"Annotated": Annotated, "Discriminator": Discriminator, "Any": Any, "Literal": Literal, "Union": Union}
    | {"List": list, "Dict": dict}
)
_names: dict[type, str] = {}
_pending: dict[str, type] = {}


def _serve(name: str) -> Any:
    if name not in _pending:
        raise AttributeError(name)
    cls = _pending.pop(name)
    made = _make(cls, name)
    setattr(_module, name, made)
    return made


_module.__getattr__ = _serve  # type: ignore[method-assign]


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, official.BaseModel)


def _name(cls: type) -> str:
    name = _names.get(cls)
    if name is None:
        name = _names[cls] = f"{cls.__name__.split('[')[0]}_{len(_names)}"
        _pending[name] = cls
    return name


def _make(cls: Any, name: str) -> type[BaseModel]:
    body: dict[str, Any] = {"__module__": _module.__name__, "__annotations__": {}, "__qualname__": name}
    aliases: dict[str, str] = {}
    for field, info in cls.model_fields.items():
        body["__annotations__"][field] = text_of(info.annotation, info.metadata)
        if not info.is_required():
            body[field] = info.get_default(call_default_factory=True)
        if info.alias and info.alias != field:
            aliases[field] = info.alias
    made = type(cls.__name__, (BaseModel,), body | {"__aliases__": aliases})
    made.__qualname__ = name
    return made


def text_of(kind: Any, metadata: Any = ()) -> str:
    """The annotation of an official field, as source text over twins."""
    for mark in metadata:
        if getattr(mark, "discriminator", None):
            return f"Annotated[{text_of(kind)}, Discriminator({mark.discriminator!r})]"
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return text_of(arguments[0], arguments[1:])
    if origin is Union or origin is types.UnionType:
        return f"Union[{', '.join(text_of(one) for one in arguments)}]"
    if origin is Literal:
        return f"Literal[{', '.join(repr(one) for one in arguments)}]"
    if origin is list:
        return f"List[{text_of(arguments[0])}]"
    if origin is dict:
        return f"Dict[{text_of(arguments[0])}, {text_of(arguments[1])}]"
    if kind is type(None):
        return "None"
    if _is_model(kind):
        return _name(kind)
    if isinstance(kind, TypeVar) or kind is Any or kind is object:
        return "object"
    if isinstance(kind, type) and kind in {str, int, float, bool}:
        return kind.__name__
    return "object"


def twin(cls: type) -> type[BaseModel]:
    """Our class for one of the official package's."""
    return getattr(_module, _name(cls))


def annotation(kind: Any) -> Any:
    """A type expression over twins for one over official classes."""
    from antiphon.core.annotation import resolve

    return resolve(text_of(kind), twin(_anchor()))


def _anchor() -> type:
    from openai.types import Model

    return Model


def sample(kind: Any, rng: random.Random, depth: int = 0, *, full: float = 0.6) -> Any:
    """JSON that fits an official type; optional fields are there with probability `full`."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return sample(arguments[0], rng, depth, full=full)
    if origin is Union or origin is types.UnionType:
        return sample(rng.choice(arguments), rng, depth, full=full)
    if origin is Literal:
        return rng.choice(arguments)
    if origin is list:
        return [
            sample(arguments[0], rng, depth + 1, full=full) for _ in range(rng.choice((0, 1, 2, 3)) if depth < 8 else 0)
        ]
    if origin is dict:
        return {f"k{i}": sample(arguments[1], rng, depth + 1, full=full) for i in range(rng.choice((0, 1, 2)))}
    if _is_model(kind):
        return sample_model(kind, rng, depth, full=full)
    if kind in _SCALARS:
        return _SCALARS[kind](rng)
    return rng.choice(("free", 5, None, {"any": ["thing", {"x": 1.5}]}))


def sample_model(cls: Any, rng: random.Random, depth: int = 0, *, full: float = 0.6) -> dict[str, Any]:
    """JSON that fits an official model."""
    keep = full if depth < 5 else 0.0
    return {
        (info.alias or name): sample(info.annotation, rng, depth + 1, full=full)
        for name, info in cls.model_fields.items()
        if info.is_required() or rng.random() < keep
    }


_SCALARS: dict[Any, Callable[[random.Random], Any]] = {
    str: lambda rng: rng.choice(("", "x", "Grüße 🎵", 'a longer text with "quotes" and\nlines')),
    int: lambda rng: rng.choice((0, 1, 17, 1_763_000_000)),
    float: lambda rng: rng.choice((0.5, 1.25, -2.75)),
    bool: lambda rng: rng.choice((True, False)),
    type(None): lambda rng: None,
}

__all__ = ["annotation", "sample", "sample_model", "text_of", "twin", "typing"]
