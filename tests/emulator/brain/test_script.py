"""Fixtures: which prompts they fit, what they say, and that aimock's files mean the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest

from antiphon.emulator import Emulator, Setting
from antiphon.emulator.brain import Answer, Prompt, Tool, Turn
from antiphon.emulator.brain.script import ScriptBrain, read
from antiphon.emulator.problem import Problem

from ..asking import Asking, chat, response


class Other:
    def answer(self, prompt: Prompt) -> Answer:
        return Answer("other")


def brain(*fixtures: Any) -> ScriptBrain:
    return ScriptBrain(read({"fixtures": list(fixtures)}), Other())


def prompt(text: str, **more: Any) -> Prompt:
    return Prompt(more.pop("model", "gpt-4o"), [Turn("user", text)], **more)


def says(text: str, **match: Any) -> dict[str, Any]:
    return {"match": match, "answer": {"text": text}}


@pytest.mark.parametrize(
    ("match", "fits", "other"),
    [
        ({"message": "Weather"}, prompt("the weather?"), prompt("hello")),
        ({"message": ["a", "b"]}, prompt("b and a"), prompt("a")),
        ({"message": "/^hel+o$/i"}, prompt("HELLLO"), prompt("oh hello")),
        ({"model": "gpt-5*"}, prompt("x", model="gpt-5.5"), prompt("x")),
        ({"tool": "t"}, prompt("x", tools=[Tool("t")]), prompt("x", tools=[Tool("u")])),
        ({"json": True}, prompt("x", json=True), prompt("x")),
        ({"turn": 1}, prompt("x"), Prompt("m", [Turn("user", "a"), Turn("assistant", "b"), Turn("user", "c")])),
        ({"answers": "c1"}, Prompt("m", [Turn("user", "x"), Turn("tool", "r", answers="c1")]), prompt("x")),
        ({"system": "be kind"}, Prompt("m", [Turn("system", "Be kind."), Turn("user", "x")]), prompt("be kind")),
    ],
)
def test_what_fits(match: dict[str, Any], fits: Prompt, other: Prompt) -> None:
    made = brain(says("yes", **match))
    assert made.answer(fits).text == "yes"
    assert made.answer(other).text == "other"


def test_the_first_that_fits_and_no_longer_than_it_may() -> None:
    made = brain(says("one", message="x") | {"times": 1}, says("two", message="x", index=1), says("three"))
    assert [made.answer(prompt("x")).text for _ in range(4)] == ["one", "three", "two", "three"]


def test_calls_thoughts_and_errors() -> None:
    made = brain(
        {"match": {"message": "call"}, "answer": {"calls": [{"name": "t", "arguments": {"a": 1}}], "thought": "hm"}},
        {"match": {"message": "fail"}, "answer": {"error": {"status": 429, "message": "slow", "code": "c"}}},
    )
    answer = made.answer(prompt("call", tools=[Tool("t", parameters={"type": "object"})]))
    assert [(request.tool.name, request.arguments) for request in answer.requests] == [("t", '{"a":1}')]
    assert answer.thought == "hm"
    with pytest.raises(Problem) as caught:
        made.answer(prompt("fail"))
    assert (caught.value.status, caught.value.message, caught.value.code) == (429, "slow", "c")


def test_files_of_aimock() -> None:
    made = brain(
        {"match": {"userMessage": "hi", "sequenceIndex": 0}, "response": {"content": "first"}},
        {"match": {"userMessage": "hi"}, "response": {"content": {"a": 1}, "reasoning": "why"}, "latency": 5},
        {"match": {"toolName": "t"}, "response": {"toolCalls": [{"name": "t", "arguments": '{"x":2}'}]}},
        {"match": {"model": "bad"}, "response": {"error": {"message": "m", "type": "t", "code": "c"}, "status": 503}},
    )
    assert made.answer(prompt("hi")).text == "first"
    again = made.answer(prompt("hi"))
    assert (again.text, again.thought) == ('{"a":1}', "why")
    assert made.answer(prompt("x", tools=[Tool("t")])).requests[0].arguments == '{"x":2}'
    with pytest.raises(Problem) as caught:
        made.answer(prompt("x", model="bad"))
    assert (caught.value.status, caught.value.code) == (503, "c")


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"fixtures": {}},
        [1],
        [{"match": {}}],
        [{"match": {"what": 1}, "answer": {"text": "x"}}],
        [{"match": [], "answer": {"text": "x"}}],
        [{"answer": {}}],
        [{"answer": {"what": 1}}],
        [{"answer": {"text": "x"}, "times": 0}],
        [{"match": {"message": "/(/"}, "answer": {"text": "x"}}],
        [{"match": {"message": 1}, "answer": {"text": "x"}}],
        [{"match": {"predicate": "f"}, "response": {"content": "x"}}],
        [{"match": {"turn": "x"}, "answer": {"text": "x"}}],
        [{"match": {"model": 5}, "answer": {"text": "x"}}],
        [{"answer": {"text": 5}}],
        [{"answer": {"calls": 5}}],
        [{"answer": {"calls": [{}]}}],
        [{"answer": {"calls": [{"name": "t", "arguments": 5}]}}],
        [{"answer": {"error": 5}}],
        [{"answer": {"error": {"status": 200}}}],
        [{"answer": {"error": {"status": "500"}}}],
        [{"answer": {"error": {"message": 5}}}],
        [{"match": 5, "response": {"content": "x"}}],
        [{"response": {"error": 5}}],
        [{"response": {"toolCalls": 5}}],
        [{"response": {"toolCalls": [{}]}}],
    ],
)
def test_what_is_no_fixture_is_refused(spec: Any) -> None:
    with pytest.raises(Problem) as caught:
        read(spec)
    assert caught.value.status == 400


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Emulator]:
    script = tmp_path / "script.json"
    script.write_text(json.dumps({"fixtures": [says("from the file", message="file")]}))
    with Emulator(Setting(script=script, control_token="t")) as server:
        yield server


def test_over_the_wire_by_file_and_control_plane(running: Emulator) -> None:
    with openai.OpenAI(base_url=running.base_url, api_key="k", max_retries=0) as client:
        asking = Asking(running.base_url)

        def told(text: str) -> str:
            return client.responses.create(model="gpt-4o", input=text).output_text

        def control(verb: str, *fixtures: Any) -> Any:
            return asking(
                verb, "/__antiphon/fixtures", {"fixtures": list(fixtures)} if fixtures else None, key="t"
            ).json

        assert told("the file") == "from the file"
        assert told("What is 6 * 7?") == "6 * 7 = 42"
        assert len(control("POST", says("sooner", message="file"))["fixtures"]) == 2
        assert told("the file") == "sooner"
        assert [fixture["fitted"] for fixture in control("GET")["fixtures"]] == [1, 1]
        control("PUT", says("only", message="x"))
        assert (told("x"), "file" in told("say: file")) == ("only", True)
        assert control("DELETE") == {"fixtures": []}
        assert told("x") != "only"
        asking.close()


def test_calls_come_through_both_apis(running: Emulator) -> None:
    asking = Asking(running.base_url)
    call = {"match": {"tool": "get"}, "answer": {"calls": [{"name": "get", "arguments": {"city": "Oslo"}}]}}
    asking("PUT", "/__antiphon/fixtures", {"fixtures": [call]}, key="t")
    tool = {"name": "get", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}
    body = chat("x", tools=[{"type": "function", "function": tool}])
    message = asking("POST", "/v1/chat/completions", body).json["choices"][0]["message"]
    assert message["tool_calls"][0]["function"] == {"name": "get", "arguments": '{"city":"Oslo"}'}
    body = response("x", tools=[{"type": "function", "strict": False, **tool}])
    output = asking("POST", "/v1/responses", body).json["output"]
    assert (output[0]["type"], output[0]["arguments"]) == ("function_call", '{"city":"Oslo"}')
    asking.close()


def test_a_script_that_cannot_be_read(tmp_path: Path) -> None:
    script = tmp_path / "script.json"
    script.write_text("{")
    with pytest.raises(ValueError, match=r"script\.json"):
        Emulator(Setting(script=script))
