"""The way of a call whose client overrides `post`, `get`, `put`, `patch`, `delete` or `get_api_list`: through that method, and on.

Knows what the official methods hand to these, and how a call that comes out of them is still the one that went in: its `security`
option remembers it, which every copy of the options keeps. Refuses to know what an override does with it.
"""

from __future__ import annotations

from typing import Any, cast

from ..core.call import Call, Operation
from ..core.files import extract_files
from ..core.omit import is_given
from ..core.raw import RequestOptions, raw_call
from ..core.reference import resolve
from ..core.shape import is_list, is_mapping
from .options import Directed, Make, Options

VERBS = frozenset({"get", "post", "put", "patch", "delete"})


class Security(dict[str, bool]):
    """Which credentials a call takes, and which call that was.

    Attributes:
        call: the call, as the generated method made it.
        make: how it is made in the end; `None` for the ordinary way.
        path: the path that was handed to the override.
        stream_cls: the class of stream that was.
    """

    __slots__ = ("call", "make", "path", "stream_cls")

    def __init__(self, options: Options, call: Call[Any], make: Make | None, stream_cls: Any) -> None:
        super().__init__({name: True for name, taken in options.security.items() if taken})
        self.call, self.make, self.path, self.stream_cls = call, make, options.url, stream_cls

    def __deepcopy__(self, memo: object) -> Security:
        return self


def remembered(options: Any) -> Security | None:
    """What options remember of the call they came from."""
    security = None if options is None else options.get("security")
    return security if isinstance(security, Security) else None


def asked(client: Any, call: Call[Any], make: Make, cast_to: Any) -> Any:
    """What the client's own method for the call's verb makes of it."""
    options, operation = Options(call), call.operation
    stream_cls = call.stream_cls or _stream_cls(client, operation)
    arguments: dict[str, Any] = {
        "cast_to": cast_to,
        "options": request_options(options, Security(options, call, make, stream_cls)),
    }
    body, files = options.json_data, options.files
    if operation.body == "multipart" and isinstance(body, dict):
        body, found = extract_files(cast("dict[str, Any]", body), operation.files)
        arguments["files"] = files or found
    if operation.body is not None or body is not None:
        arguments["body"] = _own(body)
    if call.content is not None:
        arguments["content"] = call.content
    if operation.event is not None or call.stream:
        arguments |= {"stream": call.stream, "stream_cls": stream_cls}
    return getattr(client, options.method)(options.url, **arguments)


def request_options(options: Options, security: Security) -> dict[str, Any]:
    """Options as a verb takes them: what was said, and no more."""
    said = {
        "headers": options.headers or None,
        "extra_json": options.extra_json,
        "params": options.params or None,
        "max_retries": options.max_retries if is_given(options.max_retries) else None,
        "idempotency_key": options.idempotency_key,
        "security": security,
    }
    found = {name: value for name, value in said.items() if value is not None}
    return found if not is_given(options.timeout) else {**found, "timeout": options.timeout}


def resumed(
    client: Any, memory: Security, verb: str, path: str, cast_to: Any, was: Any, options: RequestOptions, **what: Any
) -> Call[Any]:
    """The call that went into an override, as it comes out.

    Args:
        client: whose override.
        memory: what the options remember.
        verb: the verb by now.
        path: the path by now.
        cast_to: what the reply shall become by now.
        was: what it was to become.
        options: the options by now.
        what: `body`, `content`, `files`, `stream` and `stream_cls` by now.
    """
    place = path if path == memory.path else client._placed(path)
    call = raw_call(verb, place, cast_to, options=options, **what)
    old, new = memory.call.operation, call.operation
    call.operation = Operation(
        old.name + new.name.removeprefix(f"{verb} {place}"),  # what they say of events stands at its end
        new.verb,
        new.path,
        body=old.body or ("json" if call.body is not None else None) if call.files is None else "multipart",
        result=old.result,
        event=old.event,
        page=old.page,
        item=old.item,
        files=old.files,
        bearer=new.bearer,
        admin=new.admin,
    )
    if cast_to is was:
        call.result = memory.call.result
    if call.stream_cls == memory.stream_cls:
        call.stream_cls = memory.call.stream_cls
    return Directed.of(call, options.get("follow_redirects"))


def _stream_cls(client: Any, operation: Operation) -> Any:
    if operation.event is None:
        return None
    from .. import streaming

    kind: Any = streaming.Stream if client.colour == "sync" else streaming.AsyncStream
    return kind[resolve(operation.event)]


def _own(value: Any) -> Any:
    """The body with containers of its own, so that changing it in place changes nothing of the caller's."""
    if is_mapping(value):
        return {name: _own(item) for name, item in value.items()}
    return [_own(item) for item in value] if is_list(value) else value
