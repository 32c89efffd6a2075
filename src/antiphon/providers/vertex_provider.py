"""Google's Vertex as a provider: `OpenAI(provider=vertex(project="p", location="us-east5"))`."""

from __future__ import annotations

import os
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from ..core.reply import Reply
from ..core.request import Request
from ..core.url import URL
from ..errors import InvalidBaseURL, OpenAIError
from ..policies.authorize import Authorize
from ..policies.chain import Forward, Layer
from ..settings import base_url_from
from .keeper import Keeper
from .present import Present
from .provider import Provider, asking

VertexTokenProvider = Callable[[], "str | Awaitable[str]"]
_PROJECT = re.compile(r"[a-zA-Z0-9_-][a-zA-Z0-9_.:-]*")
_LOCATION = re.compile(r"[a-z0-9-]+")
_FOREIGN = ("api-key", "openai-organization", "openai-project")


def vertex(
    *,
    project: str | None = None,
    location: str | None = None,
    base_url: str | URL | None = None,
    token_provider: VertexTokenProvider | None = None,
    credentials: Any = None,
) -> Provider:
    """Google's Vertex, for the `provider` argument of a client.

    >>> client = OpenAI(provider=vertex(project="my-project", location="global"))  # doctest: +SKIP

    Args:
        project: the project's id; `GOOGLE_CLOUD_PROJECT` when left out.
        location: e.g. "us-east5" or "global"; `GOOGLE_CLOUD_LOCATION` when left out.
        base_url: the whole root of the API, instead of what follows from project and location.
        token_provider: a function that returns a bearer token (async clients: or an awaitable of it), asked before each attempt.
        credentials: credentials of google-auth. With neither, the application's default ones are looked for.

    Raises:
        OpenAIError: project or location is missing or cannot be one, or there are two credentials.
    """
    if token_provider is not None and credentials is not None:
        raise OpenAIError("vertex takes one of credentials and token_provider, not both")
    where = _place(project, location) if base_url is None else base_url
    return Provider(VertexDefinition(_checked(where), token_provider, credentials))


def _place(project: str | None, location: str | None) -> str:
    project = project or os.environ.get("GOOGLE_CLOUD_PROJECT")
    location = location or os.environ.get("GOOGLE_CLOUD_LOCATION")
    if not project or not _PROJECT.fullmatch(project):
        raise OpenAIError("vertex needs the project's id; pass project, or set GOOGLE_CLOUD_PROJECT")
    if not location or not _LOCATION.fullmatch(location):
        raise OpenAIError("vertex needs a location like us-east5; pass location, or set GOOGLE_CLOUD_LOCATION")
    host = "aiplatform.googleapis.com" if location == "global" else f"{location}-aiplatform.googleapis.com"
    return f"https://{host}/v1/projects/{project}/locations/{location}/publishers/openai/v1"


def _checked(base_url: str | URL) -> URL:
    if "#" in str(base_url):
        raise InvalidBaseURL("vertex takes a base_url without a fragment: it is the root of the API")
    url = base_url_from(base_url)
    if url.query:
        raise InvalidBaseURL("vertex takes a base_url without a query: it is the root of the API")
    host = url.host.rstrip(".")
    if url.scheme != "https" and (host == "googleapis.com" or host.endswith(".googleapis.com")):
        raise InvalidBaseURL(f"{host} is Google's and takes https:// only")
    return url


class VertexDefinition:
    """What a Vertex provider knows."""

    name = "vertex"

    def __init__(self, base_url: URL, source: VertexTokenProvider | None, credentials: Any) -> None:
        self._base_url = base_url
        self._source = source
        self._credentials: Callable[[], Any] = lambda: credentials

    @property
    def base_url(self) -> URL:
        """The API's root there."""
        return self._base_url

    def keeper(self) -> Keeper | None:
        """What keeps Google's token."""
        if self._source is not None:
            return None
        from .google import MARGIN, GoogleCredential

        return Keeper(GoogleCredential(self._credentials()), MARGIN)

    def policies(self, colour: str, keeper: Keeper | None) -> Sequence[Layer]:
        """What refuses fields of other houses, and puts the token into a request."""
        if keeper is None:
            assert self._source is not None
            return [NoForeigner(), Authorize(asking(self._source, colour, "token_provider", "AsyncOpenAI"))]
        return [NoForeigner(), Present(keeper, self._base_url.origin, "Google's token")]


class NoForeigner:
    """Refuses fields that say who a request is for in another house.

    Raises:
        OpenAIError: there is one.
    """

    def __repr__(self) -> str:
        return "NoForeigner(no field of another house)"

    async def __call__(self, request: Request, forward: Forward) -> Reply:
        for name in _FOREIGN:
            if name in request.headers:
                raise OpenAIError(
                    f"Vertex takes no `{name}` field; leave organization, project and other houses' keys out"
                )
        return await forward(request)
