"""The parsed form of a chat completion: `parsed` on its messages and `parsed_arguments` on its tool calls, put into its data.

No class is made and nothing is copied; see `response_parser` for where a parser is used.
"""

# `_view` is how this package makes views; users do not.
# pyright: reportPrivateUsage=false

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from ..core.model import BaseModel
from ..core.omit import is_given, omit
from ..errors import ContentFilterFinishReasonError, LengthFinishReasonError
from .reading import arguments_of, built, data_of, entries_of, object_of, reader_for, text_of
from .schema import PydanticFunctionTool

if TYPE_CHECKING:
    from ..core.reply import Reply
    from ..types.chat import ParsedChatCompletion

log = logging.getLogger("antiphon.parsing")


class CompletionParser:
    """Makes a `ParsedChatCompletion` of a completion.

    Args:
        response_format: the type its content is read into; a sentinel or a ready format for none.
        tools: the request's tools, whose types its calls' arguments are read into.
    """

    def __init__(self, response_format: Any = omit, tools: Any = omit) -> None:
        self._read = reader_for(response_format)
        self._tools: list[Any] = list(tools) if is_given(tools) and tools else []

    @property
    def parses(self) -> bool:
        """Whether there is anything to read into a type."""
        return self._read is not None or any(self._reads(tool) for tool in self._tools)

    @property
    def reads_content(self) -> bool:
        """Whether content is read into a type."""
        return self._read is not None

    @staticmethod
    def _reads(tool: Any) -> bool:
        function = tool.get("function")
        return tool["type"] == "function" and (
            isinstance(function, PydanticFunctionTool) or bool(function.get("strict"))
        )

    def build(self, *, response: Reply, data: Any) -> ParsedChatCompletion[Any]:
        """The parsed completion of a reply (the hook of `Call.result`).

        Raises:
            MalformedResponse: it is no completion.
        """
        from ..types.chat import ChatCompletion

        return cast("ParsedChatCompletion[Any]", built(self.parse, response, data, ChatCompletion))

    def parse(self, data: dict[str, Any]) -> ParsedChatCompletion[Any]:
        """See a completion's data as a parsed completion; `parsed` and `parsed_arguments` are added to it.

        Raises:
            LengthFinishReasonError: an answer was cut at its length limit.
            ContentFilterFinishReasonError: the content filter stopped an answer.
        """
        from ..types.chat import ParsedChatCompletion

        choices = entries_of(data.get("choices"))
        for choice in choices:
            check_finish(choice.get("finish_reason"), data)
        for choice in choices:
            message = data_of(choice.get("message"))
            if message is not None:
                object_of(message)
                message["parsed"] = self.parse_content(message)
                message["tool_calls"] = self._calls(message.get("tool_calls")) or None
        return ParsedChatCompletion[Any]._view(data)

    def parse_content(self, message: Mapping[str, Any]) -> Any:
        """The value of a message's content; `None` for a refusal, for no content, or without a type."""
        content = message.get("content")
        if self._read is None or not content or message.get("refusal"):
            return None
        return self._read(text_of(content))

    def _calls(self, calls: Any) -> list[dict[str, Any]]:
        kept: list[dict[str, Any]] = []
        for call in entries_of(calls):
            if call.get("type") == "custom":
                log.warning("a custom tool call cannot be parsed and is left out: %s", call.get("id"))
                continue
            function = data_of(call.get("function"))
            if function is not None and call.get("type") == "function":
                function["parsed_arguments"] = self.parse_arguments(function)
            kept.append(call)
        return kept

    def tool(self, name: str | None) -> Any:
        """The definition of a function of this name among the tools, or `None`."""
        for tool in self._tools:
            if tool["type"] == "function" and tool.get("function", {}).get("name") == name:
                return tool["function"]
        return None

    def parse_arguments(self, function: Mapping[str, Any]) -> Any:
        """The value of a function call's arguments, where its tool has a type or is strict."""
        definition = self.tool(function.get("name"))
        if definition is None:
            return None
        model = definition.model if isinstance(definition, PydanticFunctionTool) else None
        return arguments_of(model, definition.get("strict"), text_of(function.get("arguments")))


def check_finish(reason: str | None, data: dict[str, Any]) -> None:
    """Refuse an answer that was stopped before its end.

    Raises:
        LengthFinishReasonError: at its length limit.
        ContentFilterFinishReasonError: by the content filter.
    """
    if reason == "length":
        raise LengthFinishReasonError(completion=_completion(data))
    if reason == "content_filter":
        raise ContentFilterFinishReasonError(completion=_completion(data))


def _completion(data: dict[str, Any]) -> BaseModel:
    from ..types.chat import ChatCompletion

    return ChatCompletion._view(data)
