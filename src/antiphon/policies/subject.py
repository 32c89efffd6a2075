"""What a request is about: where it goes, whose it is, which model, how much. The keys under which policies keep their state.

Knows the call behind a request. Everything here is worked out when it is asked for; nothing is kept but short hashes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from ..core.credential import asked, bearer
from ..core.headers import Masked
from ..core.pending import Pending
from ..core.reply import Reply
from ..core.request import Request
from ..core.secret import Secret
from ..core.url import Origin

_PER_TOKEN = 4
_SLACK = 1.1
_PICTURE = 1105
"""Tokens of one picture in full detail; what a file takes is not known before it is read."""
_PROMPT = ("input", "messages", "prompt", "instructions", "tools")
_MEDIA = frozenset({"image_url", "file_data", "b64_json", "data"})
_MOST = ("max_output_tokens", "max_completion_tokens", "max_tokens")
_INFERENCE = (
    "responses.create",
    "responses.compact",
    "chat.completions.create",
    "completions.create",
    "embeddings.create",
    "moderations.create",
    "images.",
    "audio.",
)
_WRITTEN = ("responses.", "chat.", "completions.", "audio.", "images.", "videos.")
_WHOSE = ("authorization", "api-key", "openai-organization", "openai-project")
_scopes: dict[int, str] = {}
_names: dict[Origin, str] = {}


def endpoint_of(request: Request) -> str:
    """The target's name, or the origin's host and port."""
    if request.server is not None:
        return request.server
    origin = request.origin
    name = _names.get(origin)
    if name is None:
        name = origin.authority
        if len(_names) < 4096:
            _names[origin] = name
    return name


def operation_of(request: Request) -> str:
    """The operation's name, e.g. "responses.create"; the verb and path where there is none."""
    call = request.call
    return call.operation.name if call is not None else f"{request.method} {request.target.partition('?')[0]}"


def body_of(request: Request) -> Mapping[str, Any]:
    """The arguments of the body, as they were given; none where it is no JSON object."""
    call = request.call
    given: Any = None if call is None else call.body
    if given.__class__ is dict and call is not None and not call.extra_body:
        return cast("dict[str, Any]", given)
    if call is None or not isinstance(given, Mapping):
        return {}
    body = cast("Mapping[str, Any]", given)
    return {**body, **call.extra_body} if call.extra_body else body


def model_of(request: Request) -> str:
    """The model asked for; "" where none is."""
    call = request.call
    if call is not None:
        body = call.body
        # What nearly every call is, without the look for what else it might be.
        if body.__class__ is dict and not call.extra_body:
            model = body.get("model")
            if model.__class__ is str:
                return model
    model = body_of(request).get("model")
    return model if isinstance(model, str) else ""


def scope_of(request: Request) -> str:
    """Whose request it is: credential, organization and project as a short hash that tells nothing about them.

    Where a function gives the key, it is the function's: one of its own for each, and another one in each process.
    """
    scope = request.headers.whose
    if scope is None:
        scope = request.headers.whose = _scope(_held(request))
    return scope


def common_scope_of(request: Request) -> str:
    """As `scope_of`, where other processes are to know it too: by what a source is called, or the key a function gave last."""
    held = _held(request)
    if not any(value.__class__ is Pending for value in held.values()):
        return scope_of(request)
    return _scope(
        {
            field: _told(field, value, value.given) if isinstance(value, Pending) else value
            for field, value in held.items()
        }
    )


async def asked_scope_of(request: Request) -> str:
    """As `common_scope_of`, where nobody else may be taken for who asks: a function is asked for its key anew. A flow."""
    held = _held(request)
    for field, value in held.items():
        if isinstance(value, Pending):
            # What it gives is kept here alone: in another thread it may speak for somebody else at this moment.
            given = await asked(value.source, None) if value.label is None else None
            held[field] = _told(field, value, given)
    return _scope(held)


def _held(request: Request) -> dict[str, str | None]:
    get = request.headers.get
    return {field: get(field) for field in _WHOSE}


def _told(field: str, pending: Pending, given: Secret | None) -> str:
    """What tells a source in other processes."""
    if pending.label is not None or given is None:
        return pending.label or pending
    return Masked((given if field == "api-key" else bearer(given)).reveal())


def _scope(held: Mapping[str, str | None]) -> str:
    whose = tuple(value.name if isinstance(value, Pending) else value for value in held.values())
    key = hash(whose)
    scope = _scopes.get(key)
    if scope is None:
        from hashlib import blake2b

        # Plain text first: what is masked has the same repr whatever it hides.
        plain = repr([value if value is None else str(value) for value in whose])
        scope = blake2b(plain.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
        if len(_scopes) < 4096:
            _scopes[key] = scope
    return scope


def is_inference(request: Request) -> bool:
    """Whether it asks a model, so that asking twice costs money and changes nothing else."""
    call = request.call
    if call is None or not call.operation.name.startswith(_INFERENCE):
        return False
    body = body_of(request)
    return not (body.get("background") or body.get("store"))


def first_byte(request: Request, reply: Reply) -> float | None:
    """Seconds to the reply's first byte; `None` where only the time to its last is known, which tells how long the answer is."""
    return None if reply.is_read and operation_of(request).startswith(_WRITTEN) else reply.elapsed


def prompt_tokens(body: Mapping[str, Any]) -> int:
    """About how many tokens the input has: four letters each, a tenth more to be safe, and a picture's worth for each picture."""
    letters, pictures = 0, 0
    stack: list[Any] = []
    for name in _PROMPT:
        if name in body:
            stack.append(body[name])  # noqa: PERF401  # a list made by a comprehension costs a call of its own
    while stack:
        value = stack.pop()
        if value.__class__ is str:
            letters += len(value)
        elif value.__class__ is dict or isinstance(value, Mapping):
            for name, item in cast("Mapping[str, Any]", value).items():
                if name in _MEDIA:
                    pictures += 1
                elif item.__class__ is str:
                    letters += len(item)
                else:
                    stack.append(item)
        elif isinstance(value, (list, tuple)):
            numbers = cast("list[Any]", value)
            if numbers and numbers[0].__class__ is int:
                letters += _PER_TOKEN * len(numbers)  # tokens as they are
            else:
                stack.extend(numbers)
    return int(letters / _PER_TOKEN * _SLACK) + pictures * _PICTURE + 1


def most_tokens(body: Mapping[str, Any]) -> int | None:
    """How many tokens the answers may have together; `None` where the request sets no bound."""
    for name in _MOST:
        if name in body and isinstance(most := body[name], int):
            choices = body.get("best_of") or body.get("n") or 1
            return most * (choices if isinstance(choices, int) else 1)
    return None
