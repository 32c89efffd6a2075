"""What is known to differ in options of raw calls, and in what their replies become."""

from __future__ import annotations

from ..difference import Known, each, place, raised, result, times

MODEL = {"id": "m", "object": "model", "created": 1, "owned_by": "o"}
INVALID = {"raises": ["OpenAIError", "ValueError"]}
TAKEN = "any class that can hold the reply is taken; theirs takes only models derived from its own base"
SPENT = "waiting fills no account: an exhausted quota is told at once, not after three attempts"

KNOWN: dict[str, Known] = {
    "extra json over a list": place(
        "both refuse it before anything is sent; ours is an error of the package, and names the argument",
        "result.raises",
        ["RuntimeError"],
        INVALID["raises"],
    ),
    "cast to a foreign model": result(TAKEN, raised("TypeError"), "id='m'"),
    "cast to a builder": result(TAKEN, raised("RuntimeError"), ["built", 200, MODEL]),
    "parsed to a foreign model": result(TAKEN, raised("TypeError"), [["Foreign", {"id": "m"}], True, True]),
    "a raw response": Known(
        "the phrase behind a status means nothing (HTTP/2 has none) and is the standard's; what was given out as seconds stays",
        {"result.reason.0": "Whatever", "result.elapsed of it": "timedelta"},
        {"result.reason.0": "OK", "result.elapsed of it": "float"},
    ),
    **each(
        ["an exhausted quota", "an exhausted credit"],
        Known(SPENT, {"requests": times(3), "slept": [0.5, 1.0]}, {"requests": times(1), "slept": []}),
    ),
}
