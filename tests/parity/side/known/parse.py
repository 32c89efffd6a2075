"""What is known to differ in structured output."""

from __future__ import annotations

from ..difference import Known, place

WORDS = "the class and the completion on it are what programs read; the text is antiphon's own, and says what to do"

KNOWN: dict[str, Known] = {
    "cut": place(
        WORDS,
        "result.1",
        "Could not parse response content as the length limit was reached",
        "the output stopped at its length limit and cannot be parsed; raise max_tokens or ask for less",
    ),
    "filtered": place(
        WORDS,
        "result.1",
        "Could not parse response content as the request was rejected by the content filter",
        "the content filter stopped the output, so it cannot be parsed",
    ),
}
