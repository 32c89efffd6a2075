"""The models users hold: views over JSON with the interface of the official package's.

    >>> class Point(BaseModel):
    ...     x: int
    ...     label: str | None = None
    >>> point = Point(x=1, colour="red")
    >>> point.x, point.label, point.model_extra
    (1, None, {'colour': 'red'})

How data is seen is `view`'s knowledge, how it is wrapped `caster`'s, checked `validation`'s, written `dump`'s; this module
only gathers them under the names users know. Nothing is validated unless asked.
"""

# pyright: reportPrivateUsage=false
from __future__ import annotations

import builtins
import copy as copying
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar, cast, dataclass_transform

from .annotation import Discriminator
from .caster import caster
from .dump import Form, dump, to_text
from .field import FieldInfo, extra_of, field_infos, pairs
from .guest import BodyMark, Serializer, describes
from .older import Older
from .scalar import own
from .validation import ValidationError, check_model, validate
from .view import View, plan_of

if TYPE_CHECKING:
    from typing import Self

    from .ratelimit import RateLimits

__all__ = ["BaseModel", "Discriminator", "ValidationError", "caster", "validate"]

F = TypeVar("F", bound=Callable[..., Any])
IncEx = set[int] | set[str] | Mapping[int, Any] | Mapping[str, Any]
# `BaseModel.dict` hides the builtin inside the class.
Data = dict[str, Any]


class _Method:
    """A method that data of the same name cannot hide: servers may send a key called "copy"."""

    __slots__ = ("__wrapped__",)

    def __init__(self, function: Callable[..., Any]) -> None:
        self.__wrapped__ = function

    def __get__(self, view: Any, owner: type | None = None) -> Any:
        return self.__wrapped__ if view is None else self.__wrapped__.__get__(view, owner)

    def __set__(self, view: Any, value: Any) -> None:
        view.__dict__[self.__wrapped__.__name__] = value


def _kept(function: F) -> F:
    return cast(F, _Method(function))


class _Validate(_Method):
    __slots__ = ()

    def __get__(self, view: Any, owner: Any = None) -> Any:
        return owner.model_validate if view is None else super().__get__(view, owner)


class _ClassProperty:
    __slots__ = ("_read",)

    def __init__(self, read: Callable[[Any], Any]) -> None:
        self._read = read

    def __get__(self, view: Any, owner: Any = None) -> Any:
        return self._read(owner)

    def __set__(self, view: Any, value: Any) -> None:
        raise AttributeError("model_fields belongs to the class")


@dataclass_transform(kw_only_default=True, eq_default=False)
class BaseModel(Older, View):
    """An object of the API: attributes are its fields, unknown ones included; absent ones read as `None`.

    `Model(**fields)` checks its arguments; models in replies are not checked unless `validate()` is called.
    """

    __slots__ = ()
    # Fields that no repr shows.
    __secret_fields__: ClassVar[frozenset[str]] = frozenset({"signing_secret"})

    if TYPE_CHECKING:
        model_fields: ClassVar[builtins.dict[str, FieldInfo]]
    else:
        model_fields = _ClassProperty(field_infos)
        __pydantic_serializer__ = Serializer()
        __dataclass_fields__ = BodyMark()

    def __init__(self, /, **data: Any) -> None:
        self.__dict__ = check_model(type(self), data, True)
        type(self).model_post_init(self, None)

    @property
    def _request_id(self) -> str | None:
        """The server's `x-request-id`, for support; only the object a call returned has it."""
        try:
            return self._own_request_id
        except AttributeError:
            return cast("str | None", _headers(self).get("x-request-id"))

    @_request_id.setter
    def _request_id(self, value: str | None) -> None:
        self._own_request_id = value

    @property
    def _ratelimit(self) -> RateLimits:
        """The `x-ratelimit-*` headers of the reply as a typed value; only the object a call returned has it."""
        from .ratelimit import RateLimits

        return RateLimits.from_headers(_headers(self))

    # Making and checking

    @classmethod
    def model_construct(cls, _fields_set: set[str] | None = None, **values: Any) -> Self:
        """A model of these values, unchecked; nested dicts become views. Values are copied, not shared."""
        plan = plan_of(cls)
        data: Data = {}
        for name, value in values.items():
            field = plan.fields.get(name)
            data[field.key if field is not None and field.key not in values else name] = own(value)
        return cls._view(data)

    construct = model_construct

    @classmethod
    def model_validate(
        cls,
        obj: Any,
        *,
        strict: bool | None = None,
        extra: str | None = None,
        from_attributes: bool | None = None,
        context: Any | None = None,
        by_alias: bool | None = None,
        by_name: bool | None = None,
    ) -> Self:
        """A model of a mapping (or of itself) that fits; scalars are converted unless `strict`.

        Raises:
            ValidationError: with the path of the first mismatch.
        """
        if from_attributes and not isinstance(obj, (Mapping, View)):
            obj = {field.key: getattr(obj, name) for name, field in plan_of(cls).fields.items() if hasattr(obj, name)}
        checked = check_model(cls, obj, not strict)
        if isinstance(obj, cls):
            return obj
        made = cls._view(checked)
        cls.model_post_init(made, context)
        return made

    @classmethod
    def model_validate_json(
        cls, json_data: str | bytes | bytearray, *, strict: bool | None = None, **options: Any
    ) -> Self:
        """As `model_validate`, from JSON text."""
        from .json import decode_json

        data = json_data.encode("utf-8", "surrogatepass") if isinstance(json_data, str) else bytes(json_data)
        return cls.model_validate(decode_json(data), strict=strict, **options)

    @_Validate
    def validate(self) -> Self:
        """Check the whole model strictly, as the server sent it, and give it back.

        On the class it is the older name of `model_validate`.

        Raises:
            ValidationError: with the path of the first mismatch.
        """
        check_model(type(self), self, False)
        return self

    # Writing

    @_kept
    def model_dump(
        self,
        *,
        mode: str = "python",
        include: IncEx | None = None,
        exclude: IncEx | None = None,
        context: Any | None = None,
        by_alias: bool | None = None,
        exclude_unset: bool = False,
        exclude_defaults: bool = False,
        exclude_none: bool = False,
        exclude_computed_fields: bool = False,
        round_trip: bool = False,
        warnings: bool | Literal["none", "warn", "error"] = True,
        fallback: Callable[[Any], Any] | None = None,
        serialize_as_any: bool = False,
    ) -> Data:
        """The model as a new dict; declared fields the server left out are there as their defaults unless `exclude_unset`."""
        form = Form(mode, bool(by_alias), exclude_unset, exclude_defaults, exclude_none, fallback)
        return dump(self, form, include, exclude)

    @_kept
    def model_dump_json(
        self,
        *,
        indent: int | None = None,
        ensure_ascii: bool = False,
        include: IncEx | None = None,
        exclude: IncEx | None = None,
        context: Any | None = None,
        by_alias: bool | None = None,
        exclude_unset: bool = False,
        exclude_defaults: bool = False,
        exclude_none: bool = False,
        exclude_computed_fields: bool = False,
        round_trip: bool = False,
        warnings: bool | Literal["none", "warn", "error"] = True,
        fallback: Callable[[Any], Any] | None = None,
        serialize_as_any: bool = False,
    ) -> str:
        """As `model_dump`, as JSON text."""
        form = Form("json", bool(by_alias), exclude_unset, exclude_defaults, exclude_none, fallback)
        return to_text(dump(self, form, include, exclude), indent, ensure_ascii=ensure_ascii)

    @_kept
    def to_dict(
        self,
        *,
        mode: Literal["json", "python"] = "python",
        use_api_names: bool = True,
        exclude_unset: bool = True,
        exclude_defaults: bool = False,
        exclude_none: bool = False,
        warnings: bool = True,
    ) -> builtins.dict[str, object]:
        """The model as a new dict, as the server sent it."""
        return dump(self, Form(mode, use_api_names, exclude_unset, exclude_defaults, exclude_none))

    @_kept
    def to_json(
        self,
        *,
        indent: int | None = 2,
        use_api_names: bool = True,
        exclude_unset: bool = True,
        exclude_defaults: bool = False,
        exclude_none: bool = False,
        warnings: bool = True,
    ) -> str:
        """The model as JSON text, as the server sent it; `indent=None` makes it compact."""
        form = Form("json", use_api_names, exclude_unset, exclude_defaults, exclude_none)
        return to_text(dump(self, form), indent)

    @_kept
    def dict(self, **options: Any) -> Any:
        """The older name of `model_dump`."""
        return BaseModel.model_dump(self, **options)

    @_kept
    def json(self, **options: Any) -> str:
        """The older name of `model_dump_json`."""
        return BaseModel.model_dump_json(self, **options)

    # Copying

    @_kept
    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy, shallow or deep, with some fields set anew (unchecked)."""
        made = copying.deepcopy(self) if deep else copying.copy(self)
        for name, value in (update or {}).items():
            field = plan_of(type(self)).fields.get(name)
            made.__dict__[field.key if field else name] = value
        return made

    @_kept
    def copy(
        self,
        *,
        include: Any = None,
        exclude: Any = None,
        update: Mapping[str, Any] | None = None,
        deep: bool = False,
    ) -> Self:
        """The older name of `model_copy`, which could also choose fields."""
        made = copying.deepcopy(self) if deep else copying.copy(self)
        for name, field in _named(self):
            if (include is not None and name not in include) or (exclude is not None and name in exclude):
                made.__dict__.pop(field, None)
        return made.model_copy(update=update)

    def __copy__(self) -> Self:
        for _ in pairs(self):
            pass  # Looked at, nested models are in the data, so that both copies hold the same ones.
        return cast("Self", _revived(type(self), self.__dict__.copy(), _origin(self)))

    @_kept
    def __deepcopy__(self, memo: Any) -> Self:
        return cast("Self", _revived(type(self), copying.deepcopy(self.__dict__, memo), _origin(self)))

    @_kept
    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return (_revived, (type(self), self.__dict__, _origin(self)))

    # Looking

    @property
    def model_extra(self) -> Data | None:
        """What the server sent beyond the declared fields."""
        return extra_of(self)

    @property
    def model_fields_set(self) -> set[str]:
        """The Python names of the declared fields that were sent or set."""
        return {name for name, field in plan_of(type(self)).fields.items() if field.key in self.__dict__}

    @classmethod
    def model_json_schema(cls, by_alias: bool = True, ref_template: str = "#/$defs/{model}", **options: Any) -> Any:
        """The JSON schema of the class, with nested models under "$defs"."""
        if describes(cls):
            from .pydantic_bridge import json_schema_of

            return json_schema_of(cls, by_alias, ref_template)
        from .schema import json_schema

        return json_schema(cls, by_alias, ref_template)

    schema = model_json_schema

    @classmethod
    def model_rebuild(cls, **options: Any) -> bool | None:
        """Nothing to do: annotations are evaluated when they are needed."""
        return None

    update_forward_refs = model_rebuild

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, View) or type(self) is not type(other):
            return NotImplemented if not isinstance(other, View) else False
        if self.__dict__ == other.__dict__:
            return True
        return list(pairs(self)) == list(pairs(other))

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        return pairs(self)

    def __repr_args__(self) -> Iterator[tuple[str, Any]]:
        secret = type(self).__secret_fields__
        return (pair for pair in pairs(self) if pair[0] not in secret)

    __rich_repr__ = __repr_args__

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in BaseModel.__repr_args__(self))
        return f"{type(self).__name__}({shown})"

    __str__ = __repr__

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        from .pydantic_bridge import core_schema_of

        return core_schema_of(cls, handler)


def _named(model: BaseModel) -> list[tuple[str, str]]:
    by_key = plan_of(type(model)).by_key
    return [(by_key[key].name if key in by_key else key, key) for key in model.__dict__]


def _headers(model: BaseModel) -> Any:
    try:
        return model._reply_headers
    except AttributeError:
        problem = f"this {type(model).__name__} is part of a reply or none; ask the object the call returned"
        raise AttributeError(problem) from None


def _origin(model: BaseModel) -> tuple[Any, Any]:
    """What stands beside the data: the reply's headers and a request id that was set by hand."""
    return getattr(model, "_reply_headers", None), getattr(model, "_own_request_id", None)


def _revived(cls: type[BaseModel], data: dict[str, Any], origin: tuple[Any, Any]) -> Any:
    model = cls._view(data)
    headers, request_id = origin
    if headers is not None:
        model._reply_headers = headers
    if request_id is not None:
        model._own_request_id = request_id
    return model
