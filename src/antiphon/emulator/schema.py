"""Checks of values against the API description's type nodes, compiled once into closures.

A check takes a value and gives None or a `Complaint`. Paths are built only when something is wrong,
on the way back up. Knows types; bounds and meanings are told elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple

from .problem import Problem
from .shape import is_array, is_object

Node = Any
TAGS: Final = ("type", "role")


class Complaint(NamedTuple):
    """What is wrong, and where below the value that was checked."""

    code: str
    text: str
    path: tuple[str | int, ...] = ()

    def under(self, step: str | int) -> Complaint:
        """The same complaint seen from one level up."""
        return Complaint(self.code, self.text, (step, *self.path))

    def problem(self) -> Problem:
        """The 400 that the API answers."""
        where = spelled(self.path)
        return Problem(400, self.text.replace("{}", where), param=where or None, code=self.code)


Check = Callable[[Any], Complaint | None]


def spelled(path: Iterable[str | int]) -> str:
    """`input[0].content` for ("input", 0, "content")."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def kind(value: Any) -> str:
    """What a JSON value is called in an error message."""
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int():
            return "an integer"
        case float():
            return "a decimal"
        case str():
            return "a string"
        case list():
            return "an array"
        case _:
            return "an object"


def wrong_type(wanted: str, value: Any) -> Complaint:
    """The value is of another JSON kind than any that is accepted."""
    got = kind(value)
    return Complaint("invalid_type", f"Invalid type for '{{}}': expected {wanted}, but got {got} instead.")


def wrong_value(value: Any, allowed: Iterable[Any]) -> Complaint:
    """The value is not among the ones that are accepted."""
    names = [f"'{name}'" for name in allowed]
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    return Complaint("invalid_value", f"Invalid value: '{value}'. Supported values are: {listed}.")


class Schema:
    """The checks of one API description; each named type is compiled once, on first use.

    One that is not strict overlooks fields it does not know.
    """

    def __init__(self, types: Mapping[str, Node], *, strict: bool = True) -> None:
        self._types = types
        self.strict = strict
        self._checks: dict[str, Check] = {}

    def fields(self, fields: Mapping[str, tuple[Node, bool]]) -> Check:
        """The check of an object with exactly these fields."""
        known = {name: self.check(node) for name, (node, _) in fields.items()}
        required = tuple(name for name, (_, needed) in fields.items() if needed)
        strict = self.strict

        def check(value: Any) -> Complaint | None:
            if not is_object(value):
                return wrong_type("an object", value)
            for name, item in value.items():
                if (inner := known.get(name)) is None:
                    if not strict:
                        continue
                    return Complaint("unknown_parameter", "Unknown parameter: '{}'.", (name,))
                if (found := inner(item)) is not None:
                    return found.under(name)
            for name in required:
                if name not in value:
                    return Complaint("missing_required_parameter", "Missing required parameter: '{}'.", (name,))
            return None

        return check

    def check(self, node: Node) -> Check:
        """The check of one node."""
        match node:
            case str():
                return _SCALARS[node]
            case ["enum", values]:
                return _enum(values)
            case ["list", item]:
                return _list(self.check(item))
            case ["dict", item]:
                return _dict(self.check(item))
            case ["object", fields]:
                return self.fields(fields)
            case ["ref", name]:
                return self._reference(name)
            case ["union", _]:
                return self._union(self.members(node))
            case _:
                raise ValueError(f"no check for the node {node!r}")

    def members(self, node: Node) -> list[Node]:
        """The alternatives a node stands for, with names looked through and unions flattened."""
        match node:
            case ["ref", name]:
                target = self._types[name]
                return self.members(target) if target[0] in ("union", "ref") else [node]
            case ["union", members]:
                return [leaf for member in members for leaf in self.members(member)]
            case _:
                return [node]

    def resolved(self, node: Node) -> Node:
        """A node with its name looked through."""
        while node[0] == "ref":
            node = self._types[node[1]]
        return node

    def _reference(self, name: str) -> Check:
        def check(value: Any) -> Complaint | None:
            found = self._checks.get(name)
            if found is None:
                found = self._checks[name] = self.check(self._types[name])
            return found(value)

        return check

    def _union(self, members: list[Node]) -> Check:
        plain = [(member, self.resolved(member)) for member in members]
        if any(node in ("any", "file") for _, node in plain):
            return _SCALARS["any"]  # whether a file really came is its family's to say
        scalars: dict[type[Any], Check] = {}
        values = [v for _, node in plain if node[0] == "enum" for v in node[1]]
        if any(node == "str" for _, node in plain):
            scalars[str] = _accept
        elif values:
            scalars[str] = _enum(values)
        for value in values:
            scalars.setdefault(value.__class__, _enum(values))
        for _, node in plain:
            scalars |= _NATIVE.get(node, {}) if isinstance(node, str) else {}
        if lists := [self.check(member) for member, node in plain if node[0] == "list"]:
            scalars[list] = _first_of(lists)
        if objects := [(member, node) for member, node in plain if node[0] in ("object", "dict")]:
            scalars[dict] = self._tagged(objects)
        wanted = _wanted(scalars)

        def check(value: Any) -> Complaint | None:
            inner = scalars.get(value.__class__)
            return inner(value) if inner is not None else wrong_type(wanted, value)

        return check

    def _tagged(self, objects: list[tuple[Node, Node]]) -> Check:
        tag = next((t for t in TAGS if any(_literal(node, t) for _, node in objects)), None)
        if tag is None or len(objects) == 1:
            return _first_of([self.check(member) for member, _ in objects])
        by_value: dict[Any, list[Check]] = {}
        untagged: list[Check] = []
        for member, node in objects:
            check = self.check(member)
            for value in _literal(node, tag):
                by_value.setdefault(value, []).append(check)
            if node[0] == "dict" or tag not in node[1] or not node[1][tag][1]:
                untagged.append(check)
        return _dispatch(tag, {value: _first_of(checks) for value, checks in by_value.items()}, untagged)


def _dispatch(tag: str, by_value: dict[Any, Check], untagged: list[Check]) -> Check:
    without = _first_of(untagged) if untagged else None

    def check(value: Any) -> Complaint | None:
        chosen = value.get(tag)
        if chosen is None:
            if without is not None:
                return without(value)
            return Complaint("missing_required_parameter", "Missing required parameter: '{}'.", (tag,))
        if not isinstance(chosen, str) or chosen not in by_value:
            return wrong_value(chosen, by_value).under(tag)
        return by_value[chosen](value)

    return check


def _literal(node: Node, tag: str) -> list[Any]:
    if node[0] != "object" or tag not in node[1]:
        return []
    field = node[1][tag][0]
    options = field[1] if field[0] == "union" else [field]
    return [value for option in options if option[0] == "enum" for value in option[1]]


def _first_of(checks: list[Check]) -> Check:
    if len(checks) == 1:
        return checks[0]

    def check(value: Any) -> Complaint | None:
        closest: Complaint | None = None
        for inner in checks:
            if (found := inner(value)) is None:
                return None
            if closest is None or _depth(found) > _depth(closest):
                closest = found
        return closest

    return check


def _depth(complaint: Complaint) -> tuple[int, bool]:
    """How far a check came: a wrong tag says less than what is wrong where the tag was right."""
    path = complaint.path
    return len(path), bool(path) and path[-1] not in TAGS


def _list(item: Check) -> Check:
    def check(value: Any) -> Complaint | None:
        if not is_array(value):
            return wrong_type("an array", value)
        for index, element in enumerate(value):
            if (found := item(element)) is not None:
                return found.under(index)
        return None

    return check


def _dict(item: Check) -> Check:
    def check(value: Any) -> Complaint | None:
        if not is_object(value):
            return wrong_type("an object", value)
        for name, element in value.items():
            if (found := item(element)) is not None:
                return found.under(name)
        return None

    return check


def _enum(values: list[Any]) -> Check:
    allowed = frozenset(values)

    def check(value: Any) -> Complaint | None:
        if type(value) not in (str, bool, int):
            return wrong_type(f"one of {', '.join(map(repr, values))}", value)
        return None if value in allowed else wrong_value(value, values)

    return check


def _accept(_: Any) -> None:
    return None


def _of(wanted: str, *types: type) -> Check:
    def check(value: Any) -> Complaint | None:
        return None if type(value) in types else wrong_type(wanted, value)

    return check


def _wanted(scalars: Mapping[type[Any], Check]) -> str:
    names = {str: "a string", int: "an integer", float: "a decimal", bool: "a boolean", list: "an array"}
    listed = [names.get(kind, "an object") for kind in scalars if kind is not type(None)]
    if float in scalars and int in scalars:
        listed.remove("an integer")
    return " or ".join(listed)


_SCALARS: Final[dict[str, Check]] = {
    "str": _of("a string", str),
    "int": _of("an integer", int),
    "float": _of("a decimal", float, int),
    "bool": _of("a boolean", bool),
    "null": _of("null", type(None)),
    "any": _accept,
    "file": _accept,
}
_NATIVE: Final[dict[str, dict[type[Any], Check]]] = {
    "int": {int: _accept},
    "float": {float: _accept, int: _accept},
    "bool": {bool: _accept},
    "null": {type(None): _accept},
}
