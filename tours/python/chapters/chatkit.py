"""ChatKit: sessions with their limits and ends; threads, which only the widget makes, are not there."""

from __future__ import annotations

from typing import Any

import openai

from ..tour import Tour


def walk(t: Tour) -> None:
    """The chapter."""
    sessions, threads = t.client.beta.chatkit.sessions, t.client.beta.chatkit.threads
    given: Any = {"user": "u1", "workflow": {"id": "wf_1", "state_variables": {"a": 1}}}
    made = sessions.create(**given, rate_limits={"max_requests_per_1_minute": 3})
    t.same((made.status, made.user, made.max_requests_per_1_minute), ("active", "u1", 3))
    t.same((made.workflow.id, made.workflow.state_variables), ("wf_1", {"a": 1}))
    t.true(made.client_secret.startswith("ek_"))
    t.same(made.chatkit_configuration.file_upload.max_files, 10)
    t.same(sessions.cancel(made.id).status, "cancelled")
    late = sessions.create(**given)
    t.house.wait(601)
    t.same(sessions.cancel(late.id).status, "expired")
    t.gone(sessions.cancel, "cksess_none")
    t.refused(openai.BadRequestError, sessions.create, user="", workflow={"id": "wf_1"})
    t.same(list(threads.list(user="u1")), [])
    for act in (threads.retrieve, threads.delete, threads.list_items):
        t.gone(act, "cthr_none")
