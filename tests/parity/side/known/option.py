"""What is known to differ in what a call may carry."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..difference import ABSENT, Known, asked, each, place, raised, sent

PLACES = ("in the body", "as an argument")
MODEL = {"id": "m", "object": "model", "created": 1, "owned_by": "tests"}
RESPONSE = {"class": "Response", **MODEL}
BASE = {"in the body": {"model": "m", "input": "hi"}, "as an argument": {"model": "m", "input": "x"}}
NAME = {"in the body": "x", "as an argument": "metadata"}
INVALID = {"raises": ["OpenAIError", "ValueError"]}
"""`InvalidBody`, which names the place."""


def sent_here(why: str, error: str, body: Any) -> Known:
    """What theirs cannot encode, and ours sends."""
    return Known(why, {"result": raised(error), "requests": []}, {"result": RESPONSE, "requests": sent(body)})


WRITTEN: dict[str, Any] = {
    "set": [1],
    "frozen set": [1],
    "deque": [1],
    "generator": [1, 2],
    "range": [0, 1, 2],
    "map": ["1"],
    "date": "2026-11-21",
    "uuid": "00000000-0000-0000-0000-000000000001",
    "enumeration": "round",
    "a lone surrogate": "\ud800",
}
"""What ours writes where theirs fails: what JSON has for the value."""

REFUSED = (
    *("keys of bytes", "keys of tuples", "time of day", "span", "decimal", "path", "bytes", "bytearray", "object"),
    *("complex", "class"),
)
"""What neither sends."""

AS_TEXT: dict[str, tuple[str, tuple[str, ...]]] = {
    "time": ("x=2026-11-21+01%3A02%3A03.000004", ("x=2026-11-21T01%3A02%3A03.000004",)),
    "time with a zone": ("x=2026-11-21+01%3A02%3A03%2B00%3A00", ("x=2026-11-21T01%3A02%3A03%2B00%3A00",)),
    "enumeration": ("x=Shape.ROUND", ("x=round",)),
    "text enumeration": ("x=Word.ONE", ("x=one",)),
    "model": ("x=name%3D%27n%27+kind%3D%27x%27+when%3DNone+place%3D1", ("x%5Bname%5D=n",)),
    "model with all": (
        "x=name%3D%27n%27+kind%3D%27x%27+when%3Ddatetime.date%282026%2C+1%2C+1%29+place%3D2",
        ("x%5Bname%5D=n", "x%5BthePlace%5D=2", "x%5Bwhen%5D=2026-01-01"),
    ),
}
"""Query entries that theirs writes with `str()`, and ours as bodies have them."""

REPRS = {
    "set": "x=%7B1%7D",
    "frozen set": "x=frozenset%28%7B1%7D%29",
    "bytes": "x=b%27abc%27",
    "bytearray": "x=bytearray%28b%27abc%27%29",
}
"""Query entries that theirs writes as Python would show them."""


def form(theirs: tuple[bytes, ...], ours: tuple[bytes, ...]) -> Known:
    """A form that theirs calls JSON."""
    return Known(
        "a form is called one, with its boundary; theirs calls it JSON unless the caller names the type, and drops the body",
        {
            "requests.0.content-type": "application/json",
            "requests.0.": written(b"--", theirs),
            "requests.0.content-length": str.isdigit,
        },
        {
            "requests.0.content-type": "multipart/form-data; boundary=B",
            "requests.0.": written(b"--B\r\n", ours),
            "requests.0.content-length": ABSENT,
        },
    )


def written(start: bytes, parts: tuple[bytes, ...]) -> Callable[[Any], bool]:
    """A form with exactly these parts."""

    def fits(body: Any) -> bool:
        return (
            body.startswith(start)
            and body.count(b"Content-Disposition") == len(parts)
            and all(p in body for p in parts)
        )

    return fits


KNOWN: dict[str, Known] = {
    **{
        f"{name} {where}": sent_here(
            "JSON has a way to write it, and the caller has one meaning; theirs raises a bare error of `json`'s",
            "ValueError" if name == "a lone surrogate" else "TypeError",
            {**BASE[where], NAME[where]: value},
        )
        for name, value in WRITTEN.items()
        for where in PLACES
    },
    "proxy in the body": sent_here(
        "a read-only mapping is a mapping, in bodies as in arguments, where theirs takes it too",
        "TypeError",
        {**BASE["in the body"], "x": {"a": 1}},
    ),
    **each(
        [f"{name} {where}" for name in REFUSED for where in PLACES],
        place(
            "both refuse it before anything is sent; ours says where it stands, as an error of the package and a ValueError",
            "result",
            raised("TypeError"),
            INVALID,
        ),
    ),
    "model with all as an argument": Known(
        "a model's aliases are the names its server knows; theirs forgets them in arguments, and heeds them in extra_body",
        {"requests.0..metadata": {"name": "n", "when": "2026-01-01", "place": 2}},
        {"requests.0..metadata": {"name": "n", "when": "2026-01-01", "thePlace": 2}},
    ),
    **{
        f"{name} in the query": place(
            "a value means the same in a query as in a body; no server reads what Python's str() makes of it",
            "requests",
            asked(f"GET /v1/models/m?{theirs}"),
            asked(f"GET /v1/models/m?{'&'.join(ours)}"),
        )
        for name, (theirs, ours) in AS_TEXT.items()
    },
    **{
        f"{name} in the query": Known(
            "what has no way to be written is refused; theirs sends what Python shows of it",
            {"result": {"class": "Model", **MODEL}, "requests": asked(f"GET /v1/models/m?{theirs}")},
            {"result": INVALID, "requests": []},
        )
        for name, theirs in REPRS.items()
    },
    "url '//x/y'": place(
        "a path is a path, below the base URL; theirs takes its first segment for a host, and drops it",
        "requests.0.line.1",
        "/v1/y",
        "/v1/x/y",
    ),
    "url '/x?'": place("a mark that no query follows says nothing", "requests.0.line.1", "/v1/x?", "/v1/x"),
    "nested sentinels": sent_here(
        "what is not given is not sent, at any depth; theirs fails to encode it",
        "TypeError",
        {
            "model": "m",
            "input": [{"role": "user", "content": "x"}],
            "text": {"verbosity": None},
            "tools": [{"type": "function", "name": "f", "parameters": {}}],
        },
    ),
    "extra body of a get": place(
        "a body that somebody asked for on purpose is sent; theirs drops it from a GET without a word",
        "requests.0.",
        b"",
        {"x": 1},
    ),
    "post files": form(
        (b'name="f"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\nx\r\n',),
        (b'name="f"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\nx\r\n', b'name="a"\r\n\r\n1\r\n'),
    ),
    "post list of files": form(
        (b'name="f"; filename="a.txt"', b'name="f"; filename="b.txt"'),
        (b'name="f"; filename="a.txt"', b'name="f"; filename="b.txt"'),
    ),
    "options idempotency key": place(
        "who gives a key wants it sent; theirs takes it and does not", "requests.0.idempotency-key", ABSENT, "k"
    ),
}
