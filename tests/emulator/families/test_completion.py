"""Completions, the old way."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulator.asking import Asking


def made(ask: Asking, prompt: Any, **more: Any) -> dict[str, Any]:
    heard = ask("POST", "/v1/completions", {"model": "gpt-3.5-turbo-instruct", "prompt": prompt} | more)
    assert heard.status == 200, heard.body
    return heard.json


@pytest.mark.parametrize(
    ("prompt", "more", "texts", "finish"),
    [
        ("What is 2+2?", {}, ["2+2 = 4"], "stop"),
        (["Say: a", "Say: b"], {"n": 2}, ["a", "a", "b", "b"], "stop"),
        ("Say: one two three", {"max_tokens": 2}, ["one two"], "length"),
        ("Say: one two three", {"stop": " two"}, ["one"], "stop"),
        ("Say: hi", {"echo": True, "suffix": "!"}, ["Say: hihi!"], "stop"),
    ],
)
def test_texts(ask: Asking, prompt: Any, more: dict[str, Any], texts: list[str], finish: str) -> None:
    found = made(ask, prompt, **more)
    assert [choice["text"] for choice in found["choices"]] == texts
    assert {choice["finish_reason"] for choice in found["choices"]} == {finish}
    assert found["object"] == "text_completion"
    assert found["usage"]["total_tokens"] == found["usage"]["prompt_tokens"] + found["usage"]["completion_tokens"]


def test_logprobs(ask: Asking) -> None:
    found = made(ask, "Say: one two", logprobs=2)["choices"][0]["logprobs"]
    assert found["tokens"] == ["one", " two"]
    assert found["text_offset"] == [0, 3]
    assert all(len(top) == 2 for top in found["top_logprobs"])


@pytest.mark.operation("completions.create")
def test_stream(ask: Asking) -> None:
    body = {
        "model": "davinci-002",
        "prompt": ["Say: a b", "Say: c"],
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    events = ask("POST", "/v1/completions", body).events
    assert events[-1] == "[DONE]"
    assert events[-2]["usage"] == made(ask, ["Say: a b", "Say: c"])["usage"]
    for index, text in enumerate(["a b", "c"]):
        choices = [c for e in events[:-1] for c in e["choices"] if c["index"] == index]
        assert "".join(c["text"] for c in choices) == text
        assert [c["finish_reason"] for c in choices][-1] == "stop"


def test_token_prompts(ask: Asking) -> None:
    assert made(ask, [1, 2, 3])["choices"][0]["text"]
    assert len(made(ask, [[1], [2]])["choices"]) == 2
