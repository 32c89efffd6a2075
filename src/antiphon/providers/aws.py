"""AWS credentials and Signature Version 4, both by botocore, which is imported when the first request is signed.

Knows which source of credentials was chosen and how to sign with it. Keeps no credential in the open: given keys are
`Secret`s, what botocore finds stays in a closure, and a failure inside botocore leaves its frames behind, because their
locals hold what it found.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from hashlib import sha256
from importlib import import_module
from importlib.util import find_spec
from threading import Lock
from typing import Any, NamedTuple

from ..core.headers import Headers
from ..core.request import Request
from ..core.secret import Secret
from ..errors import OpenAIError

AwsCredentialsProvider = Callable[[], object]
"""Gives credentials with `access_key`, `secret_key` and `token`, e.g. botocore's, each time it is called."""

Found = Callable[[], Any]
"""Credentials that were found, out of sight: a traceback that prints locals shows a function."""

_HINT = (
    "AWS credentials need an extra: pip install antiphon[bedrock] (or pass api_key, or set AWS_BEARER_TOKEN_BEDROCK)"
)
_MADE_ANEW = frozenset({"authorization", "x-amz-content-sha256", "x-amz-date", "x-amz-security-token"})
_BODY_METHODS = frozenset({"POST", "PUT", "PATCH"})


class StaticKeys(NamedTuple):
    """Keys that a user passed."""

    access_key_id: Secret
    secret_access_key: Secret
    session_token: Secret | None


class AwsCredential:
    """Where AWS credentials come from; one object serves a client and its copies, so that they are looked up once.

    Args:
        keys: the keys themselves.
        profile: a profile of the AWS configuration files.
        provider: a function that gives credentials, asked for each attempt.
            With none of the three, botocore's default chain looks for them.

    Raises:
        OpenAIError: botocore is not installed.
    """

    def __init__(
        self,
        *,
        keys: StaticKeys | None = None,
        profile: str | None = None,
        provider: AwsCredentialsProvider | None = None,
    ) -> None:
        if find_spec("botocore") is None:
            raise OpenAIError(_HINT)
        self.keys = keys
        self.profile = profile
        self.provider = provider
        self._session = _session(profile)

    def __repr__(self) -> str:
        if self.keys is not None:
            return "given keys"
        return "a function" if self.provider else f"profile {self.profile!r}" if self.profile else "default chain"

    def region(self) -> str | None:
        """The region that the AWS configuration names."""
        return _asking(lambda: self._session(lambda session: session.get_config_variable("region")))  # type: ignore[no-any-return]

    def find(self) -> Found:
        """Credentials for one signature (or an awaitable of them, if the user's function gives one), out of sight.

        Raises:
            OpenAIError: looking for them failed.
        """
        if self.keys is not None:
            return _kept(_tool("credentials", "Credentials")(*(key and key.reveal() for key in self.keys)))
        if self.provider is not None:
            try:
                return _kept(self.provider())
            except OpenAIError:
                raise
            except Exception as failure:
                raise OpenAIError(f"aws_credentials_provider failed with {type(failure).__name__}") from failure
        return _asking(lambda: _kept(self._session(lambda session: session.get_credentials())))  # type: ignore[no-any-return]


class SigV4:
    """Signs requests with an AWS credential, for one service in one region; what both colours share."""

    def __init__(self, credential: AwsCredential, service: str, region: str) -> None:
        self._credential = credential
        self._service = service
        self._region = region

    def __repr__(self) -> str:
        return f"SigV4 for {self._service} in {self._region}, {self._credential!r}"

    def _signed(self, request: Request, found: Found) -> Headers:
        if found() is None:
            raise OpenAIError(
                "no AWS credentials were found; pass api_key or AWS keys, set AWS_BEARER_TOKEN_BEDROCK, or set up the "
                "default chain (environment, profile, role)"
            )
        return _asking(lambda: self._sign(request, found))  # type: ignore[no-any-return]

    def _sign(self, request: Request, found: Found) -> Headers:
        freeze = getattr(found(), "get_frozen_credentials", found)
        signer = _tool("auth", "SigV4Auth")(freeze(), self._service, self._region)
        if not (signer.credentials.access_key and signer.credentials.secret_key):
            raise ValueError("the access key or the secret key is missing")
        theirs = _tool("awsrequest", "AWSRequest")(method=request.method, url=f"{request.origin}{request.target}")
        content = request.content if isinstance(request.content, bytes) else b""
        for name, value in request.headers.fields:
            if name.lower() not in _MADE_ANEW:
                theirs.headers[name] = value  # adds, so that each value of a repeated field is kept
        theirs.headers["X-Amz-Content-SHA256"] = sha256(content).hexdigest()
        if content or request.method in _BODY_METHODS:
            theirs.headers["Content-Length"] = str(len(content))  # as the wire will write it
        signer.add_auth(theirs)
        return Headers([field for field in theirs.headers.items() if field[0] != "Content-Length"])


class BlockingSigV4(SigV4):
    """Signs in this thread."""

    def __call__(self, request: Request) -> Headers:
        """The request's fields, signed.

        Raises:
            OpenAIError: no credentials were found, or they cannot sign.
        """
        found = self._credential.find()
        if hasattr(found(), "__await__"):
            getattr(found(), "close", bool)()
            raise OpenAIError("aws_credentials_provider is async; a blocking client needs a plain function")
        return self._signed(request, found)


class AsyncSigV4(SigV4):
    """Signs in a thread, unless the keys are at hand, because looking for credentials may take its time."""

    async def __call__(self, request: Request) -> Headers:
        """As `BlockingSigV4.__call__`; the user's function may give an awaitable."""
        import asyncio  # which a blocking client of this module does without

        if self._credential.keys is not None:
            return self._signed(request, self._credential.find())
        answer = await asyncio.to_thread(self._attempt, request)
        if isinstance(answer, Headers):
            return answer
        found = _kept(await answer())
        return await asyncio.to_thread(self._signed, request, found)

    def _attempt(self, request: Request) -> Headers | Found:
        found = self._credential.find()
        return found if hasattr(found(), "__await__") else self._signed(request, found)


def _kept(value: Any) -> Found:
    return lambda: value


def _session(profile: str | None) -> Callable[[Callable[[Any], Any]], Any]:
    """A function that asks one botocore session, made when first asked; one question at a time."""
    lock = Lock()
    made: list[Any] = []

    def ask(question: Callable[[Any], Any]) -> Any:
        with lock:
            if not made:
                made.append(_tool("session", "Session")(profile=profile))
            return question(made[0])

    return ask


@cache
def _tool(module: str, name: str) -> Any:
    return getattr(import_module(f"botocore.{module}"), name)


def _asking(question: Callable[[], Any]) -> Any:
    """What botocore answers.

    Raises:
        OpenAIError: it failed.
    """
    try:
        return question()
    except Exception as failure:
        said = f"{type(failure).__name__}: {failure}"
    # Not from the failure: its frames hold what botocore found.
    raise OpenAIError(f"AWS credentials could not be resolved or used ({said}); look at profile, environment or role")
