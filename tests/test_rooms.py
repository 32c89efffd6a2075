"""Who may import whom. This table is the design's; a new import either fits it or changes the design on purpose."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src" / "antiphon"

# Modules at the top that put the rooms together; "shells" are thin and coloured.
ASSEMBLY = {
    *(
        "client",
        "base_client",
        "copying",
        "credentials",
        "governing",
        "fetching",
        "hooks",
        "raw_calls",
        "mode",
        "result",
    ),
    *("auth", "lib", "settings", "profile", "handshake", "local", "log", "module_client", "providers"),
}
SHELLS = {"streaming", "response", "binary", "pagination"}
# Import paths of the official package's private modules: what they lend lives elsewhere.
PATHS = {
    *("_base_client", "_client", "_constants", "_exceptions", "_legacy_response", "_models", "_module_client"),
    *("_response", "_streaming", "_types", "_utils", "_version"),
}

ALLOWED: dict[str, set[str]] = {
    "errors": {"core"},  # one property reads the rate-limit headers, lazily
    "version": set(),
    "steady": set(),  # the one clock of whoever waits
    "core": {"core", "errors", "version", "types"},
    "policies": {"policies", "core", "errors", "shared"},  # of it the interface alone, see below
    "shared": {"shared", "core", "errors", "steady"},
    "drivers": {"drivers", "core", "errors", "steady"},
    "wire": {"wire", "core", "errors"},
    "transports": {"transports", "wire", "core", "errors", "steady"},
    "operations": {"core"},
    "types": {"types", "core", "pagination", "sockets", "helpers"},
    "resources": {"resources", "operations", "core", "types", "helpers", "sockets", *SHELLS},
    "helpers": {"helpers", "core", "errors", "types", "operations", "drivers", *SHELLS},
    "sockets": {"sockets", "core", "errors", "types"},
    "emulator": {"emulator", "core", "version", "cli"},  # `python -m antiphon.emulator` is `antiphon serve`
    "testing": {"testing", "emulator"},
    "__pyinstaller": set(),
    "drill": {"drill", "client", "core", "drivers", "emulator", "errors", "operations", "policies", "transports"},
    "cli": {"cli", "drill", "core", "emulator", "client", "version", "local", "module_client"},
    **{room: {"core", "errors", "drivers", *SHELLS} for room in SHELLS},
    **{
        room: {
            *("core", "errors", "policies", "drivers", "transports", "resources", "operations", "emulator", "version"),
            *ASSEMBLY,
            *SHELLS,
        }
        for room in ASSEMBLY
    },
    **{path: {"core"} for path in PATHS},
    "privacy": {"helpers", "policies"},
}
ALLOWED["lib"] |= {"helpers", "types"}

FORBIDDEN_MODULES: dict[str, set[str]] = {
    "core": {"asyncio", "socket", "ssl", "time", "random", "threading", "subprocess", "httptools"},
    "policies": {"asyncio", "time", "random", "threading", "socket", "ssl"},
    "wire": {"asyncio", "socket", "ssl", "time", "random", "threading"},
    "errors": {"asyncio", "socket", "ssl"},
}


def files() -> list[Path]:
    return sorted(path for path in SOURCE.rglob("*.py") if "__pycache__" not in path.parts)


def room_of(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def imported(path: Path, *, checking: bool = True) -> Iterator[tuple[str, int]]:
    """Full names of what a file imports, with the line; imports for type checkers only where asked for."""
    package = ("antiphon", *path.relative_to(SOURCE).parts[:-1])
    stack: list[ast.AST] = [ast.parse(path.read_text())]
    while stack:
        node = stack.pop()
        if not checking and isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            stack.extend(node.orelse)
            continue
        stack.extend(ast.iter_child_nodes(node))
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            home = ".".join(part for part in (base, node.module) if part)
            if home == "antiphon":
                yield from ((f"antiphon.{alias.name}", node.lineno) for alias in node.names)
            else:
                yield home, node.lineno


@pytest.mark.parametrize("room", sorted(ALLOWED))
def test_a_room_imports_only_what_it_may(room: str) -> None:
    wrong = [
        f"{path.relative_to(SOURCE)}:{line} imports {name}"
        for path in files()
        if room_of(path) == room
        for name, line in imported(path, checking=False)
        if name.startswith("antiphon.") and name.split(".")[1] not in {*ALLOWED[room], room}
    ]
    assert not wrong


@pytest.mark.parametrize("room", sorted(FORBIDDEN_MODULES))
def test_a_room_without_io_imports_nothing_that_does_any(room: str) -> None:
    wrong = [
        f"{path.relative_to(SOURCE)}:{line} imports {name}"
        for path in files()
        if room_of(path) == room
        for name, line in imported(path, checking=False)
        if name.split(".")[0] in FORBIDDEN_MODULES[room]
    ]
    assert not wrong


def test_policies_know_the_interface_of_what_is_shared_and_nothing_behind_it() -> None:
    known = {name for path in files() if room_of(path) == "policies" for name, _ in imported(path, checking=False)}
    assert {name for name in known if name.startswith("antiphon.shared")} <= {
        "antiphon.shared.store",
        "antiphon.shared.journal",  # made for whoever names a file only; written to through effects
    }


def test_every_file_is_in_a_room() -> None:
    assert {room_of(path) for path in files()} - {"__init__"} <= set(ALLOWED)


def test_hand_written_files_stay_small() -> None:
    generated = [SOURCE / room for room in ("types", "resources", "operations", "sockets/channel")]
    long = {
        str(path.relative_to(SOURCE)): lines
        for path in files()
        if not any(map(path.is_relative_to, generated)) and (lines := path.read_text().count("\n")) > 400
    }
    assert not long


def test_every_module_says_what_it_knows() -> None:
    silent = [str(path.relative_to(SOURCE)) for path in files() if not ast.get_docstring(ast.parse(path.read_text()))]
    assert not silent
