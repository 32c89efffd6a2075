"""The way of a call whose client overrides `request`, a verb or `get_api_list`: through them, instead of past them; and of a handshake."""

from __future__ import annotations

from types import NoneType
from typing import Any, cast

from ..core.call import Call
from ..core.omit import is_given
from ..core.raw import RequestOptions, raw_call
from ..core.reference import resolve
from ..core.reply import Reply
from .options import Directed, Make, Options
from .verbs import VERBS, Security, asked, remembered, request_options, resumed

_PLAIN: dict[Any, Any] = {"str": str, "none": NoneType, None: NoneType}


def routes(client: Any) -> dict[str, Any]:
    """What stands in a client's way instead of its class's own methods, by name."""
    hooks: frozenset[str] = client._hooks
    found: dict[str, Any] = {}
    if hooks & {"auth_headers", "_auth_headers", "default_headers"}:
        found["websocket_headers"] = _websocket_headers(client)
    if not hooks & {"request", "get_api_list", *VERBS}:
        return found
    kind = cast("Any", type(client))

    def perform(call: Call[Any]) -> Any:
        if "get_api_list" in hooks and call.operation.page is not None and not _is_raw(call):
            return listed(client, call, None)
        return routed(client, call, lambda asked: kind.perform(client, asked))

    def paginate(call: Call[Any]) -> Any:
        return kind.paginate(client, call) if _is_raw(call) else listed(client, call, None)

    found["perform"] = perform
    if client.colour == "async" and "get_api_list" in hooks:
        found["paginate"] = paginate
    found["perform_raw"] = (_perform_raw if client.colour == "sync" else _perform_raw_async)(client)
    if hooks & VERBS:
        found["_raw"] = _raw(client)
    if "get_api_list" in hooks:
        found["_listing"] = _listing(client)
    return found


def routed(client: Any, call: Call[Any], make: Make) -> Any:
    """What `make` gives for a call, by way of the client's verb, `get_api_list` and `request` where it overrides those."""
    operation = call.operation
    if not _is_raw(call):
        if operation.page is not None:
            if "get_api_list" in client._hooks:
                return listed(client, call, make)
        elif operation.verb.lower() in client._hooks:
            return asked(client, call, make, cast_to_of(client, call))
    return _through_request(client, call, make)


def _through_request(client: Any, call: Call[Any], make: Make) -> Any:
    if "request" not in client._hooks:
        return make(call)
    return client.request(
        cast_to_of(client, call), Options(call, make=make), stream=call.stream, stream_cls=call.stream_cls
    )


def requested(client: Any, cast_to: Any, options: Any, *, stream: bool, stream_cls: Any) -> Any:
    """The call that options describe, made."""
    kind = cast("Any", type(client))
    if not isinstance(options, Options):
        heeding = client._heeding_redirects(getattr(options, "follow_redirects", None))
        return kind.perform(heeding, _foreign(client, cast_to, options, stream, stream_cls))
    call = options.call()
    before = options._call
    if cast_to is not cast_to_of(client, before):
        call.result = cast_to
    call.stream, call.stream_cls = stream, stream_cls
    return kind.perform(client, call) if options._make is None else options._make(call)


def _foreign(client: Any, cast_to: Any, options: Any, stream: bool, stream_cls: Any) -> Call[Any]:
    """The call for options of another package, or of a user's own, with the same names."""
    given_options = {name: getattr(options, name, None) for name in RequestOptions.__annotations__}
    return raw_call(
        options.method.upper(),
        client._placed(options.url),
        cast_to,
        body=getattr(options, "json_data", None),
        content=getattr(options, "content", None),
        files=getattr(options, "files", None),
        options={  # type: ignore[arg-type]
            name: value for name, value in given_options.items() if _is_said(value)
        },
        stream=stream,
        stream_cls=stream_cls,
    )


def _is_said(value: Any) -> bool:
    """Whether an option holds something, rather than nothing or a mark for that, of whichever package."""
    return value is not None and is_given(value) and type(value).__name__ not in {"NotGiven", "Omit"}


def listed(client: Any, call: Call[Any], make: Make | None) -> Any:
    """A list call by way of the client's `get_api_list`; `make` where it is not made the ordinary way."""
    operation, options = call.operation, Options(call)
    item = resolve(operation.item) if isinstance(operation.item, str) else operation.item
    return client.get_api_list(
        options.url,
        model=item,
        page=cast_to_of(client, call),
        body=options.json_data,
        options=request_options(options, Security(options, call, make, None)),
        method=options.method,
    )


def cast_to_of(client: Any, call: Call[Any]) -> Any:
    """The type a call's result has."""
    operation = call.operation
    if operation.page is not None:
        from .. import pagination

        return getattr(
            pagination, operation.page if client.colour == "sync" else operation.page.replace("Sync", "Async")
        )
    target = operation.result if call.result is None else call.result
    if target == "bytes":
        from ..binary import HttpxBinaryResponseContent

        return HttpxBinaryResponseContent
    if target.__hash__ is not None and target in _PLAIN:
        return _PLAIN[target]
    return resolve(target) if isinstance(target, str) else target


def _websocket_headers(client: Any) -> Any:
    """The fields of a WebSocket's handshake, with what the client's hooks say of them."""
    kind = cast("Any", type(client))
    auth = bool(client._hooks & {"auth_headers", "_auth_headers"})

    def with_hooks(fields: dict[str, str]) -> dict[str, str]:
        own = client._own_headers(client.settings)
        plain = {"accept", "content-type", *(name.lower() for name in own if "OpenAI" not in name)}
        more = {n: v for n, v in client.default_headers.items() if n.lower() not in plain and is_given(v)}
        return {**fields, **(client._auth_headers({"bearer_auth": True}) if auth else {}), **more}

    def blocking() -> dict[str, str]:
        return with_hooks({} if auth else kind.websocket_headers(client))

    async def awaited() -> dict[str, str]:
        return with_hooks({} if auth else await kind.websocket_headers(client))

    return blocking if client.colour == "sync" else awaited


def _is_raw(call: Call[Any]) -> bool:
    """Whether the call came from `get` or `get_api_list` themselves: their operations are named by verb and path."""
    return " " in call.operation.name


def _raw(client: Any) -> Any:
    """The client's `_raw`, which takes up a call where its override was handed it."""

    def raw(verb: str, path: str, cast_to: Any, options: Any, **what: Any) -> Any:
        memory = remembered(options)
        if memory is None or memory.make is None:
            asking = client if options is None else client._heeding_redirects(options.get("follow_redirects"))
            return asking.perform(raw_call(verb, client._placed(path), cast_to, options=options, **what))
        was = cast_to_of(client, memory.call)
        return _through_request(client, resumed(client, memory, verb, path, cast_to, was, options, **what), memory.make)

    return raw


def _listing(client: Any) -> Any:
    """The client's `_listing`, which answers with the reply itself where that was asked for."""
    kind = cast("Any", type(client))

    def listing(call: Call[Any], options: Any) -> Any:
        memory = remembered(options)
        if memory is None or memory.make is None:
            return kind._listing(client, call, options)
        return _through_request(client, Directed.of(call, options.get("follow_redirects")), memory.make)

    return listing


def _perform_raw(client: Any) -> Any:
    kind = cast("Any", type(client))

    def perform_raw(call: Call[Any]) -> tuple[Any, Reply | None]:
        replies: list[Reply] = []

        def make(asked: Call[Any]) -> Any:
            value, reply = kind.perform_raw(client, asked)
            replies.append(reply)
            return value

        value = routed(client, call, make)
        return value, replies[-1] if replies else None

    return perform_raw


def _perform_raw_async(client: Any) -> Any:
    kind = cast("Any", type(client))

    async def perform_raw(call: Call[Any]) -> tuple[Any, Reply | None]:
        replies: list[Reply] = []

        async def make(asked: Call[Any]) -> Any:
            value, reply = cast("tuple[Any, Reply]", await kind.perform_raw(client, asked))
            replies.append(reply)
            return value

        value = await routed(client, call, make)
        return value, replies[-1] if replies else None

    return perform_raw
