"""The scrubber: every living secret, in every way of writing it, and nothing else."""

from __future__ import annotations

import base64
import gc
import json
import re
import urllib.parse
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.core import scrub as scrub_module
from antiphon.core import secret as secret_module
from antiphon.core.scrub import MARK, scrub
from antiphon.core.secret import Secret, living

KEY = "sk-canary-7Q/w+x=?é9"
PLAIN = "sk-canary-0123456789abcdef"

WAYS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "percent-encoded": lambda key: urllib.parse.quote(key, safe=""),
    "percent-encoded, but slashes": urllib.parse.quote,
    "as a form": urllib.parse.quote_plus,
    "percent-encoded in small letters": lambda key: re.sub(
        "%..", lambda found: found[0].lower(), urllib.parse.quote(key, safe="")
    ),
    "base64": lambda key: base64.b64encode(key.encode()).decode(),
    "base64 behind one": lambda key: base64.b64encode(b"x" + key.encode() + b"rest").decode(),
    "base64 behind two": lambda key: base64.b64encode(b"xy" + key.encode() + b"r").decode(),
    "base64 of a pair": lambda key: base64.b64encode(f"user:{key}".encode()).decode(),
    "base64 for URLs": lambda key: base64.urlsafe_b64encode(key.encode()).decode(),
    "base64 for URLs behind two": lambda key: base64.urlsafe_b64encode(b"??" + key.encode()).decode(),
    "JSON": json.dumps,
    "JSON with its letters": lambda key: json.dumps(key, ensure_ascii=False),
    "hexadecimal": lambda key: key.encode().hex(),
    "hexadecimal in capitals": lambda key: key.encode().hex().upper(),
    "backwards": lambda key: key[::-1],
    "repr": lambda key: ascii(key),
}


@pytest.mark.parametrize("value", [KEY, PLAIN, 'sk-"quoted\\"-and-more'])
@pytest.mark.parametrize("way", WAYS)
def test_a_living_secret_is_found_however_it_is_written(way: str, value: str) -> None:
    secret = Secret(value)
    written = WAYS[way](value)
    scrubbed = scrub(f"before {written} after")
    assert MARK in scrubbed
    assert scrubbed.startswith("before ")
    assert scrubbed.endswith(" after")
    # What stays behind beside the mark are the letters that base64 shares with its neighbours.
    assert len(scrubbed.replace(MARK, "").strip()) < len("before  after") + 14
    assert scrub(f"before {written} after".encode()) == scrubbed.encode()
    assert secret.reveal() == value


@pytest.mark.parametrize("form", ["utf-16-le", "utf-16-be"])
def test_bytes_of_sixteen_bits_are_found_too(form: str) -> None:
    secret = Secret(KEY)
    assert scrub(b"\xff\xfe" + KEY.encode(form)) == b"\xff\xfe" + MARK.encode()
    assert secret


def test_a_text_without_secrets_is_the_same_object() -> None:
    secret = Secret(PLAIN)
    for value in ("plain text", b"plain bytes", {"a": ["b", 3, None]}, 5, None, "", b""):
        assert scrub(value) is value
    assert secret


def test_data_is_searched_through_and_not_changed_itself() -> None:
    secret = Secret(PLAIN)
    data = {"error": {"message": f"bad key {PLAIN}", PLAIN: [f"{PLAIN}!", 5]}, "other": ["fine"]}
    scrubbed: Any = scrub(data)
    assert scrubbed == {"error": {"message": f"bad key {MARK}", MARK: [f"{MARK}!", 5]}, "other": ["fine"]}
    assert scrubbed["other"] is data["other"]
    assert PLAIN in str(data)
    assert secret


def test_a_secret_that_nobody_holds_is_forgotten() -> None:
    secret = Secret(PLAIN)
    assert scrub(PLAIN) == MARK
    del secret
    gc.collect()
    assert scrub(PLAIN) == PLAIN
    assert scrub(PLAIN, Secret(PLAIN)) == MARK


@pytest.mark.parametrize(
    ("whole", "part"),
    [
        (f"Bearer {PLAIN}", PLAIN),
        ("http://user:pass-word-1@proxy.example:3128", "pass-word-1"),
        ("user:pass-word-1", "pass-word-1"),
        ("user:pass%2Fword%201", "pass/word 1"),
        ("Basic " + base64.b64encode(b"user:pass-word-1").decode(), "pass-word-1"),
    ],
)
def test_what_is_secret_in_a_longer_secret(whole: str, part: str) -> None:
    secret = Secret(whole)
    assert scrub(f"it says {part}!") == f"it says {MARK}!"
    assert scrub(base64.b64encode(part.encode()).decode()) != base64.b64encode(part.encode()).decode()
    assert secret


@pytest.mark.parametrize(
    "value", ["", "x", "secret", "not needed", "lm-studio", "         ", 5, ["a-long-enough-thing"]]
)
def test_what_is_no_secret_leaves_texts_alone(value: Any) -> None:
    secret = Secret(value)
    text = f"{value} is not needed by lm-studio         "
    assert scrub(text) is text
    assert secret


def test_the_longer_of_two_goes_first() -> None:
    short, long = Secret(PLAIN), Secret(PLAIN + "-and-more")
    assert scrub(f"{PLAIN}-and-more {PLAIN}") == f"{MARK} {MARK}"
    assert short != long


def test_the_scrubber_shows_no_secret_itself() -> None:
    secret = Secret(PLAIN)
    scrub("anything")
    gc.collect()
    assert PLAIN not in repr(vars(scrub_module)) + repr(vars(scrub_module._last)) + repr(vars(secret_module))
    tracked = [
        each for each in gc.get_objects() if type(each) in (list, set, frozenset, tuple, dict) and len(each) < 500
    ]
    assert not [each for each in tracked if any(part is not PLAIN and part == PLAIN[::-1] for part in each)]
    assert secret


def test_the_dead_make_room() -> None:
    kept = [Secret(f"sk-kept-{n:08}") for n in range(100)]
    for n in range(5000):
        Secret(f"sk-gone-{n:08}")
    assert len(secret_module._living) < 3000
    assert {each.id for each in kept} <= {each.id for each in living()}


@settings(derandomize=True, deadline=None, max_examples=60)
@given(
    value=st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=12, max_size=40).filter(
        lambda text: not text.isspace()
    ),
    before=st.binary(max_size=5),
    after=st.binary(max_size=5),
)
def test_any_secret_in_any_base64_json_and_url(value: str, before: bytes, after: bytes) -> None:
    secret = Secret(value)
    for text in (
        base64.b64encode(before + value.encode() + after).decode(),
        base64.urlsafe_b64encode(before + value.encode() + after).decode(),
        json.dumps({"k": value}),
        json.dumps({"k": value}, ensure_ascii=False),
        urllib.parse.urlencode({"k": value}),
        (before + value.encode() + after).hex(),
    ):
        assert scrub(text) != text, text
    assert secret
