"""`antiphon/types/**`: per package the models, the parameter types, and the lazy package itself.

Both kinds of types are stubs only, which begin with their index: `core.index` reads them, `core.blueprint` makes models of
them, `core.stub` argument types.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from keyword import iskeyword

from ..description import Description, DescriptionError, Field, Type
from ..expression import Expression, Generic, Name, Reference, Union, references
from ..name import MODELS, PARAMS, Place, camel, package_of
from .source import HEADER, Source
from .type_source import TypeSource


def types(description: Description, places: Mapping[Reference, Place]) -> dict[str, str]:
    """The files, by path below `src/antiphon`."""
    by_file: dict[tuple[str, str], list[Type]] = defaultdict(list)
    for reference, place in places.items():
        by_file[place.package, place.file].append(description.types[reference])
    packages = {"", *description.overlay["packages"], *(package for package, _ in by_file)}
    packages |= {".".join(p.split(".")[:n]) for p in packages for n in range(1, p.count(".") + 1)} - {""}
    files: dict[str, str] = {}
    for package in sorted(packages):
        folder = "types/" + "".join(f"{part}/" for part in package.split(".") if part)
        present = sorted(file for of, file in by_file if of == package)
        for file in (MODELS, PARAMS):
            if file not in present:
                continue
            files[f"{folder}{file}.pyi"] = _file(description, places, package, file, by_file[package, file])
            if file == MODELS:
                files[f"{folder}{file}.py"] = _built(package)
        below = sorted({p.removeprefix(package).lstrip(".").partition(".")[0] for p in packages if _below(p, package)})
        files[f"{folder}__init__.py"] = _package(description, places, package, present, below)
        files[f"{folder}__init__.pyi"] = _stub(description, places, package, present, below)
    return files


def _below(package: str, parent: str) -> bool:
    return package != parent and (not parent or package.startswith(parent + "."))


def _file(
    description: Description, places: Mapping[Reference, Place], package: str, file: str, members: list[Type]
) -> str:
    source = TypeSource(
        ".".join(filter(None, ("types", package, file))),
        places=places,
        names=description.overlay["names"],
        own=[places[t.reference].name for t in members],
    )
    for type_ in _ordered(members):
        source.add(*_lines(source, description.types, places[type_.reference].name, type_))
    module = ".".join(filter(None, ("antiphon.types", package)))
    kind = "models" if file == MODELS else "argument types"
    index = _index(places, description.exports.get(package, {}), package, file)
    text = source.text(f"`{module}`: its {kind}, made of this text when asked for.\n\n{index}")
    return text.replace(HEADER, HEADER + "# pyright: reportPrivateUsage=false\n", 1) if source.private else text


def _built(package: str) -> str:
    """What runs of the models."""
    module = ".".join(filter(None, ("antiphon.types", package)))
    dots = "." * (package.count(".") + bool(package) + 2)
    title = f'"""`{module}`: its models, made when asked for of the text of `{MODELS}.pyi`."""'
    return "\n".join([HEADER + title, "", f"from {dots}core.blueprint import furnish", "", "furnish(globals())", ""])


def _ordered(members: list[Type]) -> list[Type]:
    """By name, each after its bases."""
    by_reference = {t.reference: t for t in members}
    done: dict[Reference, Type] = {}

    def place(type_: Type) -> None:
        if type_.reference not in done:
            for reference in (r for base in type_.bases for r in references(base)):
                if reference in by_reference:
                    place(by_reference[reference])
            done[type_.reference] = type_

    for type_ in sorted(members, key=lambda t: (t.reference.module, t.kind == "alias")):
        place(type_)
    return list(done.values())


def _lines(source: TypeSource, described: Mapping[Reference, Type], name: str, type_: Type) -> list[str]:
    match type_.kind:
        case "alias":
            return _alias(source, name, type_)
        case "params":
            return _params(source, name, type_)
        case "model":
            return _model(source, name, type_, _inherited(described, type_))
        case kind:
            raise DescriptionError(f"{type_.reference} is of no known kind: {kind}")


def _alias(source: TypeSource, name: str, type_: Type) -> list[str]:
    assert type_.alias is not None
    text = source.type(type_.alias)
    if type_.discriminator:
        source.runtime("typing", "Annotated")
        source.runtime("core.model", "Discriminator")
        text = f"Annotated[{text}, Discriminator('{type_.discriminator}')]"
    source.runtime("typing", "TypeAlias")
    return ["", f"{name}: TypeAlias = {text}"]


def _inherited(described: Mapping[Reference, Type], type_: Type) -> dict[str, Expression]:
    """The fields of the bases, which a field of the class may narrow."""
    fields: dict[str, Expression] = {}
    for reference in (r for base in type_.bases for r in references(base) if r in described):
        fields |= _inherited(described, described[reference])
        fields |= {f.name: f.type for f in described[reference].fields}
    return fields


def _is_list(expression: Expression) -> bool:
    """Whether narrowing it is unsound to a type checker: lists are invariant."""
    members = expression.members if isinstance(expression, Union) else (expression,)
    return any(isinstance(member, Generic) and member.head == Name("list") for member in members)


_NARROWED_LIST = "  # type: ignore[assignment]"
_NARROWED = "  # pyright: ignore[reportIncompatibleVariableOverride, reportGeneralTypeIssues]"


def _model(source: TypeSource, name: str, type_: Type, inherited: Mapping[str, Expression]) -> list[str]:
    bases = [source.base(base) for base in type_.bases if base != Name("GenericModel")]
    if type_.mixin:
        module, _, mixin = type_.mixin.partition(":")
        source.runtime(module, mixin.partition("[")[0])
        bases.insert(0, mixin)
    if not any(True for base in type_.bases for _ in references(base)):
        bases.append(source.runtime("core.model", "BaseModel"))
    lines = ["", f"class {name}({', '.join(bases)}):"]
    aliases = {f.name: f.alias for f in type_.fields if f.alias}
    if aliases:
        source.runtime("typing", "ClassVar")
        lines.append(f"    __aliases__: ClassVar[dict[str, str]] = {aliases!r}")
    if type_.unsent:
        source.runtime("typing", "ClassVar")
        listed = ", ".join(f'"{name}"' for name in type_.unsent)
        lines.append(f"    __api_exclude__: ClassVar[frozenset[str]] = frozenset({{{listed}}})")
    shadowed = {f.name for f in type_.fields}
    for field in type_.fields:
        default = "" if field.required else f" = {field.default}"
        narrowed = inherited.get(field.name, field.type) != field.type
        ignore = (_NARROWED_LIST if _is_list(field.type) else "") + _NARROWED if narrowed else ""
        lines.append(f"    {field.name}: {source.type(field.type, shadowed=shadowed)}{default}{ignore}")
    if len(lines) == 2:
        lines.append(f'    """The same as {" and ".join(f"`{base}`" for base in bases)}."""')
    return lines


def _params(source: TypeSource, name: str, type_: Type) -> list[str]:
    typed = source.runtime("typing", "TypedDict")
    if any(iskeyword(f.name) or not f.name.isidentifier() for f in type_.fields):
        return _functional(source, name, type_.fields)
    bases = [source.base(base) for base in type_.bases] or [typed]
    total = bool(type_.fields) and all(field.required for field in type_.fields)
    lines = ["", f"class {name}({', '.join(bases)}{'' if total else ', total=False'}):"]
    shadowed = {f.name for f in type_.fields}
    for field in type_.fields:
        text = source.type(field.type, shadowed=shadowed)
        if field.required and not total:
            text = f"{source.runtime('typing', 'Required')}[{text}]"
        lines.append(f"    {field.name}: {text}")
    if not type_.fields:
        lines.append("    pass")
    return lines


def _functional(source: TypeSource, name: str, fields: Iterable[Field]) -> list[str]:
    listed = ", ".join(f'"{f.name}": {source.type(f.type)}' for f in fields)
    return ["", f'{name} = TypedDict("{name}", {{{listed}}}, total=False)']


def _package(
    description: Description, places: Mapping[Reference, Place], package: str, present: list[str], below: list[str]
) -> str:
    """What runs: the index."""
    module = ".".join(filter(None, ("types", package)))
    if not present and not below:
        return HEADER + f'"""`antiphon.{module}`, empty as in the official package."""\n\n__all__: list[str] = []\n'
    exports = description.exports.get(package, {})
    source = Source(module, package=True, places=places, names={})
    elsewhere: dict[str, list[str]] = defaultdict(list)
    for name, target in sorted(exports.items()):
        place = places[target]
        if package_of(target) != package or place.name != name:
            home = place.package_module if place.exported else place.module
            elsewhere[f"antiphon.{home}"].append(name if name == place.name else f"{name}={place.name}")
    title = (
        f'"""`antiphon.{module}`: names found when they are asked for, from `{"` and `".join(present or below)}`."""'
    )
    stubs, others = [file for file in (PARAMS, MODELS) if file in present], [f for f in present if "." in f]
    lines = [HEADER + title, "", f"from {source.relative('core.lazy')} import serve"]
    lines += [f"from {source.relative('core.index')} import Index", "", "serve(", "    globals(),"]
    inline = [f'"{file}": """\\\n{_index(places, exports, package, file)}"""' for file in others]
    given = f", {{{', '.join(inline)}}}" if inline else ""
    lines.append(f"    Index(__name__, {stubs!r}{given}),")
    if elsewhere:
        lines += [
            '    elsewhere="""\\',
            "\n".join(f"{home}: {' '.join(names)}" for home, names in elsewhere.items()) + '""",',
        ]
    return "\n".join([*lines, f"    packages={below!r},", ")", ""])


def _stub(
    description: Description, places: Mapping[Reference, Place], package: str, present: list[str], below: list[str]
) -> str:
    """What type checkers read: where each name is from."""
    module = ".".join(filter(None, ("types", package)))
    exports = description.exports.get(package, {})
    source = Source(module, package=True, places=places, names={})
    lines = [HEADER + f'"""`antiphon.{module}`, as type checkers see it."""', ""]
    own = [file for file in present if file in (MODELS, PARAMS)]
    lines += [f"from . import {name} as {name}" for name in sorted([*below, *own])]
    homes: dict[str, list[str]] = defaultdict(list)
    for name, target in sorted(exports.items()):
        place = places[target]
        homes[source.relative(place.module)].append(f"{place.name} as {name}")
    lines += [f"from {home} import {', '.join(names)}" for home, names in homes.items()]
    # One statement for each module, whatever the linter's wish for one for each name.
    return "\n".join(
        [
            lines[0].replace(HEADER, HEADER + "# ruff: noqa: I001\n# pyright: reportMissingModuleSource=false\n"),
            *lines[1:],
            "",
        ]
    )


def _index(places: Mapping[Reference, Place], exports: Mapping[str, Reference], package: str, file: str) -> str:
    """Lines of "official_module: Name *Exported Official=Physical", shortened as `core.lazy` says."""
    modules: dict[str, list[str]] = defaultdict(list)
    for reference, place in places.items():
        if (place.package, place.file) == (package, file):
            exported = place.name == reference.name and exports.get(place.name) == reference
            modules[reference.module.rpartition(".")[2]].append(_word(reference, place.name, exported))
    return "\n".join(f"{module}: {' '.join(names)}" for module, names in sorted(modules.items()))


def _word(reference: Reference, physical: str, exported: bool) -> str:
    name, own = reference.name, camel(reference.module)
    if physical != name:
        return f"{name}=" if physical == own + name else f"{name}={physical}"
    return ("*" if name == own else f"*{name}") if exported else name
