"""One method in one colour: its overloads, signature, docstring, and the one statement that makes and performs its call."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from ..description import TAIL, Description, Operation, Parameter, Type, Variant
from ..expression import NONE, Expression, Generic, Name, Reference, parse, union
from ..fallback import forgiving
from ..rename import renames
from . import docstring
from .source import Source

_TAIL_TYPES = {
    "extra_headers": ("Headers | None", "None"),
    "extra_query": ("Query | None", "None"),
    "extra_body": ("Body | None", "None"),
    "timeout": ("float | Timeout | None | NotGiven", "not_given"),
}
_OMIT = Name("Omit")


def method(
    description: Description, source: Source, operation: Operation, asynchronous: bool, shadowed: Collection[str]
) -> list[str]:
    """Its lines, indented for a class body."""
    writer = _Writer(source, operation, asynchronous, shadowed, description.types)
    gives = source.type(writer.returns(operation.returns), asynchronous=asynchronous, shadowed=shadowed)
    lines: list[str] = []
    for variant in operation.variants:
        lines += [f"@{source.runtime('typing', 'overload')}", *writer.deprecation(), *writer.head(variant, " ..."), ""]
    lines += [*writer.deprecation(), *writer.spelling(), *writer.head(None, "")]
    lines += ["    " + line for line in [*docstring.method(description, operation, gives), *writer.body()]]
    return ["    " + line if line else "" for line in [*lines, ""]]


class _Writer:
    def __init__(
        self,
        source: Source,
        operation: Operation,
        asynchronous: bool,
        shadowed: Collection[str],
        described: Mapping[Reference, Type],
    ) -> None:
        self._source = source
        self._described = described
        self._operation = operation
        self._asynchronous = asynchronous
        self._shadowed = shadowed
        self._parameters = [p for p in operation.parameters if not (asynchronous and p.name in operation.async_absent)]

    @property
    def is_coroutine(self) -> bool:
        """Whether the method is a coroutine function: pages and objects are made at once, awaited or entered later."""
        helper = self._operation.helper
        return self._asynchronous and not self._operation.page and (helper is None or helper.kind == "flow")

    def returns(self, expression: Expression) -> Expression:
        """What the method gives, in its colour."""
        operation = self._operation
        if operation.page and self._asynchronous and operation.item is not None:
            return Generic(Name("AsyncPaginator"), (operation.item, expression))
        return expression

    def _type(self, expression: Expression) -> str:
        return self._source.type(expression, asynchronous=self._asynchronous, shadowed=self._shadowed)

    def deprecation(self) -> list[str]:
        message = self._operation.deprecated
        return [f'@{self._source.runtime("core.deprecation", "deprecated")}("{message}")'] if message else []

    def spelling(self) -> list[str]:
        """The decorator that explains misspelt keywords; for a method that only makes a body, the one with a shortcut."""
        colour = "async_" if self.is_coroutine else ""
        if not self._is_direct:
            return [f"@{self._source.runtime('core.resource', f'{colour}spelled')}"]
        self._source.runtime("operations", self._operation.namespace, "ops")
        return [f"@{self._source.runtime('core.direct', f'{colour}direct')}(ops.{self._operation.constant})"]

    @property
    def _is_direct(self) -> bool:
        """Whether all that the method does is to make a JSON body of its arguments, under their own names."""
        operation = self._operation
        fields = operation.body_fields
        if operation.body != "json" or not fields or self._alternatives() or self._values(fields) != [*fields]:
            return False
        more = (operation.helper, operation.hook, operation.page, operation.path_names, operation.query)
        return not any((*more, operation.header_fields, operation.results, operation.streams))

    def head(self, variant: Variant | None, end: str) -> list[str]:
        """`def name(...) -> type:` for the implementation or one overload."""
        listed, starred = ["self"], False
        for parameter in self._parameters:
            if not parameter.positional and not starred:
                starred = True
                listed.append("*")
            listed.append(self._parameter(parameter, variant))
        gives = self._type(self.returns(variant.returns if variant else self._operation.returns))
        definition = "async def" if self.is_coroutine else "def"
        return [f"{definition} {self._operation.method}({', '.join(listed)},) -> {gives}:{end}"]

    def _parameter(self, parameter: Parameter, variant: Variant | None) -> str:
        if parameter.type is None:
            text, default = _TAIL_TYPES[parameter.name]
            if default == "not_given":
                self._source.runtime("core.omit", "not_given")
            return f"{parameter.name}: {self._type(parse(text))} = {default}"
        types: Mapping[str, Expression] = variant.types if variant else {}
        type_ = forgiving(self._described, types.get(parameter.name, parameter.type))
        if parameter.name in variant.required if variant else parameter.required:
            return f"{parameter.name}: {self._type(type_)}"
        if parameter.default is not None:
            if parameter.default == "None":
                type_ = union(type_, NONE)
            return f"{parameter.name}: {self._type(type_)} = {parameter.default}"
        return f"{parameter.name}: {self._type(union(type_, _OMIT))} = {self._source.runtime('core.omit', 'omit')}"

    def body(self) -> list[str]:
        """The statements."""
        return [*self._alternatives(), *(self._helper() if self._operation.helper else self._call())]

    def _alternatives(self) -> list[str]:
        """A check of the groups of arguments, where the signature alone lets a call through that fits no overload."""
        operation = self._operation
        required = {p.name for p in self._parameters if p.required}
        if operation.helper or not operation.variants or any(v.required <= required for v in operation.variants):
            return []
        check = self._source.runtime("core.resource", "complete")
        groups = (sorted(variant.required - {*operation.path_names}) for variant in operation.variants)
        listed = ", ".join("{" + ", ".join(f'"{name}": {name}' for name in group) + "}" for group in groups)
        return [f"{check}({listed})"]

    def _helper(self) -> list[str]:
        helper = self._operation.helper
        assert helper is not None
        given = [f"{p.name}={p.name}" for p in self._parameters]
        if helper.kind == "plain":
            hide = self._source.runtime("core.credential", "hidden")
            # From here on no frame shows it, whoever makes the call fail.
            secret = f"secret = {hide}(self._client.webhook_secret if secret is None else secret)  # type: ignore"
            called = f"return {helper.name}({', '.join(given)})"
            return [self._import(helper.module, helper.name), "", f"{secret}[assignment]", called]
        arguments = ", ".join(["self._client", *given])
        if helper.kind == "flow":
            performed = f"{self._await}self._client.run({helper.name}({arguments}))"
            return [self._import(helper.module, helper.name), "", *self._return(performed)]
        name = self._colour(helper.name)
        return [self._import(helper.module, name), "", f"return {name}({arguments})"]

    def _return(self, expression: str) -> list[str]:
        if self._operation.returns != NONE or self._asynchronous:
            return [f"return {expression}"]
        # The raw twins give their reply through the same statement, so it returns something, whatever mypy says.
        opening, _, rest = expression.partition("(")
        return [f"return {opening}(  # type: ignore[return-value]", rest]

    @property
    def _await(self) -> str:
        return "await " if self.is_coroutine else ""

    def _colour(self, name: str) -> str:
        if not self._asynchronous:
            return name
        return f"Async{name}" if name[0].isupper() else f"async_{name}"

    def _import(self, module: str, name: str) -> str:
        return f"from {self._source.relative(module)} import {name}"

    def _call(self) -> list[str]:
        operation = self._operation
        self._source.runtime("operations", operation.namespace, "ops")
        call = f"ops.{operation.constant}.call({', '.join(self._arguments())})"
        perform = "paginate" if self._asynchronous and operation.page else "perform"
        hook = operation.hook
        if hook is None:
            return self._return(f"{self._await}self._client.{perform}({call})")
        given = "".join(f", {name}={name}" for name in hook.arguments)
        gives = self._type(operation.returns)
        name = self._colour(hook.name) if hook.performs else hook.name
        imports = [] if hook.eager else [self._import(hook.module, name), ""]
        if hook.eager:
            self._source.runtime(hook.module, name)
        if hook.performs:
            made = f"{self._await}{name}(self._client, {call}{given})"
            return [*imports, f"made: {gives} = {made}", "return made"]
        self._source.runtime("core.call", "Call")
        return [
            *imports,
            f"call: Call[{gives}] = {name}({call}{given})",
            f"return {self._await}self._client.{perform}(call)",
        ]

    def _arguments(self) -> list[str]:
        operation = self._operation
        given = {p.name for p in self._parameters}
        arguments: list[str] = []
        for keyword, names in (("path", operation.path_names), ("query", operation.query)):
            if names:
                arguments.append(f"{keyword}={self._mapping(names)}")
        if operation.body_fields:
            arguments.append(f"body=ops.{operation.constant}.given({', '.join(self._values(operation.body_fields))})")
        arguments.append(f"headers={self._headers()}")
        arguments += [f"{name}={name}" for name in TAIL[1:] if name in given]
        if operation.streams:
            arguments.append("stream=True")
        elif "stream" in given:
            arguments.append(f"stream=stream is not {self._source.runtime('core.omit', 'omit')} and bool(stream)")
        if operation.results:
            table, chosen = f"ops.{operation.constant}_RESULTS", operation.results
            arguments.append(f'result={table}.get({chosen["parameter"]}, "{chosen["default"]}")')
        return arguments

    def _headers(self) -> str:
        fields = self._operation.header_fields
        if not fields:
            return "extra_headers"
        listed = ", ".join(f'"{header}": {name}' for name, header in fields.items())
        return f"{self._source.runtime('core.resource', 'added')}(extra_headers, {{{listed}}})"

    def _mapping(self, names: Sequence[str]) -> str:
        return "{" + ", ".join(f'"{n}": {value}' for n, value in zip(names, self._values(names), strict=True)) + "}"

    def _values(self, names: Iterable[str]) -> list[str]:
        types = {p.name: p.type for p in self._parameters}
        return [self._value(name, types.get(name)) for name in names]

    def _value(self, name: str, type_: Expression | None) -> str:
        value = name
        for path, alias in (renames(self._described, type_) if type_ else {}).items():
            value = f'{self._source.runtime("core.resource", "renamed")}({value}, {path!r}, "{alias}")'
        return value
