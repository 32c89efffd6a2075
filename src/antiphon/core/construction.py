"""Decoded JSON seen as a type, under the names by which programs call this in the official package's private module."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, TypeVar, cast

from .caster import caster

ResponseT = TypeVar("ResponseT")
"""What a call gives."""


def construct_type(*, value: object, type_: object, metadata: Sequence[Any] | None = None) -> Any:
    """A value seen as a type, without validation; what does not fit stays as it is.

    >>> from antiphon.types.chat import ChatCompletionMessage
    >>> construct_type(type_=ChatCompletionMessage, value={"role": "assistant", "content": "Hi"}).content
    'Hi'

    Args:
        value: decoded JSON; a model is a view of it, not a copy.
        type_: a model, a union, a list or dict of them, or a plain type.
        metadata: what stands beside the type in an `Annotated`, such as a discriminator.
    """
    return caster(_annotated(type_, metadata) if metadata else type_)(value)


def construct_type_unchecked(*, value: object, type_: type[ResponseT]) -> ResponseT:
    """The same, for type checkers an instance of the type."""
    seen: ResponseT = construct_type(value=value, type_=type_)
    return seen


def _annotated(type_: Any, metadata: Sequence[Any]) -> Any:
    return cast(Any, Annotated)[(type_, *metadata)]
