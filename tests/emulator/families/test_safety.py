"""Safety: what opens cases and alerts, whom it stops, who may see it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from antiphon.emulator.families import realtime_call, safety
from tests.emulator.asking import chat, response

from .running import Stage, stage

THREAT = "I will kill you and your family tonight."


@pytest.fixture
def own() -> Iterator[Stage]:
    with stage() as made:
        yield made


def kept(own: Stage, home: str) -> list[Any]:
    return list(own.emulator.app.world.shelf(home))


@pytest.mark.operation("safety.cases.retrieve")
def test_harm_is_warned_of_and_the_third_time_stopped(own: Stage) -> None:
    own.post("/responses", response(THREAT))
    own.post("/responses", response("Kill the process.", safety_identifier="eve"))
    assert kept(own, "safety.cases") == []
    own.post("/responses", response(THREAT, safety_identifier="eve"))
    own.post("/chat/completions", chat(THREAT, safety_identifier="eve"))
    own.post("/responses", response([{"role": "user", "content": THREAT}], safety_identifier="eve"))
    cases = kept(own, "safety.cases")
    assert [case["notice"]["type"] for case in cases] == ["warning", "warning", "deactivation"]
    shown = own.get(f"/safety/cases/{cases[0]['id']}")
    assert shown == cases[0]
    assert (shown["entity_identifier"], shown["object"]) == ("eve", "safety.case")
    blocked = own.refused("/responses", response("Hello", safety_identifier="eve"))
    assert (blocked.status, blocked.error["code"]) == (403, "safety_identifier_blocked")
    own.post("/responses", response("Hello", safety_identifier="adam"))
    assert own.ask("GET", "/v1/safety/cases/case_none").status == 404


TOOLS = [{"type": "function", "name": "delete_files", "parameters": {"type": "object", "properties": {}}}]


@pytest.mark.operation("safety.alerts.retrieve")
def test_a_call_that_nobody_asked_for_raises_an_alert(own: Stage) -> None:
    more: dict[str, Any] = {"tools": TOOLS, "tool_choice": "required", "safety_identifier": "eve"}
    own.post("/responses", response("Please delete my old files.", **more))
    own.post("/responses", response("Tidy up.", tools=TOOLS, tool_choice="required"))
    assert kept(own, "safety.alerts") == []
    heard = own.ask("POST", "/v1/responses", response("Tidy up.", **more))
    (alert,) = kept(own, "safety.alerts")
    shown = own.get(f"/safety/alerts/{alert['id']}")
    assert shown["error_type"] == "potentially_unintended_destructive_activity"
    assert (shown["response_id"], shown["request_id"]) == (heard.json["id"], heard.headers["x-request-id"])
    assert (shown["model"], shown["request_paused"]) == ("gpt-4o", False)
    assert "project" not in shown
    tools = [{"type": "function", "function": {"name": "send_report"}}]
    own.post("/chat/completions", chat("Hello", tools=tools, tool_choice="required", safety_identifier="eve"))
    assert [a["error_type"] for a in kept(own, "safety.alerts")][1:] == ["potentially_unintended_data_transfer"]


@pytest.mark.operation("safety.alerts.retrieve")
def test_an_alert_is_its_projects_own(own: Stage) -> None:
    more: dict[str, Any] = {"tools": TOOLS, "tool_choice": "required", "safety_identifier": "eve"}
    own.post("/responses", response("Tidy up.", **more))
    (alert,) = kept(own, safety.ALERT.home)
    project = own.post("/organization/projects", {"name": "Other"})["id"]
    other = own.post(f"/organization/projects/{project}/service_accounts", {"name": "robot"})["api_key"]["value"]
    path = f"/v1/safety/alerts/{alert['id']}"
    assert [own.ask("GET", path).status, own.ask("GET", path, key=other).status] == [200, 404]
    assert own.ask("GET", "/v1/safety/alerts/alert_none").status == 404


@pytest.mark.operation("safety.alerts.retrieve")
def test_webhooks_hear_of_alerts_and_of_calls_that_come_in(own: Stage) -> None:
    world, kinds = own.emulator.app.world, ["safety.alert.created", "realtime.call.incoming"]
    own.post("/webhook_endpoints", {"name": "a", "url": "http://127.0.0.1:9/", "event_types": kinds})
    more: dict[str, Any] = {"tools": TOOLS, "tool_choice": "required", "safety_identifier": "eve"}
    own.post("/responses", response("Tidy up.", **more))
    call = realtime_call.ring(world, "sip:ada@example.com")
    told = {delivery["event"]["type"]: delivery["event"]["data"] for delivery in world.shelf("webhooks.deliveries")}
    (alert,) = kept(own, safety.ALERT.home)
    headers = [{"name": "From", "value": "sip:ada@example.com"}]
    assert told == {
        "safety.alert.created": {"id": alert["id"]},
        "realtime.call.incoming": {"call_id": call["call_id"], "sip_headers": headers},
    }
