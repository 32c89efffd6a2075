"""Path templates, held against what the official package puts on the wire."""

from __future__ import annotations

from enum import Enum
from typing import Any
from urllib.parse import unquote

import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.core.omit import not_given, omit
from antiphon.core.path import expand
from antiphon.errors import InvalidBody

from .recorder import recording

ONE = "/responses/{response_id}"
IDS: list[Any] = [
    "resp_1", "../../admin", "%2e%2e", "a?x=1", "a b", "ü", "a/b", "a#b", "a%41", "!$&'()*+,;=:@", "ft:gpt-4o:org::id",
    "gpt-4.1", "...", "-", "a;b", "a\n", "\0", 5, True, "2f9-1", "a\\b", '"<>`{}|^[]',
]  # fmt: skip


class Id(Enum):
    A = "a b"


def test_the_wire_shows_what_the_official_package_shows() -> None:
    with recording() as recorder, openai.OpenAI(api_key="k", base_url=recorder.url, max_retries=0) as client:
        for value in IDS:
            client.responses.retrieve(value)
        client.vector_stores.files.retrieve("s 1", vector_store_id="t/1")
        theirs = [received.target for received in recorder.received]
    ours = ["/v1" + expand(ONE, {"response_id": value}) for value in IDS]
    template = "/vector_stores/{vector_store_id}/files/{file_id}"
    ours.append("/v1" + expand(template, {"file_id": "s 1", "vector_store_id": "t/1"}))
    assert ours == theirs


@pytest.mark.parametrize("value", ["", None, omit, not_given, False])
def test_nothing_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="Expected a non-empty value for `response_id` but received") as caught:
        expand(ONE, {"response_id": value})
    assert isinstance(caught.value, InvalidBody)
    assert caught.value.path == "response_id"


def test_a_missing_value_is_refused() -> None:
    with pytest.raises(InvalidBody, match="thread_id"):
        expand("/threads/{thread_id}", None)


@pytest.mark.parametrize("value", [".", ".."])
def test_dot_segments_are_refused(value: str) -> None:
    with pytest.raises(InvalidBody, match="dot segment"):
        expand("/a/{b}/c", {"b": value})


def test_half_a_surrogate_pair_is_refused() -> None:
    with pytest.raises(InvalidBody, match="surrogate"):
        expand(ONE, {"response_id": "\ud800"})


def test_templates() -> None:
    assert expand("/models", None) == "/models"
    assert expand("/models", {"unused": "x"}) == "/models"
    assert expand("/a/{b}/c/{d}", {"b": "1", "d": Id.A}) == "/a/1/c/a%20b"


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_every_value_is_exactly_one_segment(value: str) -> None:
    if value in {".", ".."}:
        return
    path = expand("/a/{b}/c", {"b": value})
    assert path.isascii()
    assert path.count("/") == 3
    assert not {"?", "#", " "} & set(path)
    assert unquote(path.split("/")[2]) == value
