"""The faults that networks, servers and callers come up with, and what is made of each; the tests that show it name the row.

Knows the words; which tests there are is read out of the test files.
"""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

TESTS = Path(__file__).resolve().parent.parent / "tests"
_NAMES = re.compile(r"^ *(?:async )?def (test_\w*?rows?_\d\w*)", re.MULTILINE)
_NUMBERS = re.compile(r"rows?_((?:\d+_|to_(?=\d))+)")


class Fault(NamedTuple):
    """One row: what happens, and what comes of it; `waits` names what has to be there first."""

    fault: str
    outcome: str
    waits: str = ""


_BULK = "the bulk runner"
_PLAYGROUND = "the playground"
FAULTS: dict[int, Fault] = {
    1: Fault("a name that does not resolve", "tried again as not sent, then `ConnectError` with phase `dns`"),
    2: Fault("connection refused, or nobody answers", "connect timeout, the next target, the circuit counts it"),
    3: Fault(
        "a certificate that is expired, of another host, self-signed; an old TLS",
        "`TLSError`; never again there, never in plain text",
    ),
    4: Fault(
        "a kept connection that died before the first byte", "once more on a fresh one, not counted as an attempt"
    ),
    5: Fault("a reset before the reply, the body sent", "may have been carried out: tried again by the rule for that"),
    6: Fault("a reset in the middle of a body", "the part is dropped and never parsed; tried again"),
    7: Fault("a length larger than the body", "`TruncatedBody`, tried again"),
    8: Fault("a length smaller than the body", "the body ends at its length, the connection is closed"),
    9: Fault("two lengths, or a length and chunks", "`ProtocolError`, the connection is closed"),
    10: Fault("chunks without a size, without an end, or with a huge extension", "`ProtocolError` or `TruncatedBody`"),
    11: Fault("a head that comes drop by drop", "a timeout that names its phase"),
    12: Fault(
        "a body that comes drop by drop, or comments for ever", "a timeout that names its phase; the deadline holds"
    ),
    13: Fault("a flood of 1xx replies", "20 are taken, then `ProtocolError`"),
    14: Fault("too many, too large, split or strange header fields", "`ProtocolError`; values are not shown"),
    15: Fault("HTTP/2 GOAWAY, refused streams, resets (over an httpx client)", "what was not processed is tried again"),
    16: Fault("a proxy that refuses, or answers itself with HTML", "`ProxyError`, `UnexpectedContentType`"),
    17: Fault("fork, a closed event loop, a closed client", "fresh connections; `ClientClosed`"),
    18: Fault("the clock of the machine jumps", "limits and circuits go on: they do not look at it"),
    19: Fault("429 with `Retry-After`", "waited for, and hardly longer; the circuit does not count it"),
    20: Fault("a `Retry-After` that is no number", "ignored"),
    21: Fault("a `Retry-After` of an hour", "told at once; waited for where patience was asked for"),
    22: Fault("a `Retry-After` date from a clock that is wrong", "corrected by the reply's own date"),
    23: Fault("`retry-after-ms` and `Retry-After`", "the milliseconds count"),
    24: Fault("`x-should-retry`", "obeyed, within attempts and deadline"),
    25: Fault("a quota that is used up", "one attempt; the credential rests; told once"),
    26: Fault("a request larger than the limit", "`RequestTooLarge`, before it is sent where that can be known"),
    27: Fault("a key that was rotated", "asked for anew, once"),
    28: Fault("HTML from a firewall, 404 from a wrong base URL", "the typed error with a hint"),
    29: Fault("5xx", "tried again but for 501 and 505 (the official rules: those too)"),
    30: Fault("an error object under 200", "`APIError`, judged by its code"),
    31: Fault("204, 304 where a result was promised", "`UnexpectedStatus`"),
    32: Fault("redirects to elsewhere, to plain HTTP, in a circle", "`RedirectRefused`; no key leaves the origin"),
    33: Fault("strange rate-limit headers", "absent where they are not plain"),
    34: Fault("rate-limit headers that come out of order", "older news is not heeded"),
    35: Fault("a request id that is missing, doubled or huge", "cut to 128 plain characters"),
    36: Fault("no JSON, an empty body, `null`", "`MalformedResponse`; tried again once"),
    37: Fault("no UTF-8, UTF-16, a byte order mark", "the mark is skipped, the rest refused"),
    38: Fault("100,000 nested brackets", "`MalformedResponse`"),
    39: Fault("numbers of 5,000 digits, NaN, repeated keys", "refused; of repeated keys the last counts"),
    40: Fault("half a surrogate pair", "delivered, sent and written as it is"),
    41: Fault("compressed bombs, nested or broken encodings", "`ResponseTooLarge` or a typed error, in bounded memory"),
    42: Fault("a body of gigabytes", "`ResponseTooLarge`, the connection is closed"),
    43: Fault("unknown values, events and fields; no usage", "kept as they are; budgets call it uncertain"),
    44: Fault("values of another type, absurd numbers", "kept, or refused where strict; budgets clamp and flag"),
    45: Fault("no choices, tool arguments that are no JSON", "delivered; the helper that needs them says so"),
    46: Fault("a stream that ends without its last event", "`StreamTruncated` with what came"),
    47: Fault("a stream that breaks", "`StreamInterrupted` with what came; never silently begun anew"),
    48: Fault("an error event in a stream", "the typed error; what came is kept"),
    49: Fault("events cut anywhere, every kind of line end", "the same events for any cut"),
    50: Fault("other line separators inside JSON", "they end no line"),
    51: Fault("a letter cut in two, bytes that are no text", "joined; `MalformedStream`"),
    52: Fault("an endless line, a million events, a huge one", "bounded, and in time that grows with the length"),
    53: Fault("events after the end, out of order, twice", "ignored after the end; `StreamOutOfOrder`"),
    54: Fault("a reader that leaves", "the connection is closed, what was held is given back"),
    55: Fault("JSON where events were asked for, and the reverse", "read as what it is"),
    56: Fault("a key with blanks, quotes or line breaks", "`InvalidCredential` that does not show it"),
    57: Fault("a key for another host, plain HTTP, a strange base URL", "refused before anything is sent"),
    58: Fault("ids that are paths", "one encoded segment; an empty one is refused"),
    59: Fault("pickle, copy, `vars`, JSON of clients and errors", "no secret in any"),
    60: Fault("10,000 calls, half of them cancelled", "nothing is left behind"),
    61: Fault("Ctrl-C or cancellation while something waits", "at once, and what was held is given back"),
    62: Fault("a callback that raises", "logged; the call goes on"),
    63: Fault("a budget of nothing, without price or usage, raced for", "never above its hard limit"),
    64: Fault("the process is killed", "one output for each input", _BULK),
    65: Fault("input files of every kind", "a record or a refusal for each line", _BULK),
    66: Fault("a full disk, two runners, another version's file", "a clean stop", _BULK),
    67: Fault("one item that never succeeds", "the others finish", _BULK),
    68: Fault(
        "webhooks that are altered, old, doubled or not signed", "`InvalidWebhookSignatureError`, whatever is wrong"
    ),
    69: Fault("a foreign `Host`", "refused before routing"),
    70: Fault("a foreign `Origin`, forms, other sites", "refused, without effect"),
    71: Fault("model output with scripts, links, escapes", "shown as text", _PLAYGROUND),
    72: Fault("path traversal, floods, absurd fault plans", "refused and bounded"),
}


def shown() -> dict[int, list[str]]:
    """The tests of each row, as `file::test`."""
    found: dict[int, list[str]] = defaultdict(list)
    for path in sorted(TESTS.rglob("test_*.py")):
        for name in _NAMES.findall(path.read_text("utf-8")):
            for numbers in _NUMBERS.findall(name):
                for number in _spread(numbers.strip("_").split("_")):
                    found[number].append(f"{path.relative_to(TESTS).as_posix()}::{name}")
    return dict(found)


def _spread(words: list[str]) -> list[int]:
    """The numbers that words name, `["3", "to", "5"]` being three of them."""
    numbers: list[int] = []
    for place, word in enumerate(words):
        if word == "to":
            numbers += range(numbers[-1] + 1, int(words[place + 1]))
        else:
            numbers.append(int(word))
    return numbers


def table() -> str:
    """The rows as Markdown, each with one of its tests."""
    tests = shown()
    lines = ["| # | fault | outcome | shown by, among others |", "| --- | --- | --- | --- |"]
    for number, (fault, outcome, waits) in FAULTS.items():
        known = tests.get(number)
        proof = f"`{known[0]}`" if known else f"waits for {waits}"
        lines.append(f"| {number} | {fault} | {outcome} | {proof} |")
    return "\n".join(lines) + "\n"
