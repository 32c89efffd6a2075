"""The beta variant of responses: the same responses on the same shelf, and several agents on one of them."""

from __future__ import annotations

import json
from collections.abc import Iterator

import openai
import pytest

from .answering import TOOK, Scene, kinds, scene, text_of

BETA = "beta=true"
TASKS = "Please do both:\n1. What is 6*7?\n2. What is 10-3?"


@pytest.fixture
def own() -> Iterator[Scene]:
    with scene() as made:
        yield made


@pytest.mark.operation(
    "beta.responses.create", "beta.responses.retrieve", "beta.responses.input_items.list", "beta.responses.delete"
)
def test_it_is_the_same_response(own: Scene) -> None:
    made = own.post(f"/responses?{BETA}", model="gpt-4o", input="My name is Zoe.")
    path = f"/responses/{made['id']}"
    assert own.get(f"{path}?{BETA}") == own.get(path) == made
    (item,) = own.get(f"{path}/input_items?{BETA}&limit=1")["data"]
    assert item["content"][0]["text"] == "My name is Zoe."
    after = own.post(f"/responses?{BETA}", model="gpt-4o", input="My name?", previous_response_id=made["id"])
    assert after["previous_response_id"] == made["id"]
    assert own.delete(f"{path}?{BETA}")["deleted"] is True
    assert own.ask("GET", f"/v1{path}?{BETA}").status == 404


@pytest.mark.operation("beta.responses.cancel")
def test_it_is_cancelled(own: Scene) -> None:
    made = own.post(f"/responses?{BETA}", model="gpt-4o", input="Say: hi", background=True)
    assert own.post(f"/responses/{made['id']}/cancel?{BETA}")["status"] == "cancelled"
    own.wait(TOOK)
    assert own.get(f"/responses/{made['id']}?{BETA}")["status"] == "cancelled"


@pytest.mark.operation("beta.responses.compact", "beta.responses.input_tokens.count")
def test_it_is_counted_and_compacted(own: Scene) -> None:
    asked = {"model": "gpt-4o", "input": "My name is Zoe."}
    counted = own.post(f"/responses/input_tokens?{BETA}", **asked)
    made = own.post(f"/responses/compact?{BETA}", **asked)
    assert made["usage"]["input_tokens"] == counted["input_tokens"] > 0
    assert kinds(made) == ["message", "compaction"]
    assert text_of(own.respond([*made["output"], {"role": "user", "content": "What is my name?"}])).endswith("Zoe.")


@pytest.mark.operation("beta.responses.create")
def test_each_task_is_done_by_an_agent_of_its_own(own: Scene) -> None:
    made = own.post(f"/responses?{BETA}", model="gpt-4o", input=TASKS, multi_agent={"enabled": True})
    assert kinds(made) == ["multi_agent_call", "multi_agent_call_output"] * 4 + ["message"]
    calls, outputs = made["output"][0:8:2], made["output"][1:8:2]
    assert [call["action"] for call in calls] == ["spawn_agent", "wait_agent"] * 2
    assert [call["call_id"] for call in calls] == [output["call_id"] for output in outputs]
    assert json.loads(calls[2]["arguments"]) == {"agent_name": "/root/task_2", "message": "What is 10-3?"}
    assert [o["output"][0]["text"] for o in outputs[1::2]] == ["6*7 = 42", "10-3 = 7"]
    assert {item["agent"]["agent_name"] for item in made["output"]} == {"/root"}
    assert text_of(made) == "What is 6*7?: 6*7 = 42\nWhat is 10-3?: 10-3 = 7"
    for few in ("Say: hi", "Only this:\n1. What is 6*7?"):
        one = own.post(f"/responses?{BETA}", model="gpt-4o", input=few, multi_agent={"enabled": True})
        assert kinds(one) == ["message"]
    plain = own.ask("POST", "/v1/responses", {"model": "gpt-4o", "input": TASKS, "multi_agent": {"enabled": True}})
    assert (plain.status, plain.error["param"]) == (400, "multi_agent")


def test_the_official_client_reads_the_agents(client: openai.OpenAI) -> None:
    made = client.beta.responses.create(model="gpt-4o", input=TASKS, multi_agent={"enabled": True})
    assert [item.type for item in made.output][-1] == "message"
    events = list(client.beta.responses.create(model="gpt-4o", input=TASKS, multi_agent={"enabled": True}, stream=True))
    assert events[-1].type == "response.completed"
    assert client.beta.responses.retrieve(made.id).id == made.id
