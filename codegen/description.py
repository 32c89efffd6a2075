"""The API description: the facts of `api/*.json` with the hand decisions of `api/overlay.json` laid over them.

Knows the files' shape and checks it. Refuses to know Python: types stay expressions, names stay as the API has them.

The overlay's sections: `operations` and `types` replace keys of the described entry of that name, or add one; `resources` are
classes without operations of their own; `packages` are empty ones; `names` say where undescribed names come from and what
they are called in the asynchronous colour; `variables` are references that are type variables; `reference` and `pages` are
the pages of the API reference known to exist, by resource and by operation; `channels` are the WebSocket endpoints (see
`channel`). `exports.json` says what each package exports.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from .expression import NONE, Expression, Name, Reference, Union, parse, union

TAIL = ("extra_headers", "extra_query", "extra_body", "timeout")
"""The arguments that most methods end with."""


class DescriptionError(ValueError):
    """The description contradicts itself; says where."""


@dataclass(frozen=True)
class Parameter:
    """One argument of a method. A tail argument (`extra_headers`, …) has no type of its own."""

    name: str
    type: Expression | None
    required: bool
    positional: bool
    default: str | None = None


@dataclass(frozen=True)
class Variant:
    """One overload: which arguments it requires, what it gives, and the argument types it narrows."""

    required: frozenset[str]
    returns: Expression
    types: Mapping[str, Expression]


@dataclass(frozen=True)
class Helper:
    """Where a composed method lives: a function or class of `antiphon.<module>`.

    `kind` is "flow" (run by the client), "object" (given back, to make calls later; its twin is named `Async…`) or "plain"
    (called at once, no I/O). The first two are given the client, the last one the client's secret where it takes one.
    """

    module: str
    name: str
    kind: str


@dataclass(frozen=True)
class Hook:
    """A function of `antiphon.<module>` that changes a call before it is performed; `arguments` go to it, not to the API.

    One that `performs` is given the client too and makes the call itself (`async_<name>` in the other colour). One that is
    `eager` is on the way of every call, so it is imported with the resource."""

    module: str
    name: str
    arguments: tuple[str, ...] = ()
    performs: bool = False
    eager: bool = False


@dataclass(frozen=True)
class Operation:
    """One method of the API in both colours."""

    name: str
    class_name: str
    module: str
    parameters: tuple[Parameter, ...]
    returns: Expression
    verb: str | None = None
    path: str | None = None
    query: tuple[str, ...] = ()
    body: str | None = None
    body_fields: tuple[str, ...] = ()
    files: tuple[tuple[str, ...], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    header_fields: Mapping[str, str] = field(default_factory=dict[str, str])
    page: str | None = None
    item: Expression | None = None
    event: str | None = None
    result: str | None = None
    results: Mapping[str, Any] | None = None
    variants: tuple[Variant, ...] = ()
    admin: bool = False
    deprecated: str | None = None
    helper: Helper | None = None
    hook: Hook | None = None
    streams: bool = False
    raw: bool = True
    binary: bool = False
    async_absent: frozenset[str] = frozenset()

    @property
    def resource(self) -> str:
        """The dotted path of the resource it belongs to, e.g. "chat.completions"."""
        return self.name.rpartition(".")[0]

    @property
    def method(self) -> str:
        """Its name on the resource."""
        return self.name.rpartition(".")[2]

    @property
    def namespace(self) -> str:
        """Its first name."""
        return self.name.partition(".")[0]

    @property
    def constant(self) -> str:
        """The name of its constant in `antiphon.operations.<namespace>`."""
        return "_".join(self.name.split(".")[1:]).upper()

    @cached_property
    def path_names(self) -> tuple[str, ...]:
        """The names in its path template."""
        return tuple(re.findall(r"{(\w+)}", self.path or ""))


@dataclass(frozen=True)
class Field:
    """One field of a model or TypedDict; `alias` is the API's name where it is no identifier."""

    name: str
    type: Expression
    required: bool
    alias: str | None
    default: str = "None"


@dataclass(frozen=True)
class Type:
    """A described type: a "model", "params" (TypedDict), "alias", or one that lives "elsewhere", in the module `home`.

    `mixin` is a base written by hand, as "module:Name". `unsent` are fields that no request holds.
    """

    reference: Reference
    kind: str
    fields: tuple[Field, ...]
    bases: tuple[Expression, ...]
    alias: Expression | None
    discriminator: str | None
    mixin: str | None
    home: str | None
    unsent: tuple[str, ...] = ()


@dataclass(frozen=True)
class Resource:
    """A resource class: where it sits on the client and where the official package keeps it."""

    path: str
    class_name: str
    module: str
    raw: bool = True


@dataclass(frozen=True)
class Description:
    """Everything the generator knows."""

    operations: tuple[Operation, ...]
    types: Mapping[Reference, Type]
    resources: Mapping[str, Resource]
    exports: Mapping[str, Mapping[str, Reference]]
    overlay: Mapping[str, Any]


def load(folder: Path) -> Description:
    """Read `folder`.

    Raises:
        DescriptionError: an overlay entry speaks of nothing, or an operation's argument has no place in its request.
    """
    overlay = json.loads((folder / "overlay.json").read_text())
    facts = [
        json.loads(_with_variables(path.read_text(), overlay["variables"]))
        for path in sorted(folder.glob("*.json"))
        if path.stem not in ("index", "overlay", "exports", "bounds")
    ]
    exports = json.loads((folder / "exports.json").read_text())
    operations = {name: entry for fact in facts for name, entry in fact["operations"].items()}
    types = {name: entry for fact in facts for name, entry in fact["types"].items()}
    _lay(operations, overlay["operations"])
    _lay(types, overlay["types"])
    made = tuple(_operation(name, entry) for name, entry in operations.items())
    return Description(
        operations=made,
        types={Reference(*name.split(":")): _type(name, entry) for name, entry in types.items()},
        resources=_resources(made, overlay["resources"]),
        exports={
            package: {name: Reference(*target.split(":")) for name, target in names.items()}
            for package, names in exports.items()
        },
        overlay=overlay,
    )


def _with_variables(text: str, variables: Mapping[str, Mapping[str, str]]) -> str:
    for reference, decision in variables.items():
        text = text.replace(reference, decision["name"])
    return text


def _lay(entries: dict[str, dict[str, Any]], decisions: Mapping[str, dict[str, Any]]) -> None:
    for name, decision in decisions.items():
        if name not in entries and "kind" not in decision:
            raise DescriptionError(f"the overlay speaks of {name}, which is not described")
        if "reason" not in decision:
            raise DescriptionError(f"the overlay's decision about {name} has no reason")
        entries[name] = {**entries.get(name, {}), **decision}


def _parameters(entry: Mapping[str, Any]) -> tuple[Parameter, ...]:
    described = {
        p["name"]: Parameter(
            p["name"],
            parse(entry.get("parameter_types", {}).get(p["name"], p["type"])),
            p["required"],
            p.get("positional", False),
            entry.get("defaults", {}).get(p["name"]),
        )
        for p in entry["params"]
    }
    order = entry.get("signature") or [*described, *entry.get("tail", TAIL)]
    positional = entry.get("positional_tail", False)
    return tuple(described.get(name) or Parameter(name, None, False, positional) for name in order)


def _variant(entry: Mapping[str, Any]) -> Variant:
    types = dict(entry.get("types", {}))
    if entry.get("stream"):
        types["stream"] = entry["stream"]
    return Variant(
        frozenset(entry["required"]), parse(entry["returns"]), {name: parse(text) for name, text in types.items()}
    )


def _operation(name: str, entry: Mapping[str, Any]) -> Operation:
    headers = {key: value for key, value in entry.get("headers", {}).items() if "{" not in value}
    if entry.get("body") == "multipart":
        headers.pop("Content-Type", None)  # the encoder adds it, with its boundary
    operation = Operation(
        name=name,
        class_name=entry["class"],
        module=entry["module"],
        parameters=_parameters(entry),
        returns=parse(entry["returns"]),
        verb=entry.get("verb"),
        path=entry.get("path"),
        query=tuple(entry.get("query", ())),
        body=entry.get("body"),
        body_fields=tuple(entry.get("body_fields", ())),
        files=tuple(tuple(path) for path in entry.get("files", ())),
        headers=headers,
        header_fields=entry.get("header_fields", {}),
        page=entry.get("page"),
        item=parse(entry["item"]) if "item" in entry else None,
        event=entry.get("event"),
        result=_result(entry),
        results=entry.get("results"),
        variants=tuple(map(_variant, entry.get("variants", ()))),
        admin="admin" in (entry.get("security") or ""),
        deprecated=entry.get("deprecation") if entry.get("deprecated") else None,
        helper=Helper(**entry["helper"]) if entry.get("helper") else None,
        hook=_hook(entry.get("hook")),
        streams=entry.get("streams", False),
        raw=entry.get("raw", not entry.get("helper")),
        binary=entry["returns"] == "HttpxBinaryResponseContent",
        async_absent=frozenset(entry.get("async_absent", ())),
    )
    _check(operation)
    return operation


def _result(entry: Mapping[str, Any]) -> str | None:
    if entry.get("page") or entry.get("helper") or entry.get("results"):
        return None
    response: str = entry["response"]
    return {"NoneType": "none", "HttpxBinaryResponseContent": "bytes"}.get(response, response)


def _hook(entry: Mapping[str, Any] | None) -> Hook | None:
    if entry is None:
        return None
    return Hook(
        entry["module"],
        entry["name"],
        tuple(entry.get("arguments", ())),
        performs=entry.get("performs", False),
        eager=entry.get("eager", False),
    )


def _check(operation: Operation) -> None:
    if operation.helper:
        return
    if operation.deprecated is None and operation.verb is None:
        raise DescriptionError(f"{operation.name} has no verb")
    names = {p.name for p in operation.parameters}
    taken = operation.hook.arguments if operation.hook else ()
    placed = {*operation.path_names, *operation.query, *operation.body_fields, *operation.header_fields, *taken, *TAIL}
    if names != placed - (set(TAIL) - names):
        raise DescriptionError(f"{operation.name}: arguments without a place, or places without: {names ^ placed}")


def _type(name: str, entry: Mapping[str, Any]) -> Type:
    bases = tuple(parse(base) for base in entry.get("bases", ()))
    return Type(
        reference=Reference(*name.split(":")),
        kind=entry["kind"],
        fields=tuple(_field(f, entry) for f in entry.get("fields", ())),
        bases=bases,
        alias=parse(entry["type"]) if "type" in entry else None,
        discriminator=entry.get("discriminator"),
        mixin=entry.get("mixin"),
        home=entry.get("home"),
        unsent=tuple(entry.get("unsent", ())),
    )


def _field(entry: Mapping[str, Any], owner: Mapping[str, Any]) -> Field:
    name, type_, is_model = entry["name"], parse(entry["type"]), owner["kind"] == "model"
    # The facts take a renamed field's alias for a default; one that cannot be null is required all the same.
    required = entry["required"] or (is_model and "alias" in entry and not _nullable(type_))
    required = required or name in owner.get("required", ())
    default = owner.get("defaults", {}).get(name, "None")
    if is_model and not required and default == "None" and not _nullable(type_):
        type_ = union(type_, NONE)
    return Field(name, type_, required, entry.get("alias"), default)


def _nullable(expression: Expression) -> bool:
    members = expression.members if isinstance(expression, Union) else (expression,)
    return any(member in (NONE, Name("object"), Name("Any")) for member in members)


def _resources(operations: tuple[Operation, ...], decisions: Mapping[str, Any]) -> dict[str, Resource]:
    found = {o.resource: Resource(o.resource, o.class_name, o.module) for o in operations}
    for path, entry in decisions.items():
        known = found.get(path)
        found[path] = Resource(
            path,
            entry.get("class") or (known.class_name if known else ""),
            entry.get("module") or (known.module if known else ""),
            entry.get("raw", True),
        )
    return dict(sorted(found.items()))
