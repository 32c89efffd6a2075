"""`antiphon migrate`: a source tree's imports of `openai` become imports of `antiphon`; what cannot be moved is told.

Knows the command's options, its output and its exit codes; `migration` knows what is to be changed.
"""

from __future__ import annotations

import argparse
import difflib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from .migration import program, requirement, tree
from .migration.document import Document, opened, replace
from .migration.edit import Edit, applied
from .migration.notebook import Notebook

_EPILOG = """\
Without --write nothing is changed: a diff goes to the standard output (git apply takes it), remarks go to the standard error.

exit codes: 0 nothing is left to do by hand, 1 something is (each place is named), 2 the command line cannot be understood
"""


class Plan(NamedTuple):
    """What a file becomes, and what is left to a person."""

    document: Document
    content: bytes
    remarks: list[str]
    link: bool


def parser() -> argparse.ArgumentParser:
    """The options of the command."""
    parser = argparse.ArgumentParser(
        prog="antiphon migrate",
        description="Change a source tree's imports of openai to antiphon: names and imports, nothing else.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("path", nargs="*", type=Path, default=[Path()], help="files and folders (default: this folder)")
    parser.add_argument("--write", action="store_true", help="change the files instead of showing a diff")
    parser.add_argument(
        "--keep-name",
        action="store_true",
        help="write `import antiphon as openai`, so that the code below stays as it is",
    )
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run the command; gives its exit code."""
    options = parser().parse_args(arguments)
    absent = [str(path) for path in options.path if not path.exists()]
    if absent:
        print(f"antiphon migrate: no such file or folder: {', '.join(absent)}", file=sys.stderr)
        return 2
    special = [str(path) for path in options.path if _is_special(path) and not path.is_dir()]
    if special:
        print(f"antiphon migrate: neither a regular file nor a folder: {', '.join(special)}", file=sys.stderr)
        return 2
    try:
        return _run(options)
    except BrokenPipeError:  # who reads the diff has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _is_special(path: Path) -> bool:
    """Whether it is there and no regular file, such as a pipe, which would be waited for."""
    return path.exists() and not path.is_file()


def _run(options: argparse.Namespace) -> int:
    remarks: list[str] = []
    changed = 0
    for plan in _plans(options.path, keep_name=options.keep_name, remarks=remarks):
        remarks += plan.remarks
        if plan.content == plan.document.content:
            continue
        if plan.link:
            remarks.append(f"{plan.document.path}: a symbolic link; give its target to change it")
            continue
        changed += _carry_out(plan, remarks) if options.write else _show(plan)
    sys.stdout.flush()
    for remark in remarks:
        print(remark, file=sys.stderr)
    verb = "changed" if options.write else "to change"
    print(f"{_count(changed, 'file')} {verb}, {_count(len(remarks), 'remark')}", file=sys.stderr)
    return 1 if remarks else 0


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _carry_out(plan: Plan, remarks: list[str]) -> int:
    try:
        replace(plan.document.path, plan.content)
    except OSError as error:
        remarks.append(f"{plan.document.path}: cannot be written: {error.strerror}")
        return 0
    sys.stdout.buffer.write(os.fsencode(plan.document.path) + b"\n")
    return 1


def _show(plan: Plan) -> int:
    """Print a diff in the file's own bytes, so that it can be applied."""
    name = os.fsencode(_relative(plan.document.path))
    before, after = _lines(plan.document.content), _lines(plan.content)
    lines = difflib.diff_bytes(difflib.unified_diff, before, after, b"a/" + name, b"b/" + name)
    for line in lines:
        sys.stdout.buffer.write(line if line.endswith(b"\n") else line + b"\n\\ No newline at end of file\n")
    sys.stdout.buffer.flush()
    return 1


def _relative(path: Path) -> str:
    try:
        return Path(os.path.relpath(path)).as_posix()
    except ValueError:  # on another drive
        return path.as_posix()


def _lines(content: bytes) -> list[bytes]:
    """Lines as other programs count them, by line feeds alone."""
    pieces = content.split(b"\n")
    return [piece + b"\n" for piece in pieces[:-1]] + ([pieces[-1]] if pieces[-1] else [])


def _plans(given: list[Path], *, keep_name: bool, remarks: list[str]) -> Iterator[Plan]:
    paths = [(path, link) for path, link in tree.files(given) if not _is_special(path)]
    asked = _asked(paths)
    for path, link in paths:
        try:
            document = opened(path, source=tree.is_source(path))
            keeps = keep_name or _is_asked(path, asked)
            content, found = _planned(document, keeps)
        except SyntaxError as error:
            remarks.append(f"{path}:{error.lineno or 1}: not Python that can be read: {error.msg}")
        except (OSError, ValueError, RecursionError) as error:
            remarks.append(f"{path}: cannot be read: {error}")
        else:
            yield Plan(document, content, [f"{path}:{remark}" for remark in found], link)


def _asked(paths: list[tuple[Path, bool]]) -> set[str]:
    """The names of modules whose `openai` other modules of the tree ask for."""
    found: set[str] = set()
    for path, _ in paths:
        if tree.is_source(path):
            try:
                found |= program.asked_of_others(program.parsed(opened(path, source=True).text))
            except (OSError, SyntaxError, ValueError):
                continue  # told when its turn comes
    return found


def _is_asked(path: Path, asked: set[str]) -> bool:
    return (path.parent.resolve().name if path.stem == "__init__" else path.stem) in asked


def _planned(document: Document, keep_name: bool) -> tuple[bytes, list[str]]:
    path, text = document.path, document.text
    if tree.is_notebook(path):
        return _notebook(document, keep_name)
    remarks = [f"{f.line}: {f.reason}" for f in requirement.findings(text)] if tree.is_requirement(path) else []
    if not tree.is_source(path):
        return document.content, remarks
    edits, findings = program.rewrite(text, program.parsed(text), keep_name=keep_name)
    remarks += [f"{finding.line}: {finding.reason}" for finding in findings]
    return _written(document, edits, remarks, lambda changed: program.parsed(changed)), remarks


def _notebook(document: Document, keep_name: bool) -> tuple[bytes, list[str]]:
    notebook = Notebook(document.text)
    edits, findings = program.rewrite(notebook.program, program.parsed(notebook.program), keep_name=keep_name)
    remarks = notebook.findings + [notebook.told(finding) for finding in findings]
    moved = [notebook.edit(edit) for edit in edits]
    return _written(document, moved, remarks, lambda changed: Notebook(changed)), [f" {remark}" for remark in remarks]


def _written(document: Document, edits: list[Edit], remarks: list[str], check: Callable[[str], object]) -> bytes:
    """The changed file, if it can still be read."""
    if not edits:
        return document.content
    changed = applied(document.text, edits)
    try:
        check(changed)
        return document.bytes_of(changed)
    except (SyntaxError, ValueError) as error:
        remarks.append(f"1: not changed, as it could not be read afterwards: {error}")
        return document.content
