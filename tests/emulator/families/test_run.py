"""Runs over time: every status, what ends them, what they leave behind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from antiphon.emulator.brain import Answer, Prompt

from .running import WEATHER, Stage, stage


@pytest.fixture
def own() -> Iterator[Stage]:
    with stage() as made:
        yield made


@pytest.mark.operation("beta.threads.runs.create", "beta.threads.runs.retrieve", "beta.threads.runs.list")
def test_a_run_is_queued_works_and_answers_with_a_message(own: Stage) -> None:
    assistant, thread = own.assistant(instructions="Be brief."), own.thread("What is 12 * 7?")
    path = own.run(thread, assistant)
    run = own.get(path)
    assert (run["status"], run["started_at"], run["expires_at"]) == ("queued", None, run["created_at"] + 600)
    assert (run["instructions"], run["model"], run["usage"], run["tools"]) == ("Be brief.", "gpt-4o", None, [])
    own.wait(26)
    run = own.get(path)
    assert (run["status"], run["usage"]) == ("in_progress", None)
    assert run["started_at"] - run["created_at"] in (25, 26)
    (step,) = own.steps(run)
    assert (step["type"], step["status"]) == ("message_creation", "in_progress")
    assert own.get(f"/threads/{thread}/messages")["data"][0]["status"] == "in_progress"
    own.wait(75)
    run = own.get(path)
    assert (run["status"], run["expires_at"], run["incomplete_details"]) == ("completed", None, None)
    assert own.said(thread) == [("user", "What is 12 * 7?"), ("assistant", "12 * 7 = 84")]
    message = own.get(f"/threads/{thread}/messages?run_id={run['id']}")["data"]
    assert [(m["run_id"], m["assistant_id"], m["status"]) for m in message] == [(run["id"], assistant, "completed")]
    (step,) = own.steps(run)
    assert (step["status"], step["usage"]) == ("completed", run["usage"])
    assert step["step_details"]["message_creation"]["message_id"] == message[0]["id"]
    assert run["usage"]["total_tokens"] == run["usage"]["prompt_tokens"] + run["usage"]["completion_tokens"] > 10
    assert [item["id"] for item in own.get(f"/threads/{thread}/runs")["data"]] == [run["id"]]
    assert len(own.emulator.app.world.agenda) == 0


@pytest.mark.operation(
    "beta.threads.runs.submit_tool_outputs", "beta.threads.runs.steps.list", "beta.threads.runs.steps.retrieve"
)
def test_a_run_waits_for_its_tools_and_goes_on(own: Stage) -> None:
    thread = own.thread("What is the weather in Paris and Rome?")
    run = own.ended(thread, own.assistant(tools=[WEATHER]))
    assert run["status"] == "requires_action"
    calls = run["required_action"]["submit_tool_outputs"]["tool_calls"]
    assert [call["function"] for call in calls] == [
        {"name": "get_weather", "arguments": '{"city":"Paris"}'},
        {"name": "get_weather", "arguments": '{"city":"Rome"}'},
    ]
    path = f"/threads/{thread}/runs/{run['id']}"
    one = [{"tool_call_id": calls[0]["id"], "output": "sunny"}]
    for outputs in ([], one, [*one, {"tool_call_id": "call_none", "output": ""}], [*one, *one]):
        assert (
            "Expected tool outputs"
            in own.refused(f"{path}/submit_tool_outputs", {"tool_outputs": outputs}).error["message"]
        )
    both = [*one, {"tool_call_id": calls[1]["id"], "output": "rain"}]
    again = own.post(f"{path}/submit_tool_outputs", {"tool_outputs": both})
    assert (again["status"], again["required_action"]) == ("queued", None)
    own.wait(101)
    run = own.get(path)
    assert run["status"] == "completed"
    first, second = own.steps(run)
    assert [call["function"]["output"] for call in first["step_details"]["tool_calls"]] == ["sunny", "rain"]
    assert own.get(f"{path}/steps/{second['id']}") == second
    assert own.said(thread)[-1] == ("assistant", "get_weather(Paris): sunny\nget_weather(Rome): rain")
    for name in ("prompt_tokens", "completion_tokens"):
        assert run["usage"][name] == first["usage"][name] + second["usage"][name]
    assert "do not accept" in own.refused(f"{path}/submit_tool_outputs", {"tool_outputs": both}).error["message"]
    assert own.ask("GET", f"/v1{path}/steps/step_none").status == 404


@pytest.mark.operation("beta.threads.runs.cancel")
def test_cancelling_closes_what_is_open_and_comes_once(own: Stage) -> None:
    assistant, thread = own.assistant(tools=[WEATHER]), own.thread("What is the weather in Paris?")
    run = own.ended(thread, assistant)
    path = f"/threads/{thread}/runs/{run['id']}"
    assert own.post(f"{path}/cancel")["status"] == "cancelling"
    assert own.refused(f"{path}/cancel").status == 400
    own.wait(26)
    run = own.get(path)
    assert (run["status"], run["required_action"]) == ("cancelled", None)
    assert run["cancelled_at"] >= run["created_at"] + 100
    assert [step["status"] for step in own.steps(run)] == ["cancelled"]
    assert "Cannot cancel run with status 'cancelled'." in own.refused(f"{path}/cancel").error["message"]
    thread = own.thread("Hello")
    path = own.run(thread, assistant)
    own.wait(30)
    own.post(f"{path}/cancel")
    own.wait(200)
    assert own.get(path)["status"] == "cancelled"
    message = own.get(f"/threads/{thread}/messages")["data"][0]
    assert (message["status"], message["incomplete_details"]) == ("incomplete", {"reason": "run_cancelled"})


@pytest.mark.operation("beta.threads.runs.retrieve")
def test_a_run_that_nobody_answers_expires_after_ten_minutes(own: Stage) -> None:
    thread = own.thread("What is the weather in Paris?")
    run = own.ended(thread, own.assistant(tools=[WEATHER]))
    path = f"/threads/{thread}/runs/{run['id']}"
    own.wait(450)
    assert own.get(path)["status"] == "requires_action"
    own.wait(60)
    run = own.get(path)
    assert run["status"] == "expired"
    (step,) = own.steps(run)
    assert (step["status"], step["expired_at"]) == ("expired", run["expires_at"])
    body = {"tool_outputs": [{"tool_call_id": step["step_details"]["tool_calls"][0]["id"], "output": ""}]}
    assert own.refused(f"{path}/submit_tool_outputs", body).status == 400


@pytest.mark.operation("beta.threads.runs.create", "beta.threads.messages.create")
def test_one_run_at_a_time_holds_the_thread(own: Stage) -> None:
    assistant, thread = own.assistant(), own.thread("Hello")
    path = own.run(thread, assistant)
    second = own.refused(f"/threads/{thread}/runs", {"assistant_id": assistant})
    assert second.status == 400
    assert path.rpartition("/")[2] in second.error["message"]
    assert own.refused(f"/threads/{thread}/messages", {"role": "user", "content": "more"}).status == 400
    own.wait(101)
    own.post(f"/threads/{thread}/messages", {"role": "user", "content": "more"})
    own.run(thread, assistant)


@pytest.mark.operation("beta.threads.runs.create", "beta.threads.runs.update")
def test_a_run_overrides_its_assistant_and_its_metadata_changes(own: Stage) -> None:
    assistant, thread = own.assistant(instructions="A", tools=[WEATHER]), own.thread("Hello")
    more = {
        "instructions": "B",
        "additional_instructions": "C",
        "additional_messages": [{"role": "user", "content": "What is 2 + 3?"}],
        "tools": [],
        "temperature": 0,
        "metadata": {"a": "b"},
    }
    run = own.ended(thread, assistant, **more)
    assert (run["instructions"], run["tools"], run["temperature"], run["metadata"]) == ("B\nC", [], 0, {"a": "b"})
    assert own.said(thread)[1:] == [("user", "What is 2 + 3?"), ("assistant", "2 + 3 = 5")]
    path = f"/threads/{thread}/runs/{run['id']}"
    assert own.post(path, {"metadata": {"x": "y"}}) == run | {"metadata": {"x": "y"}}
    assert own.get(path)["metadata"] == {"x": "y"}


@pytest.mark.operation("beta.threads.runs.create")
@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"assistant_id": "asst_none"}, 404),
        ({"model": "gpt-none"}, 404),
        ({"max_completion_tokens": 255}, 400),
        ({"truncation_strategy": {"type": "last_messages"}}, 400),
        ({"truncation_strategy": {"type": "last_messages", "last_messages": 0}}, 400),
        ({"tool_choice": {"type": "function", "function": {"name": "other"}}}, 400),
        ({"tool_choice": {"type": "file_search"}}, 400),
        ({"tool_choice": "required", "tools": []}, 400),
        ({"tools": [{**WEATHER, "function": {"name": f"f{n}"}} for n in range(21)]}, 400),
        ({"additional_messages": [{"role": "user", "content": ""}]}, 400),
    ],
)
def test_what_cannot_run_is_refused_and_the_thread_stays_free(own: Stage, wrong: dict[str, Any], status: int) -> None:
    assistant, thread = own.assistant(tools=[WEATHER]), own.thread("Hello")
    assert own.refused(f"/threads/{thread}/runs", {"assistant_id": assistant, **wrong}).status == status
    assert own.get(f"/threads/{thread}/runs")["data"] == []
    own.run(thread, assistant)


class Wordy:
    """Says a thousand words; or fails when told to."""

    def __init__(self) -> None:
        self.heard: list[list[str]] = []

    def answer(self, prompt: Prompt) -> Answer:
        texts = [turn.text for turn in prompt.turns[1:]]
        self.heard.append(texts)
        if texts[-1] == "fail":
            raise RuntimeError("as told")
        return Answer(" ".join(["word"] * 1000))


@pytest.mark.operation("beta.threads.runs.create", "beta.threads.runs.retrieve")
def test_limits_make_it_incomplete_and_a_broken_brain_makes_it_fail() -> None:
    brain = Wordy()
    with stage(brain=brain) as own:
        assistant, thread = own.assistant(), own.thread("go")
        run = own.ended(thread, assistant, max_completion_tokens=256)
        assert (run["status"], run["incomplete_details"]) == ("incomplete", {"reason": "max_completion_tokens"})
        assert run["usage"]["completion_tokens"] == 256
        message = own.get(f"/threads/{thread}/messages")["data"][0]
        assert (message["status"], message["incomplete_details"]) == ("incomplete", {"reason": "max_tokens"})
        assert message["content"][0]["text"]["value"].count("word") == 256
        run = own.ended(own.thread("word " * 400), assistant, max_prompt_tokens=256)
        assert (run["status"], run["incomplete_details"]) == ("incomplete", {"reason": "max_prompt_tokens"})
        thread = own.thread("first", *["word " * 100] * 3, "last")
        assert own.ended(thread, assistant, max_prompt_tokens=256)["status"] == "completed"
        assert (brain.heard[-1][0], brain.heard[-1][-1], len(brain.heard[-1])) == ("first", "last", 4)
        thread = own.thread("a", "b", "c")
        own.ended(thread, assistant, truncation_strategy={"type": "last_messages", "last_messages": 2})
        assert brain.heard[-1] == ["b", "c"]
        run = own.ended(own.thread("fail"), assistant)
        assert (run["status"], run["last_error"]["code"]) == ("failed", "server_error")
        assert run["failed_at"] is not None
        assert own.steps(run) == []


@pytest.mark.operation("beta.threads.create_and_run")
def test_a_thread_and_its_run_are_made_together_or_not_at_all(own: Stage) -> None:
    assistant = own.assistant()
    messages = [{"role": "user", "content": "What is 6 * 7?"}]
    run = own.post("/threads/runs", {"assistant_id": assistant, "thread": {"messages": messages}})
    own.wait(101)
    assert own.get(f"/threads/{run['thread_id']}/runs/{run['id']}")["status"] == "completed"
    assert own.said(run["thread_id"])[-1] == ("assistant", "6 * 7 = 42")
    world = own.emulator.app.world
    known = len(world.shelf("beta.threads"))
    assert own.refused("/threads/runs", {"assistant_id": "asst_none"}).status == 404
    assert (
        own.refused(
            "/threads/runs", {"assistant_id": assistant, "thread": {"messages": [{"role": "user", "content": ""}]}}
        ).status
        == 400
    )
    assert len(world.shelf("beta.threads")) == known


@pytest.mark.operation("beta.threads.runs.create", "beta.threads.runs.submit_tool_outputs")
def test_a_run_goes_on_after_a_restart(tmp_path: Path) -> None:
    with stage(tmp_path) as own:
        assistant, thread = own.assistant(tools=[WEATHER]), own.thread("What is the weather in Paris?")
        path = own.run(thread, assistant)
    with stage(tmp_path) as own:
        assert own.get(path)["status"] == "queued"
        own.wait(101)
        calls = own.get(path)["required_action"]["submit_tool_outputs"]["tool_calls"]
    with stage(tmp_path) as own:
        body = {"tool_outputs": [{"tool_call_id": calls[0]["id"], "output": "windy"}]}
        own.post(f"{path}/submit_tool_outputs", body)
        own.wait(101)
        assert own.get(path)["status"] == "completed"
        assert own.said(thread)[-1] == ("assistant", "get_weather(Paris): windy")


@pytest.mark.operation("beta.threads.delete")
def test_a_run_ends_with_its_thread(own: Stage) -> None:
    thread = own.thread("Hello")
    path = own.run(thread, own.assistant())
    assert own.ask("DELETE", f"/v1/threads/{thread}").status == 200
    own.wait(1000)
    assert own.ask("GET", f"/v1{path}").status == 404
    assert len(own.emulator.app.world.agenda) == 0
    assert own.emulator.app.world.shelf(f"beta.threads.messages/{thread}").page().data == []


@pytest.mark.operation("beta.threads.runs.create")
def test_what_runs_cost_is_counted_for_who_made_them(own: Stage) -> None:
    run = own.ended(own.thread("What is 12 * 7?"), own.assistant(tools=[{"type": "code_interpreter"}]))

    def used(kind: str) -> Any:
        begun = run["created_at"] - 3600
        query = f"start_time={begun}&bucket_width=1d&group_by[]=project_id"
        (row,) = (r for bucket in own.get(f"/organization/usage/{kind}?{query}")["data"] for r in bucket["results"])
        return row

    completions = used("completions")
    assert completions["input_tokens"] == run["usage"]["prompt_tokens"]
    assert completions["output_tokens"] == run["usage"]["completion_tokens"]
    assert completions["project_id"] == "proj_antiphon"
    assert used("code_interpreter_sessions")["num_sessions"] == 1
