"""1.3: how often a request is made, how long the pauses are, and what a second attempt sends."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime, formatdate
from typing import Any

import pytest

from tests.client.answer import CHAT, chat, create, ok, retrieve, wrong
from tests.transports.rude import chunk, chunked_head, hang_up, reply, reset

from .duet import EPOCH, Row, check_known, compare, entered, got
from .known.retry import KNOWN


def asked(client: Any, _: Any) -> Any:
    return retrieve(client)


def posted(client: Any, _: Any) -> Any:
    return create(client)


async def taken(client: Any, _: Any) -> Any:
    raw = await got(client.models.with_raw_response.retrieve("m"))
    return raw.retries_taken


async def taken_streamed(client: Any, _: Any) -> Any:
    async with entered(client.models.with_streaming_response.retrieve("m")) as raw:
        return raw.retries_taken, (await got(raw.json()))["id"]


def hinted(*lines: str, status: int = 429) -> Row:
    """A failure with fields, then success."""
    return Row([wrong(status, *lines), ok()], asked)


def at(seconds: float) -> str:
    return formatdate(EPOCH + seconds, usegmt=True)


class OneWay(io.BytesIO):
    """A file that cannot go back."""

    def seekable(self) -> bool:
        return False

    def seek(self, *_: Any) -> int:
        raise io.UnsupportedOperation

    def tell(self) -> int:
        raise io.UnsupportedOperation


def uploaded(file: Any) -> Any:
    return lambda client, _: client.files.create(file=file(), purpose="assistants")


def raw_post(**what: Any) -> Any:
    def do(client: Any, _: Any) -> Any:
        return client.post("/x", cast_to=object, **{name: v() if callable(v) else v for name, v in what.items()})

    return do


def moved(position: int) -> io.BytesIO:
    file = io.BytesIO(b"0123456789")
    file.seek(position)
    return file


SECONDS = [
    *(
        "0",
        "0.0",
        "0.001",
        "1",
        "1.5",
        "7",
        "119.9",
        "120",
        "120.0",
        "120.1",
        "121",
        "3600",
        "1e1",
        "1E2",
        "1e3",
        "1e400",
    ),
    *(
        "-1",
        "-0",
        "+3",
        " 3 ",
        "3s",
        "3,4",
        "",
        "nan",
        "inf",
        "-inf",
        "Infinity",
        "NaN",
        "0x10",
        "1_0",
        "１２",
        "½",
        "abc",
    ),
    *("1" + "0" * 30, "1" + "0" * 400, "." + "0" * 30 + "1", "1.", ".5", "3;q=1", "3 seconds"),
]
ZONE = timezone(timedelta(hours=2))
DATES = {
    "in 5 s": at(5),
    "in 0 s": at(0),
    "in 120 s": at(120),
    "in 121 s": at(121),
    "in an hour": at(3600),
    "a minute ago": at(-60),
    "of another zone": format_datetime(datetime.fromtimestamp(EPOCH + 9, ZONE)),
    "without a zone": at(9).removesuffix(" GMT"),
    "in minus nothing": at(9).replace("GMT", "-0000"),
    "of the older form": datetime.fromtimestamp(EPOCH + 9, UTC).strftime("%A, %d-%b-%y %H:%M:%S GMT"),
    "of C": datetime.fromtimestamp(EPOCH + 9, UTC).strftime("%a %b %d %H:%M:%S %Y"),
    "of ISO": datetime.fromtimestamp(EPOCH + 9, UTC).isoformat(),
    "of a day that is none": "Mon, 32 Jan 2027 00:00:00 GMT",
    "of the year 1": "Mon, 01 Jan 0001 00:00:00 GMT",
    "of the year 9999": "Fri, 31 Dec 9999 23:59:59 GMT",
}

ROWS: dict[str, Row] = {
    **{
        f"status {s}": Row([wrong(s)], posted)
        for s in (402, 405, 406, 410, 413, 425, 451, 499, 502, 504, 507, 520, 529, 599, 600)
    },
    **{f"retry-after {s[:12]!r} of {len(s)}": hinted(f"Retry-After: {s}".encode().decode("latin-1")) for s in SECONDS},
    **{
        f"retry-after-ms {s[:12]!r} of {len(s)}": hinted(f"retry-after-ms: {s}".encode().decode("latin-1"))
        for s in SECONDS
    },
    **{f"retry-after a date {name}": hinted(f"Retry-After: {date}") for name, date in DATES.items()},
    "milliseconds and seconds": hinted("retry-after-ms: 1500", "Retry-After: 7"),
    "bad milliseconds and seconds": hinted("retry-after-ms: soon", "Retry-After: 7"),
    "no milliseconds and seconds": hinted("retry-after-ms: 0", "Retry-After: 7"),
    "negative milliseconds and seconds": hinted("retry-after-ms: -5", "Retry-After: 7"),
    "endless milliseconds and seconds": hinted("retry-after-ms: inf", "Retry-After: 7"),
    "too many milliseconds and seconds": hinted("retry-after-ms: 999999", "Retry-After: 7"),
    "milliseconds and too many seconds": hinted("retry-after-ms: 1500", "Retry-After: 999"),
    "two retry-afters": hinted("Retry-After: 3", "Retry-After: 5"),
    "retry-after on a 500": hinted("Retry-After: 3", status=500),
    "retry-after on a 409": hinted("Retry-After: 3", status=409),
    "retry-after on a 400": hinted("Retry-After: 3", status=400),
    **{
        f"x-should-retry {value!r} on {status}": hinted(f"x-should-retry: {value}", status=status)
        for value in ("true", "false", "True", "FALSE", "1", "0", "yes", "", " true ")
        for status in (400, 503)
    },
    "x-should-retry false and retry-after": hinted("x-should-retry: false", "Retry-After: 3"),
    "x-should-retry true and retry-after": hinted("x-should-retry: true", "Retry-After: 3", status=404),
    "x-should-retry true and too long": hinted("x-should-retry: true", "Retry-After: 300"),
    "x-should-retry true on a 200": Row([ok({"id": "m"}, "x-should-retry: true")], asked),
    "should retry twice": hinted("x-should-retry: true", "x-should-retry: false"),
    "backoff to the ninth": Row([wrong(500)], asked, {"max_retries": 9}),
    "backoff mixed with a hint": Row(
        [wrong(500), wrong(500), wrong(429, "Retry-After: 2"), wrong(500), ok()], asked, {"max_retries": 5}
    ),
    "no retries": Row([wrong(500)], asked, {"max_retries": 0}),
    "retries of the copy": Row([wrong(500)], lambda c, p: retrieve(c.with_options(max_retries=4))),
    "retries of the call": Row([wrong(500)], lambda c, p: c.get("/x", cast_to=object, options={"max_retries": 1})),
    "retries None": Row([ok()], asked, {"max_retries": None}),
    "retries a word": Row([ok()], asked, {"max_retries": "two"}),
    "retries negative": Row([ok()], asked, {"max_retries": -1}),
    "retries a fraction": Row([ok()], asked, {"max_retries": 1.5}),
    "retries True": Row([wrong(500), ok()], asked, {"max_retries": True}),
    "retries of the call negative": Row([ok()], lambda c, p: c.get("/x", cast_to=object, options={"max_retries": -1})),
    "retries of the copy None": Row([ok()], lambda c, p: retrieve(c.with_options(max_retries=None))),
    "taken 0": Row([ok()], taken),
    "taken 2": Row([wrong(500), reset, ok()], taken),
    "taken in streaming": Row([wrong(500), ok()], taken_streamed),
    "mixed failures": Row([reset, wrong(429, "Retry-After: 4"), hang_up, ok()], posted, {"max_retries": 4}),
    "reset": Row([reset], posted),
    "half a body": Row([[reply(b'{"id"', length=50), hang_up], ok()], posted),
    "half a chunked body": Row([[chunked_head() + chunk(b"{"), hang_up], ok()], posted),
    "half a body of a failure": Row([[reply(b'{"id"', 500, length=50), hang_up], ok()], posted),
    "half a body of a final failure": Row([[reply(b'{"id"', 400, length=50), hang_up], ok()], posted),
    "a stream": Row([wrong(503), reset, CHAT], lambda c, p: chat(c)),
    "a stream with a hint": Row([wrong(503, "Retry-After: 2"), CHAT], lambda c, p: chat(c)),
    "upload of bytes": Row([wrong(500), ok()], uploaded(lambda: ("a.txt", b"content"))),
    "upload of a file": Row([wrong(500), ok()], uploaded(lambda: ("a.txt", io.BytesIO(b"content")))),
    "upload of a file half read": Row([wrong(500), ok()], uploaded(lambda: ("a.txt", moved(4)))),
    "upload that cannot go back": Row([wrong(500), ok()], uploaded(lambda: ("a.txt", OneWay(b"content")))),
    "upload that cannot go back, reset": Row([reset, ok()], uploaded(lambda: ("a.txt", OneWay(b"content")))),
    "content bytes": Row([wrong(500), ok()], raw_post(content=b"abc")),
    "content text": Row([wrong(500), ok()], raw_post(content="abc")),
    "content file": Row([wrong(500), ok()], raw_post(content=lambda: io.BytesIO(b"abc"))),
    "content file half read": Row([wrong(500), ok()], raw_post(content=lambda: moved(4))),
    "content generator": Row([wrong(500), ok()], raw_post(content=lambda: (part for part in (b"a", b"b")))),
    "content list": Row([wrong(500), ok()], raw_post(content=lambda: [b"a", b"b"])),
    "content tuple": Row([wrong(500), ok()], raw_post(content=lambda: (b"a", b"b"))),
    "redirect then failure": Row([reply(b"", 307, "Location: /v1/there"), wrong(500), ok()], posted),
    "redirect 303 of a post": Row([reply(b"", 303, "Location: /v1/there"), ok()], posted),
    "redirect 302 of a post": Row([reply(b"", 302, "Location: there"), ok()], posted),
    "redirect 301 of a post": Row([reply(b"", 301, "Location: ?x=1"), ok()], posted),
    "redirect 308 of a post": Row([reply(b"", 308, "Location: /v1/there#part"), ok()], posted),
    "redirect 302 of a get": Row([reply(b"", 302, "Location: /v1/there?a=b"), ok()], asked),
    "redirect 303 of a delete": Row([reply(b"", 303, "Location: /v1/there"), ok()], lambda c, p: c.models.delete("m")),
    "redirects for ever": Row([reply(b"", 302, "Location: /v1/there")], asked),
    "redirect without a place": Row([reply(b"", 302)], asked),
    "redirect that is a 300": Row([reply(b"{}", 300, "Location: /v1/there"), ok()], asked),
    "redirect not followed": Row(
        [reply(b"", 302, "Location: /v1/there"), ok()],
        lambda c, p: c.get("/x", cast_to=object, options={"follow_redirects": False}),
    ),
    "not modified": Row([reply(b"", 304)], asked),
}


@pytest.mark.parametrize("name", ROWS)
def test_retries(name: str, colour: str) -> None:
    compare(name, ROWS[name], colour, KNOWN)


def test_known_differences_are_of_rows() -> None:
    check_known(KNOWN, ROWS)
