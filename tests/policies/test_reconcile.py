"""What is looked for after a request that may have been carried out: by its mark, or by a file's name and size."""

from __future__ import annotations

import io
from typing import Any

import pytest

from antiphon.core.call import Call, Operation
from antiphon.policies import reconcile

from .stepping import reply, request


@pytest.mark.parametrize(
    "body",
    [
        {"file": ("a.jsonl", b"{}"), "purpose": "batch"},
        {"file": ("a.jsonl", io.BytesIO(b"{}")), "purpose": "batch"},
    ],
)
def test_a_file_is_known_by_name_size_and_purpose(body: dict[str, Any]) -> None:
    assert reconcile._file_of(body) == {"filename": "a.jsonl", "bytes": 2, "purpose": "batch"}


@pytest.mark.parametrize("body", [{}, {"file": 3}, {"file": "no-such-file-anywhere"}, {"file": b"no name"}])
def test_what_is_no_file_with_a_name_is_not_looked_for(body: dict[str, Any]) -> None:
    found = reconcile._file_of(body)
    assert found is None or found["filename"]


@pytest.mark.parametrize(
    ("item", "wanted", "is_it"),
    [
        ({"metadata": {"antiphon_key": "k"}}, None, True),
        ({"metadata": {"antiphon_key": "other"}}, None, False),
        ({"metadata": None}, None, False),
        ({"metadata": "k"}, None, False),
        ({"created_at": 100, "filename": "a", "bytes": 2}, {"filename": "a", "bytes": 2}, True),
        ({"created_at": 1, "filename": "a", "bytes": 2}, {"filename": "a", "bytes": 2}, False),
        ({"created_at": "100", "filename": "a", "bytes": 2}, {"filename": "a", "bytes": 2}, False),
        ({"created_at": 100, "filename": "b", "bytes": 2}, {"filename": "a", "bytes": 2}, False),
    ],
)
def test_an_object_is_the_one_or_another(item: dict[str, Any], wanted: dict[str, Any] | None, is_it: bool) -> None:
    assert reconcile._is_it(item, "k", wanted, 50.0) is is_it


@pytest.mark.parametrize("content", [b"", b"nonsense", b"[1]", b"3"])
def test_a_list_that_cannot_be_read_holds_nothing(content: bytes) -> None:
    page = reconcile._page(reply(content=content))
    with pytest.raises(StopIteration) as end:
        page.send(None)
    assert end.value.value == {}


def test_a_servers_clock_is_allowed_for() -> None:
    ahead = reply(headers={"date": "Thu, 01 Jan 1970 00:10:00 GMT"})
    assert reconcile._ahead(ahead, 0.0) == 600.0
    assert reconcile._ahead(reply(), 0.0) == 0.0
    assert reconcile._ahead(reply(headers={"date": "nonsense"}), 0.0) == 0.0


@pytest.mark.parametrize("content", [b"", b"nonsense", b"[1]", None])
def test_a_body_that_is_no_object_is_not_marked(content: bytes | None) -> None:
    asked = request(content=content, call=Call[Any](Operation("batches.create", "POST", "/batches")))
    assert reconcile.marked(asked, "k") is None
