"""Decoded JSON becomes what the official package's function makes of it."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from openai._models import construct_type as official_construct_type
from openai.types.chat import ChatCompletion as OfficialChatCompletion
from openai.types.realtime import RealtimeServerEvent as OfficialServerEvent

import antiphon
from antiphon._models import construct_type, construct_type_unchecked
from antiphon.core.annotation import Discriminator
from antiphon.types.chat import ChatCompletion
from antiphon.types.realtime import RealtimeServerEvent

COMPLETION: dict[str, Any] = {
    "id": "c1",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Hi"}}],
    "extra": {"a": [1]},
}


@pytest.mark.parametrize(
    ("ours", "theirs", "value"),
    [
        (ChatCompletion, OfficialChatCompletion, COMPLETION),
        (ChatCompletion, OfficialChatCompletion, {"id": 1, "choices": None}),
        (RealtimeServerEvent, OfficialServerEvent, {"type": "error", "error": {"message": "no", "type": "x"}}),
        (RealtimeServerEvent, OfficialServerEvent, {"type": "response.done", "event_id": "e", "response": {"id": "r"}}),
    ],
)
def test_side_by_side(ours: Any, theirs: Any, value: dict[str, Any]) -> None:
    given, wanted = construct_type(type_=ours, value=value), official_construct_type(type_=theirs, value=value)
    assert type(given).__name__ == type(wanted).__name__
    assert given.to_dict() == wanted.to_dict(warnings=False)  # type: ignore[attr-defined]


@pytest.mark.parametrize(("kind", "value"), [(int, 3), (list[str], ["a"]), (dict[str, int], {"a": 1}), (int, "text")])
def test_plain_types_side_by_side(kind: Any, value: Any) -> None:
    assert construct_type(type_=kind, value=value) == official_construct_type(type_=kind, value=value) == value


def test_the_unchecked_one_is_the_same() -> None:
    made = construct_type_unchecked(type_=ChatCompletion, value=COMPLETION)
    assert made.choices[0].message.content == "Hi"


class Left(antiphon.BaseModel):
    kind: Literal["left"]
    role: Literal["first"]


class Right(antiphon.BaseModel):
    kind: Literal["right"]
    role: Literal["second"]


@pytest.mark.parametrize(("field", "wanted"), [("kind", Right), ("role", Left)])
def test_a_discriminator_may_stand_beside_the_type(field: str, wanted: type[Any]) -> None:
    value = {"kind": "right", "role": "first"}
    made = construct_type(type_=Left | Right, value=value, metadata=[Discriminator(field)])
    assert type(made) is wanted
