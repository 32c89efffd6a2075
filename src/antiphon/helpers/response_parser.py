"""The parsed form of a response: `parsed` on its texts and `parsed_arguments` on its function calls, put into its data.

No class is made and nothing is copied. A parser is what a call decodes to (`Call.result`), so that raw and streaming forms of
a call parse alike, and what the stream helper uses at the end of a stream.
"""

# `_view` is how this package makes views; users do not.
# pyright: reportPrivateUsage=false

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, cast

from ..core.omit import is_given, omit
from .reading import arguments_of, built, entries_of, reader_for, text_of
from .schema import ResponsesPydanticFunctionTool

if TYPE_CHECKING:
    from ..core.reply import Reply
    from ..types.responses import ParsedResponse


class ResponseParser:
    """Makes a `ParsedResponse` of a response.

    Args:
        text_format: the type its final text is read into, or a sentinel.
        tools: the request's tools, whose types its calls' arguments are read into.
    """

    def __init__(self, text_format: Any = omit, tools: Any = omit) -> None:
        self._read = reader_for(text_format)
        self._tools: list[Any] = list(tools) if is_given(tools) and tools else []

    def build(self, *, response: Reply, data: Any) -> ParsedResponse[Any]:
        """The parsed response of a reply (the hook of `Call.result`).

        Raises:
            MalformedResponse: it is no response.
        """
        from ..types.responses import Response

        return cast("ParsedResponse[Any]", built(self.parse, response, data, Response))

    def parse(self, data: dict[str, Any]) -> ParsedResponse[Any]:
        """See a response's data as a parsed response; what was read into types is added to it.

        Nothing is added where nothing was read, so that untyped items can be sent back as input as they came.
        """
        from ..types.responses import ParsedResponse

        response = ParsedResponse[Any]._view(data)
        for position, item in enumerate(entries_of(data.get("output"))):
            kind = item.get("type")
            if kind == "message":
                if self._parse_parts(item):
                    # The parts are looked at, so that each knows as a model what is not to be sent back.
                    _ = cast("Any", response.output[position]).content
            elif kind == "function_call":
                _put(item, "parsed_arguments", self.parse_arguments(item))
        return response

    def _parse_parts(self, message: Mapping[str, Any]) -> bool:
        """Add their values to a message's texts; says whether any had one."""
        found = False
        for part in entries_of(message.get("content")):
            if part.get("type") == "output_text":
                found |= _put(part, "parsed", self.parse_text(part.get("text"), message.get("phase")))
        return found

    def parse_text(self, text: str | None, phase: str | None) -> Any:
        """The value of a message's text; `None` for text that is not the final answer, or without a type."""
        if self._read is None or text is None or phase not in (None, "final_answer"):
            return None
        return self._read(text_of(text))

    def parse_arguments(self, call: Mapping[str, Any]) -> Any:
        """The value of a function call's arguments, where its tool has a type or is strict."""
        tool = self._tool(call.get("name"), call.get("namespace"))
        if tool is None:
            return None
        model = tool.model if isinstance(tool, ResponsesPydanticFunctionTool) else None
        return arguments_of(model, tool.get("strict"), text_of(call.get("arguments")))

    def _tool(self, name: str | None, namespace: str | None) -> Any:
        if namespace is not None:
            for tool in self._tools:
                if tool["type"] == "namespace" and tool["name"] == namespace:
                    return _function_named(name, tool["tools"])
            if namespace != name:
                # A deferred function outside of all namespaces comes with its own name as namespace.
                return None
        return _function_named(name, self._tools)


def _put(data: dict[str, Any], key: str, value: Any) -> bool:
    """Add a value where there is one; says whether there was."""
    if value is not None:
        data[key] = value
    return value is not None


def _function_named(name: str | None, tools: Iterable[Any]) -> Any:
    return next((tool for tool in tools if tool["type"] == "function" and tool.get("name") == name), None)
