"""What a call promised, made from its reply: a model, a page, a stream or binary content, in the client's colour."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_origin

from .core.call import Call
from .core.decode import body_json, decode, error_in_success, is_error
from .core.model import caster
from .core.reference import caster_of
from .core.reply import Reply
from .errors import MalformedResponse

if TYPE_CHECKING:
    from .base_client import BaseClient


def result_of(client: BaseClient[Any], call: Call[Any], reply: Reply, target: Any = None) -> Any:
    """The value a call's reply stands for.

    Args:
        client: whose colour decides between `Stream` and `AsyncStream`, and whom a page asks for the next one.
        call: what was asked.
        reply: a success.
        target: what to decode to instead of what the call promised.
    """
    operation = call.operation
    if target is None:
        if call.stream:
            return stream_of(client, call, reply)
        if operation.page is not None:
            return _page(client, call, reply)
        target = operation.result if call.result is None else call.result
    elif _is_stream(target):
        return stream_of(client, call, reply, target)
    if target.__class__ is not str:
        return _cast(reply, target, strict=client.settings.strict)
    if target == "bytes":
        from .response import HttpxBinaryResponseContent

        return HttpxBinaryResponseContent(reply)
    return decode(reply, target, strict=client.settings.strict)


def _cast(reply: Reply, target: Any, *, strict: bool) -> Any:
    """What a caller named, rather than the API's description."""
    from .binary import HttpxBinaryResponseContent
    from .core.target import cast_reply

    if isinstance(target, type) and issubclass(target, HttpxBinaryResponseContent):
        return target(reply)
    return cast_reply(reply, target, strict=strict)


def stream_of(client: BaseClient[Any], call: Call[Any], reply: Reply, kind: Any = None) -> Any:
    """The stream of a call's events.

    Args:
        kind: the stream's class instead of what the call says; its parameter, as in `Stream[X]`, is what an event is.
    """
    from . import streaming

    made: Any = kind or call.stream_cls or (streaming.Stream if client.colour == "sync" else streaming.AsyncStream)
    named = [argument for form in (made, *getattr(made, "__orig_bases__", ())) for argument in get_args(form)]
    if named and not isinstance(named[0], TypeVar):
        item = named[0]
    else:
        item = call.operation.event if call.result is None else call.result
    return made(cast_to=item, response=reply, client=client, options=call)


def _is_stream(target: Any) -> bool:
    from .streaming import AsyncStream, Stream

    kind = get_origin(target) or target
    return isinstance(kind, type) and issubclass(kind, (Stream, AsyncStream))


def _page(client: BaseClient[Any], call: Call[Any], reply: Reply) -> Any:
    from . import pagination

    operation = call.operation
    name = operation.page or ""
    page_class = getattr(pagination, name if client.colour == "sync" else name.replace("Sync", "Async"))
    data = body_json(reply)
    if data.__class__ is not dict:
        raise MalformedResponse(reply, data, message=f"a page must be a JSON object; got {type(data).__name__}")
    if is_error(data) and "data" not in data:
        raise error_in_success(reply, data["error"])
    page = page_class._view(data)
    page._reply_headers = reply.headers
    if reply.trace is not None:
        page._reply_trace = reply.trace
    item = caster_of(operation.item) if isinstance(operation.item, str) else caster(operation.item)
    page._attach(client, call, item, reply)
    return page
