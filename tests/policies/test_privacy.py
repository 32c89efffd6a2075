"""Privacy as a flow: which fields are set, which texts are replaced, and what the caller's own objects look like after it."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any, cast

import pytest

from antiphon.core.call import Call, Operation
from antiphon.core.multipart import multipart
from antiphon.core.request import Request
from antiphon.errors import PolicyError
from antiphon.operations import chat as chats
from antiphon.operations import embeddings, files, images, responses
from antiphon.policies.cache import Cache
from antiphon.policies.machines.redaction import Redactor
from antiphon.policies.privacy import SEALED, Privacy, carried

from .spending import House, answer, ask, chat

CANARY = "ann.canary@example.com"


def sent(policy: Privacy, request: Request) -> dict[str, Any]:
    """What goes over the wire."""
    house = House(policy)
    house(request)
    (asked,) = house.asked
    assert isinstance(asked.content, bytes)
    body: dict[str, Any] = json.loads(asked.content)
    assert asked.call is not None
    if request.content is not asked.content:
        assert asked.call.body == body  # what later policies look at is what is sent
    return body


def raw(path: str, **body: Any) -> Request:
    request = ask(**body)
    request.call = Call(Operation(f"POST {path}", "POST", path, body="json"), body=body)
    return request


@pytest.mark.parametrize(
    "request_",
    [ask(), chat(), raw("/responses", model="m", input="x"), raw("/chat/completions", model="m", messages=[])],
    ids=["responses", "chat", "raw responses", "raw chat"],
)
def test_calls_that_can_be_kept_say_that_they_are_not(request_: Request) -> None:
    assert sent(Privacy(), request_)["store"] is False


@pytest.mark.parametrize("operation", [embeddings.CREATE, responses.COMPACT, chats.COMPLETIONS_UPDATE])
def test_other_calls_have_no_such_field(operation: Operation) -> None:
    assert "store" not in sent(Privacy(), ask(operation))


@pytest.mark.parametrize("field", [{"store": True}, {"background": True}, {"conversation": "conv_1"}])
def test_a_call_that_asks_to_be_kept_is_refused(field: dict[str, Any]) -> None:
    house = House(Privacy())
    with pytest.raises(PolicyError, match=next(iter(field))):
        house(ask(**field))
    assert not house.asked
    assert sent(Privacy(store=None, redact=True), ask(**field)).items() >= field.items()


@pytest.mark.parametrize(
    ("how", "body", "include"),
    [
        (True, {"model": "gpt-5.1"}, [SEALED]),
        (
            True,
            {"model": "o4-mini", "include": ["message.output_text.logprobs"]},
            ["message.output_text.logprobs", SEALED],
        ),
        (True, {"model": "o3", "include": [SEALED]}, [SEALED]),
        (True, {"model": "gpt-4.1"}, None),
        ("always", {"model": "gpt-4.1"}, [SEALED]),
        (False, {"model": "gpt-5.1"}, None),
    ],
)
def test_thoughts_are_asked_for_in_encrypted_form(how: Any, body: dict[str, Any], include: list[str] | None) -> None:
    assert sent(Privacy(encrypted_reasoning=how), ask(**body)).get("include") == include


def test_chat_has_no_thoughts_to_give() -> None:
    assert "include" not in sent(Privacy(encrypted_reasoning="always"), chat(model="o3"))


def test_texts_are_replaced_wherever_people_write() -> None:
    tool = {"type": "function", "name": "f", "description": CANARY, "parameters": {"pattern": CANARY}}
    body: dict[str, Any] = {
        "input": [
            {"role": "user", "content": f"I am {CANARY}"},
            {
                "role": "user",
                "content": [{"type": "input_text", "text": CANARY}, {"type": "input_image", "image_url": CANARY}],
            },
            {"type": "function_call_output", "call_id": CANARY, "output": f'{{"mail": "{CANARY}"}}'},
            {"type": "function_call", "name": "send", "arguments": f'{{"to": "{CANARY}"}}', "call_id": "c"},
        ],
        "instructions": CANARY,
        "metadata": {"who": CANARY},
        "tools": [tool],
    }
    found = sent(Privacy(redact=["email"]), ask(**body))
    assert found["input"][0]["content"] == "I am [EMAIL_1]"
    assert found["input"][1]["content"] == [
        {"type": "input_text", "text": "[EMAIL_1]"},
        {"type": "input_image", "image_url": CANARY},
    ]
    assert json.loads(found["input"][2]["output"]) == {"mail": "[EMAIL_1]"}
    assert json.loads(found["input"][3]["arguments"]) == {"to": "[EMAIL_1]"}
    assert (found["instructions"], found["metadata"]) == ("[EMAIL_1]", {"who": "[EMAIL_1]"})
    assert found["tools"] == [tool]
    assert found["input"][2]["call_id"] == CANARY


def test_the_callers_own_objects_stay_as_they_are() -> None:
    messages = [{"role": "user", "content": [{"type": "text", "text": CANARY}]}]
    before = deepcopy(messages)
    request = chat(messages=messages)
    call = request.call
    assert sent(Privacy(redact=True), request)["messages"] != before
    assert messages == before
    assert request.call is call
    assert call is not None
    assert "store" not in call.body


def test_whose_call_it_is_stays_told_apart_though_not_by_name() -> None:
    one, two, again = (sent(Privacy(redact=True), chat(user=user))["user"] for user in (CANARY, "b@c.com", CANARY))
    assert one == again != two
    assert "@" not in one
    assert sent(Privacy(redact=True), chat(user="user-7"))["user"] == "user-7"


def test_lists_of_texts_and_of_tokens() -> None:
    body: dict[str, Any] = {"input": [CANARY, "x"], "model": "m", "max_output_tokens": None}
    assert sent(Privacy(redact=True), ask(embeddings.CREATE, **body))["input"] == ["[EMAIL_1]", "x"]
    body["input"] = [[4111111111111111, 2], [3]]
    assert sent(Privacy(redact=True), ask(embeddings.CREATE, **body))["input"] == body["input"]


def test_extra_body_is_looked_through_too() -> None:
    request = ask()
    assert request.call is not None
    request.call.extra_body = {"mine": CANARY}
    request.content = json.dumps({**request.call.body, "mine": CANARY}).encode()
    house = House(Privacy(redact=True))
    house(request)
    assert house.asked[0].call is not None
    assert house.asked[0].call.extra_body is None
    assert CANARY.encode() not in (house.asked[0].content or b"")  # type: ignore[operator]


def test_what_names_people_on_purpose_is_left_alone() -> None:
    invite = Operation("admin.organization.invites.create", "POST", "/organization/invites", body="json")
    assert sent(Privacy(redact=True), ask(invite, email=CANARY))["email"] == CANARY


@pytest.mark.parametrize(("prompt", "clean"), [(f"by {CANARY}", b"by [EMAIL_1]"), ("a cat", b"a cat")])
def test_a_form_has_its_texts_replaced_and_its_file_sent(prompt: str, clean: bytes) -> None:
    picture = b"\x89PNG" + b"\x00" * 100
    body: dict[str, Any] = {"model": "gpt-image-1", "image": [("a.png", picture)], "prompt": prompt}
    body["notes"] = {"inside": [prompt]}
    before = deepcopy(body)
    request = ask()
    request.call = Call(images.EDIT, body=body)
    request.content, kind = multipart(body, None, images.EDIT.files, operation="images.edit")
    request.headers["Content-Type"] = kind or ""
    house = House(Privacy(redact=["email"]))
    house(request)
    (asked,) = house.asked
    whole = asked.content if isinstance(asked.content, bytes) else b"".join(cast("Any", asked.content))
    assert (picture in whole, clean in whole, CANARY.encode() in whole) == (True, True, False)
    boundary = asked.headers["content-type"].partition("boundary=")[2].encode()
    assert whole.count(b"--" + boundary) == 5
    assert whole.count(clean) == 2
    assert body == before


def test_a_function_sees_each_text_and_says_what_is_sent() -> None:
    seen: list[str] = []

    def redact(text: str) -> str:
        seen.append(text)
        return text.replace("Ann", "X")

    body = sent(Privacy(redact=redact), ask(input="Ann", instructions="be kind"))
    assert (sorted(seen), body["input"], body["instructions"]) == (["Ann", "be kind"], "X", "be kind")


def broken(text: str) -> str:
    raise ZeroDivisionError(text)


def silent(text: str) -> None:
    """Gives no text."""


@pytest.mark.parametrize(("redact", "kind"), [(broken, ZeroDivisionError), (silent, TypeError)])
def test_row_62_a_function_that_fails_sends_nothing(redact: Any, kind: type[Exception]) -> None:
    house = House(Privacy(redact=redact))
    with pytest.raises(kind):
        house()
    assert not house.asked


def test_a_coroutine_function_needs_an_async_client() -> None:
    async def redact(text: str) -> str:
        return text

    with pytest.raises(TypeError, match="use the async client"):
        House(Privacy(redact=redact))()


def test_row_40_half_a_surrogate_pair_is_sent_as_it_is() -> None:
    request = ask()
    request.content = b'{"model":"m","input":"\\ud800 ' + CANARY.encode() + b'"}'
    assert sent(Privacy(redact=True), request)["input"] == "\ud800 [EMAIL_1]"


def test_the_cache_never_sees_what_was_taken_out() -> None:
    vector = {"object": "embedding", "index": 0, "embedding": [0.5]}
    house = House(Privacy(redact=True), Cache(), say=answer(data=[vector], object="list", model="m"))
    body: dict[str, Any] = {"model": "m", "max_output_tokens": None}
    house(ask(embeddings.CREATE, input="a@b.com", **body))
    house(ask(embeddings.CREATE, input="c@d.com", **body))
    assert len(house.asked) == 1  # both are "[EMAIL_1]"


def test_what_holds_no_json_passes() -> None:
    house = House(Privacy(redact=True))
    request = ask(files.LIST)
    request.content = None
    house(request)
    request = ask()
    request.content = b"not json"
    house(request)
    assert house.asked[1].content == b"not json"


def test_what_was_decided_is_in_the_trace_without_content() -> None:
    house = House(Privacy(redact=True))
    reply = house(ask(input=CANARY))
    assert "Privacy: applied store=False redacted=1" in str(reply.trace)
    assert CANARY not in str(reply.trace)


def test_carried_is_what_can_be_sent_again() -> None:
    output: list[dict[str, Any]] = [
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "abc", "status": None},
        {"type": "reasoning", "id": "rs_2", "summary": []},
        {"type": "message", "id": "msg_1", "role": "assistant", "content": [{"type": "output_text", "text": "hi"}]},
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
    ]
    assert carried(output) == [
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "abc"},
        output[2],
        output[3],
    ]


def test_it_says_what_it_does() -> None:
    assert repr(Privacy()) == "Privacy(store=False, encrypted_reasoning=True, redact=nothing)"
    assert repr(Privacy(store=None, redact=str.upper)).endswith("redact=str.upper)")
    assert repr(Privacy(redact=Redactor(["card"]))).endswith("redact=card)")


@pytest.mark.parametrize(
    ("wrong", "kind"),
    [
        ({"store": True}, ValueError),
        ({"store": None}, ValueError),
        ({"encrypted_reasoning": "never"}, ValueError),
        ({"redact": ["mail"]}, ValueError),
        ({"redact": "email"}, TypeError),
        ({"redact": 5}, TypeError),
        ({"redakt": True}, TypeError),
    ],
)
def test_arguments_that_cannot_be_right(wrong: dict[str, Any], kind: type[Exception]) -> None:
    with pytest.raises(kind):
        Privacy(**wrong)
