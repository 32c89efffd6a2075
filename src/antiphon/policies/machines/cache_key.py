"""What a request asks, apart from who asks it when: the key under which its answer is kept, or why it can have none.

Two requests have one key exactly if the server would take them for the same question of the same tenant. Knows the operations
whose answers can be given again, and of their bodies what bears on that. Refuses to know stores, clocks and replies.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Any, NamedTuple, cast

import msgspec

from ...core.credential import PENDING
from ...core.request import Request
from ..subject import scope_of

_VERSION = 1
_KINDS = {
    "/responses": "responses",
    "/chat/completions": "chat",
    "/completions": "completions",
    "/embeddings": "embeddings",
    "/moderations": "moderations",
    "/responses/input_tokens": "count",
}
"""The first that fits is it, so the longer ones come first."""
_STEADY = frozenset({"embeddings", "moderations", "count"})
"""What gives the same answer whenever it is asked."""
_IDLE = ("stream", "user", "metadata", "safety_identifier")
"""What of a body does not bear on the answer."""
_OWN_TOOLS = frozenset({"function", "custom"})
"""Tools that the caller runs. All others reach into a world that changes, or change it."""
_PASSING = frozenset(
    {
        *("accept", "accept-encoding", "connection", "content-type", "user-agent", "cache-control", "pragma"),
        *("authorization", "api-key", "openai-organization", "openai-project"),  # the tenant's, known by its scope
        *("idempotency-key", "x-client-request-id", "x-request-id", "traceparent", "tracestate", "baggage"),
    }
)
_SAMPLES = "the model samples"
_UNKNOWN = PENDING.reveal()
_bears: dict[str, bool] = {}


class Question(NamedTuple):
    """What a request asks.

    Attributes:
        key: 64 hex digits; the same for the same question only.
        digest: of the body, 32 bytes; part of the key, and kept beside the answer to prove that it belongs to it.
        kind: "chat", "completions", "responses", "embeddings", "moderations" or "count".
        events: whether it asks for an event stream.
        answers: how many it asks for: choices, vectors or verdicts.
    """

    key: str
    digest: bytes
    kind: str
    events: bool
    answers: int


def question_of(request: Request, scope: str | None, *, sampled: bool) -> Question | str:
    """What a request asks, or the reason why its answer is for its asker only.

    Args:
        request: as the policies see it.
        scope: whose it is, instead of the credential's owner.
        sampled: whether that holds for answers too which another asking might have changed.
    """
    kind = kind_of(request)
    if kind is None:
        return "not an operation that is kept"
    content = request.content
    if not sampled and kind not in _STEADY and isinstance(content, bytes) and b'"temperature"' not in content:
        return _SAMPLES  # the most common case, told at a glance
    tenant = tenant_of(request, scope)
    if tenant is None:
        return "the key comes later, so whose it is must be said with scope="
    body = body_of(request)
    if body is None:
        return "the body is no JSON object of this client's making"
    why_not = _why_not(body)
    if why_not is not None:
        return why_not
    if not sampled and kind not in _STEADY and not _is_zero(body.get("temperature")):
        return _SAMPLES
    events, answers = body.get("stream") is True, _answers(kind, body)
    digest = _digest(body, events, cast("bytes", content))
    key = key_of(request, tenant, events, digest)
    return Question(key, digest, kind, events, answers)


def tenant_of(request: Request, scope: str | None) -> str | None:
    """Whose request it is; `None` where the credential is not known yet and nobody said."""
    if scope is not None:
        return f"={scope}"  # no hash begins like this
    # A function may speak for another tenant with each call, so its name is not enough.
    get = request.headers.get
    return None if _UNKNOWN in (get("authorization"), get("api-key")) else scope_of(request)


def checked_scope(scope: Any) -> str | None:
    """The name of a tenant.

    Raises:
        TypeError, ValueError: it cannot be one.
    """
    if scope is not None and not isinstance(scope, str):
        raise TypeError(f"scope must be a name, as text; got {type(scope).__name__}")
    if scope == "":
        raise ValueError("scope must not be empty; leave it out for the credential's own")
    return scope


def kind_of(request: Request) -> str | None:
    """Which of the operations that are cached it is, by its path, so that raw calls and other houses' URLs count too.

    >>> from antiphon.core.headers import Headers
    >>> from antiphon.core.timeout import Timeout
    >>> from antiphon.core.url import Origin
    >>> target = "/openai/deployments/d/embeddings?api-version=1"
    >>> kind_of(Request("POST", Origin("https", "h", 443), target, Headers(), b"{}", Timeout(1.0)))
    'embeddings'
    """
    if request.method != "POST" or request.download:
        return None
    path = request.target.partition("?")[0]
    return next((kind for suffix, kind in _KINDS.items() if path.endswith(suffix)), None)


def body_of(request: Request) -> dict[str, Any] | None:
    """The body as the server will read it; `None` where it is not plainly a JSON object that this client wrote."""
    content, call = request.content, request.call
    if not isinstance(content, bytes) or (call is not None and call.content is not None):
        return None  # the user's own bytes may say one thing in two ways
    try:
        body = msgspec.json.decode(content)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None  # half a surrogate pair, or a nesting deeper than anything sensible
    return cast("dict[str, Any]", body) if body.__class__ is dict else None


def key_of(request: Request, tenant: str, *parts: Any) -> str:
    """The key of a request's place, its tenant, the header fields that may bear on the answer, and whatever parts there are."""
    facts = (_VERSION, request.origin, request.target, tenant, _bearing(request.headers.fields), parts)
    return sha256(msgspec.json.encode(facts)).hexdigest()


def canonical(body: dict[str, Any], content: bytes = b"") -> bytes:
    """A body's one spelling: keys sorted, integers exact, floats as Python writes them, text as it is.

    One order of keys is kept: that of a schema's `properties`, because models write their fields in it.

    Args:
        body: what is spelled.
        content: the JSON it was read from, where that is at hand, to tell quickly that no schema is in it.
    """
    spelled = msgspec.json.encode(body, order="sorted")
    if content and b'"properties"' not in content:
        return spelled
    # JSON on one line holds no line break, so what follows one cannot be part of what is before it.
    return b"\n".join([spelled, *map(msgspec.json.encode, _orders(body))])


def _digest(body: dict[str, Any], events: bool, content: bytes) -> bytes:
    for name in _IDLE:
        body.pop(name, None)
    if not events:  # of a stream they say whether its usage comes along
        body.pop("stream_options", None)
    return sha256(canonical(body, content)).digest()


def _orders(body: dict[str, Any]) -> Iterable[list[str]]:
    """In which order the properties of each schema stand; the walk itself depends on no order."""
    rest: list[Any] = [body]
    while rest:
        value = rest.pop()
        if value.__class__ is list:
            rest.extend(value)
        elif value.__class__ is dict:
            properties = value.get("properties")
            if properties.__class__ is dict:
                yield list(properties)
            rest.extend(map(value.get, sorted(value)))


def _bearing(fields: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The header fields that may bear on the answer: all but those known not to, since gateways choose models by theirs."""
    bears, kept = _bears, list[tuple[str, str]]()
    for name, value in fields:
        known = bears.get(name)
        if known is None:
            lower = name.lower()
            known = lower not in _PASSING and not lower.startswith("x-stainless-")
            if len(bears) < 1024:
                bears[name] = known
        if known:
            kept.append((name.lower(), str(value)))  # a plain one: some are masked
    kept.sort()
    return kept


def _why_not(body: dict[str, Any]) -> str | None:
    """Why the answer to a body is for its asker only, if it is."""
    if body.get("background"):
        return "a background response is not complete"
    if body.get("conversation") is not None:
        return "it goes on with a conversation, which changes"
    if body.get("audio") is not None:
        return "spoken answers expire"
    prompt: Any = body.get("prompt")
    if prompt.__class__ is dict and not prompt.get("version"):
        return "a stored prompt without a version may change"
    if body.get("web_search_options") is not None or not _are_own(body.get("tools")):
        return "the server's tools look at a world that changes"
    return None


def _are_own(tools: Any) -> bool:
    """Whether the caller runs all tools."""
    if not tools:
        return True
    if tools.__class__ is not list:
        return False
    return all(isinstance(tool, dict) and cast("dict[str, Any]", tool).get("type") in _OWN_TOOLS for tool in tools)


def _answers(kind: str, body: dict[str, Any]) -> int:
    """How many answers the server will give."""
    if kind in ("embeddings", "moderations"):
        several: Any = body.get("input")
        # A list of numbers is one text in tokens, and one of objects is one text with its pictures.
        return len(several) if several.__class__ is list and several and several[0].__class__ in (str, list) else 1
    choices = body.get("n")
    return choices if isinstance(choices, int) else 1


def _is_zero(temperature: Any) -> bool:
    return temperature.__class__ in (int, float) and temperature == 0
