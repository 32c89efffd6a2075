"""What of header fields is shown, and to whom."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Mapping
from typing import Any

import pytest

from antiphon.core.headers import FieldMap, Headers, Masked, is_sensitive

SECRET = "sk-canary-44d1"


@pytest.mark.parametrize(
    "name",
    [
        *("Authorization", "Proxy-Authorization", "api-key", "X-API-Key", "Cookie", "Set-Cookie", "OpenAI-Admin-Key"),
        *("X-Amz-Security-Token", "Ocp-Apim-Subscription-Key", "X-Auth-Token", "x-client-secret", "token", "key"),
    ],
)
def test_a_field_that_may_carry_a_credential_is_not_shown(name: str) -> None:
    assert is_sensitive(name)
    for fields in (FieldMap({name: SECRET}), Headers({name: SECRET})):
        assert SECRET not in repr(fields)
        assert fields[name] == SECRET
    assert SECRET not in repr(Headers({name: SECRET}).without_credentials().multi_items())


@pytest.mark.parametrize(
    "name", ["Accept", "Idempotency-Key", "x-ratelimit-limit-tokens", "x-request-id", "Sec-WebSocket-Key", "monkey"]
)
def test_any_other_is(name: str) -> None:
    assert not is_sensitive(name)
    assert "visible" in repr(FieldMap({name: "visible"}))
    assert "visible" in repr(Headers({name: "visible"}))


def walked(fields: Mapping[str, Any]) -> list[str]:
    """What a tool shows that walks through mappings itself, as crash reporters do."""
    return [repr(each) for each in (*fields.keys(), *fields.values())]


def test_who_walks_through_a_users_fields_sees_no_credential_either() -> None:
    fields = FieldMap({"Authorization": SECRET, "X-Mine": "1", "Cookie": 5})
    assert walked(fields) == ["'Authorization'", "'X-Mine'", "'Cookie'", "'<redacted>'", "'1'", "5"]
    assert SECRET not in repr(dict(fields))
    assert SECRET not in repr({**fields})


def test_a_masked_text_is_a_text() -> None:
    text = Masked(SECRET)
    assert (text, str(text), f"{text}", text.encode()) == (SECRET, SECRET, SECRET, SECRET.encode())
    assert type(str(text)) is str
    assert SECRET not in repr((text, copy.copy(text), copy.deepcopy([text])))
    with pytest.raises(TypeError, match="does not pickle"):
        pickle.dumps(text)


def test_a_credential_that_was_set_is_not_shown_to_who_walks_through_the_fields() -> None:
    headers = Headers([("Accept", "a/b")])
    headers["Authorization"] = SECRET
    headers.update({"Cookie": SECRET, "X-Mine": "1"})
    shown = repr((walked(headers), headers.fields, headers.multi_items(), dict(headers), headers.copy().fields))
    assert SECRET not in shown
    assert headers["authorization"] == SECRET
    assert pickle.loads(pickle.dumps(headers)).fields == [("Accept", "a/b"), ("X-Mine", "1")]
