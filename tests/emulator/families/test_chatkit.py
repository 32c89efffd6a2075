"""ChatKit: sessions with their limits and ends, threads as the widget leaves them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from antiphon.emulator.families import chatkit

from .running import Stage, stage


@pytest.fixture
def own() -> Iterator[Stage]:
    with stage() as made:
        yield made


def session(**more: Any) -> dict[str, Any]:
    return {"user": "u1", "workflow": {"id": "wf_1"}, **more}


@pytest.mark.operation("beta.chatkit.sessions.create")
def test_a_session_has_its_defaults_and_what_goes_over_them(own: Stage) -> None:
    made = own.post("/chatkit/sessions", session())
    now = own.emulator.app.world.now()
    assert made["client_secret"].startswith("ek_")
    assert now + 598 <= made["expires_at"] <= now + 600
    assert (made["status"], made["user"], made["max_requests_per_1_minute"]) == ("active", "u1", 10)
    plain = {"id": "wf_1", "version": None, "state_variables": {}, "tracing": {"enabled": True}}
    assert made["workflow"] == plain
    assert made["chatkit_configuration"] == {
        "automatic_thread_titling": {"enabled": True},
        "file_upload": {"enabled": False, "max_file_size": 512, "max_files": 10},
        "history": {"enabled": True, "recent_threads": None},
    }
    workflow = {"id": "wf_2", "version": "3", "state_variables": {"a": 1}, "tracing": {"enabled": False}}
    more = {
        "rate_limits": {"max_requests_per_1_minute": 3},
        "chatkit_configuration": {"file_upload": {"enabled": True, "max_files": 2}},
    }
    made = own.post("/chatkit/sessions", session(workflow=workflow, **more))
    assert (made["workflow"], made["rate_limits"]) == (workflow, {"max_requests_per_1_minute": 3})
    assert made["chatkit_configuration"]["file_upload"] == {"enabled": True, "max_file_size": 512, "max_files": 2}


@pytest.mark.operation("beta.chatkit.sessions.create")
@pytest.mark.parametrize(
    "wrong",
    [
        {"user": ""},
        {"workflow": {}},
        {"expires_after": {"anchor": "created_at", "seconds": 601}},
        {"rate_limits": {"max_requests_per_1_minute": 0}},
        {"chatkit_configuration": {"file_upload": {"max_file_size": 513}}},
        {"chatkit_configuration": {"history": {"recent_threads": 0}}},
        {"workflow": {"id": "wf", "state_variables": {str(n): n for n in range(65)}}},
    ],
)
def test_a_session_that_cannot_be_is_refused(own: Stage, wrong: dict[str, Any]) -> None:
    assert own.refused("/chatkit/sessions", session(**wrong)).status == 400


@pytest.mark.operation("beta.chatkit.sessions.cancel")
def test_a_session_is_cancelled_or_has_expired(tmp_path: Path) -> None:
    with stage(tmp_path) as own:
        first, second = (own.post("/chatkit/sessions", session()) for _ in range(2))
        assert own.post(f"/chatkit/sessions/{first['id']}/cancel") == first | {"status": "cancelled"}
        assert own.refused("/chatkit/sessions/cksess_none/cancel").status == 404
    with stage(tmp_path) as own:
        own.wait(601)
        assert own.post(f"/chatkit/sessions/{first['id']}/cancel")["status"] == "cancelled"
        assert own.post(f"/chatkit/sessions/{second['id']}/cancel")["status"] == "expired"


@pytest.mark.operation("beta.chatkit.threads.retrieve", "beta.chatkit.threads.list", "beta.chatkit.threads.list_items")
def test_what_the_widget_left_is_listed(own: Stage) -> None:
    world = own.emulator.app.world
    first = chatkit.begin(world, "u1")
    chatkit.say(world, first, "My name is Ada.")
    chatkit.say(world, first, "What is my name?")
    others = [chatkit.begin(world, "u2", title="Second")["id"] for _ in range(2)]
    shown = own.get(f"/chatkit/threads/{first['id']}")
    assert (shown["title"], shown["user"], shown["status"]) == ("My name is Ada.", "u1", {"type": "active"})
    assert [thread["id"] for thread in own.get("/chatkit/threads?user=u2")["data"]] == others[::-1]
    assert [thread["id"] for thread in own.get("/chatkit/threads?order=asc&limit=2")["data"]] == [
        first["id"],
        others[0],
    ]
    items = own.get(f"/chatkit/threads/{first['id']}/items?order=asc")["data"]
    assert [item["type"].removeprefix("chatkit.") for item in items] == ["user_message", "assistant_message"] * 2
    assert items[0]["content"] == [{"type": "input_text", "text": "My name is Ada."}]
    assert items[-1]["content"] == [{"type": "output_text", "text": "Your name is Ada.", "annotations": []}]
    page = own.get(f"/chatkit/threads/{first['id']}/items?limit=1&after={items[2]['id']}")
    assert ([item["id"] for item in page["data"]], page["has_more"]) == ([items[1]["id"]], True)


@pytest.mark.operation("beta.chatkit.threads.delete")
def test_a_deleted_thread_takes_its_items_along(own: Stage) -> None:
    world = own.emulator.app.world
    thread = chatkit.begin(world, "u1")
    chatkit.say(world, thread, "Hello")
    path = f"/v1/chatkit/threads/{thread['id']}"
    gone = own.ask("DELETE", path).json
    assert gone == {"id": thread["id"], "object": "chatkit.thread.deleted", "deleted": True}
    assert [own.ask(verb, p).status for verb, p in (("GET", path), ("GET", f"{path}/items"), ("DELETE", path))] == [
        404
    ] * 3
    assert len(world.shelf(f"{chatkit.ITEMS}/{thread['id']}")) == 0
