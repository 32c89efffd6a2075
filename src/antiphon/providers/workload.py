"""Workload identity: what a machine proves instead of keeping an API key, either by a token of its platform or by its certificate.

Knows what an identity must look like and which token it is exchanged for. Refuses to know clients.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Literal, NotRequired, TypedDict, cast

from ..core.credential import asked_apart
from ..core.reply import Reply
from ..core.request import Request
from ..core.secret import Secret
from ..core.url import URL, Origin
from ..errors import CredentialScopeError, InvalidBaseURL, OpenAIError
from ..policies.chain import Forward
from .exchange import CERTIFICATE_URL, GRANT_TYPE, SUBJECT_URL, exchange
from .keeper import Keeper
from .subject import SubjectTokenProvider
from .token_cache import Grant

MARGIN = 1200.0
CERTIFICATE_HOSTS = {"global": "mtls.api.openai.com", "us": "mtls-us.api.openai.com", "eu": "mtls-eu.api.openai.com"}
"""Where OpenAI asks for client certificates, by region."""
_TYPES = {"jwt": "urn:ietf:params:oauth:token-type:jwt", "id": "urn:ietf:params:oauth:token-type:id_token"}
_CERTIFICATE = "urn:openai:params:oauth:token-type:x509"
_IDS = ("identity_provider_id", "service_account_id")
_OTHER_KEYS = ("api-key", "x-api-key", "proxy-authorization")


class WorkloadIdentity(TypedDict):
    """An identity that a token of the platform proves."""

    identity_provider_id: str
    service_account_id: str
    provider: SubjectTokenProvider
    refresh_buffer_seconds: NotRequired[float]


SubjectTokenWorkloadIdentity = WorkloadIdentity


class X509WorkloadIdentity(TypedDict):
    """An identity that the client's certificate proves."""

    type: Literal["x509"]
    identity_provider_id: str
    service_account_id: str
    refresh_buffer_seconds: NotRequired[float]


def x509_workload_identity(
    *, identity_provider_id: str, service_account_id: str, refresh_buffer_seconds: float | None = None
) -> X509WorkloadIdentity:
    """An identity that is proved by the client's certificate, its `cert=` or that of its `http_client`.

    >>> identity = x509_workload_identity(identity_provider_id="idp_1", service_account_id="sa_1")

    Args:
        identity_provider_id: who vouches for certificates.
        service_account_id: for whom this workload acts.
        refresh_buffer_seconds: how long before its end a token is fetched anew; 1200 when left out.
    """
    identity: X509WorkloadIdentity = {
        "type": "x509",
        "identity_provider_id": identity_provider_id,
        "service_account_id": service_account_id,
    }
    if refresh_buffer_seconds is not None:
        identity["refresh_buffer_seconds"] = refresh_buffer_seconds
    return identity


def is_certificate(identity: Any) -> bool:
    """Whether an identity is proved by a certificate."""
    return isinstance(identity, Mapping) and cast("Mapping[str, Any]", identity).get("type") == "x509"


def keeper_for(identity: Any, *, retries: int, url: str | None = None) -> Keeper:
    """The keeper of an identity's tokens.

    Args:
        identity: a `WorkloadIdentity` or `X509WorkloadIdentity`.
        retries: attempts after the first, where the token service says "later".
        url: the token service; OpenAI's own when `None`.

    Raises:
        OpenAIError: the identity cannot be one.
    """
    found = _checked(identity)
    margin = float(found.get("refresh_buffer_seconds", MARGIN))
    ids = {name: str(found[name]) for name in _IDS}
    if is_certificate(found):
        form = {"grant_type": GRANT_TYPE, "subject_token_type": _CERTIFICATE, **ids}
        return Keeper(_Certificate(url or CERTIFICATE_URL, form, retries), margin)
    source = cast("SubjectTokenProvider", found["provider"])
    form = {"grant_type": GRANT_TYPE, "subject_token_type": _TYPES[source["token_type"]], **ids}
    return Keeper(_Subject(url or SUBJECT_URL, form, retries, source["get_token"]), margin)


class _Certificate:
    """A fetch by certificate, which the connection shows."""

    def __init__(self, url: str, form: dict[str, str], retries: int) -> None:
        self._url, self._form, self._retries = url, form, retries

    async def __call__(self, request: Request) -> Grant:
        return await exchange(self._url, self._form, request, self._retries)


class _Subject(_Certificate):
    """A fetch by a token of the platform."""

    def __init__(self, url: str, form: dict[str, str], retries: int, source: Callable[[], Any]) -> None:
        super().__init__(url, form, retries)
        self._source = source

    async def __call__(self, request: Request) -> Grant:
        proof = await asked_apart(self._source)
        if not cast("Any", proof.reveal()) or not isinstance(cast("Any", proof.reveal()), str):
            raise OpenAIError("the workload identity's get_token gave an empty token, or none that is text")
        form: dict[str, str | Secret] = {**self._form, "subject_token": proof}
        return await exchange(self._url, form, request, self._retries)


def _checked(identity: Any) -> dict[str, Any]:
    if not isinstance(identity, Mapping):
        raise OpenAIError("workload_identity must be a dict, e.g. of antiphon.auth.x509_workload_identity(…)")
    found = dict(cast("Mapping[str, Any]", identity))
    if any(not isinstance(found.get(name), str) or not found[name] for name in _IDS):
        raise OpenAIError("workload_identity needs identity_provider_id and service_account_id, both text")
    margin = found.get("refresh_buffer_seconds", MARGIN)
    number = isinstance(margin, (int, float)) and not isinstance(margin, bool)
    if not number or not math.isfinite(margin) or margin < 0:
        raise OpenAIError("refresh_buffer_seconds must be a finite number of 0 or more")
    if is_certificate(found):
        stray = found.keys() - {"type", "refresh_buffer_seconds", *_IDS}
        if stray:
            raise OpenAIError(
                f"an X.509 workload identity takes no {', '.join(sorted(stray))}: the certificate is the proof"
            )
        return found
    source = found.get("provider")
    if not isinstance(source, Mapping) or not callable(cast("Mapping[str, Any]", source).get("get_token")):
        raise OpenAIError(
            "workload_identity needs a provider with token_type and get_token, e.g. "
            "antiphon.auth.k8s_service_account_token_provider(), or type='x509'"
        )
    kind = cast("Mapping[str, Any]", source).get("token_type")
    if kind not in _TYPES:
        raise OpenAIError(f"unknown token_type {kind!r}; one of {', '.join(_TYPES)}")
    return found


def certificate_url(base_url: URL) -> URL:
    """A base URL to which a certificate may be shown.

    Raises:
        InvalidBaseURL: it is not https.
    """
    if base_url.scheme != "https":
        raise InvalidBaseURL("X.509 workload identity needs an https:// base URL; a certificate is shown over TLS only")
    return base_url


class CertificateBound:
    """Lets no request that shows the certificate leave its origin, or carry keys of another kind.

    Args:
        origin: where the certificate is shown.

    Raises:
        CredentialScopeError: the request leads elsewhere, or says so in `Host`.
        OpenAIError: it carries another key.
    """

    def __init__(self, origin: Origin) -> None:
        self._origin = origin

    def __repr__(self) -> str:
        return f"CertificateBound(to {self._origin})"

    async def __call__(self, request: Request, forward: Forward) -> Reply:
        host = request.headers.get("host", self._origin.authority)
        if request.origin != self._origin or host.lower() != self._origin.authority:
            raise CredentialScopeError(
                f"this client's certificate belongs to {self._origin} and was not shown elsewhere"
            )
        if any(_plain(name) in _OTHER_KEYS for name in request.headers):
            raise OpenAIError("X.509 workload identity goes with no API key or proxy credential in the header fields")
        return await forward(request)


def _plain(name: str) -> str:
    return name.lower().replace("_", "-")
