"""The emulator's reading of the API: which operations exist, what each accepts and answers. Loaded once, on first use.

What an operation or a type holds stays encoded until somebody asks: a server that answers chat never reads the rest.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping
from functools import cache, cached_property
from typing import Any

import msgspec

from . import bound
from .schema import Check, Schema

Bounds = dict[str, float]
"""By name: minimum, maxLength and the like."""
Fields = dict[str, tuple[Any, bool]]


class _Facts(msgspec.Struct):
    """One operation as it is kept."""

    verb: str
    path: str
    body: str | None
    page: str | None
    query: msgspec.Raw
    fields: msgspec.Raw
    result: msgspec.Raw
    bounds: dict[str, dict[str, Bounds]]


class _Reading(msgspec.Struct):
    """The whole file."""

    operations: dict[str, _Facts]
    types: dict[str, msgspec.Raw]
    models: tuple[str, ...]


class Operation:
    """One operation: verb, path, and the checks of its query and body, made when first needed.

    `body` is json, multipart or None; `page` names the envelope of a list; `beta` tells the variant that a query
    asks for, where two operations share a path.
    """

    def __init__(self, name: str, facts: _Facts, schema: Schema) -> None:
        self.name = name
        self.verb = facts.verb
        self.path, _, variant = facts.path.partition("?")
        self.beta = bool(variant)
        self.body = facts.body
        self.page = facts.page
        self.schema = schema
        self._facts = facts

    def __repr__(self) -> str:
        return f"<{self.name}: {self.verb} {self.path}>"

    @cached_property
    def query(self) -> Fields:
        """The query's fields: name to type node and whether it is required."""
        return _decoded(self._facts.query)

    @cached_property
    def fields(self) -> Fields:
        """The body's fields: name to type node and whether it is required."""
        return _decoded(self._facts.fields)

    @cached_property
    def result(self) -> Any:
        """The node of a whole answer; of a list, its items'."""
        return msgspec.json.decode(self._facts.result)

    @cached_property
    def _body_check(self) -> Check:
        return self.schema.fields(self.fields)

    @cached_property
    def _query_check(self) -> Check:
        return self.schema.fields(self.query)

    @cached_property
    def _keep_body(self) -> Callable[[Any], None]:
        return bound.keeper(self._facts.bounds.get("body", {}))

    @cached_property
    def _keep_query(self) -> Callable[[Any], None]:
        return bound.keeper(self._facts.bounds.get("query", {}))

    @cached_property
    def _has_metadata(self) -> bool:
        """Whether there is a `metadata` of texts, which the API bounds wherever it takes it."""
        node = self.fields.get("metadata", ("any", False))[0]
        return any(self.schema.resolved(option) == ["dict", "str"] for option in self.schema.members(node))

    def check_body(self, body: Any) -> None:
        """Raise the 400 for the first thing wrong with a body."""
        if (found := self._body_check(body)) is not None:
            raise found.problem()
        self._keep_body(body)
        if self._has_metadata:
            bound.metadata(body.get("metadata"))

    def check_query(self, query: dict[str, Any]) -> None:
        """Raise the 400 for the first thing wrong with a query whose values were read already."""
        if (found := self._query_check(query)) is not None:
            raise found.problem()
        self._keep_query(query)


class _Types(Mapping[str, Any]):
    """The type nodes by name, each decoded when it is first asked for."""

    def __init__(self, raw: dict[str, msgspec.Raw]) -> None:
        self._raw = raw
        self._nodes: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._nodes:
            self._nodes[name] = msgspec.json.decode(self._raw[name])
        return self._nodes[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._raw)

    def __len__(self) -> int:
        return len(self._raw)


class Description:
    """All operations by name, and the models the API knows by name."""

    def __init__(self, packed: bytes, *, strict: bool = True) -> None:
        reading = msgspec.json.decode(zlib.decompress(packed), type=_Reading)
        self.schema = Schema(_Types(reading.types), strict=strict)
        self.operations = {name: Operation(name, f, self.schema) for name, f in reading.operations.items()}
        self.models = reading.models


def _decoded(raw: msgspec.Raw) -> Fields:
    return {name: (node, needed) for name, (node, needed) in msgspec.json.decode(raw).items()}


@cache
def description(*, strict: bool = True) -> Description:
    """The one that is shipped with the package; it refuses parameters that it does not know, or overlooks them."""
    from importlib.resources import files  # the package may lie in a zip

    return Description(files(__package__ or "antiphon.emulator").joinpath("api.json.z").read_bytes(), strict=strict)
