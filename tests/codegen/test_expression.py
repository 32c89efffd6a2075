"""Every shape a type expression has: understood, written down again, refused when it is none."""

from __future__ import annotations

import pytest

from codegen.expression import (
    Arguments,
    ExpressionError,
    Generic,
    Literal,
    Name,
    Reference,
    Union,
    leaves,
    parse,
    references,
    render,
    union,
)

INT, STR, NONE = Name("int"), Name("str"), Name("None")
TOOL = Reference("responses.tool", "Tool")

SHAPES = [
    ("str", STR),
    ("responses.tool:Tool", TOOL),
    ("file_object:FileObject", Reference("file_object", "FileObject")),
    ("str | None", Union((STR, NONE))),
    ("str | int | None", Union((STR, INT, NONE))),
    ("list[str]", Generic(Name("list"), (STR,))),
    ("dict[str, object]", Generic(Name("dict"), (STR, Name("object")))),
    ("list[responses.tool:Tool] | None", Union((Generic(Name("list"), (TOOL,)), NONE))),
    ("Iterable[Iterable[int]]", Generic(Name("Iterable"), (Generic(Name("Iterable"), (INT,)),))),
    ("Literal['a']", Literal(("a",))),
    ("Literal['a', 'b|c', 'd[e]', 'f:g']", Literal(("a", "b|c", "d[e]", "f:g"))),
    ("Literal[1, True, None]", Literal((1, True, None))),
    ('Literal["it\'s"]', Literal(("it's",))),
    ("tuple[int, ...]", Generic(Name("tuple"), (INT, Name("...")))),
    ("tuple[int | None, int | None]", Generic(Name("tuple"), (Union((INT, NONE)), Union((INT, NONE))))),
    ("Callable[[str, int], None]", Generic(Name("Callable"), (Arguments((STR, INT)), NONE))),
    ("Callable[[], str]", Generic(Name("Callable"), (Arguments(()), STR))),
    ("type[OutputT] | None", Union((Generic(Name("type"), (Name("OutputT"),)), NONE))),
    ("responses.tool:Tool[ContentType]", Generic(TOOL, (Name("ContentType"),))),
]


def plainly(leaf: Reference | Name) -> str:
    return str(leaf) if isinstance(leaf, Reference) else leaf.id


@pytest.mark.parametrize(("text", "expression"), SHAPES)
def test_every_shape(text: str, expression: object) -> None:
    assert parse(text) == expression
    assert render(parse(text), plainly) == text


@pytest.mark.parametrize(
    "text", ["", "|", "str |", "list[", "list[str", "list[str]]", "str str", "Literal[str]", "a:b:c", "li$t", "3"]
)
def test_what_is_no_expression(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse(text)


def test_a_union_is_flat_and_without_repetition() -> None:
    assert union(STR) == STR
    assert union(STR, STR) == STR
    assert union(Union((STR, INT)), INT, NONE) == Union((STR, INT, NONE))
    assert parse("str | int | str") == Union((STR, INT))


def test_the_names_in_an_expression() -> None:
    expression = parse("Callable[[responses.tool:Tool, int], list[file:File] | Literal['x:y'] | None]")
    assert list(references(expression)) == [TOOL, Reference("file", "File")]
    assert Name("Callable") in set(leaves(expression))
