"""Keeps the parts of the documentation that a program can write.

    python docs/paste.py           write them
    python docs/paste.py --check   change nothing; fail when one is stale

A page says `<!-- paste: NAME -->` … `<!-- /paste -->`; what stands between is replaced. Knows where each part comes from
(the command line's own help, the docstrings, `api/`, the emulator's routes) and refuses to know the prose around it.
"""

from __future__ import annotations

import ast
import inspect
import json
import os
import re
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
_PASTE = re.compile(r"(<!-- paste: (?P<name>[a-z-]+) -->\n).*?(<!-- /paste -->)", re.DOTALL)
_APART = ("admin", "beta")


def help_of_command() -> str:
    """What `antiphon --help` prints."""
    from antiphon.cli import usage

    return _fenced(usage())


def help_of_serve() -> str:
    """What `antiphon serve --help` prints on a terminal of 80 columns."""
    from antiphon.cli.serve import parser

    before = os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = "80"
    try:
        return _fenced(parser().format_help())
    finally:
        os.environ.pop("COLUMNS") if before is None else os.environ.update(COLUMNS=before)


def error_tree() -> str:
    """The tree in the docstring of `antiphon.errors`."""
    from antiphon import errors

    lines = inspect.cleandoc(errors.__doc__ or "").splitlines()
    return _fenced(textwrap.dedent("\n".join(line for line in lines if line.startswith("    "))))


def faults() -> str:
    """What goes wrong, what comes of it, and how many tests show it."""
    sys.path.insert(0, str(DOCS))
    try:
        import fault
    finally:
        sys.path.remove(str(DOCS))
    return fault.table().rstrip()


def client_arguments() -> str:
    """The arguments of every client."""
    from antiphon.base_client import BaseClient

    return _arguments(BaseClient)


def bedrock_arguments() -> str:
    """The arguments of the clients for Bedrock that the others do not have, or take in another way."""
    from antiphon.providers.bedrock_client import BedrockClient

    return _arguments(BedrockClient)


def endpoints() -> str:
    """Every REST operation: what the emulator does with its state, and the test that shows it."""
    from antiphon.emulator.description import description
    from antiphon.emulator.families import ALIASES, HANDLERS

    shown = _shown()
    rows: list[tuple[str, ...]] = []
    for name, operation in description().operations.items():
        handler = HANDLERS[ALIASES.get(name, name)]
        semantics = (handler.__doc__ or "").partition("\n")[0]
        test = shown.get(name) or shown.get(ALIASES.get(name, ""), "")
        query = "?beta=true" if operation.beta else ""
        rows.append(
            (f"`{name}`", f"`{operation.verb} {operation.path}{query}`", semantics, f"`{test}`" if test else "")
        )
    return _table(("operation", "request", "what it does", "test"), rows)


def _shown() -> dict[str, str]:
    """The first test of the emulator that says it proves an operation: `@pytest.mark.operation(name)`."""
    found: dict[str, str] = {}
    tests = ROOT / "tests" / "emulator"
    for path in sorted(tests.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                for name in _marked(node.decorator_list):
                    found.setdefault(name, f"{path.relative_to(tests)}::{node.name}")
    return found


def _marked(decorators: list[ast.expr]) -> Iterator[str]:
    for decorator in decorators:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.operation":
            yield from (str(argument.value) for argument in decorator.args if isinstance(argument, ast.Constant))


def operations(*namespaces: str) -> str:
    """The methods of some namespaces, or of all that have no page of their own."""
    tables: list[str] = []
    for namespace, facts in _described_operations():
        if namespace in namespaces or (not namespaces and namespace not in _APART):
            rows = [(f"`{name}`", _request(f), _result(f)) for name, f in sorted(facts.items())]
            title = f"## {namespace}\n\n" if not namespaces else ""
            tables.append(title + _table(("method", "request", "gives"), rows))
    return "\n\n".join(tables)


def count() -> str:
    """How many methods there are."""
    all_facts = [facts for _, group in _described_operations() for facts in group.values()]
    composed = sum(1 for facts in all_facts if facts.get("helper"))
    return f"{len(all_facts)} methods in each colour: {len(all_facts) - composed} requests and {composed} compositions."


PARTS: dict[str, Callable[[], str]] = {
    "faults": faults,
    "help": help_of_command,
    "serve-help": help_of_serve,
    "error-tree": error_tree,
    "client-arguments": client_arguments,
    "bedrock-arguments": bedrock_arguments,
    "endpoints": endpoints,
    "count": count,
    "operations": operations,
    "operations-admin": lambda: operations("admin"),
    "operations-beta": lambda: operations("beta"),
}


def pages() -> list[Path]:
    """The README and every page of the documentation."""
    return [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]


def pasted(text: str) -> str:
    """A page with its parts up to date."""
    return _PASTE.sub(lambda found: f"{found[1]}{PARTS[found['name']]()}\n{found[3]}", text)


def main(arguments: list[str]) -> int:
    """Write the parts, or say which pages are stale."""
    stale = [page for page in pages() if pasted(page.read_text("utf-8")) != page.read_text("utf-8")]
    for page in stale:
        sys.stdout.write(f"{page.relative_to(ROOT)}\n")
        if arguments != ["--check"]:
            page.write_text(pasted(page.read_text("utf-8")), "utf-8")
    return 1 if stale and arguments == ["--check"] else 0


def _arguments(kind: type[Any]) -> str:
    """A constructor's arguments: defaults from the signature, meanings from the docstring."""
    parameters = inspect.signature(kind.__init__).parameters
    described = _described(kind.__doc__ or "")
    rows = [(f"`{name}`", _default(parameters[name].default), _cell(meaning)) for name, meaning in described]
    return _table(("argument", "default", "meaning"), rows)


def _described(docstring: str) -> Iterator[tuple[str, str]]:
    """Names and meanings of a docstring's `Args:`."""
    section = inspect.cleandoc(docstring).partition("Args:\n")[2].partition("\n\n")[0]
    for entry in re.split(r"\n(?=    \S)", section):
        name, _, meaning = entry.strip().partition(":")
        yield name, " ".join(meaning.split())


def _default(value: Any) -> str:
    shown = repr(value)
    return "left out" if shown in ("NOT_GIVEN", "omit") else f"`{shown}`"


def _described_operations() -> Iterator[tuple[str, dict[str, dict[str, Any]]]]:
    for path in sorted((ROOT / "api").glob("*.json")):
        described = json.loads(path.read_text("utf-8"))
        if "namespace" in described and described.get("operations"):
            yield described["namespace"], described["operations"]


def _request(facts: dict[str, Any]) -> str:
    if facts.get("helper"):
        return "composed"
    return f"`{facts['verb']} {facts['path']}`" + (", deprecated" if facts.get("deprecated") else "")


def _result(facts: dict[str, Any]) -> str:
    result = re.sub(r"[\w.]+:", "", facts.get("returns") or "None")
    return _cell(f"`{result}`")


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _fenced(text: str) -> str:
    return f"```text\n{text.rstrip()}\n```"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
