"""The module-level client: `antiphon.api_key = …`, then `antiphon.responses.create(…)`.

Knows the names and what they are before anybody sets them. Refuses to know how a client is made: `loading` does, and is
imported by the first call. What a program sets becomes a plain global of the package, so nothing here is asked again for it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from ..client import OpenAI
    from ..core.timeout import Timeout
    from ..core.url import URL
    from ..resources.admin import Admin
    from ..resources.audio import Audio
    from ..resources.batches import Batches
    from ..resources.beta import Beta
    from ..resources.chat import Chat
    from ..resources.completions import Completions
    from ..resources.containers import Containers
    from ..resources.content_provenance_checks import ContentProvenanceChecks
    from ..resources.conversations import Conversations
    from ..resources.decisions import Decisions
    from ..resources.embeddings import Embeddings
    from ..resources.evals import Evals
    from ..resources.files import Files
    from ..resources.fine_tuning import FineTuning
    from ..resources.images import Images
    from ..resources.live import Live
    from ..resources.models import Models
    from ..resources.moderations import Moderations
    from ..resources.realtime import Realtime
    from ..resources.responses import Responses
    from ..resources.safety import Safety
    from ..resources.skills import Skills
    from ..resources.uploads import Uploads
    from ..resources.vector_stores import VectorStores
    from ..resources.videos import Videos
    from ..resources.webhooks import Webhooks

    api_key: str | Callable[[], str] | None
    admin_api_key: str | None
    organization: str | None
    project: str | None
    webhook_secret: str | None
    base_url: str | URL | None
    timeout: float | Timeout | None
    max_retries: int
    default_headers: Mapping[str, Any] | None
    default_query: Mapping[str, object] | None
    http_client: Any
    api_type: Literal["openai", "azure", "amazon-bedrock"] | None
    api_version: str | None
    azure_endpoint: str | None
    azure_ad_token: str | None
    azure_ad_token_provider: Callable[[], str] | None
    bedrock_token_provider: Callable[[], str] | None
    admin: Admin
    audio: Audio
    batches: Batches
    beta: Beta
    chat: Chat
    completions: Completions
    containers: Containers
    content_provenance_checks: ContentProvenanceChecks
    conversations: Conversations
    decisions: Decisions
    embeddings: Embeddings
    evals: Evals
    files: Files
    fine_tuning: FineTuning
    images: Images
    live: Live
    models: Models
    moderations: Moderations
    realtime: Realtime
    responses: Responses
    safety: Safety
    skills: Skills
    uploads: Uploads
    vector_stores: VectorStores
    videos: Videos
    webhooks: Webhooks

__all__ = [
    "admin",
    "admin_api_key",
    "api_key",
    "api_type",
    "api_version",
    "audio",
    "azure_ad_token",
    "azure_ad_token_provider",
    "azure_endpoint",
    "base_url",
    "batches",
    "bedrock_token_provider",
    "beta",
    "chat",
    "completions",
    "containers",
    "content_provenance_checks",
    "conversations",
    "decisions",
    "default_headers",
    "default_query",
    "embeddings",
    "evals",
    "files",
    "fine_tuning",
    "http_client",
    "images",
    "live",
    "max_retries",
    "models",
    "moderations",
    "organization",
    "project",
    "realtime",
    "responses",
    "safety",
    "skills",
    "timeout",
    "uploads",
    "vector_stores",
    "videos",
    "webhook_secret",
    "webhooks",
]

_VARIABLES = {
    "api_type": "OPENAI_API_TYPE",
    "api_version": "OPENAI_API_VERSION",
    "azure_endpoint": "AZURE_OPENAI_ENDPOINT",
}
SETTINGS = frozenset(
    {
        *("api_key", "admin_api_key", "organization", "project", "webhook_secret"),
        *("base_url", "timeout", "max_retries", "default_headers", "default_query", "http_client"),
        *("api_type", "api_version", "azure_endpoint", "azure_ad_token", "azure_ad_token_provider"),
        "bedrock_token_provider",
    }
)


def package() -> dict[str, Any]:
    """The globals of `antiphon`, which hold what a program has set."""
    return vars(sys.modules[__name__.rpartition(".")[0]])


def attribute(name: str) -> Any:
    """What `antiphon.<name>` is for one of these names, before a program has set it."""
    if name in SETTINGS:
        return default(name)
    if name in __all__:
        return Proxy(name)
    if name == "_client":
        return None
    if name in ("_load_client", "_reset_client", "_AmbiguousModuleClientUsageError"):
        from . import loading

        return getattr(loading, name.removeprefix("_") if name.endswith("_client") else name)
    from .removed import Removed

    return Removed(name)


def default(name: str) -> Any:
    """A setting that no program has set."""
    if name in _VARIABLES:
        return os.environ.get(_VARIABLES[name])
    if name == "timeout":
        from ..core.timeout import DEFAULT_TIMEOUT

        return DEFAULT_TIMEOUT
    if name == "max_retries":
        from ..settings import DEFAULT_MAX_RETRIES

        return DEFAULT_MAX_RETRIES
    return None


def setting(name: str) -> Any:
    """A setting as it is now."""
    there = package()
    return there[name] if name in there else default(name)


class Proxy:
    """One resource of the module-level client; the client is made when the first attribute is asked for."""

    def __init__(self, name: str) -> None:
        self._name = name

    def _resource(self) -> Any:
        from .loading import load_client

        client: OpenAI = load_client()
        return getattr(client, self._name)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._resource(), name)

    def __repr__(self) -> str:
        return repr(self._resource())

    def __dir__(self) -> Iterable[str]:
        return dir(self._resource())

    @property  # type: ignore[misc]
    def __class__(self) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        # So that `isinstance` sees the resource's class; where no client can be made, what this is.
        try:
            return self._resource().__class__
        except Exception:
            return Proxy
