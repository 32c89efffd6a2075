"""1.13, files and webhooks: what is taken for a file and what its part says; which webhooks are taken, and how others fail."""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import json
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.client.answer import ok, wrong

from .duet import Row, check_known, compare, got
from .known.file import KNOWN


@pytest.fixture(scope="module", autouse=True)
def folder() -> Iterator[Path]:
    """A folder with one file."""
    with TemporaryDirectory() as name:
        path = Path(name) / "näme one.txt"
        path.write_bytes(b"of a path")
        PLACE["path"] = path
        yield Path(name)


PLACE: dict[str, Path] = {}


class Named(io.BytesIO):
    """A file with a name."""

    name = "/somewhere/named.bin"


class Numbered(io.BytesIO):
    """A file whose name is a number, as `os.fdopen` makes them."""

    name = 3


def path() -> Path:
    return PLACE["path"]


FILES: dict[str, Any] = {
    "bytes": lambda: b"content",
    "a bytearray": lambda: bytearray(b"content"),
    "a stream": lambda: io.BytesIO(b"content"),
    "a named stream": lambda: Named(b"content"),
    "a numbered stream": lambda: Numbered(b"content"),
    "a path": path,
    "an open file": lambda: path().open("rb"),
    "text": lambda: "content",
    "a path as text": lambda: str(path()),
    "a stream of text": lambda: io.StringIO("content"),
    "nothing": lambda: None,
    "a number": lambda: 5,
    "an empty tuple": lambda: (),
    **{
        f"a tuple of {name}": (lambda parts=parts: tuple(part() if callable(part) else part for part in parts))
        for name, parts in {
            "name and bytes": ("a.txt", b"content"),
            "name and text": ("a.txt", "content"),
            "name and stream": ("a.json", lambda: io.BytesIO(b"{}")),
            "name and path": ("a.txt", path),
            "no name": (None, b"content"),
            "name, bytes and type": ("a.txt", b"content", "text/x"),
            "name, bytes, type and fields": ("a.txt", b"content", "text/x", {"X-Part": "1"}),
            "name, bytes and no type": ("a.json", b"content", None),
            "an odd name": ('a"b\\c\nd é☃.txt', b"content"),
            "a name without an end": ("name", b"content"),
            "an empty name": ("", b"content"),
        }.items()
    },
}


def uploaded(file: Any) -> Any:
    return lambda c, p: c.files.create(file=file(), purpose="assistants")


def edited(*images: Any) -> Any:
    """A form with a list of files, and fields of every kind."""

    def do(client: Any, p: Any) -> Any:
        found = [image() for image in images]
        return client.images.edit(image=found if len(found) > 1 else found[0], prompt="é", n=2, user=p.omit, size=None)

    return do


async def from_path(client: Any, p: Any) -> Any:
    """`file_from_path`, and what it makes."""
    name, content = p.file_from_path(path())
    found = content if isinstance(content, bytes) else Path(content).read_bytes()
    return [name, found, (await got(client.files.create(file=p.file_from_path(str(path())), purpose="assistants"))).id]


SECRET = base64.b64encode(b"a secret of a webhook here").decode()
EVENT = json.dumps({"id": "evt", "object": "event", "type": "response.completed", "created_at": 1, "data": {"id": "r"}})


def signed(at: int, secret: str = SECRET, body: str = EVENT, **other: str) -> dict[str, str]:
    """The fields of a webhook that was sent then."""
    text = f"wh_1.{at}.{body}".encode()
    mark = base64.b64encode(hmac.new(base64.b64decode(secret), text, hashlib.sha256).digest()).decode()
    return {"webhook-id": "wh_1", "webhook-timestamp": str(at), "webhook-signature": f"v1,{mark}", **other}


def received(
    off: int = 0,
    body: Any = EVENT,
    method: str = "unwrap",
    key: str = SECRET,
    fields: dict[str, str | None] | None = None,
    **options: Any,
) -> Any:
    """A webhook that came so many seconds after it was sent."""

    async def do(client: Any, _: Any) -> Any:
        whole: dict[str, str | None] = {**signed(int(time.time()) - off, key), **(fields or {})}
        given = {name: value for name, value in whole.items() if value is not None}
        return await got(getattr(client.webhooks, method)(body, given, **options))

    return do


OTHER = base64.b64encode(b"another secret of a webhook").decode()
WEBHOOKS: dict[str, Any] = {
    "as it came": received(),
    "as bytes": received(body=EVENT.encode()),
    "verified": received(method="verify_signature"),
    "299 s late": received(299),
    "302 s late": received(302),
    "302 s early": received(-302),
    "10 s late, of 5": received(10, method="verify_signature", tolerance=5),
    "302 s late, of 400": received(302, method="verify_signature", tolerance=400),
    "of another body": received(body=EVENT.replace("evt", "evu")),
    "of another secret": received(key=OTHER),
    "of a given secret": received(secret=OTHER, key=OTHER),
    "of a given secret with its mark": received(secret=f"whsec_{OTHER}", key=OTHER),
    "of several signatures": received(fields={"webhook-signature": "v1,AAAA v2,BBBB"}),
    "of a version nobody knows": received(fields={"webhook-signature": "v9,AAAA"}),
    "without an id": received(fields={"webhook-id": None}),
    "without a time": received(fields={"webhook-timestamp": None}),
    "without a signature": received(fields={"webhook-signature": None}),
    "of a time that is none": received(fields={"webhook-timestamp": "soon"}),
}

ROWS: dict[str, Row] = {f"upload of {name}": Row([ok({"id": "f"})], uploaded(file)) for name, file in FILES.items()}
ROWS |= {
    f"upload of {name}, retried": Row([wrong(500), ok({"id": "f"})], uploaded(FILES[name]))
    for name in ("bytes", "a stream", "a path", "an open file", "a tuple of name and path")
}
ROWS |= {
    "one image": Row([ok({"data": []})], edited(FILES["bytes"])),
    "two images": Row([ok({"data": []})], edited(FILES["bytes"], FILES["a tuple of name, bytes and type"])),
    "file_from_path": Row([ok({"id": "f"})], from_path),
}
ROWS |= {f"webhook {name}": Row([ok()], do, {"webhook_secret": f"whsec_{SECRET}"}) for name, do in WEBHOOKS.items()}
ROWS |= {
    "webhook without a secret": Row([ok()], received()),
    "webhook verified without a secret": Row([ok()], received(method="verify_signature")),
    "webhook of a plain secret": Row([ok()], received(), {"webhook_secret": SECRET}),
}


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # what a row opens is the row's
@pytest.mark.parametrize("name", ROWS)
def test_files(name: str, colour: str) -> None:
    compare(name, ROWS[name], colour, KNOWN)


def test_known_differences_are_of_rows() -> None:
    check_known(KNOWN, ROWS)
