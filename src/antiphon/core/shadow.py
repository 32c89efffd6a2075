"""The pydantic model behind a lodger: made by pydantic on first use, from the class's own fields, hooks and configuration.

Theory of operation. Data goes in through the shadow's validators and comes out through its serializers; in between there is
only the model the user wrote. So each instance of a shadow is a *carrier* of one model, and the user's hooks, which pydantic
calls for the carrier, are called for the model: hooks of the class with the class, hooks of the instance with the instance.
`_absorb` takes what was validated into the model's data, `carrier` shows the data to pydantic.
"""

# pyright: reportPrivateUsage=false
from __future__ import annotations

import dataclasses
import functools
import inspect
import os
import types
from _thread import RLock
from typing import Any

import pydantic
from pydantic_core import core_schema

from .adoption import config_of
from .annotation import Unresolved
from .beside import Deletable, Private, class_of, state_of
from .lodger import Lodger, all_of
from .view import MISSING, Field, Plan, View, plan_of

_new = object.__new__
_put = object.__setattr__
_lock = RLock()
_building: dict[Any, Any] = {}


def _forget_lock() -> None:
    # Another thread may have held it when this process was forked.
    global _lock
    _lock = RLock()
    _building.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_lock)


class Carrier(pydantic.BaseModel):
    """An instance of a shadow, on its way in or out.

    Attributes:
        carried: the model.
        is_ahead: whether it holds what the model's data does not have yet.
    """

    __slots__ = ("carried", "is_ahead")

    def model_post_init(self, context: Any, /) -> None:
        """The model is made here: before the validators that come after, and after its values are known."""
        shadow: Any = type(self)
        model = _carried(self)
        if model is None:
            _put(self, "carried", model := _new(shadow.__lodger__))
        _absorb(self, model)
        for name, private in _privates_of(class_of(model)).items():
            if name not in state_of(model).private:
                private.settle(model)
        class_of(model).model_post_init(model, context)


def shadow_of(cls: Any) -> Any:
    """The shadow of a class.

    Raises:
        NameError: the annotation of a field names what cannot be found.
    """
    made: Any = cls.__dict__.get("_lodger_shadow")
    if made is None:
        with _lock:
            # A class that holds itself meets its shadow while that is being built; other threads do not.
            made = cls.__dict__.get("_lodger_shadow") or _building.get(cls) or _built(cls)
    return made


def _built(cls: Any) -> Any:
    _building[cls] = made = _made(cls)
    try:
        made.model_rebuild(force=True)
    finally:
        del _building[cls]
    for field in plan_of(cls).fields.values():
        Deletable.install(cls, field)
    cls._lodger_shadow = made
    return made


def _made(cls: type[Lodger]) -> Any:
    config: dict[str, Any] = {"extra": "allow"}
    for base in reversed(cls.__mro__):
        if issubclass(base, View):
            config |= config_of(base)
    config |= {"defer_build": True, "arbitrary_types_allowed": True}
    config.setdefault("protected_namespaces", ())
    body: dict[str, Any] = {
        "__module__": cls.__module__,
        "__qualname__": cls.__qualname__,
        "__doc__": cls.__dict__.get("__doc__"),
        "__annotations__": {},
        "__lodger__": cls,
        "model_config": config,
    }
    for field in plan_of(cls).fields.values():
        body["__annotations__"][field.name] = _type_of(field)
        if (written := _written(field)) is not MISSING:
            body[field.name] = written
    if cls.__init__ is not Lodger.__init__:
        body["__init__"] = _beginning(cls)
    body |= {name: _hook(cls, name, proxy) for name, proxy in all_of(cls, "_lodger_hooks").items()}
    return types.new_class(cls.__name__, (Carrier,), {}, lambda space: space.update(body))


def _beginning(cls: type[Lodger]) -> Any:
    """Where the class has its own `__init__`, pydantic makes its models by calling the class."""

    def begin(self: Any, /, **data: Any) -> None:
        _loaded(self, cls(**data), plan_of(cls))

    return begin


def _type_of(field: Field) -> Any:
    if isinstance(field.type, Unresolved):
        raise NameError(f"{field.owner.__name__}.{field.name}: {field.type.text!r} names what cannot be found")
    return field.type


def _written(field: Field) -> Any:
    """What stands after the equals sign in the shadow."""
    if field.info is not None:
        return field.info
    if field.key != field.name:
        default = ... if field.default is MISSING else field.default
        return pydantic.Field(default, alias=field.key)
    return field.default


# -- hooks -----------------------------------------------------------------------------------------------------------


def _hook(cls: type[Lodger], name: str, proxy: Any) -> Any:
    """A validator, serializer or computed field of the class, as one of its shadow."""
    said = proxy.decorator_info
    kind = type(said).__name__
    if kind == "ComputedFieldInfo":
        read = property(_reading(cls, name, proxy.wrapped))
        return dataclasses.replace(proxy, wrapped=read, decorator_info=dataclasses.replace(said, wrapped_property=read))
    function = getattr(cls, name)
    if kind == "ModelValidatorDecoratorInfo":
        wrapped = _MODEL_VALIDATORS[said.mode](cls, name, function)
    elif kind in ("FieldSerializerDecoratorInfo", "ModelSerializerDecoratorInfo"):
        wrapped = _writing(cls, name, function, kind == "ModelSerializerDecoratorInfo" and said.mode == "wrap")
    else:
        wrapped = function  # bound to the class already
    return dataclasses.replace(proxy, wrapped=staticmethod(wrapped) if wrapped is function else wrapped)


def _reading(cls: type[Lodger], name: str, wrapped: Any) -> Any:
    getter: Any = wrapped.fget if isinstance(wrapped, property) else wrapped.func

    @functools.wraps(getter)
    def read(self: Any) -> Any:
        return getattr(_carried(self), name)

    return read


def _writing(cls: type[Lodger], name: str, function: Any, takes_handler: bool) -> Any:
    """A serializer: of the instance, unless it is one of the class or of nothing."""
    if not _is_method(cls, name):
        return function

    @functools.wraps(function)
    def write(self: Any, *rest: Any) -> Any:
        model = _carried(self)
        if takes_handler:
            inner = rest[0]
            rest = (functools.partial(_inwards, inner), *rest[1:])
        return getattr(model, name)(*rest)

    return write


def _inwards(handler: Any, value: Any) -> Any:
    return handler(_shown(Lodger, value))


def _is_method(cls: type[Lodger], name: str) -> bool:
    return inspect.isfunction(inspect.getattr_static(cls, name))


def _before(cls: type[Lodger], name: str, function: Any) -> Any:
    @functools.wraps(function)
    def before(*given: Any) -> Any:
        return _shown(cls, function(_told(given[0]), *given[1:]))

    return staticmethod(_signed(before, function))


def _around(cls: type[Lodger], name: str, function: Any) -> Any:
    def around(value: Any, handler: Any, *rest: Any) -> Any:
        def inner(value: Any, *outer: Any) -> Any:
            return _told(handler(_shown(cls, value), *outer))

        return _shown(cls, function(_told(value), inner, *rest))

    return staticmethod(_signed(around, function))


def _after(cls: type[Lodger], name: str, function: Any) -> Any:
    if not _is_method(cls, name):
        return _before(cls, name, function)

    @functools.wraps(function)
    def after(self: Any, *rest: Any) -> Any:
        model = _carried(self)
        if getattr(self, "is_ahead", False):
            _absorb(self, model)
        given = getattr(model, name)(*rest)
        return self if given is model else _shown(cls, given)

    return after


_MODEL_VALIDATORS: dict[str, Any] = {"before": _before, "wrap": _around, "after": _after}


def _signed(adapter: Any, function: Any) -> Any:
    """An adapter that says it takes what the function takes: pydantic looks whether that is an `info`, too."""
    adapter.__signature__ = inspect.signature(function)
    return adapter


def _told(value: Any) -> Any:
    """What a hook is told of a value: of a carrier, the model."""
    return _carried(value) if isinstance(value, Carrier) else value


def _shown(cls: Any, value: Any) -> Any:
    """What pydantic is shown of what a hook gave: of a model, a carrier."""
    if not isinstance(value, cls):
        return value
    return carrier(value) if cls is Lodger else carrier(value, cls)


# -- in and out ------------------------------------------------------------------------------------------------------


def _carried(held: Any) -> Any:
    return getattr(held, "carried", None)


def fill(model: Any, data: dict[str, Any]) -> None:
    """Validate the arguments of a call of the class into the model that is being made."""
    shadow = shadow_of(class_of(model))
    held = _new(shadow)
    _put(held, "carried", model)
    shadow.__pydantic_validator__.validate_python(data, self_instance=held)


def validated(cls: Any, method: str, given: Any, options: dict[str, Any]) -> Any:
    """A model of what was given, as pydantic's validator of the class makes it."""
    return _told(getattr(shadow_of(cls), method)(_shown(cls, given), **options))


def _absorb(held: Any, model: Any) -> None:
    """Take what was validated into the model: what was given, and defaults that cannot be told anew."""
    state, plan = state_of(model), plan_of(class_of(model))
    data: dict[str, Any] = {}
    values: dict[str, Any] = held.__dict__
    given: set[str] = held.__pydantic_fields_set__
    state.filled, state.is_checked = set(), True
    state.cached.clear()
    state.gone.difference_update(values)
    for name, field in plan.fields.items():
        if name not in values:
            continue
        value = values[name]
        if name not in given:
            if not field.is_kept and value is field.default:
                continue
            state.filled.add(field.key)
        data[field.key] = value
    data.update(held.__pydantic_extra__ or {})
    _put(model, "__dict__", data)
    _put(held, "is_ahead", False)


def carrier(model: Any, cls: Any = None) -> Any:
    """A carrier of a model as it is now, of its own class or of a base of it."""
    shadow = shadow_of(cls or class_of(model))
    return _loaded(_new(shadow), model, plan_of(cls or class_of(model)))


def _loaded(held: Any, model: Any, plan: Plan) -> Any:
    """A carrier with the data of a model."""
    data, gone = model.__dict__, state_of(model).gone
    values = {
        name: getattr(model, name) if field.key in data else field.absent()
        for name, field in plan.fields.items()
        if name not in gone
    }
    extra = {key: data[key] for key in data if key not in plan.by_key}
    _put(held, "__dict__", values)
    _put(held, "__pydantic_extra__", extra if class_of(held).model_config.get("extra") == "allow" else None)
    _put(held, "__pydantic_fields_set__", set(model.model_fields_set))
    _put(held, "__pydantic_private__", None)
    _put(held, "carried", model)
    return held


def assign(model: Any, name: str, value: Any) -> bool:
    """Let pydantic judge an assignment where the class asks for that; whether it did."""
    shadow = shadow_of(class_of(model))
    info = shadow.model_fields.get(name)
    config = shadow.model_config
    if info is None and config.get("extra") == "allow" and not config.get("frozen"):
        return False
    if isinstance(inspect.getattr_static(class_of(model), name, None), (property, Private)):
        return False
    asks = config.get("validate_assignment") or config.get("frozen") or info is None or info.frozen
    if not asks:
        return False
    held = carrier(model)
    _put(held, "is_ahead", True)
    setattr(held, name, value)
    if held.is_ahead:
        _absorb(held, model)
    return True


def _privates_of(cls: type) -> dict[str, Private]:
    found = {name: inspect.getattr_static(cls, name) for name in all_of(cls, "_lodger_privates")}
    return {name: private for name, private in found.items() if isinstance(private, Private)}


def serializer_of(cls: Any) -> Any:
    """What writes the models of a class where pydantic was told no class."""
    made: Any = cls.__dict__.get("_lodger_serializer")
    if made is None:
        shadow_of(cls)
        cls._lodger_serializer = made = pydantic.TypeAdapter(cls).serializer
    return made


def core_schema_of(cls: Any, handler: Any) -> Any:
    """How pydantic checks and writes a lodger where it meets one."""
    inner = handler.generate_schema(shadow_of(cls))

    def see(value: Any, check: Any) -> Any:
        return _told(check(_shown(cls, value)))

    def write(value: Any, handler: Any) -> Any:
        return handler(_shown(Lodger, value))

    see.__name__ = see.__qualname__ = cls.__name__
    return core_schema.no_info_wrap_validator_function(
        see,
        inner,
        serialization=core_schema.wrap_serializer_function_ser_schema(write, schema=inner),
    )
