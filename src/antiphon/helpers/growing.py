"""Text and lists that grow piece by piece, in time linear in what came, and events that show them as they were.

A stream's event could carry the whole text so far, but making that text for each of a hundred thousand events costs the square
of the output. So an event only remembers how many pieces there were, and joins them when somebody looks. Looking is as dear
as copying the text; not looking is free.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from ..core.model import BaseModel
from ..core.view import View, plan_of


class Growing:
    """A text that grows at its end."""

    __slots__ = ("_joined", "_text", "pieces")

    def __init__(self, text: str = "") -> None:
        self.pieces = [text] if text else []
        self._joined = 0
        self._text = ""

    def upto(self, count: int) -> str:
        """The text after the first `count` pieces."""
        if count < self._joined:
            return "".join(self.pieces[:count])
        if count > self._joined:
            self._text = "".join((self._text, *self.pieces[self._joined : count]))
            self._joined = count
        return self._text

    @property
    def text(self) -> str:
        """The whole text so far."""
        return self.upto(len(self.pieces))


_set_data = View.__dict__["__dict__"].__set__
_data_of = View.__dict__["__dict__"].__get__
_new = object.__new__


class LateModel(BaseModel):
    """A model with fields that are made when they are first looked at, be it by name, by `to_dict` or by printing.

    A subclass names them in its head (`late=`), declares them as annotations, and makes them in `_complete`. Until somebody
    looks, its data lacks them; whoever asks for the data itself gets it complete.
    """

    __slots__ = ("_mark", "_source")

    if TYPE_CHECKING:
        _source: Any
        _mark: int
    else:

        @property
        def __dict__(self) -> dict[str, Any]:
            return self._completed()

        @__dict__.setter
        def __dict__(self, data: dict[str, Any]) -> None:
            self._source = None
            _set_data(self, data)

    def __init_subclass__(cls, late: tuple[str, ...] = (), ready: tuple[str, ...] = (), **options: Any) -> None:
        super().__init_subclass__(**options)
        if late:
            # The plan first: making it puts plain defaults where the late fields go.
            plan_of(cls)
            for name in late:
                setattr(cls, name, _Late(name))
            for name in ready:
                # Always put in as a view, so that no descriptor has to look, and with it complete, the data.
                setattr(cls, name, None)

    @classmethod
    def _later(cls, data: dict[str, Any], source: Any, mark: int = 0) -> Self:
        """See `data` through this class; `_complete(data, source, mark)` adds the late fields when they are needed."""
        model = _new(cls)
        _set_data(model, data)
        model._source = source
        model._mark = mark
        return model

    @staticmethod
    def _complete(data: dict[str, Any], source: Any, mark: int) -> None:
        """Add the late fields."""

    def _completed(self) -> dict[str, Any]:
        data: dict[str, Any] = _data_of(self)
        source = self._source
        if source is not None:
            self._complete(data, source, self._mark)
            self._source = None
        return data


class _Late:
    """A late field: found here only as long as the data lacks it."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, model: Any, owner: type | None = None) -> Any:
        return None if model is None else model._completed().get(self._name)
