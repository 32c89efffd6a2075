"""What usage says of beginnings that were sent before, of long prompts, and of the windows they must fit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from antiphon.emulator import token
from antiphon.emulator.families import prompt_size

from .answering import Scene, scene, text_of

LONG = "".join(f"Chapter {n} tells of whales, ships and the sea. " for n in range(200))


@pytest.fixture
def own() -> Iterator[Scene]:
    with scene() as made:
        yield made


def talked(own: Scene, *texts: str, **more: Any) -> int:
    """The cached tokens of a chat with these user messages."""
    messages = [{"role": "user", "content": text} for text in texts]
    usage = own.post("/chat/completions", model="gpt-4o", messages=messages, **more)["usage"]
    assert usage["prompt_tokens_details"]["cached_tokens"] <= usage["prompt_tokens"]
    return int(usage["prompt_tokens_details"]["cached_tokens"])


@pytest.mark.operation("chat.completions.create")
def test_a_beginning_sent_again_was_cached(own: Scene) -> None:
    assert talked(own, LONG) == 0
    once = talked(own, LONG)
    assert once > 2_000
    assert once % 128 == 0
    longer = talked(own, LONG, LONG, "And then?")
    assert longer in (once, once - 128)
    assert talked(own, LONG, LONG, "And what else?") > longer * 1.9
    assert talked(own, "First of all. " + LONG) == 0
    assert [talked(own, "short") for _ in range(2)] == [0, 0]


def test_keys_models_and_time_keep_them_apart(own: Scene) -> None:
    assert [talked(own, LONG, prompt_cache_key=key) > 0 for key in ("a", "b", "a", "b")] == [False, False, True, True]
    own.wait(700)
    assert talked(own, LONG, prompt_cache_key="a", prompt_cache_retention="24h") == 0
    own.wait(80_000)
    assert talked(own, LONG, prompt_cache_key="a", prompt_cache_retention="24h") > 0


@pytest.mark.operation("responses.create")
def test_responses_say_it_too(own: Scene) -> None:
    cached = [own.respond(LONG)["usage"]["input_tokens_details"]["cached_tokens"] for _ in range(2)]
    assert cached[0] == 0 < cached[1]


def test_it_survives_a_restart(tmp_path: Path) -> None:
    with scene(data=tmp_path) as first:
        assert talked(first, LONG) == 0
    with scene(data=tmp_path) as second:
        assert talked(second, LONG) > 0
        kept = list(second.world.shelf("prompt_cache"))
        assert kept
        assert all(set(each) == {"id", "until"} for each in kept)


@pytest.mark.parametrize(
    "text", ["word  two\n " * 40_000, "a" * 300_000, "x, y;  12345 " * 30_000, " " * 200_000, "ü_—é" * 70_000]
)
def test_counting_in_slices_counts_the_same(text: str) -> None:
    assert prompt_size.count(text) == token.count(text)


def test_windows_go_by_the_longest_name() -> None:
    assert [prompt_size.window(name) for name in ("gpt-4", "gpt-4o-mini", "gpt-4.1-nano", "ft:gpt-4o:x::1", "new")] == [
        8_192,
        128_000,
        1_047_576,
        128_000,
        128_000,
    ]


@pytest.mark.operation("responses.create")
def test_what_is_too_long_is_refused_or_cut(own: Scene) -> None:
    first = own.post("/responses", model="gpt-4", input="My name is Zoe. " + LONG * 2)["id"]
    asked = {"model": "gpt-4", "input": LONG * 2 + "Say: what is left", "previous_response_id": first}
    assert own.refused("/responses", **asked) == (400, "input", "context_length_exceeded")
    cut = own.post("/responses", **asked, truncation="auto")
    assert (cut["truncation"], text_of(cut)) == ("auto", "what is left")
    assert 0 < cut["usage"]["input_tokens"] <= 8_192
    alone = own.post("/responses", model="gpt-4", input=LONG * 9 + "Say: the end", truncation="auto")
    assert (text_of(alone), alone["usage"]["input_tokens"] <= 8_192) == ("the end", True)


def test_chat_and_completions_have_windows_too(own: Scene) -> None:
    messages = [{"role": "user", "content": LONG * 9}]
    assert own.refused("/chat/completions", model="gpt-4", messages=messages) == (
        400,
        "messages",
        "context_length_exceeded",
    )
    legacy = own.refused("/completions", model="gpt-3.5-turbo-instruct", prompt=LONG * 3)
    assert legacy == (400, "prompt", "context_length_exceeded")
