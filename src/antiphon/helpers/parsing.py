"""Calls whose answers are read into the user's types: what is asked for, and what the answer decodes to."""

# ruff: noqa: ASYNC109 - `timeout` is an argument of the API's methods, for each attempt

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from ..core.call import Call
from ..core.effects import Perform
from ..core.omit import is_given, not_given, omit
from ..core.shape import is_dict, is_list
from ..operations import chat, responses
from .completion_parser import CompletionParser
from .response_parser import ResponseParser
from .schema import (
    PydanticFunctionTool,
    ResponsesPydanticFunctionTool,
    check,
    check_type,
    text_format_of,
    type_to_response_format_param,
)

if TYPE_CHECKING:
    from ..types.chat import ParsedChatCompletion
    from ..types.responses import ParsedResponse


_STRICT_HOSTS = ("api.openai.com", "openai.azure.com", "cognitiveservices.azure.com", "services.ai.azure.com")


def refuse_unfit(client: Any, kind: Any, tools: Any) -> None:
    """Refuse a type that OpenAI or Azure would answer 400 to, before anything is sent; any other server is left to judge.

    Args:
        client: whose base URL tells the server.
        kind: the type of the answer, a ready format, or a sentinel.
        tools: the tools as they are sent.

    Raises:
        InvalidBody: with the place and the reason.
    """
    if not f".{client.base_url.host}".endswith(tuple(f".{host}" for host in _STRICT_HOSTS)):
        return
    if is_given(kind) and kind is not None and not is_dict(kind):
        check_type(kind)
    for tool in tools if is_list(tools) else ():
        function = tool.get("function", tool)
        if isinstance(function, (PydanticFunctionTool, ResponsesPydanticFunctionTool)):
            check(function["parameters"], function["name"])


def text_with_format(text: Any, text_format: Any) -> Any:
    """The `text` argument with the format that asks for a type.

    Raises:
        TypeError: it has a format already, or the type cannot describe structured output.
    """
    if not is_given(text_format) or text_format is None:
        return text
    config = dict(text) if is_given(text) and text else {}
    if "format" in config:
        raise TypeError("pass either text_format or text={'format': …}, not both")
    return {**config, "format": text_format_of(text_format)}


def responses_tools(tools: Any) -> Any:
    """Tools as Responses takes them, iterables made lists and Chat Completions' typed functions rewritten.

    Raises:
        TypeError: a function has the shape of Chat Completions and did not come from `pydantic_function_tool`.
    """
    return [_responses_tool(tool) for tool in tools] if is_given(tools) and tools is not None else tools


def _responses_tool(tool: Any) -> Any:
    if tool["type"] == "namespace":
        return {**tool, "tools": list(tool["tools"])}
    if tool["type"] != "function" or "function" not in tool:
        return tool
    function = tool["function"]
    if not isinstance(function, PydanticFunctionTool):
        raise TypeError(
            "a function tool of Responses has its name and parameters beside its type; only tools made by"
            " pydantic_function_tool() are rewritten"
        )
    known = {
        "type": "function",
        "name": function["name"],
        "description": function.get("description"),
        "parameters": function["parameters"],
        "strict": function.get("strict") or False,
    }
    return ResponsesPydanticFunctionTool({**function, **known}, function.model)


def output_type(input: Any, text: Any, text_format: Any, parse_as: Any) -> Any:
    """The type the answer is read into: `parse_as`, else `text_format`, with respect to formats that `input` changes.

    Raises:
        TypeError: `input` changes the format, and it is not clear what to read the answer into.
    """
    if parse_as is None:
        return omit
    update = _format_update(input)
    if update is not None:
        if update.get("type") == "text":
            if is_given(parse_as):
                raise TypeError("parse_as cannot be used where a configuration update asks for plain text")
            return omit
        old = text.get("format") if is_given(text) and text else None
        if is_given(text_format) and not is_given(parse_as) and update != old:
            raise TypeError(
                "the input changes the output format: pass parse_as=<its type>, or parse_as=None for plain text"
            )
    return parse_as if is_given(parse_as) else text_format


def _format_update(input: Any) -> dict[str, Any] | None:
    """The format that the last configuration update in the input asks for."""
    for item in reversed(input) if is_list(input) else ():
        if is_dict(item) and item.get("type") == "configuration_update":
            text = item.get("text")
            if is_dict(text) and is_dict(text.get("format")):
                return cast("dict[str, Any]", text["format"])
    return None


async def responses_parse(
    client: Any,
    *,
    text_format: Any = omit,
    parse_as: Any = omit,
    input: Any = omit,
    text: Any = omit,
    tools: Any = omit,
    extra_headers: Any = None,
    extra_query: Any = None,
    extra_body: Any = None,
    timeout: Any = not_given,
    **body: Any,
) -> ParsedResponse[Any]:
    """Create a response whose text is read into a type, and its function calls' arguments into their tools' types.

    Args:
        client: whose call this is.
        text_format: the type to ask for, and to read the answer into: a pydantic model, a dataclass, a TypedDict, a Struct.
        parse_as: the type to read the answer into, where it differs; `None` for no reading.
        input: as for `responses.create`.
        text: as for `responses.create`, without a format where `text_format` is given.
        tools: as for `responses.create`; also tools made by `pydantic_function_tool`.
        extra_headers: further header fields.
        extra_query: further query arguments.
        extra_body: further fields of the body.
        timeout: seconds for each attempt.
        body: the other arguments of `responses.create`.

    Raises:
        TypeError: arguments contradict each other, or a type cannot describe structured output.
        InvalidBody: the server is OpenAI's or Azure's, which would refuse the type.
        ValidationError: (of the type's library) the answer does not fit.
    """
    text = text_with_format(text, text_format)
    sent = extra_body.get("input", input) if is_dict(extra_body) else input
    kind = output_type(sent, text, text_format, parse_as)
    tools = responses_tools(tools)
    refuse_unfit(client, text_format, tools)
    call: Call[ParsedResponse[Any]] = Call(
        responses.CREATE,
        body={**body, "input": input, "text": text, "tools": tools},
        headers=extra_headers,
        extra_query=extra_query,
        extra_body=extra_body,
        timeout=timeout,
        result=ResponseParser(kind, tools),
    )
    return cast("ParsedResponse[Any]", await Perform(call))


def strict_tools(tools: Any) -> Any:
    """The tools as a list, all of them strict functions.

    Raises:
        ValueError: one is not, so that its arguments could not be read.
    """
    if not is_given(tools) or tools is None:
        return tools
    listed = list(tools)
    for tool in listed:
        if tool["type"] != "function":
            raise ValueError(
                f"parse() reads the arguments of function tools only; this one is of type {tool['type']!r}"
            )
        if tool["function"].get("strict") is not True:
            raise ValueError(f"the function {tool['function']['name']!r} must be strict for its arguments to be read")
    return listed


async def chat_completions_parse(
    client: Any,
    *,
    response_format: Any = omit,
    tools: Any = omit,
    extra_headers: Any = None,
    extra_query: Any = None,
    extra_body: Any = None,
    timeout: Any = not_given,
    **body: Any,
) -> ParsedChatCompletion[Any]:
    """Create a chat completion whose content is read into a type, and its tool calls' arguments into their tools' types.

    Args:
        client: whose call this is.
        response_format: the type to ask for and to read the content into, or a ready format.
        tools: strict function tools, e.g. made by `pydantic_function_tool`.
        extra_headers: further header fields.
        extra_query: further query arguments.
        extra_body: further fields of the body.
        timeout: seconds for each attempt.
        body: the other arguments of `chat.completions.create`.

    Raises:
        LengthFinishReasonError, ContentFilterFinishReasonError: the answer was stopped before its end.
        ValueError: a tool is not a strict function.
        InvalidBody: the server is OpenAI's or Azure's, which would refuse the type.
        ValidationError: (of the type's library) the answer does not fit.
    """
    tools = strict_tools(tools)
    asked = type_to_response_format_param(response_format)
    refuse_unfit(client, response_format, tools)
    call: Call[ParsedChatCompletion[Any]] = Call(
        chat.COMPLETIONS_CREATE,
        body={**body, "stream": False, "response_format": asked, "tools": tools},
        headers={"X-Stainless-Helper-Method": "chat.completions.parse", **(extra_headers or {})},
        extra_query=extra_query,
        extra_body=extra_body,
        timeout=timeout,
        result=CompletionParser(response_format, tools),
    )
    return cast("ParsedChatCompletion[Any]", await Perform(call))
