"""Threads and messages: kept in order, with their parts, attachments and refusals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from antiphon.emulator import Emulator, Setting
from tests.emulator.asking import Asking


def said(text: str, **more: Any) -> dict[str, Any]:
    return {"role": "user", "content": text, **more}


def uploaded(ask: Asking, name: str, data: str) -> str:
    fields = {"purpose": "assistants"}
    parts = [f'--m\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{fields[key]}\r\n' for key in fields]
    file = f'--m\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n{data}\r\n--m--\r\n'
    body = ("".join(parts) + file).encode()
    heard = ask("POST", "/v1/files", body, headers={"Content-Type": "multipart/form-data; boundary=m"})
    assert heard.status == 200, heard.body
    return str(heard.json["id"])


def texts(ask: Asking, thread_id: str, query: str = "order=asc") -> list[str]:
    data = ask("GET", f"/v1/threads/{thread_id}/messages?{query}").json["data"]
    return [message["content"][0]["text"]["value"] for message in data]


@pytest.mark.operation("beta.threads.create", "beta.threads.retrieve", "beta.threads.messages.list")
def test_a_thread_begins_with_messages(ask: Asking) -> None:
    thread = ask("POST", "/v1/threads", {"messages": [said("one"), said("two")], "metadata": {"a": "b"}}).json
    assert ask("GET", f"/v1/threads/{thread['id']}").json == thread
    assert (thread["object"], thread["metadata"], thread["tool_resources"]) == ("thread", {"a": "b"}, {})
    assert texts(ask, thread["id"]) == ["one", "two"]
    assert texts(ask, thread["id"], "") == ["two", "one"]
    assert texts(ask, thread["id"], "limit=1&order=asc") == ["one"]


@pytest.mark.operation("beta.threads.update", "beta.threads.delete")
def test_a_thread_is_changed_and_leaves_with_its_messages(ask: Asking) -> None:
    thread = ask("POST", "/v1/threads", {"messages": [said("one")]}).json
    path = f"/v1/threads/{thread['id']}"
    message = ask("GET", f"{path}/messages").json["data"][0]["id"]
    assert ask("POST", path, {"metadata": {"x": "y"}}).json == thread | {"metadata": {"x": "y"}}
    file = uploaded(ask, "a.txt", "a")
    kept = {"code_interpreter": {"file_ids": [file]}}
    assert ask("POST", path, {"tool_resources": kept}).json["tool_resources"] == kept
    assert ask("POST", path, {"metadata": {}}).json["tool_resources"] == kept
    assert ask("POST", path, {"tool_resources": None}).json["tool_resources"] == {}
    assert ask("DELETE", path).json == {"id": thread["id"], "object": "thread.deleted", "deleted": True}
    for gone in (path, f"{path}/messages", f"{path}/messages/{message}", f"{path}/runs"):
        assert ask("GET", gone).status == 404, gone
    assert ask("POST", f"{path}/messages", said("more")).error["param"] == "thread_id"


@pytest.mark.operation(
    "beta.threads.messages.create",
    "beta.threads.messages.retrieve",
    "beta.threads.messages.update",
    "beta.threads.messages.delete",
)
def test_a_message_is_added_changed_and_removed(ask: Asking) -> None:
    thread = ask("POST", "/v1/threads", {}).json["id"]
    image = uploaded(ask, "a.png", "png")
    content = [
        {"type": "text", "text": "Look"},
        {"type": "image_file", "image_file": {"file_id": image}},
        {"type": "image_url", "image_url": {"url": "https://a.test/b.png", "detail": "low"}},
    ]
    base = f"/v1/threads/{thread}/messages"
    made = ask("POST", base, {"role": "assistant", "content": content}).json
    assert made["content"] == [
        {"type": "text", "text": {"value": "Look", "annotations": []}},
        {"type": "image_file", "image_file": {"file_id": image, "detail": "auto"}},
        {"type": "image_url", "image_url": {"url": "https://a.test/b.png", "detail": "low"}},
    ]
    assert (made["role"], made["status"], made["run_id"], made["thread_id"]) == ("assistant", "completed", None, thread)
    path = f"{base}/{made['id']}"
    assert ask("POST", path, {"metadata": {"k": "v"}}).json == made | {"metadata": {"k": "v"}}
    assert ask("GET", path).json["metadata"] == {"k": "v"}
    assert ask("DELETE", path).json == {"id": made["id"], "object": "thread.message.deleted", "deleted": True}
    assert ask("GET", path).status == 404
    assert texts(ask, thread) == []


@pytest.mark.operation("beta.threads.create", "beta.threads.messages.create")
@pytest.mark.parametrize(
    ("message", "status"),
    [
        ({"role": "system", "content": "a"}, 400),
        (said(""), 400),
        ({"role": "user", "content": []}, 400),
        ({"role": "user", "content": [{"type": "text", "text": ""}]}, 400),
        (said("x" * 256_001), 400),
        ({"role": "user", "content": [{"type": "image_file", "image_file": {"file_id": "file-none"}}]}, 404),
        (said("a", attachments=[{"file_id": "file-none", "tools": [{"type": "code_interpreter"}]}]), 404),
        (said("a", metadata={"k": "v" * 513}), 400),
    ],
)
def test_a_wrong_message_keeps_nothing(ask: Asking, message: dict[str, Any], status: int) -> None:
    thread = ask("POST", "/v1/threads", {}).json["id"]
    assert ask("POST", f"/v1/threads/{thread}/messages", message).status == status
    assert texts(ask, thread) == []
    assert ask("POST", "/v1/threads", {"messages": [said("fine"), message]}).status == status


@pytest.mark.operation("beta.threads.messages.create")
def test_attached_files_become_the_tools(ask: Asking) -> None:
    file = uploaded(ask, "a.txt", "The code word is heron.")
    attachments = [{"file_id": file, "tools": [{"type": "code_interpreter"}, {"type": "file_search"}]}]
    thread = ask("POST", "/v1/threads", {"messages": [said("Read this", attachments=attachments)]}).json
    resources = thread["tool_resources"]
    assert resources["code_interpreter"] == {"file_ids": [file]}
    (store,) = resources["file_search"]["vector_store_ids"]
    assert ask("GET", f"/v1/vector_stores/{store}").json["expires_after"] == {"anchor": "last_active_at", "days": 7}
    second = uploaded(ask, "b.txt", "The second word is crane.")
    attachments = [{"file_id": second, "tools": [{"type": "file_search"}]}]
    message = ask("POST", f"/v1/threads/{thread['id']}/messages", said("And this", attachments=attachments)).json
    assert message["attachments"] == attachments
    again = ask("GET", f"/v1/threads/{thread['id']}").json["tool_resources"]
    assert again["file_search"]["vector_store_ids"] == [store]
    held = {item["id"] for item in ask("GET", f"/v1/vector_stores/{store}/files").json["data"]}
    assert held == {file, second}


@pytest.mark.operation("beta.threads.create", "beta.threads.messages.create")
def test_a_thread_survives_the_process(tmp_path: Path) -> None:
    with Emulator(Setting(data=tmp_path)) as emulator:
        ask = Asking(emulator.base_url)
        thread = ask("POST", "/v1/threads", {"messages": [said("one")]}).json["id"]
        ask("POST", f"/v1/threads/{thread}/messages", said("two"))
        ask.close()
    with Emulator(Setting(data=tmp_path)) as emulator:
        ask = Asking(emulator.base_url)
        assert texts(ask, thread) == ["one", "two"]
        ask.close()
