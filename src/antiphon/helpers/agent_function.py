"""Functions as tools of an agent: their definition from a type or a signature, their arguments checked before they run.

Arguments may be described by any type that structured outputs know. A function's own signature becomes a pydantic model
where pydantic is loaded, because only then can an annotation need it, and a msgspec Struct otherwise.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Awaitable, Callable, Generator, Iterable, Mapping
from copy import deepcopy
from functools import partial
from typing import Any, cast, get_type_hints

import msgspec

from ..core.encode import encode_json
from ..core.omit import Omit, is_given, omit
from .agent_tool import ToolErrorStage, ToolOutput
from .structure import describe, reader_of

_At = Callable[[ToolErrorStage], None]
_MISSING = inspect.Parameter.empty
_DECIDED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def _unheard(stage: ToolErrorStage) -> None:
    pass


class FunctionTool:
    """A tool's definition and the function that answers for it.

    Put `definition` among the agent's tools and the tool itself into `tool_handlers={tool.name: tool}`.

    Args:
        model: describes the arguments: a pydantic model, dataclass, TypedDict or msgspec Struct.
        handler: gets the arguments as `model`; may be a coroutine function with the asyncio client.
        name: the tool's name.
        description: what it does, for the model.
        defer_loading: let the tool search find it when it is needed.

    Raises:
        ValueError: the name is empty.
        TypeError: the arguments are not described as an object.
    """

    def __init__(
        self,
        model: Any,
        handler: Callable[[Any], Any],
        *,
        name: str,
        description: str,
        defer_loading: bool | Omit = omit,
    ) -> None:
        if not name:
            raise ValueError("a tool needs a name")
        parameters = _inlined(describe(model))
        if _root(parameters).get("type") != "object":
            raise TypeError(f"{model!r} does not describe an object; wrap it in the field of one")
        self._definition: dict[str, Any] = {
            "type": "function",
            "name": name,
            "description": description,
            "parameters": parameters,
        }
        if is_given(defer_loading):
            self._definition["defer_loading"] = defer_loading
        self._read = reader_of(model)
        self._handler = handler

    @property
    def name(self) -> str:
        """The tool's name."""
        return cast("str", self._definition["name"])

    @property
    def definition(self) -> dict[str, Any]:
        """What goes among the agent's tools; a copy."""
        return deepcopy(self._definition)

    def __call__(self, arguments: dict[str, Any]) -> Any:
        """Run the function with these arguments.

        Raises:
            ValidationError: they do not fit; it is the library's that describes them.
        """
        return self._run(arguments, _unheard)

    def staged(self, at: _At) -> Callable[[dict[str, Any]], Any]:
        """The tool as a handler that says how far it has come."""
        if type(self).__call__ is not FunctionTool.__call__:
            return self
        return lambda arguments: self._run(arguments, at)

    def _run(self, arguments: dict[str, Any], at: _At) -> Any:
        at("arguments")
        checked = self._read(encode_json(arguments).decode())
        at("execution")
        return self._handler(checked)


class _ConvertingTool(FunctionTool):
    """A tool whose function may return anything that has a JSON form."""

    def _run(self, arguments: dict[str, Any], at: _At) -> Any:
        output = super()._run(arguments, at)
        if inspect.isawaitable(output):
            return _Later(output, at)
        at("output")
        return tool_output(output)


class _Later:
    """The converted result of a coroutine; closing it closes the coroutine."""

    def __init__(self, output: Awaitable[Any], at: _At) -> None:
        self._output = output
        self._at = at

    def __await__(self) -> Generator[Any, Any, ToolOutput]:
        value = yield from self._output.__await__()
        self._at("output")
        return tool_output(value)

    def close(self) -> None:
        """Let go of what will not be awaited."""
        if inspect.iscoroutine(self._output):
            self._output.close()


def tool_output(value: Any) -> ToolOutput:
    """A function's result as a tool's output: text, content parts and objects as they are, everything else as JSON.

    Raises:
        InvalidBody: it has no JSON form.
    """
    if value is None or isinstance(value, str):
        return value
    if hasattr(value, "model_dump_json"):
        return cast("str", value.model_dump_json())
    if isinstance(value, Iterable) and not isinstance(value, (Mapping, bytes, bytearray)):
        parts: list[Any] = list(cast("Any", value))
        return parts if parts and all(map(_is_part, parts)) else encode_json(parts).decode()
    return encode_json(value).decode()


def _is_part(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    part: dict[str, Any] = value  # pyright: ignore[reportUnknownVariableType]
    kinds = {"input_text": "text", "input_image": "image_url"}
    return len(part) == 2 and isinstance(part.get(kinds.get(part.get("type", ""), "")), str)


def _root(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema behind a reference at its root."""
    seen: set[str] = set()
    node = schema
    while isinstance(ref := node.get("$ref"), str) and ref.startswith("#/") and ref not in seen:
        seen.add(ref)
        node = schema
        for name in ref[2:].split("/"):
            node = node[name]
    return node


def _inlined(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema with its root in place, where the root is a reference that nothing else uses."""
    ref = schema.get("$ref")
    if ref is None or encode_json(schema).decode().count(f'"{ref}"') > 1:
        return schema
    root = _root(schema)
    rest = {name: entry for name, entry in schema["$defs"].items() if entry is not root}
    return {**root, "$defs": rest} if rest else dict(root)


def pydantic_function_tool(
    model: Any,
    *,
    handler: Callable[[Any], Any],
    name: str | None = None,
    description: str | None = None,
    defer_loading: bool | Omit = omit,
) -> FunctionTool:
    """A tool whose arguments are a type of your own; its result may be anything that has a JSON form.

    Raises:
        TypeError: the type does not describe an object.
    """
    return _ConvertingTool(
        model,
        handler,
        name=model.__name__ if name is None else name,
        description=(model.__doc__ or "") if description is None else description,
        defer_loading=defer_loading,
    )


def function_tool(
    function: Callable[..., Any] | None = None,
    *,
    name: str | None = None,
    description: str | None = None,
    defer_loading: bool | Omit = omit,
) -> Any:
    """An annotated function, or method, as a tool; also as a decorator, with or without arguments.

    >>> @function_tool
    ... def weather(city: str, days: int = 1) -> str:
    ...     "Get the weather."
    ...     return f"sunny in {city}"
    >>> weather({"city": "Ghent"})
    'sunny in Ghent'

    Raises:
        TypeError: a parameter has no annotation, begins with "_", is positional only, or is `*args` or `**kwargs`.
    """
    if function is None:
        return partial(function_tool, name=name, description=description, defer_loading=defer_loading)
    model, names = _arguments_of(function)

    def called(arguments: Any) -> Any:
        return function(**{name: getattr(arguments, field) for field, name in names.items()})

    return pydantic_function_tool(
        model,
        handler=called,
        name=getattr(function, "__name__", "") if name is None else name,
        description=(inspect.getdoc(function) or "") if description is None else description,
        defer_loading=defer_loading,
    )


def _arguments_of(function: Callable[..., Any]) -> tuple[Any, dict[str, str]]:
    """A type that holds a function's arguments, and the parameter each field of it is."""
    parameters = inspect.signature(function).parameters
    hints = _hints(function, parameters)
    for parameter in parameters.values():
        if parameter.kind not in _DECIDED:
            raise TypeError(f"a tool cannot have the parameter {parameter}: it has no name in JSON, or no end")
        if parameter.name.startswith("_") or parameter.name not in hints:
            raise TypeError(
                f"the tool's parameter {parameter.name!r} needs an annotation and a name without '_' in front"
            )
    # The fields have names of their own, so that no parameter's name can collide with the library's.
    names = {f"argument_{number}": name for number, name in enumerate(parameters)}
    fields = [(field, hints[name], parameters[name].default) for field, name in names.items()]
    make = _pydantic_arguments if "pydantic" in sys.modules else _struct_arguments
    return make(fields, names), names


def _hints(function: Callable[..., Any], parameters: Mapping[str, inspect.Parameter]) -> dict[str, Any]:
    # What a function returns may be known to type checkers only, so its parameters alone are looked up.
    inner: Any = inspect.unwrap(function)
    owner: Any = getattr(inner, "__self__", None)
    scope: dict[str, Any] = {}
    if owner is not None:
        scope |= vars(owner if inspect.isclass(owner) else type(owner))  # pyright: ignore[reportUnknownArgumentType]
    written = {name: p.annotation for name, p in parameters.items() if p.annotation is not _MISSING}
    holder = type("Parameters", (), {"__annotations__": written})
    return get_type_hints(holder, getattr(inner, "__globals__", {}), scope, include_extras=True)


def _pydantic_arguments(fields: list[tuple[str, Any, Any]], names: Mapping[str, str]) -> Any:
    pydantic: Any = sys.modules["pydantic"]
    config = pydantic.ConfigDict(extra="forbid", alias_generator=names.__getitem__)
    made = {field: (kind, ... if default is _MISSING else default) for field, kind, default in fields}
    return pydantic.create_model("ToolArguments", __config__=config, **made)


def _struct_arguments(fields: list[tuple[str, Any, Any]], names: Mapping[str, str]) -> Any:
    made = [(field, kind) if default is _MISSING else (field, kind, default) for field, kind, default in fields]
    return msgspec.defstruct(
        "ToolArguments", cast("Any", made), kw_only=True, forbid_unknown_fields=True, rename=dict(names)
    )
