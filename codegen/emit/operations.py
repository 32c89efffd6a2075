"""`antiphon/operations/<namespace>.py`: one `Operation` constant per REST operation."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from pprint import pformat
from typing import Any

from ..description import Description, Operation
from .source import HEADER


def operations(description: Description) -> dict[str, str]:
    """The files, by path below `src/antiphon`."""
    files = {"operations/__init__.py": _package()}
    rest = [
        o for o in description.operations if o.verb and description.resources[o.resource].path == home(description, o)
    ]
    for namespace, group in groupby(sorted(rest, key=lambda o: (o.namespace, o.name)), key=lambda o: o.namespace):
        files[f"operations/{namespace}.py"] = _file(namespace, group)
    return files


def home(description: Description, operation: Operation) -> str:
    """The resource path an operation's class is generated for; another path to the same class is an alias of it."""
    return min(
        (
            r.path
            for r in description.resources.values()
            if (r.module, r.class_name) == (operation.module, operation.class_name)
        ),
        key=lambda path: (not operation.module.startswith(path), path),
    )


def _package() -> str:
    return HEADER + '"""What is known of each REST operation before anyone calls it: one module per namespace."""\n'


def _file(namespace: str, group: Iterable[Operation]) -> str:
    lines = [
        HEADER + f'"""The REST operations below `client.{namespace}`, as facts."""',
        "",
        "from __future__ import annotations",
        "",
    ]
    lines += ["from ..core.call import Operation", ""]
    for operation in group:
        facts = "".join(f", {key}={value}" for key, value in _facts(operation).items())
        name = f'"{operation.name}", "{operation.verb}", "{operation.path}"'
        lines.append(f"{operation.constant} = Operation({name}{facts})")
        if operation.results:
            lines.append(f"{operation.constant}_RESULTS: dict[object, str] = {pformat(operation.results['values'])}")
    return "\n".join([*lines, ""])


def _facts(operation: Operation) -> dict[str, str]:
    facts: dict[str, Any] = {
        "body": operation.body,
        "fields": operation.body_fields or None,
        "result": operation.result,
        "event": operation.event,
        "page": operation.page,
        "item": str(operation.item) if operation.item else None,
        "headers": dict(operation.headers) or None,
        "files": operation.files or None,
    }
    written = {key: pformat(value) for key, value in facts.items() if value is not None}
    return written | ({"bearer": "False", "admin": "True"} if operation.admin else {})
