"""What annotations mean: the names that a module imports for type checkers only, given to it when somebody asks.

Annotations of generated methods are text, and importing every name in them would cost each start what only few need. Who
reads them (`typing.get_type_hints`, `inspect.signature`, pydantic, FastAPI) looks their names up in the method's module, so
the module learns them at that moment. Which they are stands in its compiled code, under `if TYPE_CHECKING:`; it is not
said twice. Refuses to evaluate anything.
"""

from __future__ import annotations

import dis
import sys
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from importlib.machinery import ModuleSpec, SourceFileLoader
from types import CodeType
from typing import Any

_LEARNED: set[str] = set()


def learn(name: str) -> None:
    """Give a loaded module every name that it imports anywhere at its top; what is not installed stays unknown."""
    if name in _LEARNED:
        return
    module = sys.modules[name]
    code = _code(name, module.__spec__)
    for local, home, attribute in imports(code, module.__package__ or "") if code else ():
        if local not in module.__dict__:
            with suppress(ImportError):
                found = import_module(home)
                module.__dict__[local] = getattr(found, attribute) if attribute else found
    _LEARNED.add(name)


def _code(name: str, spec: ModuleSpec | None) -> CodeType | None:
    """A module's compiled code, from its loader, or where that only runs modules (pytest's does) from its file."""
    read = getattr(spec and spec.loader, "get_code", None)
    if read is None and spec is not None and spec.origin is not None:
        read = SourceFileLoader(name, spec.origin).get_code
    return read(name) if read else None


def imports(code: CodeType, package: str) -> Iterator[tuple[str, str, str]]:
    """What compiled code imports, in whichever branch: the local name, the module, and the name there ("" for itself)."""
    constants: list[Any] = [0, None]
    home = whole = attribute = None
    for step in dis.get_instructions(code):
        match step.opname:
            case "LOAD_CONST" | "LOAD_SMALL_INT":
                constants = [constants[-1], step.argval]
            case "IMPORT_NAME":
                level, listed = constants
                parents = package.split(".")[: 1 - level or None] if level else []
                whole = ".".join([*parents, step.argval]).rstrip(".")
                home, attribute = (whole, None) if listed else (whole.partition(".")[0], "")
            case "IMPORT_FROM":
                home, attribute = whole, (step.argval if attribute is None else "")
            case "STORE_NAME" if home is not None and attribute is not None:
                yield step.argval, home, attribute
                attribute = None
            case _:
                pass
