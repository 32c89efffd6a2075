"""Rate-limit headers and waits: strict readers, and the official package's lenient one."""

from __future__ import annotations

import math
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.core.headers import Headers
from antiphon.core.ratelimit import (
    OfficialWait,
    RateLimits,
    official_retry_after,
    parse_count,
    parse_duration,
    parse_retry_after,
)

NOW = 1_763_694_000.0  # Fri, 21 Nov 2025 03:00:00 GMT
WAIT = "Fri, 21 Nov 2025 03:00:30 GMT"
GARBAGE = [
    "",
    " ",
    "nan",
    "inf",
    "Infinity",
    "-5",
    "-1",
    "+5",
    "0x10",
    "1e9",
    "1_000",
    "１２",
    "5 s",
    "soon",
    "1" * 40,
    "10" * 20,
    "5,6",
    "٣",
    "\x00",
]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("6m0s", 360.0), ("1h2m3.5s", 3723.5), ("12ms", 0.012), ("0", 0.0), ("0s", 0.0), ("1s", 1.0), ("1.5", 1.5), ("59", 59.0), ("2m", 120.0),
        ("1d", 86400.0), ("1d2h", 93600.0), ("1m500ms", 60.5), ("8.64s", 8.64), (" 5s\t", 5.0), ("1ms", 0.001), ("0.5ms", 0.0005),
        ("s", None), ("m", None), ("5x", None), ("1s2m", None), ("1h1h", None), ("-5s", None), ("5s5", None), ("999999999d", None), (None, None),
        ("1..5s", None), (".5s", None), ("5.s", None), ("366d1s", None),
    ] + [(text, None) for text in GARBAGE],
)  # fmt: skip
def test_durations(text: str | None, seconds: float | None) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    ("text", "count"),
    [("60", 60), ("0", 0), (" 7 ", 7), ("150000", 150000), ("1.5", None), (None, None)]
    + [(text, None) for text in GARBAGE],
)
def test_counts(text: str | None, count: int | None) -> None:
    assert parse_count(text) == count


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "3"}, 3.0),
        ({"Retry-After": "0"}, 0.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": "3600"}, 3600.0),
        ({"retry-after-ms": "250", "retry-after": "1"}, 0.25),
        ({"retry-after-ms": "-1", "retry-after": "1"}, 1.0),
        ({"retry-after-ms": "nan"}, None),
        ({"retry-after": WAIT}, 30.0),
        ({"retry-after": WAIT, "date": "Fri, 21 Nov 2025 03:00:20 GMT"}, 10.0),
        ({"retry-after": "Fri, 21 Nov 2025 03:10:30 GMT", "date": "Fri, 21 Nov 2025 03:10:00 GMT"}, 30.0),
        ({"retry-after": WAIT, "date": "Fri, 21 Nov 2025 04:00:00 GMT"}, 0.0),
        ({"retry-after": WAIT, "date": "garbage"}, 30.0),
        ({"retry-after": "Fri, 21 Nov 2099 03:00:30 GMT"}, None),
        ({"retry-after": "Friday, 21-Nov-25 03:00:30 GMT"}, None),
        ({"retry-after": "Fri, 99 Nov 2025 03:00:30 GMT"}, None),
        ({"retry-after": "Fri, 21 Now 2025 03:00:30 GMT"}, None),
        ({"retry-after": "Fri, 21 Nov 0000 03:00:30 GMT"}, None),
    ]
    + [({"retry-after": text}, None) for text in GARBAGE],
)
def test_retry_after(headers: dict[str, str], seconds: float | None) -> None:
    assert parse_retry_after(Headers(headers), NOW) == seconds


def test_a_date_without_any_clock_is_ignored() -> None:
    assert parse_retry_after(Headers({"retry-after": WAIT}), None) is None
    assert parse_retry_after(Headers({"retry-after": WAIT, "date": WAIT}), None) == 0.0


@given(st.text(max_size=30), st.text(max_size=30), st.text(max_size=30))
def test_no_text_ever_gives_a_negative_or_endless_wait(milliseconds: str, seconds: str, when: str) -> None:
    headers = {"retry-after-ms": milliseconds, "retry-after": seconds, "date": when}
    for wait in (parse_retry_after(headers, NOW), parse_duration(seconds)):
        assert wait is None or 0 <= wait <= 366 * 86400
    official = official_retry_after(headers, NOW)
    assert official.seconds is None or 0 < official.seconds <= 120


@pytest.mark.parametrize(
    ("headers", "seconds", "too_long"),
    [
        ({}, None, False),
        ({"retry-after": "3"}, 3.0, False),
        ({"retry-after": "0"}, None, False),
        ({"retry-after": "-5"}, None, False),
        ({"retry-after": "120"}, 120.0, False),
        ({"retry-after": "120.1"}, None, True),
        ({"retry-after": "1e3"}, None, True),
        ({"retry-after": "1_0"}, 10.0, False),
        ({"retry-after": "１２"}, 12.0, False),
        ({"retry-after": "nan"}, None, False),
        ({"retry-after": "inf"}, None, False),
        ({"retry-after": "+Infinity "}, None, False),
        ({"retry-after": "1e999"}, None, True),
        ({"retry-after": "9" * 400}, None, True),
        ({"retry-after": "soon"}, None, False),
        ({"retry-after": ""}, None, False),
        ({"retry-after-ms": "250", "retry-after": "7"}, 0.25, False),
        ({"retry-after-ms": "x", "retry-after": "7"}, 7.0, False),
        ({"retry-after-ms": "1e999", "retry-after": "7"}, None, True),
        ({"retry-after": WAIT}, 30.0, False),
        ({"retry-after": "Fri, 21 Nov 2025 02:00:00 GMT"}, None, False),
        ({"retry-after": "Fri, 21 Nov 2025 04:00:00 GMT"}, None, True),
        ({"retry-after": "21 Nov 2025 03:00:05"}, 5.0, False),
        ({"retry-after": "Fri, 99 Nov 2025 03:00:30 GMT"}, None, True),
    ],
)
def test_the_official_reading(headers: dict[str, str], seconds: float | None, too_long: bool) -> None:
    assert official_retry_after(Headers(headers), NOW) == OfficialWait(seconds, too_long=too_long)


OFFICIAL_CASES = [
    *GARBAGE, "3", "0", "1.5", "-1", "121", "120", "1e2", "1e999", WAIT, "21 Nov 2025 03:00:05 +0100", "Fri, 21 Nov 2025 04:00:00 GMT", "0.001", "Fri, 21 Nov 99999 03:00:00 GMT",
]  # fmt: skip


@pytest.mark.parametrize("text", OFFICIAL_CASES)
@pytest.mark.parametrize("name", ["retry-after", "retry-after-ms"])
def test_it_is_the_official_packages_own(text: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    openai = pytest.importorskip("openai")
    httpx2 = pytest.importorskip("httpx2")
    monkeypatch.setattr("time.time", lambda: NOW)
    with openai.OpenAI(api_key="k", base_url="http://127.0.0.1") as client:
        value = client._parse_retry_after_header(httpx2.Headers([(name.encode(), text.encode())]))
    ours = official_retry_after({name: text}, NOW)
    if value is None or not math.isfinite(value):
        assert ours == OfficialWait(None, too_long=False)
    else:
        assert ours == OfficialWait(value if 0 < value <= 120 else None, too_long=value > 120)


def test_from_headers() -> None:
    headers = Headers(
        {
            "X-RateLimit-Limit-Requests": "5000",
            "x-ratelimit-remaining-requests": "4999",
            "x-ratelimit-reset-requests": "12ms",
            "x-ratelimit-limit-tokens": "160000",
            "x-ratelimit-remaining-tokens": "-1",
            "x-ratelimit-reset-tokens": "6m0s",
            "retry-after": "2",
        }
    )
    limits = RateLimits.from_headers(headers)
    assert limits == RateLimits(5000, 160000, 4999, None, 0.012, 360.0, 2.0)
    assert pickle.loads(pickle.dumps(limits)) == limits
    assert RateLimits.from_headers({}) == RateLimits()
    assert RateLimits.from_headers({"retry-after": WAIT}, NOW).retry_after == 30.0
