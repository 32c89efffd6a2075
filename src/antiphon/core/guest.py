"""What makes a model at home in pydantic and FastAPI: the class attributes those look for, answered when they ask.

It knows whom the questions come from; how a model is described and written is `pydantic_bridge`'s knowledge, loaded with the
first answer. Without pydantic nobody asks.
"""

from __future__ import annotations

import sys
from typing import Any


class Serializer:
    """`__pydantic_serializer__`: how pydantic writes a model it meets where anything may stand, as in a field of type `Any`."""

    __slots__ = ()

    def __get__(self, view: Any, owner: type | None = None) -> Any:
        try:
            from .pydantic_bridge import serializer
        except ImportError:
            raise AttributeError("__pydantic_serializer__ needs pydantic to be installed") from None
        return serializer()

    def __set__(self, view: Any, value: Any) -> None:
        # A server's key of this name is data, and hides nothing.
        view.__dict__["__pydantic_serializer__"] = value


class BodyMark:
    """`__dataclass_fields__`, there for FastAPI alone: a parameter of a model's class is the request's body.

    FastAPI takes for a body what derives from pydantic's model or from Mapping, or is a dataclass, and offers no other way to
    be one. For everybody else a model is none of these.
    """

    __slots__ = ()

    def __get__(self, view: Any, owner: type | None = None) -> Any:
        if view is not None:
            raise AttributeError  # At once: encoders ask every model.
        # The frame that asked is `dataclasses.is_dataclass`; the one before it, who wants to know.
        asker = sys._getframe(1)
        if asker.f_globals.get("__name__") == "dataclasses" and asker.f_back is not None:
            asker = asker.f_back
            if asker.f_globals.get("__name__", "").startswith("fastapi._compat"):
                return {}
        raise AttributeError("__dataclass_fields__")

    def __set__(self, view: Any, value: Any) -> None:
        view.__dict__["__dataclass_fields__"] = value
