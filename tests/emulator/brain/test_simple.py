"""The brain as a whole: order of its readings, determinism."""

from __future__ import annotations

import json
from typing import Any

import pytest

from antiphon.emulator.brain import Prompt, Tool, Turn
from antiphon.emulator.brain.simple import SimpleBrain


def answer(*texts: str, seed: int = 0, **more: Any) -> str:
    turns = [Turn("user" if index % 2 == 0 else "assistant", text) for index, text in enumerate(texts)]
    return SimpleBrain(seed).answer(Prompt("m", turns, **more)).text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("What is 12*7+3?", "12*7+3 = 87"),
        ("Answer with only the number: what is 3+4?", "7"),
        ("Say 3+4", "3+4"),
        ("What is my name?", "You have not told me your name."),
        ("solve 2x = 6", "Start with: 2x = 6\nDivide both sides by 2: x = 3"),
        ("Bo runs fast. Who runs fast?", "Bo runs fast."),
    ],
)
def test_texts(text: str, told: str) -> None:
    assert answer(text) == told


def test_memory_over_turns() -> None:
    assert answer("My name is Zoe", "Hi Zoe", "What is my name?") == "Your name is Zoe."


def test_json_mode_and_schema() -> None:
    assert json.loads(answer("As json: what is 3+4?", json=True)) == {"answer": "3+4 = 7"}
    schema = {"type": "object", "properties": {"answer": {"type": "string"}}, "required": ["answer"]}
    assert json.loads(answer("What is 3+4?", schema=schema)) == {"answer": "3+4 = 7"}


def test_short_requests_for_json_look_back() -> None:
    schema = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
    assert json.loads(answer("Alice came by", "ok", "Extract it", schema=schema)) == {"name": "Alice"}


def test_same_prompt_same_seed_same_answer_and_choices_differ() -> None:
    text = "Tell me about the sea"
    assert answer(text) == answer(text)
    assert len({answer(text, choice=choice) for choice in range(3)}) == 3
    assert len({answer(text, seed=seed) for seed in range(20)}) > 1


def test_what_it_cannot_see_is_counted() -> None:
    prompt = Prompt("m", [Turn("user", "What is this?", images=2, audios=1, files=1)])
    told = SimpleBrain().answer(prompt).text
    assert "2 images and 1 audio clip and 1 file" in told
    assert (
        SimpleBrain()
        .answer(Prompt("m", [Turn("user", "", images=1)]))
        .text.startswith("With your message came 1 image;")
    )


def test_no_turns_at_all() -> None:
    assert SimpleBrain().answer(Prompt("m", [])).text
    assert SimpleBrain().answer(Prompt("m", [Turn("system", "Be brief.")])).text


def test_reasoning_is_summed_up_when_asked_for() -> None:
    tools = [Tool("get_weather", "weather", {"type": "object", "properties": {}})]
    asked = [Turn("user", "weather?")]
    assert SimpleBrain().answer(Prompt("m", asked)).thought == ""
    thought = SimpleBrain().answer(Prompt("m", asked, tools=tools, reasoning=True)).thought
    assert "get_weather" in thought
    assert "weather" in thought
