"""What calls cost, before and after; the bound holds whatever the text."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.core.price import PRICES, Price
from antiphon.policies.machines.bill import Bill, at_most, cost, is_bounded, kind_of, tool_calls
from antiphon.policies.machines.tally import Tally

_PLAIN = Price(input=1000, cached=100, output=8000)


def bill(kind: str, body: dict[str, Any], price: Price = _PLAIN, most: int = 100, afar: int = 0) -> Bill:
    return at_most(kind, body, len(json.dumps(body).encode()), price, most, afar)


@pytest.mark.parametrize(
    ("operation", "kind", "bounded"),
    [
        ("responses.create", "responses.create", True),
        ("POST /chat/completions", "chat.completions.create", True),
        ("POST /embeddings/", "embeddings.create", True),
        ("batches.create", "batches.create", False),
        ("beta.threads.runs.create", "beta.threads.runs.create", False),
        ("files.list", "", False),
        ("responses.retrieve", "", False),
        ("GET /responses", "", False),
        ("POST /mine", "", False),
    ],
)
def test_what_costs_money(operation: str, kind: str, bounded: bool) -> None:
    assert kind_of(operation) == kind
    assert is_bounded(kind) == bounded


@pytest.mark.parametrize(
    ("price", "used", "tier", "nano"),
    [
        (_PLAIN, Tally(10, 2), None, 26_000),
        (_PLAIN, Tally(10, 2, cached=10), None, 17_000),
        (_PLAIN, Tally(10, 2), "flex", 13_000),
        (_PLAIN, Tally(10, 2), "priority", 52_000),
        (_PLAIN, Tally(10, 2), "default", 26_000),
        (_PLAIN, Tally(10, 2), ["odd"], 26_000),
        (_PLAIN._replace(written=1250), Tally(10, 0, written=4), None, 11_000),
        (_PLAIN._replace(audio=(32_000, 64_000)), Tally(10, 2, audio=(1, 2)), None, 9 * 1000 + 32_000 + 128_000),
        (_PLAIN._replace(image=(5_000, 40_000)), Tally(10, 2, image=(3, 1)), None, 7_000 + 15_000 + 8_000 + 40_000),
        (_PLAIN._replace(long_from=10), Tally(10, 3), None, 34_000),
        (_PLAIN._replace(long_from=10), Tally(11, 3), None, 22_000 + 36_000),
        (Price(seconds=100_000), Tally(seconds=13), None, 1_300_000),
        (Price(input=1), Tally(3, 0), "flex", 2),
    ],
)
def test_what_a_call_did_cost(price: Price, used: Tally, tier: Any, nano: int) -> None:
    assert cost(price, used, tier) == nano


@settings(derandomize=True, deadline=None)
@given(
    st.text(max_size=300),
    st.integers(0, 200),
    st.sampled_from(sorted(m for m, p in PRICES.items() if p.input)),
    st.sampled_from([None, "auto", "flex", "priority"]),
    st.data(),
)
def test_no_call_costs_more_than_its_bound(
    text: str, most: int, model: str, tier: str | None, data: st.DataObject
) -> None:
    price = PRICES[model]
    body = {"model": model, "input": text, "service_tier": tier}
    bound = bill("responses.create", body, price, most)
    given_ = data.draw(st.integers(0, len(text.encode())))  # a token is a byte at least
    made = data.draw(st.integers(0, most))
    parts = {name: data.draw(st.integers(0, given_)) for name in ("cached", "written")}
    parts["written"] = min(parts["written"], given_ - parts["cached"])
    audio = (data.draw(st.integers(0, given_ - parts["cached"])), data.draw(st.integers(0, made)))
    used = Tally(given_, made, parts["cached"], parts["written"], audio=audio if price.audio else (0, 0))
    assert 0 <= cost(price, used, tier) <= bound.usd
    assert used.input + used.output <= bound.tokens


def test_text_of_a_large_body_is_counted_and_media_are_not_text() -> None:
    picture = "data:image/png;base64," + "A" * 400_000
    body = {
        "model": "m",
        "input": [
            {"role": "user", "content": [{"type": "input_image", "image_url": picture}, {"type": "t", "text": "hi"}]}
        ],
    }
    assert 2_500 < bill("responses.create", body, most=0).input < 3_000
    words = {"model": "m", "input": "é" * 40_000}
    assert 80_000 <= bill("responses.create", words, most=0).input < 80_100
    document = {"model": "m", "input": [{"type": "input_file", "file_data": "A" * 400_000}]}
    assert 100_000 <= bill("responses.create", document, most=0).input < 100_200


def test_what_only_the_server_sees_is_allowed_for() -> None:
    plain = bill("responses.create", {"model": "m", "input": "hi"}).input
    for more in ({"previous_response_id": "resp_1"}, {"conversation": "conv_1"}, {"tools": [{"type": "function"}]}):
        assert bill("responses.create", {"model": "m", "input": "hi", **more}, afar=5_000).input > plain + 5_000


def test_hosted_tools_are_allowed_for_and_counted() -> None:
    body: dict[str, Any] = {
        "model": "m",
        "input": "hi",
        "tools": [{"type": "web_search_preview"}, {"type": "function", "name": "f"}],
    }
    assert bill("responses.create", body).tools == 10 * 10_000_000
    assert bill("responses.create", {**body, "max_tool_calls": 2}).tools == 2 * 10_000_000
    assert bill("responses.create", {**body, "max_tool_calls": 0}).tools == 0
    assert bill("responses.create", {**body, "max_tool_calls": "x"}).tools == 10 * 10_000_000
    assert (
        bill("responses.create", {**body, "tools": [{"type": "code_interpreter"}, *body["tools"]]}).tools == 300_000_000
    )
    assert bill("responses.create", {**body, "tools": [{"type": "function"}, 7, {}]}).tools == 0
    output = [
        {"type": "web_search_call"},
        {"type": "web_search_call"},
        {"type": "code_interpreter_call", "container_id": "c"},
        {"type": "code_interpreter_call", "container_id": "c"},
        {"type": "function_call"},
        {"type": "message"},
        7,
    ]
    assert tool_calls(output) == 2 * 10_000_000 + 30_000_000
    assert tool_calls(None) == 0


@pytest.mark.parametrize(
    ("kind", "body", "model", "usd", "exact"),
    [
        ("audio.speech.create", {"input": "four"}, "tts-1", 60_000, True),
        ("images.generate", {"prompt": "a cat", "n": 3}, "dall-e-2", 60_000_000, True),
        ("moderations.create", {"input": "x"}, "omni-moderation", 0, True),
        ("embeddings.create", {"input": "x" * 100}, "text-embedding-3-small", None, False),
    ],
)
def test_what_is_counted_otherwise(kind: str, body: dict[str, Any], model: str, usd: int | None, exact: bool) -> None:
    found = bill(kind, body, PRICES[model])
    assert found.exact == exact
    assert found.usd == usd if usd is not None else found.usd >= 100 * 20


def test_speech_is_bounded_by_the_size_of_its_file() -> None:
    assert at_most("audio.transcriptions.create", {}, 1_000_000, PRICES["whisper-1"], 0, 0).usd == 501 * 100_000
    assert at_most("audio.transcriptions.create", {}, 1_000_000, PRICES["gpt-4o-transcribe"], 0, 0).tokens == 18_000
