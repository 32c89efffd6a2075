"""One Python program: which of its characters name the official package, by its syntax tree.

    import openai                     import antiphon                   and every `openai.` of the file after it
    import openai.types as t          import antiphon.types as t
    from openai import OpenAI         from antiphon import OpenAI
    x: "openai.OpenAI"                x: "antiphon.OpenAI"
    patch("openai.OpenAI")            patch("antiphon.OpenAI")

Where the name `openai` is also bound otherwise, or other files ask this one for it, the name stays: `import antiphon as
openai`. What antiphon does not have keeps its import, and is reported. Knows one file at a time; refuses to touch it.
"""

from __future__ import annotations

import ast
import re
import warnings
from typing import NamedTuple

from . import surface
from .edit import Edit, Finding, Lines
from .surface import NEW, OLD

_FLAGS = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
_TARGET_TAKERS = {
    "patch",
    "setattr",
    "delattr",
    "import_module",
    "importorskip",
    "__import__",
    "find_spec",
    "spy",
    "stub",
}
_PATH = re.compile(r"openai((?:\.[A-Za-z_]\w*)+)")
_SPACE = r"(?:[ \t\f]|\\\r?\n)+"
_COMMENT = re.compile(r"#\s*type:\s*[^\n]*\bopenai\.")


class Rewriting(NamedTuple):
    """What is to be changed in a program, and what is left to a person."""

    edits: list[Edit]
    findings: list[Finding]


def parsed(text: str) -> ast.Module:
    """The tree of a program.

    Raises:
        SyntaxError: it is none; also where it nests too deeply or holds a null byte.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = compile(text, "<program>", "exec", _FLAGS, dont_inherit=True)
    except (ValueError, RecursionError, MemoryError) as error:
        raise SyntaxError(str(error)) from error
    assert isinstance(tree, ast.Module)
    return tree


def asked_of_others(tree: ast.AST) -> set[str]:
    """The last names of modules that a program asks for their `openai`: `from app.ai import openai`, `ai.openai`, `"app.ai.openai.x"`."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and any(alias.name == OLD for alias in node.names):
            found.add((node.module or "").rpartition(".")[2])
        elif isinstance(node, ast.Attribute) and node.attr == OLD:
            found.add(ast.unparse(node.value).rpartition(".")[2])
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.update(re.findall(r"(\w+)\.openai\b", node.value))
    return found


def rewrite(text: str, tree: ast.Module, *, keep_name: bool = False) -> Rewriting:
    """What is to be done about a program.

    Args:
        text: the program.
        tree: its tree.
        keep_name: whether `openai` must stay the name the program uses.
    """
    return _Rewriter(text, tree, keep_name=keep_name).rewriting()


class _Rewriter:
    def __init__(self, text: str, tree: ast.Module, *, keep_name: bool) -> None:
        self.text, self.tree, self.lines = text, tree, Lines(text)
        self.edits: list[Edit] = []
        self.findings: list[Finding] = []
        self.nodes = list(ast.walk(tree))
        self.imports = [(n, a) for n in self.nodes if isinstance(n, ast.Import) for a in n.names if _ours(a.name)]
        plain = [alias.name for _, alias in self.imports if alias.asname is None]
        # An import that must stay binds the name too, and there is one name for both.
        self.stays = any(not surface.is_module(name.partition(".")[2]) for name in plain)
        self.binds = bool(plain) and not self.stays
        self.keep = keep_name or self._is_bound_otherwise()
        self.packages: set[str] = {alias.asname for _, alias in self.imports if alias.name == OLD and alias.asname}
        self.packages.update([OLD] if plain and not self.stays else [])

    def rewriting(self) -> Rewriting:
        for _, alias in self.imports:
            self._import(alias)
        for node in self.nodes:
            if isinstance(node, ast.ImportFrom) and node.level == 0 and _ours(node.module or ""):
                self._import_from(node)
            elif isinstance(node, ast.Call):
                self._call(node)
        self._annotations()
        self._names()
        self._remaining_strings()
        return Rewriting(self.edits, sorted(set(self.findings)))

    def _is_bound_otherwise(self) -> bool:
        """Whether `openai` or `antiphon` are names of something else here too."""
        for node in self.nodes:
            names: list[str | None] = []
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                names = [node.id]
            elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                names = [node.name]
            elif isinstance(node, ast.arg):
                names = [node.arg]
            elif isinstance(node, (ast.Global, ast.Nonlocal)):
                names = list(node.names)
            elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)):
                names = [node.name]
            elif isinstance(node, ast.MatchMapping):
                names = [node.rest]
            elif isinstance(node, (ast.Import, ast.ImportFrom)):
                names = [a.asname or a.name.partition(".")[0] for a in node.names if not self._is_plain(node, a)]
            elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
                names = [OLD] if f"'{OLD}'" in ast.unparse(node.value) else []
            if OLD in names or NEW in names:
                return True
        return False

    @staticmethod
    def _is_plain(node: ast.AST, alias: ast.alias) -> bool:
        return isinstance(node, ast.Import) and _ours(alias.name) and alias.asname is None

    def _at(self, node: ast.alias | ast.expr | ast.stmt) -> int:
        return self.lines.offset(node.lineno, node.col_offset)

    def _report(self, place: ast.alias | ast.expr | ast.stmt, reason: str) -> None:
        self.findings.append(Finding(place.lineno, reason))

    def _change(self, start: int, place: ast.alias | ast.expr | ast.stmt, text: str = NEW, old: str = OLD) -> None:
        if self.text.startswith(old, start):
            self.edits.append(Edit(start, start + len(old), text))
        else:
            self._report(place, "names the official package in a way that is not understood; change it by hand")

    # -- imports ---------------------------------------------------------------------------------------------------

    def _import(self, alias: ast.alias) -> None:
        path = alias.name.partition(".")[2]
        if not surface.is_module(path):
            self._report(alias, surface.why_not(path))
            return
        if self.stays and alias.asname is None:
            self._report(
                alias, "left as it is, since another import of this file keeps the name for the official package"
            )
            return
        start = self._at(alias)
        if not self.keep or alias.asname is not None:
            self._change(start, alias)
        elif not path:
            self._change(start, alias, f"{NEW} as {OLD}")
        else:
            whole = self.text[start : self.lines.offset(alias.end_lineno or 0, alias.end_col_offset or 0)]
            new = whole.replace(OLD, NEW, 1)
            has_plain = any(other.name == OLD and other.asname is None for _, other in self.imports)
            self._change(start, alias, new if has_plain else f"{new}, {NEW} as {OLD}", old=whole)

    def _import_from(self, node: ast.ImportFrom) -> None:
        path = (node.module or "").partition(".")[2]
        begin = self._at(node)
        dotted = r"[ \t]*[.][ \t]*".join([OLD, *filter(None, path.split("."))])
        found = re.compile(f"from{_SPACE}({dotted})").match(self.text, begin)
        if found is None:
            self._report(node, "names the official package in a way that is not understood; change it by hand")
            return
        names = [alias.name for alias in node.names]
        if (surface.is_private(path) or not surface.is_module(path)) and surface.public(names):
            # What is public too is better imported from the top than from a module that is private there.
            self.edits.append(Edit(found.start(1), found.end(1), NEW))
            return
        if not surface.is_module(path):
            self._report(node, surface.why_not(path))
            return
        missing = [alias for alias in node.names if not self._has(path, alias.name)]
        for alias in missing:
            self._report(alias, surface.why_not(f"{path}.{alias.name}".lstrip(".")))
        if len(missing) == len(names):
            return
        if missing:
            self._split(node, path, missing)
            return
        if names == ["*"]:
            self._report(node, "a star import: check that every name it was for is there")
        place = surface.visible(path, names)
        if place != path:
            self.edits.append(Edit(found.start(1), found.end(1), f"{NEW}.{place}"))
            return
        self._change(found.start(1), node)
        for alias in node.names:
            if not path and alias.name in surface.RENAMED:
                new = surface.RENAMED[alias.name] + ("" if alias.asname else f" as {alias.name}")
                self._change(self._at(alias), alias, new, old=alias.name)

    @staticmethod
    def _has(path: str, name: str) -> bool:
        return name == "*" or surface.has(f"{path}.{name}".lstrip("."))

    def _split(self, node: ast.ImportFrom, path: str, missing: list[ast.alias]) -> None:
        """What antiphon has is imported from there, the rest from where it was."""
        start, end = self._at(node), self.lines.offset(node.end_lineno or 0, node.end_col_offset or 0)
        line = self.text[self.lines.starts[node.lineno - 1] : start]
        if "#" in self.text[start:end] or line.strip():
            self._report(node, "left as it is, since not all of its names are in antiphon; split it by hand")
            return
        kept = ast.ImportFrom(node.module, missing, 0)
        taken = [
            ast.alias(surface.RENAMED.get(a.name, a.name), a.asname or a.name)
            if not path and a.name in surface.RENAMED
            else a
            for a in node.names
            if a not in missing
        ]
        moved = ast.ImportFrom(f"{NEW}.{path}" if path else NEW, taken, 0)
        new = ast.unparse(moved) + self.lines.ending + self.lines.indent(node.lineno) + ast.unparse(kept)
        self.edits.append(Edit(start, end, new))

    # -- names -----------------------------------------------------------------------------------------------------

    def _names(self) -> None:
        inside: set[ast.AST] = set()
        for node in self.nodes:
            if isinstance(node, ast.JoinedStr) and node not in inside:
                inside.update(ast.walk(node))
                self._formatted(node)
        for node in self.nodes:
            if isinstance(node, ast.Attribute):
                self._attribute(node, reachable=node not in inside)
            if isinstance(node, ast.Name) and node.id == OLD and node not in inside and self.binds and not self.keep:
                self._change(self._at(node), node)

    def _attribute(self, node: ast.Attribute, *, reachable: bool) -> None:
        path = self._path(node)
        if path in surface.RENAMED and reachable and node.end_col_offset is not None:
            start = self.lines.offset(node.end_lineno or 0, node.end_col_offset - len(node.attr))
            self._change(start, node, surface.RENAMED[node.attr], old=node.attr)
        elif path and not surface.has(path) and surface.is_module(path.rpartition(".")[0]):
            self._report(node, surface.why_not(path))  # below a class or a function nothing is asked

    def _path(self, node: ast.Attribute) -> str | None:
        """Where an attribute leads below the package; `None` when it begins elsewhere."""
        parts = [node.attr]
        value = node.value
        while isinstance(value, ast.Attribute):
            parts.append(value.attr)
            value = value.value
        return ".".join(reversed(parts)) if isinstance(value, ast.Name) and value.id in self.packages else None

    def _formatted(self, node: ast.JoinedStr) -> None:
        """Positions inside an f-string are not to be trusted before Python 3.12, so its names are counted instead."""
        names = [inner for inner in ast.walk(node) if isinstance(inner, ast.Name) and inner.id == OLD]
        if not names or self.keep or not self.binds:
            return
        start = self._at(node)
        end = self.lines.offset(node.end_lineno or 0, node.end_col_offset or 0)
        places = list(re.finditer(r"(?<![\w.])openai(?!\w)", self.text[start:end]))
        if len(places) != len(names):
            self._report(node, "an f-string that names the package in its text too; change it by hand")
            return
        self.edits += [Edit(start + place.start(), start + place.end(), NEW) for place in places]

    # -- strings ---------------------------------------------------------------------------------------------------

    def _call(self, node: ast.Call) -> None:
        function = node.func
        name = (
            function.attr
            if isinstance(function, ast.Attribute)
            else function.id
            if isinstance(function, ast.Name)
            else ""
        )
        first = node.args[0] if node.args else None
        if not (isinstance(first, ast.Constant) and isinstance(first.value, str)):
            return
        if name in _TARGET_TAKERS and _ours(first.value):
            path = first.value.partition(".")[2]
            if surface.has(path):
                self._inside(first, [0])
            else:
                self._report(first, surface.why_not(path))
        elif name == "cast":
            self._quoted(first)

    def _annotations(self) -> None:
        for node in self.nodes:
            hint = getattr(node, "returns", None) or getattr(node, "annotation", None)
            stack: list[ast.AST] = [hint] if isinstance(hint, ast.AST) else []
            while stack:
                inner = stack.pop()
                if isinstance(inner, ast.Constant):
                    self._quoted(inner)
                elif not (isinstance(inner, ast.Subscript) and ast.unparse(inner.value).endswith("Literal")):
                    stack.extend(ast.iter_child_nodes(inner))

    def _quoted(self, node: ast.Constant) -> None:
        """A string that is an annotation."""
        if not (isinstance(node.value, str) and OLD in node.value and self.binds and not self.keep):
            return
        try:
            tree = ast.parse(node.value, mode="eval")
        except SyntaxError:
            return
        names = [name for name in ast.walk(tree) if isinstance(name, ast.Name) and name.id == OLD]
        self._inside(node, [name.col_offset for name in names if name.lineno == 1])

    def _inside(self, node: ast.Constant, offsets: list[int]) -> None:
        """Change the name at some places inside a string."""
        start, end = self._at(node), self.lines.offset(node.end_lineno or 0, node.end_col_offset or 0)
        literal = re.fullmatch(r"""(?:[rRuU]?)('''|\"\"\"|'|")(.*)\1""", self.text[start:end], re.DOTALL)
        if literal is None or literal[2] != node.value:
            self._report(node, "a string that names the package and is written in pieces; change it by hand")
            return
        for offset in offsets:
            self._change(start + literal.start(2) + offset, node)

    def _remaining_strings(self) -> None:
        """Paths in other strings are only reported: nobody knows what reads them."""
        done = {self.lines.line_of(edit.start) for edit in self.edits} | {finding.line for finding in self.findings}
        for node in self.nodes:
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.lineno not in done:
                found = _PATH.fullmatch(node.value)
                if found and surface.has(found[1][1:]):
                    self._report(node, f"the text {node.value!r} may mean the package; it was not changed")
        for found in _COMMENT.finditer(self.text):
            self.findings.append(Finding(self.lines.line_of(found.start()), "a type comment names the package"))


def _ours(module: str) -> bool:
    return module == OLD or module.startswith(f"{OLD}.")
