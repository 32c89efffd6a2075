"""The emulator's reading of the API: which operations exist and what each accepts. Loaded once, on first use."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec

from .schema import Check, Schema


class Operation:
    """One operation: verb, path, and the checks of its query and body, made when first needed."""

    __slots__ = ("_body_check", "_facts", "_query_check", "body", "name", "path", "query", "schema", "verb")

    def __init__(self, name: str, facts: Mapping[str, Any], schema: Schema) -> None:
        self.name = name
        self.verb: str = facts["verb"]
        self.path: str = facts["path"]
        self.body: str | None = facts["body"]
        self.query: dict[str, tuple[Any, bool]] = facts["query"]
        self._facts = facts
        self.schema = schema
        self._body_check: Check | None = None
        self._query_check: Check | None = None

    def __repr__(self) -> str:
        return f"<{self.name}: {self.verb} {self.path}>"

    @property
    def fields(self) -> dict[str, tuple[Any, bool]]:
        """The body's fields: name to type node and whether it is required."""
        fields: dict[str, tuple[Any, bool]] = self._facts["fields"]
        return fields

    def check_body(self, body: Any) -> None:
        """Raise the 400 for the first thing wrong with a body."""
        if self._body_check is None:
            self._body_check = self.schema.fields(self.fields)
        if (found := self._body_check(body)) is not None:
            raise found.problem()

    def check_query(self, query: dict[str, Any]) -> None:
        """Raise the 400 for the first thing wrong with a query whose values were read already."""
        if self._query_check is None:
            self._query_check = self.schema.fields(self.query)
        if (found := self._query_check(query)) is not None:
            raise found.problem()


class Description:
    """All operations by name, and the models the API knows by name."""

    def __init__(self, facts: Mapping[str, Any]) -> None:
        schema = Schema(facts["types"])
        self.operations = {name: Operation(name, f, schema) for name, f in facts["operations"].items()}
        self.models: tuple[str, ...] = tuple(facts["models"])


@cache
def description() -> Description:
    """The one that is shipped with the package."""
    from importlib.resources import files  # the package may lie in a zip

    return Description(msgspec.json.decode(files(__package__ or "antiphon.emulator").joinpath("api.json").read_bytes()))
