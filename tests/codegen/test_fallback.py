"""Where an argument is a list of objects, plain mappings are allowed; nowhere else."""

from __future__ import annotations

import pytest

from codegen.description import Type
from codegen.expression import Reference, parse
from codegen.fallback import MAPPINGS, forgiving


def described(name: str, kind: str, alias: str | None = None) -> Type:
    return Type(Reference("m", name), kind, (), (), parse(alias) if alias else None, None, None, None)


TYPES = {
    type_.reference: type_
    for type_ in (
        described("Part", "params"),
        described("Item", "alias", "m:Part | str"),
        described("Items", "alias", "list[m:Item]"),
        described("Model", "model"),
        described("Words", "alias", "list[str]"),
    )
}


@pytest.mark.parametrize(
    "written", ["Iterable[m:Part]", "str | Iterable[m:Item] | None", "str | m:Items", "list[m:Part]"]
)
def test_lists_of_objects(written: str) -> None:
    made = forgiving(TYPES, parse(written))
    assert MAPPINGS in getattr(made, "members", ())


@pytest.mark.parametrize(
    "written", ["m:Part", "m:Item | None", "Iterable[str]", "m:Words", "Iterable[m:Model]", "list[m:Unknown]"]
)
def test_anything_else(written: str) -> None:
    assert forgiving(TYPES, parse(written)) == parse(written)
