"""A file of types while it is written: names of other files are reached through their packages, which stay lazy."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from ..expression import Expression, Generic, Name, Reference
from ..name import Place
from .source import Source


class TypeSource(Source):
    """As `Source`, for `_models.py` and `_params.py`: annotations are evaluated at run time, so their names must exist."""

    def __init__(
        self,
        module: str,
        *,
        places: Mapping[Reference, Place],
        names: Mapping[str, Mapping[str, Any]],
        own: Collection[str],
    ) -> None:
        super().__init__(module, package=False, places=places, names=names, own=own)
        self._package = module.rpartition(".")[0]
        self.private = False
        """Whether it uses its sister file, which pyright would call private."""

    def base(self, expression: Expression) -> str:
        """A base class, which must be there when the class is made."""
        if isinstance(expression, Generic):
            inner = ", ".join(self.base(argument) for argument in expression.arguments)
            return f"{self.runtime('typing', 'Generic')}[{inner}]"
        if isinstance(expression, Name):
            return self.runtime(self._names[expression.id]["module"], expression.id)
        assert isinstance(expression, Reference)
        place = self._places[expression]
        return place.name if place.module == self.module else self.runtime(place.module, place.name)

    def static(self, module: str, name: str, hint: str = "") -> str:
        """Every import is one at run time, but for those of an extra."""
        return super().static(module, name, hint) if module.startswith("websockets") else self.runtime(module, name)

    def _reference(self, reference: Reference) -> str:
        place = self._places[reference]
        if place.module == self.module:
            return place.name
        if place.home:
            return self.runtime(place.home, place.name)
        if place.package_module == self._package:
            self.private = True
            return f"{self.runtime(self._package, place.file)}.{place.name}"
        parent, _, last = place.package_module.rpartition(".")
        alias = self.runtime(parent or "", last, "_" + place.package_module.replace(".", "_"))
        return f"{alias}.{place.name}" if place.exported else f"{alias}.{place.file}.{place.name}"
