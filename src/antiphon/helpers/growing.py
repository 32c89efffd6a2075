"""Text that grows piece by piece, in time linear in what came, and events that show it as it was.

A stream's event could carry the whole text so far, but making that text for each of a hundred thousand events costs the square
of the output. So an event only remembers how many pieces there were, and the text is made when somebody looks. Not looking
is free. Looking at each event as it comes costs what is new, as long as the looker lets go of the last text: CPython then
extends it in place. Only looking back at older events, or keeping all the texts, is as dear as copying them.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any, ClassVar

from ..core.model import BaseModel
from ..core.view import View, plan_of

if TYPE_CHECKING:
    from typing import Self


def _appending() -> Generator[str, str, None]:
    # A local variable, because only there CPython extends a text in place, and only where nobody else holds it.
    text = ""
    while True:
        piece = yield text
        text += piece


class Growing:
    """A text that grows at its end."""

    __slots__ = ("_append", "_joined", "pieces")

    def __init__(self, text: str = "") -> None:
        self.pieces: list[str] = [text] if text else []
        self._joined = 0
        self._append: Callable[[str], str] | None = None

    def upto(self, count: int) -> str:
        """The text after the first `count` pieces."""
        joined = self._joined
        if count < joined:
            return "".join(self.pieces[:count])
        append = self._append
        if append is None:
            appending = _appending()
            next(appending)
            append = self._append = appending.send
        self._joined = count
        return append(self.pieces[joined] if count == joined + 1 else "".join(self.pieces[joined:count]))

    @property
    def text(self) -> str:
        """The whole text so far."""
        return self.upto(len(self.pieces))


_set_data = View.__dict__["__dict__"].__set__
_data_of = View.__dict__["__dict__"].__get__
_new = object.__new__

Look = Callable[[Any, int], Any]


class LateModel(BaseModel):
    """A model with fields that are made when they are looked at, be it by name, by `to_dict` or by printing.

    A subclass names them in its head, each with the function that makes it of a source and a mark: `late={"snapshot": …}`.
    Its data lacks them until somebody asks for the data itself.
    """

    __slots__ = ("_mark", "_source")
    _late: ClassVar[dict[str, Look]] = {}

    if TYPE_CHECKING:
        _source: Any
        _mark: int
    else:

        @property
        def __dict__(self) -> dict[str, Any]:
            data = _data_of(self)
            source = self._source
            if source is not None:
                for name, look in self._late.items():
                    data[name] = look(source, self._mark)
                self._source = None
            return data

        @__dict__.setter
        def __dict__(self, data: dict[str, Any]) -> None:
            self._source = None
            _set_data(self, data)

    def __init_subclass__(
        cls, late: dict[str, Look] | None = None, ready: tuple[str, ...] = (), **options: Any
    ) -> None:
        super().__init_subclass__(**options)
        if late is not None:
            cls._late = late
            # The plan first: making it puts plain defaults where the late fields go.
            plan_of(cls)
            for name in late:
                setattr(cls, name, _Late(name))
            for name in ready:
                # Always put in as a view, so that no descriptor has to ask for the data to wrap it.
                setattr(cls, name, None)

    @classmethod
    def _later(cls, data: dict[str, Any], source: Any, mark: int = 0) -> Self:
        """See `data` through this class; the late fields are made of `source` and `mark` when they are looked at."""
        model = _new(cls)
        _set_data(model, data)
        model._source = source
        model._mark = mark
        return model


class _Late:
    """A late field: found here only as long as the data lacks it."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, model: Any, owner: type | None = None) -> Any:
        if model is None or model._source is None:
            return None
        return model._late[self._name](model._source, model._mark)
