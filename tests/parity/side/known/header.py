"""What is known to differ in header fields."""

from __future__ import annotations

from typing import Any

from ..difference import ABSENT, Known, each, place, raised, sent

POSTED: dict[str, Any] = {"class": "Response", "id": "m", "object": "model", "created": 1, "owned_by": "tests"}
BODY = {"model": "m", "input": "hi"}
USER_AGENT = "httpx2 puts its own name where the caller wanted none; what was left out is left out"


def without_key(requests: Any) -> bool:
    """One request, without a credential."""
    return sent(BODY)([{**requests[0], "authorization": ""}]) and "authorization" not in requests[0]


def with_field(value: str | None) -> Any:
    """One request, with this in `X-Mine`."""

    def fits(requests: Any) -> bool:
        return sent(BODY)(requests) and requests[0].get("x-mine") == value

    return fits


def of_httpx2(value: Any) -> bool:
    """The name that httpx2 gives itself."""
    return str(value).startswith("python-httpx2/")


def refused(why: str, error: str, requests: Any, slept: list[float] | None = None) -> Known:
    """What theirs refuses, and ours sends."""
    if slept:
        return Known(
            why,
            {"result": raised(error), "requests": [], "slept": slept},
            {"result": POSTED, "requests": requests, "slept": []},
        )
    return Known(why, {"result": raised(error), "requests": []}, {"result": POSTED, "requests": requests})


KNOWN: dict[str, Known] = {
    "default Authorization left out": refused(
        "theirs heeds a credential that is left out in one call, and refuses it left out for the whole client",
        "TypeError",
        without_key,
    ),
    **each(
        ["default User-Agent left out", "User-Agent left out"],
        place(USER_AGENT, "requests.0.user-agent", of_httpx2, "none"),
    ),
    **each(["default Accept left out", "Accept left out"], place(USER_AGENT, "requests.0.accept", "*/*", ABSENT)),
    **{
        f"default x-stainless-async left out @{colour}": place(
            "names of fields have no case; theirs heeds it where a default is left out",
            "requests.0.x-stainless-async",
            value,
            ABSENT,
        )
        for colour, value in (("sync", "false"), ("async", "async:asyncio"))
    },
    "a field with blanks around": refused(
        "blanks around a value are no part of it in HTTP, and receivers drop them; theirs tries three times what it never sends",
        "APIConnectionError",
        with_field("  a  "),
        [0.5, 1.0],
    ),
    "a field of latin letters": refused(
        "theirs encodes values as ASCII; latin-1 is what HTTP/1.1 carries", "ValueError", with_field("\xe9")
    ),
    "a field of None": refused(
        "None leaves a field out, as everywhere else; theirs fails inside httpx2", "TypeError", with_field(None)
    ),
    "a number as a field": refused(
        "a number has one way to be written; theirs fails inside httpx2", "TypeError", with_field("1")
    ),
}
