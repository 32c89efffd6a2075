"""Safety: harm opens cases and stops who does it; a call that nobody asked for raises an alert."""

from __future__ import annotations

from typing import Any

import openai

from ..receiver import receiving
from ..tour import Tour, user

THREAT = "I will kill you and your family tonight."
DELETE: Any = {"type": "function", "name": "delete_files", "parameters": {"type": "object", "properties": {}}}


def walk(t: Tour) -> None:
    """The chapter."""
    create = t.client.responses.create
    create(model="gpt-4o", input=THREAT, safety_identifier="tour-eve")
    t.client.chat.completions.create(model="gpt-4o", messages=user(THREAT), safety_identifier="tour-eve")
    create(model="gpt-4o", input=THREAT, safety_identifier="tour-eve")
    blocked = t.refused(
        openai.PermissionDeniedError, create, model="gpt-4o", input="Hello", safety_identifier="tour-eve"
    )
    t.same(blocked.code, "safety_identifier_blocked")
    create(model="gpt-4o", input="Hello", safety_identifier="tour-adam")
    cases = [t.client.safety.cases.retrieve(case["id"]) for case in t.house.state("safety.cases")]
    t.same([case.notice.type for case in cases], ["warning", "warning", "deactivation"])
    t.same({case.entity_identifier for case in cases}, {"tour-eve"})
    t.gone(t.client.safety.cases.retrieve, "case_none")
    with receiving() as receiver:
        hook = t.client.webhooks.create(name="alerts", url=receiver.url, event_types=["safety.alert.created"])
        made = create(
            model="gpt-4o", input="Tidy up.", tools=[DELETE], tool_choice="required", safety_identifier="tour-adam"
        )
        told = receiver.next()
        event = t.client.webhooks.unwrap(told.body, told.headers, secret=hook.signing_secret)
        t.client.webhooks.delete(hook.id)
    alert = t.client.safety.alerts.retrieve(event.data.id)
    t.same((alert.response_id, alert.error_type), (made.id, "potentially_unintended_destructive_activity"))
    t.gone(t.client.safety.alerts.retrieve, "alert_none")
