"""The facts of an attempt: from a reply, or a failure, to what rules are about.

Knows where in a reply, a request and an error each fact stands. Reads as much of a body as that takes; judges nothing.
"""

from __future__ import annotations

from ..core.effects import Peek, Read
from ..core.reply import Reply
from ..core.request import Request
from ..errors import APIConnectionError, DeadlineExceeded, PoolTimeout
from .machines.effect import is_ambiguous, is_repeatable
from .machines.finding import NOTHING, of_error, of_success
from .machines.rule import Facts
from .subject import body_of
from .telling import BODY_KEPT, whole

OURS = (DeadlineExceeded, PoolTimeout)
"""Failures that are this client's own, and no target's."""
_TELLING = frozenset({200, 201, 202, 429, 500, 503, 529})
"""Statuses whose error's code says more than they do."""
_EVENT_ENDS = (b"\n\n", b"\r\n\r\n", b"\r\r")
_LOOKS = 32
"""Pieces of a first event that are waited for: one that comes byte by byte is its reader's affair."""


def official_of_failure(failure: APIConnectionError) -> Facts:
    """What the official rules want to know of a failure."""
    return Facts(failure=type(failure), sent=failure.sent)


async def official_of_reply(reply: Reply, *, too_long: bool) -> Facts:
    """What the official rules want to know of a reply: the code of a 429 alone tells a full quota from a busy minute."""
    code = await _code(reply) if reply.status_code == 429 else None
    told, cut = reply.headers.get("x-should-retry"), reply.status_code < 400
    return Facts(reply.status_code, code, told=told, too_long=too_long, cut=cut)


def of_failure(failure: APIConnectionError, request: Request, *, rash: bool) -> Facts:
    """What is known of a failure.

    Args:
        failure: how the attempt ended.
        request: what was asked.
        rash: whether a question that may have been answered already is asked again.
    """
    maybe = failure.sent != "no"
    return Facts(
        failure=type(failure), sent="maybe" if maybe else "no", unsafe=maybe and not may_repeat(request, rash=rash)
    )


async def of_reply(reply: Reply, request: Request, *, too_long: bool, rash: bool) -> Facts:
    """What is known of a reply; `too_long`: whether it asks for too long a pause; `rash` as above."""
    status, finding = reply.status_code, NOTHING
    if status < 400 and request.events:
        told, unsafe = reply.headers.get("x-should-retry"), not may_repeat(request, rash=rash)
        return Facts(status, told=told, too_long=too_long, unsafe=unsafe, cut=True)
    if status in _TELLING:
        await whole(reply)
        finding = (of_success if status < 400 else of_error)(reply.content)
    return Facts(
        status,
        finding.code,
        told=reply.headers.get("x-should-retry"),
        too_long=too_long,
        unsafe=is_ambiguous(status) and not may_repeat(request),
        malformed=finding.malformed,
        too_large=status == 429 and finding.too_large,
    )


def may_repeat(request: Request, *, rash: bool = True) -> bool:
    """Whether a request that may have been carried out can be sent again."""
    if not rash and request.method == "POST":
        return False
    call = request.call
    if not is_repeatable(request.method, request.target, "" if call is None else call.operation.name):
        return False
    return call is None or not (call.body or call.extra_body) or not body_of(request).get("conversation")


def is_flawed(reply: Reply, request: Request) -> bool:
    """Whether a success that was to hold an object holds none, or an error."""
    call = request.call
    if call is None or request.stream or reply.status_code not in _TELLING or not reply.is_read:
        return False
    operation = call.operation
    result = operation.result if call.result is None else call.result
    if operation.page is None and not (isinstance(result, str) and ":" in result):
        return False
    finding = of_success(reply.content)
    return finding.malformed or finding.code is not None


async def begins(reply: Reply, request: Request) -> bool:
    """Whether a reply comes to its first event, if events were asked for. It is looked at no further than that.

    A keep-alive is as good as an event: it lives, and how long it may be silent is for others to say.
    """
    if reply.status_code >= 400 or reply.is_read or not request.events:
        return True
    from ..core.event import kind_of

    label, call = reply.headers.get("content-type", ""), request.call
    if "json" in label or "html" in label or kind_of("" if call is None else call.operation.name).open_ended:
        return True
    seen = b""
    for _ in range(_LOOKS):
        before, seen = seen, await Peek(reply, len(seen))
        if len(seen) == len(before):
            return False
        if any(end in seen for end in _EVENT_ENDS):
            break
    return True


async def _code(reply: Reply) -> str | None:
    """The `error.code` of a reply."""
    # Loaded with the first 429, not with every client.
    from ..core.json import JSONError, decode_json

    content = reply.content if reply.is_read else await Read(reply, BODY_KEPT)
    try:
        body = decode_json(content)
        code = body["error"]["code"]
    except (JSONError, TypeError, KeyError):
        return None
    return code if isinstance(code, str) else None
