"""The names pydantic's first version gave to a model's methods, and the marks its second version puts on models.

Code that was written for either finds them on ours. Each is said in terms of the newer method; nothing is decided here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

if TYPE_CHECKING:
    from typing import Self


class _Read:
    """A value computed from the class, or from the model where there is one; data of the same name is not hidden by it."""

    __slots__ = ("_of",)

    def __init__(self, of: Any) -> None:
        self._of = of

    def __get__(self, view: Any, owner: Any = None) -> Any:
        return self._of(owner if view is None else view)

    def __set__(self, view: Any, value: Any) -> None:
        raise AttributeError("this is read from the model and cannot be set")


def _newer(cls: Any) -> Any:
    """The class with the methods it has beside these."""
    return cls


class Older:
    """Older names, and marks of pydantic, for `BaseModel`."""

    __slots__ = ()

    model_config: ClassVar[Any] = {"extra": "allow"}
    model_computed_fields: ClassVar[Any] = {}

    if TYPE_CHECKING:
        __fields__: ClassVar[Any]
        __fields_set__: ClassVar[Any]
        __pydantic_fields_set__: ClassVar[Any]
        __pydantic_extra__: ClassVar[Any]
    else:
        __fields__ = _Read(lambda owner: owner.model_fields)
        __fields_set__ = __pydantic_fields_set__ = _Read(lambda view: view.model_fields_set)
        __pydantic_extra__ = _Read(lambda view: view.model_extra)

    @classmethod
    def parse_obj(cls, obj: Any) -> Self:
        """The older name of `model_validate`."""
        return cast("Self", _newer(cls).model_validate(obj))

    @classmethod
    def parse_raw(cls, b: str | bytes, **options: Any) -> Self:
        """The older name of `model_validate_json`."""
        return cast("Self", _newer(cls).model_validate_json(b))

    @classmethod
    def from_orm(cls, obj: Any) -> Self:
        """The older name of `model_validate(from_attributes=True)`."""
        return cast("Self", _newer(cls).model_validate(obj, from_attributes=True))

    @classmethod
    def model_validate_strings(cls, obj: Any, **options: Any) -> Self:
        """As `model_validate`, which takes text for numbers anyway."""
        return cast("Self", _newer(cls).model_validate(obj))

    @classmethod
    def schema_json(cls, **options: Any) -> str:
        """The JSON schema as text."""
        import json  # Not loaded with every client.

        return json.dumps(_newer(cls).model_json_schema(), **options)

    def model_post_init(self, context: Any, /) -> None:
        """Called after a model was made from arguments or validated data, not for the models of replies; does nothing."""
