"""What is known to differ in retries, and in redirects."""

from __future__ import annotations

from typing import Any

from ..difference import ABSENT, Known, each, holding, place, raised, times

MODEL = {"id": "m", "object": "model", "created": 1, "owned_by": "tests"}
FAILED = raised(
    "InternalServerError",
    says="Error code: 500 - no",
    status_code=500,
    param="p",
    type="t_error",
    body={"message": "no", "type": "t_error", "param": "p", "code": None},
)
DIGITS = "only ASCII digits are a number in HTTP; theirs reads what Python's float() takes"
STALE = (
    "a kept connection that dies before it answers is replaced once at no cost, since the server never saw the request "
    "(reliability.md, row 4); theirs counts an attempt and pauses"
)
NO_TYPE = "a GET without a body has no type of a body; theirs sends the POST's along"
REPLAYED = "bytes of a text can be sent again like any others; theirs gives up after the first attempt"
HANDED = "what a blocking client can send, an async one can; theirs fails before anything is sent"
CONTENT = [b"abc", b"abc"]


def handed(*bodies: Any, **differing: Any) -> Known:
    """What theirs cannot send from an async client."""
    return Known(
        HANDED,
        {"result": raised("RuntimeError"), "requests": [], **{name: [] for name in differing}},
        {
            "result": MODEL,
            "requests": holding(*bodies),
            **differing,
        },
    )


KNOWN: dict[str, Known] = {
    "retry-after '１２' of 2": place(DIGITS, "slept", [12.0], [0.5]),
    "retry-after-ms '１２' of 2": place(DIGITS, "slept", [0.012], [0.5]),
    "endless milliseconds and seconds": place(
        "milliseconds that are no number leave the word to the seconds, as malformed ones do in theirs",
        "slept",
        [0.5],
        [7.0],
    ),
    "taken 2": Known(
        STALE,
        {"result": 2, "requests.2.x-stainless-retry-count": "2", "slept": [0.5, 1.0]},
        {"result": 1, "requests.2.x-stainless-retry-count": "1", "slept": [0.5]},
    ),
    "mixed failures": Known(
        STALE,
        {"requests.3.x-stainless-retry-count": "3", "slept": [0.5, 4.0, 2.0]},
        {"requests.3.x-stainless-retry-count": "2", "slept": [0.5, 4.0]},
    ),
    "a stream": Known(
        STALE,
        {"requests.2.x-stainless-retry-count": "2", "slept": [0.5, 1.0]},
        {"requests.2.x-stainless-retry-count": "1", "slept": [0.5]},
    ),
    "half a body of a final failure": Known(
        "a refusal is a refusal, however little of its text came; theirs sends what was refused again",
        {"result": {"class": "Response", **MODEL}, "requests": times(2), "slept": [0.5]},
        {
            "result": raised("BadRequestError", says='Error code: 400 - {"id"', status_code=400, body='{"id"'),
            "requests": times(1),
            "slept": [],
        },
    ),
    "content text": Known(
        REPLAYED,
        {"result": FAILED, "requests": times(1), "slept": []},
        {
            "result": MODEL,
            "requests": holding(*CONTENT),
            "slept": [0.5],
        },
    ),
    "content file @async": handed(*CONTENT, slept=[0.5]),
    "content file half read @async": handed(456789, 456789, slept=[0.5]),
    "content generator @async": Known(
        HANDED,
        {"result": raised("RuntimeError"), "requests": []},
        {"result": FAILED, "requests": holding(b"ab")},
    ),
    **each(["content list @async", "content tuple @async"], handed(b"ab", b"ab", slept=[0.5])),
    **each(
        [f"redirect {status} of a post" for status in (301, 302, 303)] + ["redirect 303 of a delete"],
        place(NO_TYPE, "requests.1.content-type", "application/json", ABSENT),
    ),
    "redirects for ever": Known(
        "a server that runs in a circle is not asked again from the start; ours follows ten, and says so; theirs twenty, thrice",
        {"result": raised("APIConnectionError"), "requests": times(63), "slept": [0.5, 1.0]},
        {
            "result": raised(
                "APIStatusError",
                says="more than 10 redirects; the server sends this path in a circle",
                status_code=302,
            ),
            "requests": times(11),
            "slept": [],
        },
    ),
    "redirect without a place": Known(
        "the error says what is missing; there was no text, so there is no body",
        {"result.body": "", "result.message": "Error code: 302", "result.text": "Error code: 302"},
        {
            "result.body": None,
            "result.message": "status 302 without a usable Location",
            "result.text": "status 302 without a usable Location",
        },
    ),
    **each(
        ["not modified", "redirect not followed"],
        place("there was no text, so there is no body; `error.body or …` reads the same", "result.body", "", None),
    ),
}
