"""Docstrings of generated methods and classes, in our own words, from facts alone."""

from __future__ import annotations

from ..description import Description, Operation

REFERENCE = "https://platform.openai.com/docs/api-reference"


def page(description: Description, path: str) -> str:
    """The page of the API reference nearest to a dotted path that is known to exist."""
    known = description.overlay["reference"]
    while path and path not in known:
        path = path.rpartition(".")[0]
    return f"{REFERENCE}/{known[path]}" if path else REFERENCE


def method(description: Description, operation: Operation, gives: str) -> list[str]:
    """The lines of a method's docstring, quotes included, unindented."""
    first = f"`{operation.verb} {operation.path}`" if operation.verb else _composed(operation)
    lines = [f'"""{first}{_gives(gives)}.', ""]
    if operation.deprecated:
        lines.append(f"Deprecated: {operation.deprecated}.")
    if operation.page:
        lines.append("Iterate over what comes back to read on past the first page.")
    if operation.helper is None or operation.helper.kind == "flow":
        lines.append(_raises(operation))
    return [*lines, f"See {_link(description, operation)}", '"""']


def _link(description: Description, operation: Operation) -> str:
    known = description.overlay["pages"].get(operation.name)
    return f"{REFERENCE}/{known}" if known else page(description, operation.resource)


def _composed(operation: Operation) -> str:
    assert operation.helper is not None
    made = {"flow": "Composed of several calls", "object": "Calls when used", "plain": "Makes no call"}
    return made[operation.helper.kind]


def _gives(gives: str) -> str:
    return "" if gives in ("None", "") else f": gives `{gives}`"


def _raises(operation: Operation) -> str:
    if not operation.path_names:
        return "Raises `APIStatusError` or `APIConnectionError`."
    named = " or ".join(f"`{name}`" for name in operation.path_names)
    return f"Raises `APIStatusError` or `APIConnectionError`; `ValueError` when {named} is empty."
