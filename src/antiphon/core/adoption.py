"""Which classes ask pydantic for more than a view does, and what becomes of such a class.

A subclass of a model that has validators, serializers, computed fields, private attributes, or a configuration or field options
that change what pydantic does, is a lodger: `Lodger` goes before its first model base, and everything that makes, changes or
writes it runs in pydantic from then on (see `shadow`). A class that holds such classes is one too. All others stay views. This
module reads classes as they are made; it is loaded only where pydantic is.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from functools import cached_property
from types import FrameType
from typing import Any, ClassVar, ForwardRef, NoReturn, get_args, get_origin

from pydantic import PrivateAttr

from .annotation import Unresolved, is_class_variable, resolve
from .beside import Cached, Private
from .lodger import Lodger
from .shape import is_class
from .view import View

_LIBRARIES = frozenset({"pydantic", "pydantic_core"})
# Options that say nothing new: what they ask for is so in every model.
_USUAL: dict[str, Any] = {
    "extra": "allow",
    "populate_by_name": False,
    "validate_by_name": False,
    "validate_by_alias": True,
    "revalidate_instances": "never",
}
_OF_NO_EFFECT = frozenset({"protected_namespaces", "defer_build", "arbitrary_types_allowed", "ignored_types"})
_UNHEARD = {
    "revalidate_instances": "an instance of a model is taken as it is; pass model_dump() of it to have it checked again",
}
_OPTIONS = ("exclude", "exclude_if", "validate_default", "frozen", "init_var")
# Methods that pydantic calls for each model, however deep it lies in what is validated.
_MAKING = ("__init__", "model_post_init")
_WORD = re.compile(r"[A-Za-z_]\w*")
_TELLING = frozenset({"Field", "PlainSerializer", "WrapSerializer"})


def adopt(cls: type[View]) -> None:
    """Make a class a lodger if it asks for that, and those of its module that hold it.

    Raises:
        TypeError: it asks for what cannot be done for a view of data.
    """
    _check_config(cls)
    if not (issubclass(cls, Lodger) or _asks(cls)):
        return
    _settle(cls)
    home = sys.modules.get(cls.__module__)
    for other in list(vars(home).values()) if home else ():
        if (
            is_class(other)
            and issubclass(other, View)
            and _names(other, cls.__name__)
            and not issubclass(other, Lodger)
        ):
            _settle(other)


def _settle(cls: type[View]) -> None:
    """Put the methods of lodgers before those of models, and keep what pydantic is to be told."""
    if not issubclass(cls, Lodger):
        bases = list(cls.__bases__)
        first = next(place for place, base in enumerate(bases) if issubclass(base, View))
        cls.__bases__ = (*bases[:first], Lodger, *bases[first:])
    hooks: dict[str, Any] = {}
    privates: dict[str, Any] = {}
    for name, value in list(vars(cls).items()):
        if _kind(value) == "PydanticDescriptorProxy":
            hooks[name] = value
            wrapped = value.wrapped
            setattr(cls, name, Cached(wrapped.func) if isinstance(wrapped, cached_property) else wrapped)
    for name, private in _privates(cls):
        privates[name] = private
        setattr(cls, name, Private(name, private))
    kept: Any = cls
    kept.__api_exclude__ = cls.__api_exclude__ | {info.alias or name for name, info in _excluded(cls)}
    kept._lodger_hooks, kept._lodger_privates = hooks, privates
    config: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        config |= vars(base).get("model_config", {}) if base is not cls else config_of(cls)
    kept.model_config = config


def _excluded(cls: type[View]) -> Iterator[tuple[str, Any]]:
    return ((name, value) for name, value in vars(cls).items() if _kind(value) == "FieldInfo" and value.exclude)


def _privates(cls: type[View]) -> Iterator[tuple[str, Any]]:
    """The private attributes a class declares: by a mark, by an annotation, or by a value."""
    written = vars(cls)
    for name in dict.fromkeys([*_private_names(cls), *written]):
        value = written.get(name, ...)
        if _kind(value) == "ModelPrivateAttr":
            yield name, value
        elif name in _private_names(cls):
            yield name, PrivateAttr() if value is ... else PrivateAttr(value)
        elif _is_private(name) and name not in _OURS and not _behaves(value):
            yield name, PrivateAttr(value)


# What views keep on their classes.
_OURS = frozenset({"_plan", "_abc_impl", "_lodger_hooks", "_lodger_privates", "_lodger_shadow", "_lodger_serializer"})


def _behaves(value: Any) -> bool:
    return callable(value) or hasattr(value, "__get__")


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__") and not re.match(r"_[A-Za-z]\w*?__", name)


def _private_names(cls: type[View]) -> list[str]:
    written = vars(cls).get("__annotations__", {})
    return [name for name in written if _is_private(name) and not is_class_variable(written[name])]


def _kind(value: Any) -> str:
    kind: type = value.__class__
    return kind.__name__ if kind.__module__.partition(".")[0] in _LIBRARIES else ""


# -- what a class asks for -----------------------------------------------------------------------------------------


def _asks(cls: type[View]) -> bool:
    return (
        any(name in vars(cls) for name in _MAKING)
        or any(_is_asking(value) for value in vars(cls).values())
        or bool(_private_names(cls))
        or any(_changes(name, value) for name, value in config_of(cls).items())
        or any(_tells(annotation, cls) for annotation in vars(cls).get("__annotations__", {}).values())
    )


def _is_asking(value: Any) -> bool:
    kind = _kind(value)
    return kind in {"PydanticDescriptorProxy", "ModelPrivateAttr"} or (kind == "FieldInfo" and _is_special(value))


def _is_special(info: Any) -> bool:
    """Whether a `Field` has other names than its alias, or options that a view does not know."""
    aliases = (getattr(info, option, None) for option in ("validation_alias", "serialization_alias"))
    if any(alias not in (None, info.alias) for alias in aliases):
        return True
    return info.repr is False or any(getattr(info, option, None) for option in _OPTIONS)


def config_of(cls: type) -> dict[str, Any]:
    """What a class itself says of its configuration, in either version's way."""
    older = vars(cls).get("Config")
    said = {name: value for name, value in vars(older).items() if name[:1] != "_"} if is_class(older) else {}
    return {**said, **(vars(cls).get("model_config") or {})}


def _changes(name: str, value: Any) -> bool:
    if name in _OF_NO_EFFECT:
        return False
    return bool(value != _USUAL[name]) if name in _USUAL else bool(value)


def _check_config(cls: type[View]) -> None:
    for name, value in config_of(cls).items():
        if name in _UNHEARD and _changes(name, value):
            _refuse(cls, "model_config", f"asks for {name}={value!r}", _UNHEARD[name])


def _refuse(cls: type, name: str, what: str, instead: str) -> NoReturn:
    raise TypeError(
        f"{cls.__name__}.{name} {what}, which antiphon's models, being views of their data, cannot do; {instead}"
    )


def _tells(annotation: Any, cls: type[View]) -> bool:
    """Whether a field's type holds a lodger, or marks that say how a field is named or written."""
    if isinstance(annotation, ForwardRef):
        annotation = annotation.__forward_arg__
    if isinstance(annotation, str):
        words = set(_WORD.findall(annotation))
        if not words & _TELLING:
            return any(_is_lodger(_named(word, cls)) for word in words)
        annotation = resolve(annotation, cls)
        if isinstance(annotation, Unresolved):
            return True
    if _is_lodger(annotation) or _kind(annotation) in {"PlainSerializer", "WrapSerializer"}:
        return True
    if _kind(annotation) == "FieldInfo":
        return _is_special(annotation)
    parts = get_args(annotation) if get_origin(annotation) is not ClassVar else ()
    return any(_tells(part, cls) for part in parts if not isinstance(part, (str, int, bytes)))


def _named(word: str, cls: type) -> Any:
    """What a name stands for where the class is written, which may be inside a function."""
    if "<locals>" in cls.__qualname__:
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and frame.f_globals.get("__name__") != cls.__module__:
            frame = frame.f_back
        if frame is not None and word in frame.f_locals:
            return frame.f_locals[word]
    return getattr(sys.modules.get(cls.__module__), word, None)


def _is_lodger(value: Any) -> bool:
    return is_class(value) and issubclass(value, Lodger)


def _names(cls: type[View], name: str) -> bool:
    """Whether an annotation, as text, names a class that was made later."""
    written = vars(cls).get("__annotations__", {}).values()
    return any(name in _WORD.findall(text) for text in written if isinstance(text, str))
