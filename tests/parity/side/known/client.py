"""What is known to differ in clients."""

from __future__ import annotations

from typing import Any

from ..difference import Known, asked, holding, place, raised, result

SLASH = "a base URL ends in a slash, for sockets as for requests; where it leads is the same"
QUERY = "a base URL keeps its query behind the path; theirs writes the path behind the query, where no server finds it"


def told(**other: Any) -> dict[str, Any]:
    """What a client says of itself, but for this."""
    plain: dict[str, Any] = {
        "api_key": "sk-canary-6f1d2c-not-to-be-seen",
        "admin_api_key": "sk-admin-canary-91aa",
        "organization": "o0",
        "project": None,
        "webhook_secret": None,
        "max_retries": 2,
        "timeout": [5.0, 600, 600, 600],
        "base_url": "{url}/v1/",
        "sockets": None,
        "closed": False,
        "query": {},
    }
    return {**plain, **other}


KNOWN: dict[str, Known] = {
    "with everything": place(SLASH, "result.sockets", "wss://example.com/ws", "wss://example.com/ws/"),
    "copy: websocket_base_url": place(SLASH, "result.0.sockets", "wss://x/y", "wss://x/y/"),
    "base urls": Known(
        QUERY,
        {"requests.2.line": ["GET", "/a/b/?", "x=1models/m"]},
        {"requests.2.line": ["GET", "/a/b/models/m?", "x=1"]},
    ),
    "a base url with a query": place(QUERY, "requests", asked("GET /v1/?a=bmodels/m"), asked("GET /v1/models/m?a=b")),
    **{
        f"a key of a function @{colour}": result(
            "what a function gave is not kept where another task's call would take it; the key is the function's to know",
            "key-3",
            "",
        )
        for colour in ("sync", "async")
    },
    "copy: _extra_kwargs": Known(
        "what is said last holds; theirs calls its own constructor with one argument twice",
        {"result": raised("TypeError"), "requests": []},
        {"result": [told(organization="extra"), True, told()], "requests": holding({"model": "m", "input": "hi"})},
    ),
    "environment: a base url with blanks": Known(
        "a URL that cannot be right is refused when the client is made, not tried three times",
        {"result": raised("APIConnectionError"), "slept": [0.5, 1.0]},
        {"result": {"raises": ["OpenAIError", "ValueError"]}, "slept": []},
    ),
    "environment: an empty base url": place(
        "an empty variable is an absent one, which is how shells and containers unset them; theirs then knows no host",
        "result.base_url",
        "",
        "https://api.openai.com/v1/",
    ),
}
