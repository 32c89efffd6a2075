"""What is known to differ in files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..difference import Known, place, raised


def named(name: bytes) -> Callable[[Any], bool]:
    """A form whose file has this name."""

    def fits(body: Any) -> bool:
        return body.count(b"filename=") == 1 and b'name="file"; filename="' + name + b'"\r\n' in body

    return fits


def one_form(requests: Any) -> bool:
    """One form with the content in it."""
    return len(requests) == 1 and b"\r\n\r\ncontent\r\n" in requests[0][""]


KNOWN: dict[str, Known] = {
    "upload of a bytearray": Known(
        "bytes that can change are bytes; theirs refuses them as if they were no file",
        {"result": raised("RuntimeError"), "requests": []},
        {"result": {"class": "FileObject", "id": "f"}, "requests": one_form},
    ),
    "upload of a numbered stream": place(
        "a descriptor's number is no name (`os.fdopen` gives it as one)", "requests.0.", named(b"3"), named(b"upload")
    ),
    "upload of an empty tuple": place(
        "both refuse it before anything is sent; theirs fails inside with an IndexError",
        "result.raises",
        ["IndexError"],
        frozenset(("OpenAIError", "ValueError", "RuntimeError")).issubset,
    ),
}
