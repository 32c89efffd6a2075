"""What a few models offer beyond their fields: text gathered from parts. Each is a mixin that a generated class names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Generic, TypeVar

ContentType = TypeVar("ContentType")


def _parts(output: Any) -> Iterator[Any]:
    """The text parts of the messages among output items; servers that send null for a list have none."""
    for item in output or ():
        if item.type == "message":
            yield from (part for part in item.content or () if part.type == "output_text")


class OutputText:
    """Models with `output` items."""

    __slots__ = ()

    if TYPE_CHECKING:
        output: Any

    @property
    def output_text(self) -> str:
        """The text of all messages, joined; empty when there is none."""
        return "".join(part.text for part in _parts(self.output) if part.text is not None)


class MessageText:
    """Models with `content` parts."""

    __slots__ = ()

    if TYPE_CHECKING:
        content: Any

    @property
    def output_text(self) -> str:
        """The text of all parts, joined; empty when there is none."""
        return "".join(part.text for part in self.content or () if part.type == "output_text")


class OutputParsed(Generic[ContentType]):
    """Models with `output` items whose text was parsed."""

    __slots__ = ()

    if TYPE_CHECKING:
        output: Any

    @property
    def output_parsed(self) -> ContentType | None:
        """What the first parsed text was parsed to; `None` when no text was."""
        parsed: Iterator[ContentType] = (part.parsed for part in _parts(self.output) if part.parsed)
        return next(parsed, None)


class HiddenSigningSecret:
    """Models that carry a secret once; their repr does not."""

    __slots__ = ()

    if TYPE_CHECKING:

        def __iter__(self) -> Iterator[tuple[str, Any]]: ...

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{n}={v!r}' for n, v in self if n != 'signing_secret')})"

    __str__ = __repr__
