"""The exchange: a workload's proof of identity for an OpenAI token (RFC 8693), over the client's own connections.

Knows the service's address, the form, and what its answers mean. Refuses to keep what it is given.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, cast

from ..core.effects import Send
from ..core.encode import encode_json
from ..core.headers import Headers
from ..core.json import JSONError, decode_json
from ..core.reply import Reply
from ..core.request import Request
from ..core.secret import Secret
from ..core.timeout import Timeout
from ..core.url import URL
from ..errors import APIConnectionError, OAuthError, OpenAIError
from ..policies.retry import Retry
from .token_cache import Grant, Token

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:token-exchange"
SUBJECT_URL = "https://auth.openai.com/oauth/token"
CERTIFICATE_URL = "https://mtls.auth.openai.com/oauth/token"
_TOKEN = re.compile(r"[\x21-\x7e]+")
_LONGEST = 10.0
_REFUSED = (400, 401, 403)


async def exchange(url: str, form: Mapping[str, str | Secret], request: Request, retries: int) -> Grant:
    """The token that a form is granted, as a flow.

    Args:
        url: the token service.
        form: what is sent; secrets are revealed on the wire only.
        request: the request that needs the token: its phases and deadline bound the exchange too.
        retries: attempts after the first for answers that say "later"; failures to connect are the caller's to retry.

    Raises:
        OAuthError: the service refused.
        OpenAIError: it answered with nothing that can be used.
        APIConnectionError: no answer came.
    """
    asked = _request(url, form, request)
    try:
        reply = await Retry(retries)(asked, _sent)
    except _Unreached as unreached:
        failure = unreached.failure
    else:
        reply.request = _bare(asked)
        outcome = _judged(reply)
        if isinstance(outcome, str):
            raise OpenAIError(outcome)
        return outcome
    # Not with its frames, which hold what was sent.
    failure.request = _bare(asked)
    raise failure.with_traceback(None) from None


class _Unreached(Exception):
    """Carries a failure to connect past the retries."""

    def __init__(self, failure: APIConnectionError) -> None:
        self.failure = failure


async def _sent(request: Request) -> Reply:
    try:
        return await Send(request)
    except APIConnectionError as failure:
        raise _Unreached(failure) from None


def _request(url: str, form: Mapping[str, str | Secret], request: Request) -> Request:
    place = URL(url)
    agent = request.headers.get("user-agent") or "antiphon"
    fields = {"Accept": "application/json", "Content-Type": "application/json", "User-Agent": agent}
    phases = request.timeout
    bounds = {name: _shorter(getattr(phases, name)) for name in ("connect", "read", "write", "pool")}
    return Request(
        "POST",
        place.origin,
        place.target,
        Headers(fields),
        encode_json({name: value.reveal() if isinstance(value, Secret) else value for name, value in form.items()}),
        Timeout(None, **bounds),
        deadline=request.deadline,
    )


def _shorter(seconds: float | None) -> float:
    return _LONGEST if seconds is None else min(seconds, _LONGEST)


def _bare(request: Request) -> Request:
    bare = request.replace()
    bare.content = None
    return bare


def _judged(reply: Reply) -> Grant | str:
    """What a reply grants, or what is wrong with it; not raised here, where the token is among the locals.

    Raises:
        OAuthError: the service refused.
    """
    try:
        body: Any = decode_json(reply.content)
    except JSONError:
        body = None
    if reply.status_code in _REFUSED:
        raise OAuthError(response=reply, body=_safe(body))
    if not reply.is_success:
        return f"the token service answered with status {reply.status_code}; try again later"
    if not isinstance(body, dict):
        return "the token service answered without a JSON object; is something between it and this client?"
    found = cast("dict[str, Any]", body)
    flaw = _flaw(**{name: found.get(name) for name in ("access_token", "expires_in")}, kind=found.get("token_type"))
    return flaw or Grant(Token(Secret(found["access_token"])), float(found["expires_in"]))


def _safe(body: Any) -> dict[str, str] | None:
    """What a refusal says, and nothing that it may repeat."""
    if not isinstance(body, dict):
        return None
    found = cast("dict[str, Any]", body)
    return {name: found[name] for name in ("error", "error_description") if isinstance(found.get(name), str)}


def _flaw(*, access_token: Any, expires_in: Any, kind: Any) -> str | None:
    if kind is not None and (not isinstance(kind, str) or kind.lower() != "bearer"):
        return "the token service granted a token of another type than Bearer"
    if not isinstance(access_token, str) or not _TOKEN.fullmatch(access_token):
        return "the token service's answer holds no access_token that a header field can carry"
    number = isinstance(expires_in, (int, float)) and not isinstance(expires_in, bool)
    if not number or not math.isfinite(expires_in) or expires_in <= 0:
        return "the token service's answer holds no usable expires_in; it must be a positive number of seconds"
    return None
