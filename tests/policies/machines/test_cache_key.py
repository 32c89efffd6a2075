"""The cache's key: one for one question of one tenant, and another for every other."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.core.call import Call, Operation
from antiphon.core.credential import PENDING
from antiphon.policies.machines import cache_key
from antiphon.policies.machines.cache_key import Question, canonical, kind_of, question_of

from .asking import CHAT, EMBED, RESPONSES, chat, embed, request

PLAIN = settings(derandomize=True, deadline=None, max_examples=60)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
BODIES = st.dictionaries(st.text(max_size=3), VALUES, max_size=4)


def question(body: object, target: str = EMBED, *, sampled: bool = False, **changes: Any) -> Question:
    found = question_of(request(body, target, **changes), None, sampled=sampled)
    assert isinstance(found, Question), found
    return found


def refusal(body: object, target: str = EMBED, **changes: Any) -> str:
    found = question_of(request(body, target, **changes), None, sampled=True)
    assert isinstance(found, str), found
    return found


def strict(value: Any) -> Any:
    """A form in which what JSON tells apart is apart in Python too: 1 is not 1.0 and not true, and 0.0 not -0.0."""
    if isinstance(value, dict):
        return {"{}": sorted((name, repr(strict(item))) for name, item in value.items())}
    if isinstance(value, list):
        return [strict(item) for item in value]
    return (type(value).__name__, repr(value))


def shuffled(value: Any, chance: random.Random) -> Any:
    if isinstance(value, list):
        return [shuffled(item, chance) for item in value]
    if not isinstance(value, dict):
        return value
    names = list(value)
    chance.shuffle(names)
    return {name: shuffled(value[name], chance) for name in names}


@PLAIN
@given(BODIES, BODIES)
def test_different_bodies_have_different_spellings(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert (canonical(one) == canonical(other)) == (strict(one) == strict(other))


@PLAIN
@given(BODIES, st.randoms(use_true_random=False))
def test_permuted_keys_are_one_question(body: dict[str, Any], chance: random.Random) -> None:
    body = {**body, "model": "m"}
    assert question(body).key == question(shuffled(body, chance)).key


@PLAIN
@given(BODIES, st.sampled_from(["model", "input", "dimensions", "encoding_format", "seed", "x"]), SCALARS, SCALARS)
def test_one_changed_value_is_another_question(body: dict[str, Any], name: str, one: Any, other: Any) -> None:
    same = strict(one) == strict(other)
    assert (question({**body, name: one}).key == question({**body, name: other}).key) == same


def test_what_does_not_bear_on_the_answer_is_left_out() -> None:
    plain = question(chat(), CHAT)
    for name in ("user", "metadata", "safety_identifier"):
        assert question(chat(**{name: "x"}), CHAT).key == plain.key
    assert question(chat(stream=False, stream_options={"include_usage": True}), CHAT).key == plain.key


def test_streams_are_questions_of_their_own_and_so_are_their_options() -> None:
    forms = [chat(), chat(stream=True), chat(stream=True, stream_options={"include_usage": True})]
    assert len({question(form, CHAT).key for form in forms}) == 3
    assert [question(form, CHAT).events for form in forms] == [False, True, True]


def test_the_order_of_a_schemas_properties_counts_because_models_answer_in_it() -> None:
    def asks(*names: str) -> str:
        schema = {"type": "object", "properties": {name: {"type": "string"} for name in names}}
        return question(chat(response_format={"json_schema": {"schema": schema}}), CHAT).key

    assert asks("a", "b") != asks("b", "a")
    assert asks("a", "b") == asks("a", "b")

    def either(*names: str) -> str:
        schema: dict[str, Any] = {"anyOf": [{"type": "object", "properties": {name: {} for name in names}}]}
        return question(chat(response_format={"json_schema": {"schema": schema}}), CHAT).key

    assert either("a", "b") != either("b", "a"), "in a list too"


@pytest.mark.parametrize(
    "changes",
    [
        {"key": "sk-2"},
        {"headers": {"OpenAI-Organization": "o"}},
        {"headers": {"OpenAI-Project": "p"}},
        {"headers": {"x-portkey-provider": "azure"}},
        {"headers": {"Cookie": "c"}},
        {"target": "/v1/embeddings?api-version=2"},
        {"target": "/other/embeddings"},
    ],
)
def test_another_tenant_place_or_gateway_is_another_question(changes: dict[str, Any]) -> None:
    assert question(embed(), **changes).key != question(embed()).key


@pytest.mark.parametrize(
    "name",
    [
        *("User-Agent", "X-Stainless-Async", "Idempotency-Key", "X-Client-Request-Id", "traceparent", "tracestate"),
        *(
            "Accept",
            "Accept-Encoding",
            "Connection",
            "Content-Type",
            "Cache-Control",
            "Pragma",
            "baggage",
            "x-request-id",
        ),
    ],
)
def test_header_fields_that_only_accompany_a_request_do_not_count(name: str) -> None:
    assert question(embed(), headers={name: "z"}).key == question(embed()).key


def test_the_order_of_header_fields_does_not_count_and_their_values_do() -> None:
    one, other = {"X-A": "1", "X-B": "2"}, {"X-B": "2", "x-a": "1"}
    assert question(embed(), headers=one).key == question(embed(), headers=other).key
    assert question(embed(), headers={"X-A": "2", "X-B": "1"}).key != question(embed(), headers=one).key


def test_more_names_of_header_fields_than_are_remembered() -> None:
    for number in range(1100):
        question(embed(), headers={f"X-Name-{number}": "1"})
    assert question(embed(), headers={"X-Late": "1"}).key != question(embed(), headers={"X-Late": "2"}).key
    assert len(cache_key._bears) <= 1024


def test_a_scope_stands_for_the_credential() -> None:
    def scoped(key: str, scope: str | None) -> Any:
        return question_of(request(embed(), key=key), scope, sampled=False)

    assert scoped("sk-1", "team") == scoped("sk-2", "team") == scoped(_bare(), "team")
    assert scoped("sk-1", "team").key != scoped("sk-1", "other").key != scoped("sk-1", None).key


def _bare() -> str:
    return PENDING.reveal().removeprefix("Bearer ")


def test_whose_it_is_must_be_known() -> None:
    assert "scope=" in refusal(embed(), key=_bare())


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        (EMBED, "embeddings"),
        (CHAT, "chat"),
        ("/v1/completions", "completions"),
        (RESPONSES, "responses"),
        ("/v1/responses?beta=true", "responses"),
        ("/v1/responses/input_tokens", "count"),
        ("/openai/deployments/d/chat/completions?api-version=1", "chat"),
        ("/v1/moderations", "moderations"),
        ("/v1/responses/compact", None),
        ("/v1/files", None),
        ("/completions", "completions"),
        ("/", None),
    ],
)
def test_which_operations_are_kept(target: str, kind: str | None) -> None:
    assert kind_of(request({}, target)) == kind


def test_reading_something_is_no_question() -> None:
    for other in (request({}, method="GET"), request({}, "/v1/files")):
        assert question_of(other, None, sampled=False) == "not an operation that is kept"
    assert kind_of(request({}, method="GET")) is None
    assert kind_of(request({}, download=True)) is None


@pytest.mark.parametrize("temperature", [0.5, None, False, "0", 2])
def test_what_is_sampled_must_be_asked_for(temperature: Any) -> None:
    body = chat(temperature=temperature)
    assert question_of(request(body, CHAT), None, sampled=False) == "the model samples"
    assert question(body, CHAT, sampled=True)


def test_a_body_that_says_nothing_of_its_temperature_is_sampled() -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
    assert question_of(request(body, CHAT), None, sampled=False) == "the model samples"


@pytest.mark.parametrize("temperature", [0, 0.0])
def test_what_is_not_sampled_is_kept(temperature: float) -> None:
    assert question(chat(temperature=temperature), CHAT)
    assert question(embed())
    assert question({"input": "x"}, "/v1/moderations")


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"background": True}, "not complete"),
        ({"conversation": "conv_1"}, "conversation"),
        ({"audio": {"voice": "x"}}, "expire"),
        ({"prompt": {"id": "p"}}, "version"),
        ({"tools": [{"type": "web_search"}]}, "tools"),
        ({"tools": [{"type": "function"}, {"type": "mcp"}]}, "tools"),
        ({"tools": [7]}, "tools"),
        ({"tools": {"type": "function"}}, "tools"),
        ({"web_search_options": {}}, "tools"),
    ],
)
def test_answers_that_belong_to_their_asker(more: dict[str, Any], why: str) -> None:
    assert why in refusal({"model": "m", "input": "x", **more}, RESPONSES)


def test_what_stays_itself_is_kept() -> None:
    more = {"prompt": {"id": "p", "version": "2"}, "tools": [{"type": "function"}, {"type": "custom"}]}
    assert question({"model": "m", **more}, RESPONSES, sampled=True)


@pytest.mark.parametrize("body", [b"", b"[1]", b"{", b'{"a": "\\ud800"}', b'{"a": 1e999}', b"[" * 100_000])
def test_a_body_that_is_no_plain_object_passes_by(body: bytes) -> None:
    assert "JSON" in refusal(body)


def test_bytes_of_the_users_own_pass_by() -> None:
    call: Call[Any] = Call(Operation("raw", "POST", "/embeddings"), content=b'{"a": 1}')
    assert "JSON" in refusal(b'{"a": 1}', call=call)


def test_the_answers_are_counted() -> None:
    assert [question(chat(n=n), CHAT).answers for n in (3, None, "x")] == [3, 1, 1]
    inputs: list[Any] = ["a", ["a"], ["a", "b"], [1, 2, 3], [[1], [2, 3]], [], None]
    assert [question(embed(value)).answers for value in inputs] == [1, 1, 2, 1, 2, 1, 1]
    pictures = [{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {"url": "u"}}]
    assert question({"input": pictures}, "/v1/moderations").answers == 1


def test_a_key_tells_nothing() -> None:
    key = question(embed("my secret diary")).key
    assert len(key) == 64
    assert int(key, 16)
