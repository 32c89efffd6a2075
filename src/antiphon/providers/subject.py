"""Where a workload's own proof of identity comes from: a file of Kubernetes, or the metadata service of Azure or Google Cloud.

Each is a dict with the proof's type and a function that gets it anew, as `workload_identity["provider"]` takes it; any other
source is one's own such dict. Metadata services are on the machine's own link, so no proxy is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, TypedDict

from ..core.headers import Headers
from ..core.query import encode_query
from ..core.reply import Reply
from ..core.request import Request
from ..core.timeout import Timeout
from ..core.url import URL
from ..errors import OpenAIError, SubjectTokenProviderError

AZURE_SERVICE = "http://169.254.169.254/metadata/identity/oauth2/token"
GOOGLE_SERVICE = "http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/identity"
_FILE = "/var/run/secrets/kubernetes.io/serviceaccount/token"


class SubjectTokenProvider(TypedDict):
    """A source of a workload's proof of identity."""

    token_type: Literal["jwt", "id"]
    get_token: Callable[[], str]


def k8s_service_account_token_provider(token_file_path: str | Path = _FILE) -> SubjectTokenProvider:
    """The token that Kubernetes keeps in a file, read anew each time because it is rotated.

    >>> source = k8s_service_account_token_provider("/var/run/secrets/openai/token")

    Args:
        token_file_path: the mounted file.

    Raises:
        SubjectTokenProviderError: when asked: the file cannot be read, or is empty.
    """

    def get_token() -> str:
        try:
            token = Path(token_file_path).read_text().strip()
        except (OSError, ValueError) as failure:
            raise SubjectTokenProviderError(f"cannot read the token file {token_file_path}: {failure}") from failure
        if not token:
            raise SubjectTokenProviderError(f"the token file {token_file_path} is empty")
        return token

    return {"token_type": "jwt", "get_token": get_token}


def azure_managed_identity_token_provider(
    resource: str = "https://management.azure.com/",
    *,
    object_id: str | None = None,
    client_id: str | None = None,
    msi_res_id: str | None = None,
    api_version: str = "2018-02-01",
    timeout: float = 10.0,
    http_client: Any = None,
) -> SubjectTokenProvider:
    """A managed identity's token, from the metadata service of the Azure machine this runs on.

    >>> source = azure_managed_identity_token_provider(client_id="11111111-2222-3333-4444-555555555555")

    Args:
        resource: whom the token is for.
        object_id: the identity, where the machine has several.
        client_id: the identity, by its application.
        msi_res_id: the identity, by its resource.
        api_version: the metadata service's.
        timeout: seconds for each phase of the request.
        http_client: a blocking httpx2 or httpx client, instead of a connection of one's own.

    Raises:
        SubjectTokenProviderError: when asked: the service gave no token.
    """
    named = {"object_id": object_id, "client_id": client_id, "msi_res_id": msi_res_id}
    query = {"api-version": api_version, "resource": resource}
    query |= {name: value for name, value in named.items() if value is not None}

    def get_token() -> str:
        reply = _asked("Azure", AZURE_SERVICE, query, {"Metadata": "true"}, timeout, http_client)
        try:
            token = reply.json().get("access_token")
        except (ValueError, AttributeError, OpenAIError):
            token = None
        if not token or not isinstance(token, str):
            raise SubjectTokenProviderError("Azure's metadata service answered without an access_token", response=reply)
        return token

    return {"token_type": "jwt", "get_token": get_token}


def gcp_id_token_provider(
    audience: str = "https://api.openai.com/v1", *, timeout: float = 10.0, http_client: Any = None
) -> SubjectTokenProvider:
    """An identity token, from the metadata service of the Google Cloud machine this runs on.

    >>> source = gcp_id_token_provider()

    Args:
        audience: whom the token is for.
        timeout: seconds for each phase of the request.
        http_client: a blocking httpx2 or httpx client, instead of a connection of one's own.

    Raises:
        SubjectTokenProviderError: when asked: the service gave no token.
    """

    def get_token() -> str:
        fields = {"Metadata-Flavor": "Google"}
        reply = _asked("Google Cloud", GOOGLE_SERVICE, {"audience": audience}, fields, timeout, http_client)
        token = reply.content.decode("utf-8", "replace").strip()
        if not token:
            raise SubjectTokenProviderError(
                "Google Cloud's metadata service answered with an empty token", response=reply
            )
        return token

    return {"token_type": "id", "get_token": get_token}


def _asked(
    whose: str, service: str, query: Mapping[str, str], fields: Mapping[str, str], timeout: float, http_client: Any
) -> Reply:
    """What a metadata service answers."""
    place = URL(service)
    request = Request(
        "GET", place.origin, f"{place.path}?{encode_query(query)}", Headers(fields), None, Timeout(timeout)
    )
    try:
        reply = _send(request, http_client)
    except OpenAIError as failure:
        raise SubjectTokenProviderError(f"{whose}'s metadata service cannot be reached: {failure}") from failure
    if not reply.is_success:
        raise SubjectTokenProviderError(
            f"{whose}'s metadata service answered with status {reply.status_code}", response=reply
        )
    return reply


def _send(request: Request, http_client: Any) -> Reply:
    if http_client is not None:
        from ..transports.borrowed import borrow

        return borrow(http_client, colour="sync").send(request)
    from ..transports.sockets import SocketTransport

    transport = SocketTransport(proxy=None)
    try:
        return transport.send(request)
    finally:
        transport.close()
