"""The tools a run uses by itself: search in attached files with citations, sums as code."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from antiphon.emulator.families import run_course

from .running import Stage, stage
from .test_thread import uploaded

KEY = {"Authorization": "Bearer k"}
CONTENT = "step_details.tool_calls[*].file_search.results[*].content"
STORY = "The heron stands in the water. The code word for the vault is bluebird. Nobody knows the name of the cook."


@pytest.fixture
def own() -> Iterator[Stage]:
    with stage(seconds=0) as made:
        yield made


def searched(own: Stage, question: str = "What is the code word for the vault?", **more: Any) -> tuple[Any, str]:
    """A finished run with file search over a story, and the file's id."""
    file = uploaded(own.ask, "story.txt", STORY)
    attachments = [{"file_id": file, "tools": [{"type": "file_search"}]}]
    messages = [{"role": "user", "content": question, "attachments": attachments}]
    thread = own.post("/threads", {"messages": messages})["id"]
    path = own.run(thread, own.assistant(tools=[{"type": "file_search"}]), **more)
    own.wait(1)
    return own.get(path), file


@pytest.mark.operation("beta.threads.runs.create", "beta.threads.runs.steps.list", "beta.threads.runs.steps.retrieve")
def test_a_run_searches_its_files_and_cites_them(own: Stage) -> None:
    run, file = searched(own)
    assert run["status"] == "completed", run
    message = own.get(f"/threads/{run['thread_id']}/messages")["data"][0]
    text = message["content"][0]["text"]
    assert text["value"].startswith("The code word for the vault is bluebird.")
    (annotation,) = text["annotations"]
    assert annotation["file_citation"] == {"file_id": file}
    assert text["value"][annotation["start_index"] : annotation["end_index"]] == annotation["text"]
    search, creation = own.steps(run)
    (call,) = search["step_details"]["tool_calls"]
    assert (call["type"], search["status"], creation["type"]) == ("file_search", "completed", "message_creation")
    (result,) = call["file_search"]["results"]
    assert (result["file_id"], result["file_name"], "content" in result) == (file, "story.txt", False)
    assert 0 < result["score"] <= 1
    (shown, _) = own.steps(run, f"&include[]={CONTENT}")
    assert "bluebird" in shown["step_details"]["tool_calls"][0]["file_search"]["results"][0]["content"][0]["text"]
    one = f"/threads/{run['thread_id']}/runs/{run['id']}/steps/{search['id']}"
    assert own.get(one) == search
    assert own.get(f"{one}?include[]={CONTENT}") == shown


@pytest.mark.operation("beta.threads.runs.create")
def test_a_search_that_is_not_wanted_or_finds_nothing_to_say_cites_nothing(own: Stage) -> None:
    run, _ = searched(own, tool_choice="none")
    assert [step["type"] for step in own.steps(run)] == ["message_creation"]
    run, _ = searched(own, "Hello there")
    assert own.get(f"/threads/{run['thread_id']}/messages")["data"][0]["content"][0]["text"]["annotations"] == []


@pytest.mark.operation("beta.threads.runs.create")
def test_a_streamed_search_tells_its_call_and_its_citation(own: Stage) -> None:
    file = uploaded(own.ask, "story.txt", STORY)
    store = own.post("/vector_stores", {"file_ids": [file]})["id"]
    resources = {"file_search": {"vector_store_ids": [store]}}
    assistant = own.assistant(tools=[{"type": "file_search"}], tool_resources=resources)
    thread = own.thread("What is the code word for the vault?")
    heard = own.ask("POST", f"/v1/threads/{thread}/runs", {"assistant_id": assistant, "stream": True})
    events = heard.events[:-1]
    calls = [e["delta"]["step_details"]["tool_calls"][0] for e in events if e["object"] == "thread.run.step.delta"]
    assert [call["type"] for call in calls] == ["file_search"]
    assert "content" not in calls[0]["file_search"]["results"][0]
    texts = [e["delta"]["content"][0]["text"] for e in events if e["object"] == "thread.message.delta"]
    said = own.said(thread)[-1][1]
    assert "".join(text["value"] for text in texts) == said
    marked = [text for text in texts if "annotations" in text]
    assert [text["annotations"][0]["text"] for text in marked] == [marked[0]["value"]]


@pytest.mark.operation("beta.threads.runs.create", "beta.assistants.create")
def test_a_store_made_on_the_way_is_searched_and_one_that_is_gone_is_not(own: Stage) -> None:
    file = uploaded(own.ask, "story.txt", STORY)
    resources = {"file_search": {"vector_stores": [{"file_ids": [file], "metadata": {"a": "b"}}]}}
    made = own.post("/assistants", {"model": "gpt-4o", "tools": [{"type": "file_search"}], "tool_resources": resources})
    (store,) = made["tool_resources"]["file_search"]["vector_store_ids"]
    assert own.get(f"/vector_stores/{store}")["metadata"] == {"a": "b"}
    question = "What is the code word for the vault?"
    own.wait(1)
    thread = own.thread(question)
    own.ended(thread, made["id"])
    assert "bluebird" in own.said(thread)[-1][1]
    assert own.ask("DELETE", f"/v1/vector_stores/{store}").status == 200
    thread = own.thread(question)
    assert own.ended(thread, made["id"])["status"] == "completed"
    assert "bluebird" not in own.said(thread)[-1][1]


@pytest.mark.operation("beta.threads.runs.steps.list")
def test_sums_are_done_as_code(own: Stage) -> None:
    thread = own.thread("What is 12 * 7?")
    run = own.ended(thread, own.assistant(tools=[{"type": "code_interpreter"}]))
    (call,) = own.steps(run)[0]["step_details"]["tool_calls"]
    outputs = [{"type": "logs", "logs": "84"}]
    assert call["code_interpreter"] == {"input": "print(12 * 7)", "outputs": outputs}
    assert own.said(thread)[-1] == ("assistant", "12 * 7 = 84")
    thread = own.thread("one two three")
    forced = {"tool_choice": {"type": "code_interpreter"}}
    run = own.ended(thread, own.assistant(tools=[{"type": "code_interpreter"}]), **forced)
    (call,) = own.steps(run)[0]["step_details"]["tool_calls"]
    assert call["code_interpreter"]["outputs"][0]["logs"] == "3"


@pytest.mark.operation("beta.threads.create_and_run")
def test_a_stream_waits_until_its_files_are_taken_in() -> None:
    with stage(seconds=0.2) as own:
        file = uploaded(own.ask, "story.txt", STORY)
        attachments = [{"file_id": file, "tools": [{"type": "file_search"}]}]
        message = {"role": "user", "content": "What is the code word for the vault?", "attachments": attachments}
        body = {"assistant_id": own.assistant(tools=[{"type": "file_search"}]), "thread": {"messages": [message]}}
        heard = own.ask("POST", "/v1/threads/runs", body | {"stream": True})
        said = [e for e in heard.events[:-1] if e["object"] == "thread.message"][-1]
        assert "bluebird" in said["content"][0]["text"]["value"]


@pytest.mark.operation("beta.threads.runs.cancel", "beta.threads.delete")
@pytest.mark.parametrize("way", ["cancel", "delete"])
def test_a_run_that_ends_while_it_searches_has_ended(own: Stage, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    plain, over = run_course.use, threading.Event()

    async def meanwhile(world: Any, tool: Any, run: Any, *more: Any) -> Any:
        """As a search does that takes its time in a thread."""
        found = await plain(world, tool, run, *more)
        path = f"/threads/{run['thread_id']}" + (f"/runs/{run['id']}/cancel" if way == "cancel" else "")
        verb = "POST" if way == "cancel" else "DELETE"
        heard = await asyncio.to_thread(httpx.request, verb, own.emulator.base_url + path, headers=KEY)
        assert heard.status_code == 200
        await world.catch_up()
        over.set()
        return found

    monkeypatch.setattr(run_course, "use", meanwhile)
    file = uploaded(own.ask, "story.txt", STORY)
    store = own.post("/vector_stores", {"file_ids": [file]})["id"]
    resources = {"file_search": {"vector_store_ids": [store]}}
    thread = own.post("/threads", {"messages": [{"role": "user", "content": "Where does the heron stand?"}]})["id"]
    path = own.run(thread, own.assistant(tools=[{"type": "file_search"}], tool_resources=resources))
    own.wait(1)
    assert over.wait(10)
    own.wait(100)
    if way == "cancel":
        run = own.get(path)
        assert (run["status"], [step["status"] for step in own.steps(run)]) == ("cancelled", [])
    else:
        assert own.ask("GET", f"/v1{path}").status == 404
        assert not [name for name in own.emulator.app.world.shelves() if thread in name]
