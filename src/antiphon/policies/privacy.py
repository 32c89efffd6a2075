"""Privacy: nothing is kept by the server that need not be, and nothing is sent that tells who somebody is.

Knows which calls have which fields; what a text gives away is the redactor's to find, or a function's of yours. It changes a copy
of the body, never the caller's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import copy
from typing import Any, ClassVar, Literal, cast

from ..core.call import Call
from ..core.effects import Invoke
from ..core.encode import encode_json
from ..core.json import JSONError, decode_json
from ..core.price import thinks
from ..core.reply import Reply
from ..core.request import Request
from ..core.resource import spelled
from ..core.shape import is_dict, is_list
from ..errors import PolicyError
from .chain import PLACES, Forward
from .machines.redaction import Redactor
from .telling import settled

SEALED = "reasoning.encrypted_content"
_STORING = ("responses.create", "chat.completions.create", "beta.responses.create")
_TEXT = (
    *("responses.", "chat.", "completions.", "embeddings.", "moderations.", "images.", "audio.speech.", "videos."),
    *("conversations.", "beta.responses.", "beta.threads.", "vector_stores.search"),
)
"""Operations whose bodies hold what people wrote. Others name people on purpose, such as invitations."""
_STRUCTURE = frozenset(
    {
        *("model", "type", "role", "id", "call_id", "tool_call_id", "name", "object", "status", "detail", "format"),
        *("encoding_format", "file_id", "file_data", "b64_json", "image_url", "data", "encrypted_content", "container"),
        *(
            "previous_response_id",
            "conversation",
            "include",
            "service_tier",
            "prompt_cache_key",
            "tools",
            "tool_choice",
        ),
        *(
            "functions",
            "function_call",
            "response_format",
            "schema",
            "parameters",
            "voice",
            "size",
            "quality",
            "signature",
        ),
    }
)
"""Fields that hold names, ids and data, and no text of people's."""
_PEOPLE = frozenset({"user", "safety_identifier"})
Redact = Callable[[str], Any]
_Place = tuple[Any, Any, str]
"""Where a text stands: what holds it, under which key, and the text."""


class Privacy:
    """Asks the server to keep nothing, and takes out of a call what tells who somebody is, before anything else sees it.

    >>> Privacy(redact=["email", "card"])
    Privacy(store=False, encrypted_reasoning=True, redact=email, card)

    With `store=False` every call that has such a field says so, and one that asks for the opposite (`store=True`, `background`,
    `conversation`) is refused. The thoughts of models then come encrypted with the answer, and go back with `carried(response)`.

    Args:
        store: `False` has nothing kept; `None` leaves the field alone.
        encrypted_reasoning: whether to ask for thoughts in encrypted form where nothing is kept: `True` for models that are known
            to think, "always" for all.
        redact: `True` for all known kinds, names of kinds ("key", "email", "iban", "card", "ip", "phone"), `{name: pattern}`, a
            `Redactor`, or a function that gets each text and gives what is sent instead; a coroutine function under an async client
            only. If it raises, nothing is sent. `None` for nothing.

    Texts in the bodies of responses, chat, completions, embeddings, moderations, images, speech, videos, conversations, threads and
    searches are looked through; pictures, files, sound, tools' definitions, and what goes over WebSockets are not.

    Raises:
        ValueError, TypeError: an argument that cannot be right.
        PolicyError: a call that asks for something to be kept; nothing was sent.
    """

    place: ClassVar[int] = PLACES["Privacy"]

    @spelled
    def __init__(
        self,
        *,
        store: Literal[False] | None = False,
        encrypted_reasoning: bool | Literal["always"] = True,
        redact: bool | Iterable[str] | Mapping[str, Any] | Redactor | Redact | None = None,
    ) -> None:
        if store is not False and store is not None:
            raise ValueError(f"store must be False, or None to leave the field alone; got {store!r}")
        if encrypted_reasoning not in (True, False, "always"):
            raise ValueError(f"encrypted_reasoning must be True, False or 'always'; got {encrypted_reasoning!r}")
        self.store = store
        self.encrypted_reasoning = encrypted_reasoning
        self.redact: Redactor | Redact | None = _redact(redact)
        if self.store is None and self.redact is None:
            raise ValueError("Privacy(store=None) without redact=… does nothing; leave it out")

    def __repr__(self) -> str:
        redact: Any = self.redact
        if isinstance(redact, Redactor):
            said = ", ".join(redact.kinds)
        else:
            said = "nothing" if redact is None else str(getattr(redact, "__qualname__", redact))
        return f"Privacy(store={self.store}, encrypted_reasoning={self.encrypted_reasoning}, redact={said})"

    async def __call__(self, request: Request, forward: Forward) -> Reply:
        call = request.call
        if call is None:
            return await forward(request)
        name = _name(call)
        stores = self.store is False and name in _STORING
        texts = self.redact is not None and name.startswith(_TEXT)
        if not (stores or texts):
            return await forward(request)
        body, encode = _open(request, call)
        if body is None:
            return await forward(request)
        changed = stores and self._keep_nothing(request, body, name)
        redacted = await self._redacted(body) if texts else 0
        if request.trace is not None:
            request.trace.note("Privacy", "applied", store="left alone" if not stores else False, redacted=redacted)
        if changed or redacted:
            request = encode(body)
        return await forward(request)

    def _keep_nothing(self, request: Request, body: dict[str, Any], name: str) -> bool:
        """Say that nothing is to be kept; whether that had to be said.

        Raises:
            PolicyError: the call asks for the opposite.
        """
        for field in ("store", "background", "conversation"):
            if body.get(field):
                raise PolicyError(
                    f"{name} with {field}={body[field]!r} has the server keep it, and this client's Privacy(store=False) does not "
                    f"allow that; leave {field} out, or make the call with a client without that policy",
                    request=request,
                )
        changed = body.get("store") is not False
        body["store"] = False
        always = self.encrypted_reasoning == "always"
        if name == "chat.completions.create" or not (
            always or (self.encrypted_reasoning and thinks(str(body.get("model"))))
        ):
            return changed
        include = cast("list[Any]", body.get("include") or [])
        if SEALED in include:
            return changed
        body["include"] = [*include, SEALED]
        return True

    async def _redacted(self, body: dict[str, Any]) -> int:
        """Put placeholders into the body; how many texts were changed.

        Raises:
            TypeError: the function gave no text.
        """
        changed, found = 0, dict[str, str]()
        for holder, key, text in list(_texts(body)):
            if isinstance(self.redact, Redactor):
                clean, _ = self.redact.redact(text, found)
                if clean != text and key in _PEOPLE:
                    clean = _digest(text)
            else:
                clean = settled(await Invoke(cast("Redact", self.redact), text))
                if not isinstance(clean, str):
                    raise TypeError(f"redact must give the text to send instead; got {type(clean).__name__}")
            if clean != text:
                holder[key] = clean
                changed += 1
        return changed


def carried(response: Any) -> list[dict[str, Any]]:
    """What a response said, as items of the next call's input: how a conversation goes on when the server keeps nothing.

        history = [{"role": "user", "content": "…"}]
        response = client.responses.create(model="…", input=history)
        history += [*carried(response), {"role": "user", "content": "…"}]

    Thoughts go back only in encrypted form: those that came without would be looked for by their id, and there is nothing to find.

    Args:
        response: a `Response`, or its output.
    """
    output = getattr(response, "output", response)
    items: list[dict[str, Any]] = [
        item if isinstance(item, dict) else item.to_dict() for item in cast("list[Any]", output)
    ]
    return [
        {name: value for name, value in item.items() if value is not None or name == "content"}
        for item in items
        if item.get("type") != "reasoning" or item.get("encrypted_content")
    ]


def _redact(given: Any) -> Redactor | Redact | None:
    if given is None or given is False:
        return None
    if isinstance(given, Redactor) or (callable(given) and not isinstance(given, type)):
        return given
    return Redactor(cast("Iterable[str]", given))


def _name(call: Call[Any]) -> str:
    """The operation's name, for a raw call by its path."""
    name = call.operation.name
    if not name.startswith("POST "):
        return name
    name = name[5:].strip("/").replace("/", ".")
    return f"{name}.create" if f"{name}.create" in _STORING else f"{name}."


def _open(request: Request, call: Call[Any]) -> tuple[dict[str, Any] | None, Callable[[dict[str, Any]], Request]]:
    """The body as it would be sent, to be changed, and what makes a request of it; `None` where there is no such body."""
    if call.operation.body == "multipart":
        fields: Any = call.body
        if call.files is not None or not isinstance(fields, dict):
            return None, lambda _: request
        from ..core.omit import given

        form = _copied({**given(cast("dict[str, Any]", fields)), **(call.extra_body or {})})
        return form, lambda new: _form(request, call, new)
    try:
        body = decode_json(request.content) if isinstance(request.content, bytes) else None
    except JSONError:
        body = None
    return (cast("dict[str, Any]", body) if isinstance(body, dict) else None), lambda new: request.replace(
        content=encode_json(new), call=_with(call, new)
    )


def _copied(value: Any) -> Any:
    """The same value in containers of its own; what is in them, files too, is the same."""
    if is_dict(value):
        return {name: _copied(item) for name, item in value.items()}
    return [_copied(item) for item in value] if is_list(value) else value


def _form(request: Request, call: Call[Any], body: dict[str, Any]) -> Request:
    from ..core.multipart import multipart

    content, kind = multipart(body, None, call.operation.files, operation=call.operation.name)
    headers = request.headers.copy()
    if kind is not None:
        headers["Content-Type"] = kind
    return request.replace(headers=headers, content=content, call=_with(call, body))


def _with(call: Call[Any], body: dict[str, Any]) -> Call[Any]:
    other = copy(call)
    other.body, other.extra_body, other.content = body, None, None
    return other


def _texts(body: dict[str, Any]) -> Iterator[_Place]:
    """Every text that people may have written, in order."""
    stack: list[tuple[Any, Any]] = [(body, name) for name in reversed(body) if name not in _STRUCTURE]
    while stack:
        holder, key = stack.pop()
        value = holder[key]
        if value.__class__ is str:
            yield holder, key, value
        elif value.__class__ is dict:
            stack += [(value, name) for name in reversed(value) if name not in _STRUCTURE]
        elif value.__class__ is list and not (value and value[0].__class__ is int):
            stack += [(value, number) for number in reversed(range(len(value)))]


def _digest(text: str) -> str:
    """A name for somebody that tells them from others, and nothing else."""
    from hashlib import sha256

    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
