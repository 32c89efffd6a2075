"""One file for each resource family, imported when it is first asked. Verbs, paths and checks are data, elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Final

from ..description import description
from ..exchange import Handler
from ..world import Job

_HOMES: Final = {
    "admin.organization.admin_api_keys": "admin.key",
    "admin.organization.audit_logs": "admin.audit",
    "admin.organization.certificates": "admin.certificate",
    "admin.organization.data_retention": "admin.control",
    "admin.organization.external_keys": "admin.external_key",
    "admin.organization.external_storage": "admin.external_storage",
    "admin.organization.groups": "admin.group",
    "admin.organization.groups.roles": "admin.assignment",
    "admin.organization.invites": "admin.invite",
    "admin.organization.projects": "admin.project",
    "admin.organization.projects.api_keys": "admin.key",
    "admin.organization.projects.certificates": "admin.certificate",
    "admin.organization.projects.data_retention": "admin.control",
    "admin.organization.projects.groups": "admin.group",
    "admin.organization.projects.groups.roles": "admin.assignment",
    "admin.organization.projects.hosted_tool_permissions": "admin.control",
    "admin.organization.projects.model_permissions": "admin.control",
    "admin.organization.projects.rate_limits": "admin.rate_limit",
    "admin.organization.projects.roles": "admin.role",
    "admin.organization.projects.service_accounts": "admin.service_account",
    "admin.organization.projects.service_tier_settings": "admin.control",
    "admin.organization.projects.spend_alerts": "admin.spend_alert",
    "admin.organization.projects.spend_limit": "admin.control",
    "admin.organization.projects.users": "admin.user",
    "admin.organization.projects.users.roles": "admin.assignment",
    "admin.organization.roles": "admin.role",
    "admin.organization.spend_alerts": "admin.spend_alert",
    "admin.organization.spend_limit": "admin.control",
    "admin.organization.usage": "admin.usage",
    "admin.organization.users": "admin.user",
    "admin.organization.users.roles": "admin.assignment",
    "admin.organization.workload_identity_providers": "admin.workload_identity",
    "audio": "audio",
    "audio.voice_consents": "voice",
    "audio.voices": "voice",
    "batches": "batch",
    "beta.agents": "agent",
    "beta.agents.automations": "automation",
    "beta.agents.environments": "environment",
    "beta.agents.sessions": "agent_session",
    "beta.agents.vaults": "vault",
    "beta.assistants": "assistant",
    "beta.chatkit": "chatkit",
    "beta.realtime": "realtime",
    "beta.responses": "beta_response",
    "beta.threads": "thread",
    "beta.threads.create_and_run": "run",
    "beta.threads.messages": "message",
    "beta.threads.runs": "run",
    "chat.completions": "chat",
    "completions": "completion",
    "containers": "container",
    "content_provenance_checks": "provenance",
    "conversations": "conversation",
    "decisions": "decision",
    "embeddings": "embedding",
    "evals": "evaluation",
    "evals.runs": "evaluation_run",
    "files": "file",
    "fine_tuning": "fine_tuning",
    "fine_tuning.alpha.graders": "grader",
    "images": "image",
    "live": "live",
    "models": "model",
    "moderations": "moderation",
    "realtime": "realtime",
    "responses": "response",
    "safety": "safety",
    "skills": "skill",
    "uploads": "upload",
    "vector_stores": "vector_store",
    "vector_stores.file_batches": "vector_store_batch",
    "vector_stores.files": "vector_store_file",
    "videos": "video",
    "webhooks": "webhook",
}
"""Operations by the beginning of their names, the longest that fits, to the module whose HANDLERS hold them."""
ALIASES: Final = {
    "beta.chat.completions.create": "chat.completions.create",
    "beta.chat.completions.delete": "chat.completions.delete",
    "beta.chat.completions.list": "chat.completions.list",
    "beta.chat.completions.messages.list": "chat.completions.messages.list",
    "beta.chat.completions.retrieve": "chat.completions.retrieve",
    "beta.chat.completions.update": "chat.completions.update",
    "files.retrieve_content": "files.content",
    "fine_tuning.checkpoints.permissions.retrieve": "fine_tuning.checkpoints.permissions.list",
}
"""Other names of the same verb and path."""


class Handlers(Mapping[str, Handler]):
    """The handlers of all operations by name; looking one up imports its family."""

    def __init__(self) -> None:
        self._found: dict[str, Handler] = {}

    def __getitem__(self, name: str) -> Handler:
        if name not in self._found:
            self._found |= import_module(f".{home(name)}", __name__).HANDLERS
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        return (name for name in description().operations if name not in ALIASES)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def home(operation: str) -> str:
    """The module of an operation's family."""
    beginning = operation
    while beginning not in _HOMES:
        beginning = beginning.rpartition(".")[0]
        if not beginning:
            raise KeyError(operation)
    return _HOMES[beginning]


def job(name: str) -> Job:
    """What the agenda means by `family.name`."""
    family, _, wanted = name.rpartition(".")
    found: Job = import_module(f".{family}", __name__).JOBS[wanted]
    return found


HANDLERS: Final = Handlers()
