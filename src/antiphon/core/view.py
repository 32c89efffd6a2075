"""Models as views: an object whose `__dict__` *is* the decoded JSON object.

Theory of operation. A view costs two C calls: make the object, make the dict its `__dict__`. Whatever is plain in JSON is
then read from that dict at native speed, and what a class declares but the data lacks is found as `None` on the class. Only
fields that hold other models need help: a descriptor that wraps the value on first access and puts the view back into the
dict, so that model and dict show the same data. Lists are wrapped in place, from their end, so that a wrapped first element
means a wrapped list; a lock makes every thread see the same view.

Which fields need a descriptor is decided per class at its first view (its *plan*), from the text of the annotations. Making
a class does nothing but mark its plan as missing. This room knows how data is seen, not how it is checked, copied or sent.
"""

# pyright: reportPrivateUsage=false
from __future__ import annotations

import os
import sys
from _thread import RLock
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from .annotation import Unresolved, is_plain, own_annotations, remember_locals, resolve
from .later import Later
from .trace import TraceOf

if TYPE_CHECKING:
    import copy
    from typing import Self
else:
    copy = Later("copy")

Cast = Callable[[Any], Any]


class _Missing:
    __slots__ = ()

    def __repr__(self) -> str:
        return "<no default>"


MISSING = _Missing()
_new = object.__new__
_MUTABLE = (list, dict, set)
_lock = RLock()


def _forget_lock() -> None:
    # Another thread may have held it when this process was forked.
    global _lock
    _lock = RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_lock)


class View:
    """A JSON object seen through a class; see `antiphon.core.model.BaseModel` for what users get."""

    # Where the data came from stands beside it, not in it.
    __slots__ = ("__dict__", "__weakref__", "_own_request_id", "_reply_headers", "_reply_trace")

    _own_request_id: str | None
    _reply_headers: Any
    _reply_trace: Any
    trace = TraceOf()
    """What the policies decided on the way to it; `None` where none had to, and for parts of a reply."""
    _plan: ClassVar[Plan | None] = None
    __aliases__: ClassVar[dict[str, str]] = {}
    # Keys that are for the user only: dumps have them, requests do not.
    __api_exclude__: ClassVar[frozenset[str]] = frozenset()

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls._plan = None
        if "pydantic" in sys.modules and not cls.__module__.startswith("antiphon."):
            from .guest import check_class

            check_class(cls)
        if "<locals>" in cls.__qualname__:
            remember_locals(cls, sys._getframe(1))

    @property
    def __orig_class__(self) -> Any:
        # typing writes this name on every instance a parametrised generic makes; it must not end up in the data.
        raise AttributeError("__orig_class__")

    @classmethod
    def _view(cls, data: dict[str, Any]) -> Self:
        """See `data` through this class: no copy, no check."""
        if cls._plan is None:
            plan_of(cls)
        view = _new(cls)
        view.__dict__ = data
        return view


class Field:
    """One declared field.

    Attributes:
        name: its Python name.
        key: its name in the API, which is the key in the data.
        owner: the class that declares it.
        annotation: as written, mostly text.
        default: what it reads as when the data lacks it; `MISSING` where it is required.
        info: what a user wrote about it with `pydantic.Field`, or `None`.
    """

    __slots__ = ("_type", "annotation", "check", "default", "info", "key", "name", "owner")

    def __init__(self, name: str, key: str, annotation: Any, owner: type, default: Any, info: Any = None) -> None:
        self.info = info
        self.name = name
        self.key = key
        self.annotation = annotation
        self.owner = owner
        self.default = default
        self._type: Any = MISSING
        # The compiled check of the type, once one was asked for.
        self.check: Callable[[Any, bool], Any] | None = None

    @property
    def type(self) -> Any:
        """The evaluated annotation."""
        if self._type is MISSING:
            self._type = resolve(self.annotation, self.owner)
        return self._type

    @property
    def marked(self) -> Any:
        """The type with what a user's `pydantic.Field` says about its values."""
        if self.info is None or isinstance(self.type, Unresolved):
            return self.type
        from .guest import marks_of

        return Annotated[(self.type, *marks_of(self.info))]

    @property
    def required(self) -> bool:
        """Whether the API promises it."""
        return self.default is MISSING

    def absent(self) -> Any:
        """The value shown when the data lacks it."""
        default = self.default
        if self.is_made:
            return self.info.default_factory()
        return None if default is None or default is MISSING else copy.copy(default)

    @property
    def is_made(self) -> bool:
        """Whether each absence is filled with a value of its own, by a user's factory."""
        return self.info is not None and self.info.default_factory is not None

    @property
    def is_kept(self) -> bool:
        """Whether a value that fills an absence has to stay, since it can be changed or is never the same."""
        return self.is_made or isinstance(self.default, _MUTABLE)


class Plan:
    """What a class declares, its bases included, in order: by Python name and by API name."""

    __slots__ = ("_mutable", "_template", "by_key", "fields", "renamed")

    def __init__(self, fields: dict[str, Field]) -> None:
        self.fields = fields
        self.by_key = {field.key: field for field in fields.values()}
        self.renamed = any(name != field.key for name, field in fields.items())
        self._template = {field.key: None if field.is_made else field.absent() for field in fields.values()}
        self._mutable = [field for field in fields.values() if field.is_kept]

    def template(self) -> dict[str, Any]:
        """What data without any field would read as, by API name. Do not change it."""
        return (
            {**self._template, **{field.key: field.absent() for field in self._mutable}}
            if self._mutable
            else self._template
        )


def plan_of(cls: type[View]) -> Plan:
    """The plan of a class, made and put to work on the first call."""
    plan: Plan | None = cls.__dict__.get("_plan")
    if plan is None:
        fields: dict[str, Field] = {}
        for base in reversed(cls.__mro__[1:]):
            if base is not View and issubclass(base, View):
                fields |= plan_of(base).fields
        own = {name: _field(cls, name, annotation) for name, annotation in own_annotations(cls)}
        plan = Plan(fields | own)
        with _lock:
            if cls.__dict__.get("_plan") is None:
                for field in own.values():
                    _install(cls, field)
                cls._plan = plan
        # Where another thread was faster, its plan saw the class untouched and counts.
        plan = cls.__dict__["_plan"]
        assert plan is not None
    return plan


def _field(cls: type, name: str, annotation: Any) -> Field:
    key = getattr(cls, "__aliases__", {}).get(name, name)
    default = cls.__dict__.get(name, MISSING)
    if isinstance(default, Nested):
        # An interrupt came between putting the plan to work and keeping it.
        return default.field
    if type(default).__name__ == "FieldInfo":
        # A user's class that writes its fields with pydantic.Field.
        info = default
        # What a factory makes is asked for when it is missing, never here.
        default = None if info.default_factory else (MISSING if info.is_required() else info.default)
        return Field(name, info.alias or key, annotation, cls, default, info)
    return Field(name, key, annotation, cls, default)


def _install(cls: type, field: Field) -> None:
    if field.key != field.name or field.is_kept or not is_plain(field.annotation):
        setattr(cls, field.name, Nested(field))
    else:
        setattr(cls, field.name, field.absent())


class Nested:
    """A field whose value has to be looked at before it is given out: models, and API names that are no identifiers."""

    __slots__ = ("_cast", "default", "field", "key")
    _cast: Cast | None

    def __init__(self, field: Field) -> None:
        self.field = field
        self.key = field.key
        self.default = MISSING if field.is_made else field.absent()
        self._cast = None

    def __get__(self, view: Any, owner: type | None = None) -> Any:
        if view is None:
            return self.field.absent()
        data = view.__dict__
        value = data.get(self.key)
        kind = value.__class__
        if kind is dict:
            return self._wrapped(data, value)
        if kind is list:
            return value if value and isinstance(value[0], View) else self._wrapped(data, value)
        if value is None:
            return None if self.default is None or self.key in data else self._absent(data)
        if self._cast is None:
            self._settle()
            return getattr(view, self.field.name)
        return value

    def __set__(self, view: Any, value: Any) -> None:
        view.__dict__[self.key] = value

    def __delete__(self, view: Any) -> None:
        try:
            del view.__dict__[self.key]
        except KeyError:
            raise AttributeError(self.field.name) from None

    def _absent(self, data: dict[str, Any]) -> Any:
        value = self.field.absent()
        if self.field.is_kept:
            # A user's default that can be changed, or is made anew each time: kept, so that it stays what was read.
            return data.setdefault(self.key, value)
        return value

    def _wrapped(self, data: dict[str, Any], value: Any) -> Any:
        cast = self._cast or self._settle()
        with _lock:
            value = data.get(self.key, value)
            wrapped = cast(value)
            if wrapped is not value:
                data[self.key] = wrapped
        return wrapped

    def _settle(self) -> Cast:
        """Find out how to wrap; where nothing needs it, step out of the way for native reads."""
        # The two modules need each other; this one is loaded first.
        from .caster import caster, day, moment, same

        field = self.field
        cast = caster(field.marked)
        if cast is same and field.key == field.name and not field.is_kept:
            with _lock:
                if field.owner.__dict__.get(field.name) is self:
                    setattr(field.owner, field.name, field.absent())
        elif cast is moment or cast is day:
            setattr(field.owner, field.name, Converted(field, cast))
        self._cast = cast
        return cast


class Converted(Nested):
    """A field JSON has no type for: converted at each read, so that the data stays what the server sent."""

    __slots__ = ()

    def __init__(self, field: Field, cast: Cast) -> None:
        super().__init__(field)
        self._cast = cast

    def __get__(self, view: Any, owner: type | None = None) -> Any:
        value = super().__get__(view, owner)
        return value if self._cast is None else self._cast(value)
