"""A Jupyter notebook: its code cells as one program, and changes to it as changes to the notebook's own text.

Knows JSON as far as strings and where they stand. What is not changed keeps its bytes, escapes and layout included.
"""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

from .edit import Edit, Finding
from .program import parsed

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_PIECE = re.compile(r"\\u[dD][89abAB]..\\u[dD][c-fC-F]..|\\u....|\\.|[^\\]", re.DOTALL)
_MAGIC = re.compile(r"(?m)^(?P<indent>[ \t]*)(?:(?:%%?\w|[!?])[^\n]*|[\w.]+\?{1,2}[ \t]*$|[\w, ]+=[ \t]*[%!][^\n]*)")
_OTHER_LANGUAGE = re.compile(r"\s*%%(?!time\b|timeit\b|capture\b|prun\b)")
_INSTALLS = re.compile(r"[%!].*\b(?:pip|uv|conda)\b.*\binstall\b.*(?<![\w-])openai(?![\w-])")


class Cell(NamedTuple):
    """A code cell: its number among all cells, and where each of its characters stands in the notebook."""

    number: int
    text: str
    places: list[int]


class Notebook:
    """The program in a notebook.

    Args:
        text: the notebook.

    Raises:
        ValueError: it is no notebook.
    """

    def __init__(self, text: str) -> None:
        self.findings: list[str] = []
        self.program = ""
        self._places: list[int] = []
        self._cells: list[tuple[int, int]] = []
        for cell in _cells(text):
            self._add(cell)

    def _add(self, cell: Cell) -> None:
        if _OTHER_LANGUAGE.match(cell.text):
            return
        for number, line in enumerate(cell.text.split("\n"), 1):
            if _INSTALLS.search(line):
                self.findings.append(f"cell {cell.number}, line {number}: installs openai; install antiphon")
        try:
            plain = _readable(cell)
        except SyntaxError as error:
            self.findings.append(
                f"cell {cell.number}, line {error.lineno or 1}: not Python that can be read: {error.msg}"
            )
            return
        self._cells.append((self.program.count("\n"), cell.number))
        self.program += plain.text + "\n"
        self._places += [*plain.places, -1]

    def edit(self, edit: Edit) -> Edit:
        """A change to the program as one to the notebook's text."""
        start, end = self._places[edit.start], self._places[edit.end - 1] + 1
        return Edit(start, end, json.dumps(edit.text, ensure_ascii=False)[1:-1])

    def told(self, finding: Finding) -> str:
        """A remark with the cell it is about."""
        line = finding.line - 1
        first, number = max(pair for pair in self._cells if pair[0] <= line)
        return f"cell {number}, line {line - first + 1}: {finding.reason}"


def _readable(cell: Cell) -> Cell:
    """A cell as plain Python: what only notebooks understand becomes `pass`.

    Raises:
        SyntaxError: it is not Python even so.
    """
    try:
        parsed(cell.text)
    except SyntaxError:
        pieces: list[str] = []
        places: list[int] = []
        last = 0
        for found in _MAGIC.finditer(cell.text):
            start = found.start() + len(found["indent"])
            pieces += [cell.text[last:start], "pass"]
            places += [*cell.places[last:start], -1, -1, -1, -1]
            last = found.end()
        cell = Cell(cell.number, "".join([*pieces, cell.text[last:]]), [*places, *cell.places[last:]])
        parsed(cell.text)
    return cell


def _cells(text: str) -> list[Cell]:
    spans = _spans(text)
    try:
        sources = [(cell["cell_type"], cell.get("source", [])) for cell in spans.tree["cells"]]
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError("not a notebook of format 4") from error
    return [
        _cell(text, number, [spans[id(piece)] for piece in ([source] if isinstance(source, str) else source)])
        for number, (kind, source) in enumerate(sources, 1)
        if kind == "code"
    ]


class _Spans(dict[int, tuple[int, int]]):
    tree: Any


class _Text(str):
    """A string of its own identity."""


def _spans(text: str) -> _Spans:
    """The notebook again, its strings in the order they stand; and by each string's identity where it stands."""
    found = _Spans()
    literals = iter([match.span() for match in _STRING.finditer(text)])

    def read(value: Any) -> Any:
        if isinstance(value, str):
            made = _Text(value)
            found[id(made)] = next(literals)
            return made
        if isinstance(value, list):
            return [read(item) for item in value]  # pyright: ignore[reportUnknownVariableType]
        if isinstance(value, _Pairs):
            return {read(key): read(item) for key, item in value.pairs}
        return value

    found.tree = read(json.loads(text, object_pairs_hook=_Pairs))
    return found


class _Pairs:
    """An object whose keys may stand twice."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        self.pairs = pairs


def _cell(text: str, number: int, spans: list[tuple[int, int]]) -> Cell:
    pieces: list[str] = []
    places: list[int] = []
    for start, end in spans:
        for found in _PIECE.finditer(text, start + 1, end - 1):
            pieces.append(json.loads(f'"{found[0]}"', strict=False))
            places.append(found.start())
    return Cell(number, "".join(pieces), places)
