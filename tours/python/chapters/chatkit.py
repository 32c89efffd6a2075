"""ChatKit: sessions with their limits and ends; threads as people leave them in the widget."""

from __future__ import annotations

from typing import Any

import openai

from ..tour import Tour


def walk(t: Tour) -> None:
    """The chapter."""
    _sessions(t)
    _threads(t)


def _sessions(t: Tour) -> None:
    sessions = t.client.beta.chatkit.sessions
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


def _threads(t: Tour) -> None:
    threads, write = t.client.beta.chatkit.threads, t.house.write
    first = write("u1", "My name is Ada.")["thread_id"]
    t.same(write("u1", "What is my name?", thread_id=first)["answer"], "Your name is Ada.")
    other = write("u2", "Hello")["thread_id"]
    shown = threads.retrieve(first)
    t.same((shown.title, shown.user, shown.status.type), ("My name is Ada.", "u1", "active"))
    t.same([thread.id for thread in threads.list(user="u1")], [first])
    t.same([thread.id for thread in threads.list(order="asc", limit=1)], [first, other])
    items = list(threads.list_items(first, order="asc", limit=3))
    t.same([item.type for item in items], ["chatkit.user_message", "chatkit.assistant_message"] * 2)
    t.same((items[0].content[0].text, items[3].content[0].text), ("My name is Ada.", "Your name is Ada."))
    t.same(threads.delete(first).deleted, True)
    for act in (threads.retrieve, threads.delete, threads.list_items):
        t.gone(act, first)
