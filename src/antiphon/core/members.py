"""What a few models offer beyond their fields: text gathered from parts. Each is a mixin that a generated class names.

Servers that leave a list or a text out, or send null for it, have none. What is there but of another kind than was promised is
told, never passed over.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ..errors import MalformedResponse

ContentType = TypeVar("ContentType")


def malformed(message: str, body: Any, headers: Any = None, *, kind: Any = MalformedResponse) -> Any:
    """The error for data whose reply is not at hand any more, or never was.

    Args:
        message: what is wrong with it.
        body: the data.
        headers: the reply's header fields, where they are known.
        kind: the class of the error, below `APIResponseValidationError`.
    """
    from .headers import Headers
    from .reply import Reply

    unknown: Any = None
    return kind(Reply(200, Headers() if headers is None else headers, unknown), body, message=message)


def _odd(model: Any, place: str, promised: str, value: Any) -> MalformedResponse:
    from .mismatch import kind_of

    message = f"the reply is not what the API promises: {place}: expected {promised}, got {kind_of(value)}"
    error: MalformedResponse = malformed(
        f"{message}; .body has it as it came", vars(model), getattr(model, "_reply_headers", None)
    )
    return error


def _listed(model: Any, value: Any, place: str) -> Iterator[tuple[str, Any]]:
    """The objects in a list, each with its place; null is an empty list."""
    if value is None:
        return
    if not isinstance(value, (list, tuple)):
        raise _odd(model, place, "a list", value)
    for at, entry in enumerate(value):  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
        if entry is None or isinstance(entry, (str, int, float, list)):
            raise _odd(model, f"{place}[{at}]", "an object", entry)
        yield f"{place}[{at}]", entry


def _texts(model: Any, parts: Any, place: str) -> Iterator[tuple[str, Any]]:
    """The parts that are output text, each with its place."""
    return (pair for pair in _listed(model, parts, place) if getattr(pair[1], "type", None) == "output_text")


def _parts(model: Any, output: Any) -> Iterator[tuple[str, Any]]:
    """The text parts of the messages among output items, each with its place."""
    for place, item in _listed(model, output, "output"):
        if getattr(item, "type", None) == "message":
            yield from _texts(model, getattr(item, "content", None), f"{place}.content")


def _said(model: Any, parts: Iterator[tuple[str, Any]]) -> Iterator[str]:
    for place, part in parts:
        text = getattr(part, "text", None)
        if isinstance(text, str):
            yield text
        elif text is not None:
            raise _odd(model, f"{place}.text", "str", text)


def texts_of(message: Any) -> list[str]:
    """The texts among a message's parts.

    Raises:
        MalformedResponse: its content is not what the API promises.
    """
    return list(_said(message, _texts(message, message.content, "content")))


class OutputText:
    """Models with `output` items."""

    __slots__ = ()

    if TYPE_CHECKING:
        output: Any

    @property
    def output_text(self) -> str:
        """The text of all messages, joined; empty when there is none.

        Raises:
            MalformedResponse: the output is not what the API promises.
        """
        return "".join(_said(self, _parts(self, self.output)))


class MessageText:
    """Models with `content` parts."""

    __slots__ = ()

    if TYPE_CHECKING:
        content: Any

    @property
    def output_text(self) -> str:
        """The text of all parts, joined; empty when there is none.

        Raises:
            MalformedResponse: the content is not what the API promises.
        """
        return "".join(texts_of(self))


class OutputParsed(Generic[ContentType]):
    """Models with `output` items whose text was parsed."""

    __slots__ = ()

    if TYPE_CHECKING:
        output: Any

    @property
    def output_parsed(self) -> ContentType | None:
        """What the first parsed text was parsed to; `None` when no text was.

        Raises:
            MalformedResponse: the output is not what the API promises.
        """
        values: Iterator[Any] = (getattr(part, "parsed", None) for _, part in _parts(self, self.output))
        return next((value for value in values if value), None)


class HiddenSigningSecret:
    """Models that carry a secret once; their repr does not."""

    __slots__ = ()

    if TYPE_CHECKING:

        def __iter__(self) -> Iterator[tuple[str, Any]]: ...

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{n}={v!r}' for n, v in self if n != 'signing_secret')})"

    __str__ = __repr__
