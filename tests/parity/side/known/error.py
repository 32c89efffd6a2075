"""What is known to differ in the bodies of errors."""

from __future__ import annotations

from ..difference import Known, each, place

NO_TEXT = place(
    "there was no text, so there is no body; `error.body or …` reads the same either way", "result.body", "", None
)
BLANK_TEXT = place("a text that is no JSON is kept as it came, blanks too", "result.body", "", "  \n ")
BOM = place(
    "JSON behind a byte order mark is still JSON (RFC 8259 lets a reader skip it); theirs leaves it as text, without a message",
    "result.body",
    '\ufeff{"error":{"message":"no"}}',
    {"message": "no"},
)


def unread(status: int, text: str, read: dict[str, object], said: str, **more: tuple[object, object]) -> Known:
    """JSON that is none, which theirs reads leniently."""
    start = f"Error code: {status} - "
    both = {"body": (read, text), "message": (start + said, start + text), "text": (start + said, start + text), **more}
    return Known(
        "what is no JSON is kept as text, in the body and in the message, so nothing of it is lost",
        {f"result.{name}": pair[0] for name, pair in both.items()},
        {f"result.{name}": pair[1] for name, pair in both.items()},
    )


MARKS = {400: "", 429: ", 429"}

KNOWN: dict[str, Known] = {
    **each(
        ["text nothing", "text nothing, 429", *(f"status {s} of nothing" for s in (400, 404, 422, 500, 503))], NO_TEXT
    ),
    **each(["text blanks", "text blanks, 429"], BLANK_TEXT),
    **each(["text with a BOM", "text with a BOM, 429"], BOM),
    **{
        f"text not UTF-8{mark}": unread(
            status, '{"error":{"message":"\ufffd\ufffd"}}', {"message": "\ufffd\ufffd"}, "\ufffd\ufffd"
        )
        for status, mark in MARKS.items()
    },
    **{
        f"text NaN{mark}": unread(
            status,
            '{"error":{"message":"no","code":NaN}}',
            {"message": "no", "code": float("nan")},
            "no",
            code=("nan", None),
        )
        for status, mark in MARKS.items()
    },
}
