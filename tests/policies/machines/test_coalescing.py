"""What may go together, and who gets which part: in order, complete, and adding up to what was billed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.core.call import Call, Operation
from antiphon.core.credential import PENDING
from antiphon.policies.machines.coalescing import (
    Load,
    copies_of,
    is_apart,
    joined,
    load_of,
    most_inputs,
    parts_of,
    share_of,
)

from .asking import CHAT, chat, embed, reply, request, vectors

PLAIN = settings(derandomize=True, deadline=None, max_examples=60)
MODERATE = "/v1/moderations"


def load(body: Any, target: str = "/v1/embeddings", scope: str | None = None, **changes: Any) -> Load:
    found = load_of(request(body, target, **changes), scope)
    assert isinstance(found, Load), found
    return found


@pytest.mark.parametrize(
    ("given_input", "inputs", "weight"),
    [
        ("hello", ["hello"], 5),
        ("ü", ["ü"], 2),
        (["a", "bc"], ["a", "bc"], 3),
        ([1, 2, 3], [[1, 2, 3]], 3),
        ([[1, 2], [3]], [[1, 2], [3]], 3),
    ],
)
def test_inputs_are_a_list_of_texts_or_of_tokens(given_input: Any, inputs: list[Any], weight: int) -> None:
    found = load(embed(given_input))
    assert (found.inputs, found.weight) == (inputs, weight)


@pytest.mark.parametrize(
    "value",
    [
        "",
        [],
        [""],
        ["a", ""],
        [[]],
        [[1], []],
        ["a", 1],
        [1, "a"],
        [[1], ["a"]],
        [[1, "a"]],
        [True],
        None,
        5,
        {"a": 1},
        [{"a": 1}],
    ],
)
def test_what_is_neither_goes_alone(value: Any) -> None:
    assert load_of(request(embed(value)), None) == "its input is none that could be joined with others"


def test_moderations_are_of_texts_only() -> None:
    assert load({"input": "x"}, MODERATE).name == "results"
    assert isinstance(load_of(request({"input": [1, 2]}, MODERATE), None), str)
    assert isinstance(load_of(request({"input": [{"type": "text", "text": "x"}]}, MODERATE), None), str)


@pytest.mark.parametrize(
    ("body", "changes"),
    [
        (chat(), {"target": CHAT}),
        (embed(), {"stream": True}),
        (embed(), {"headers": {"Idempotency-Key": "k"}}),
        (embed(), {"key": PENDING.reveal().removeprefix("Bearer ")}),
        (b"[1]", {}),
    ],
)
def test_these_go_alone(body: Any, changes: dict[str, Any]) -> None:
    assert isinstance(load_of(request(body, **changes), None), str)


@pytest.mark.parametrize(
    "other",
    [
        {"model": "other"},
        {"dimensions": 256},
        {"encoding_format": "base64"},
        {"user": "u"},
        {"input": [1, 2]},
    ],
)
def test_all_but_the_input_must_be_the_same(other: dict[str, Any]) -> None:
    assert load(embed()).key == load(embed("something else")).key == load(embed(["a", "b"])).key
    assert load({**embed(), **other}).key != load(embed()).key
    assert load(embed(), key="sk-2").key != load(embed()).key
    assert load(embed(), headers={"OpenAI-Project": "p"}).key != load(embed()).key
    assert load(embed(), key="sk-2", scope="t").key == load(embed(), scope="t").key


def test_limits() -> None:
    assert most_inputs(load(embed()), 2048) == 2048
    assert most_inputs(load({"input": "x"}, MODERATE), 2048) == 32
    assert most_inputs(load({"input": "x"}, MODERATE), 5) == 5


def test_the_joined_request_asks_for_all_and_says_so_to_policies() -> None:
    call: Call[Any] = Call(Operation("embeddings.create", "POST", "/embeddings"), body=embed("a"), extra_body={"x": 1})
    loads = [load({**embed("a"), "x": 1}, call=call), load(embed(["b", "c"])), load(embed("d"))]
    one = joined(loads)
    assert isinstance(one.content, bytes)
    assert json.loads(one.content) == {**embed(["a", "b", "c", "d"]), "x": 1}
    assert one.call is not None
    assert one.call.body["input"] == ["a", "b", "c", "d"]
    assert one.call.extra_body is None
    assert call.body["input"] == "a"
    assert loads[0].request.call is call
    assert joined(loads[1:]).call is None


def contents(parts: list[Any] | None) -> list[Any]:
    assert parts is not None
    return [json.loads(part.content) for part in parts]


@PLAIN
@given(st.lists(st.integers(1, 4), min_size=1, max_size=6), st.integers(0, 10_000), st.randoms(use_true_random=False))
def test_everybody_gets_their_own_in_their_order(sizes: list[int], tokens: int, chance: Any) -> None:
    loads = [load(embed([f"text {n}"] * size)) for n, size in enumerate(sizes)]
    answer = vectors(*range(sum(sizes)), tokens=tokens)
    chance.shuffle(answer["data"])
    parts = contents(parts_of(reply(request(embed()), answer), loads))
    seen = []
    for part, size in zip(parts, sizes, strict=True):
        assert [item["index"] for item in part["data"]] == list(range(size))
        seen += [item["embedding"][0] for item in part["data"]]
        assert (part["model"], part["object"]) == ("m", "list")
    assert seen == list(range(sum(sizes)))
    for name in ("prompt_tokens", "total_tokens"):
        assert sum(part["usage"][name] for part in parts) == tokens
        assert all(part["usage"][name] >= 0 for part in parts)


@PLAIN
@given(st.lists(st.integers(1, 50), min_size=1, max_size=9), st.integers(0, 10**12))
def test_shares_add_up_and_are_fair(weights: list[int], total: int) -> None:
    whole, before, shares = sum(weights), 0, []
    for weight in weights:
        shares.append(share_of({"a": {"b": total}, "c": None, "d": True, "e": 0.5}, before, before + weight, whole))
        before += weight
    assert sum(share["a"]["b"] for share in shares) == total
    assert all(
        abs(share["a"]["b"] - total * weight / whole) <= 1 for share, weight in zip(shares, weights, strict=True)
    )
    assert all((share["c"], share["d"], share["e"]) == (None, True, 0.5) for share in shares)


def test_what_does_not_divide_evenly_goes_to_who_comes_later() -> None:
    loads = [load(embed(text)) for text in "abc"]
    parts = contents(parts_of(reply(request(embed()), vectors(1, 2, 3, tokens=10)), loads))
    assert [part["usage"]["total_tokens"] for part in parts] == [3, 3, 4]


def test_where_inputs_are_tokens_usage_is_exact() -> None:
    loads = [load(embed([1, 2, 3])), load(embed([[1], [2, 3, 4, 5]]))]
    parts = contents(parts_of(reply(request(embed()), vectors(1, 2, 3, tokens=8)), loads))
    assert [part["usage"]["total_tokens"] for part in parts] == [3, 5]


def test_moderations_are_in_the_order_of_their_inputs() -> None:
    loads = [load({"input": "a"}, MODERATE), load({"input": ["b", "c"]}, MODERATE)]
    answer = {"id": "modr-1", "model": "m", "results": [{"flagged": n == 1, "n": n} for n in range(3)]}
    parts = contents(parts_of(reply(request(embed()), answer), loads))
    assert [[item["n"] for item in part["results"]] for part in parts] == [[0], [1, 2]]
    assert all(part["id"] == "modr-1" and "usage" not in part for part in parts)


def test_a_part_is_a_reply_of_its_own() -> None:
    loads = [load(embed("a")), load(embed("b"))]
    whole = reply(request(embed()), vectors(1, 2), x_request_id="r", content_length="999")
    whole.retries_taken = 2
    parts = parts_of(whole, loads)
    assert parts is not None
    assert [part.request for part in parts] == [each.request for each in loads]
    assert [dict(part.headers) for part in parts] == [{"content-type": "application/json", "x-request-id": "r"}] * 2
    assert [part.retries_taken for part in parts] == [2, 2]
    parts[0].headers["x"] = "changed"
    assert "x" not in parts[1].headers


def test_what_the_server_adds_and_its_numbers_stay_as_they_are() -> None:
    content = b'{"data":[{"index":1,"embedding":[1.0,1e-30]},{"index":0,"embedding":"AAA=","x":0.10}],"y":1.50}'
    whole = reply(request(embed()), {})
    whole.content = content
    parts = parts_of(whole, [load(embed("a")), load(embed("b"))])
    assert parts is not None
    assert b"[1.0,1e-30]" in parts[1].content
    assert b'"x":0.10' in parts[0].content
    assert b'"y":1.50' in parts[0].content


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b'{"error":{"message":"no"}}',
        b'{"data":7}',
        b'{"data":[7,8]}',
        b'{"data":[{"index":0}]}',
        b'{"data":[{"index":0},{"index":0}]}',
        b'{"data":[{"index":1},{"index":2}]}',
        b'{"data":[{"index":0},{}]}',
        b'{"data":[{"index":0},{"index":1},{"index":2}]}',
        b"\xff",
    ],
)
def test_an_answer_that_does_not_say_whose_is_whose_is_nobodys(content: bytes) -> None:
    whole = reply(request(embed()), {})
    whole.content = content
    assert parts_of(whole, [load(embed("a")), load(embed("b"))]) is None


def test_which_refusals_may_be_about_one_input_only() -> None:
    apart = [
        status for status in (200, 400, 401, 404, 413, 422, 429, 500, 503) if is_apart(reply(request({}), {}, status))
    ]
    assert apart == [400, 413, 422]


def test_a_refusal_is_everybodys() -> None:
    loads = [load(embed("a")), load(embed("b"))]
    copies = copies_of(reply(request(embed()), {"error": {}}, 429, retry_after="3"), loads)
    assert [(each.status_code, each.headers["retry-after"], each.request) for each in copies] == [
        (429, "3", loads[0].request),
        (429, "3", loads[1].request),
    ]
