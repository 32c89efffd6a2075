"""Forms, held against what the official package puts on the wire."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from email.parser import BytesParser
from email.policy import HTTP
from pathlib import Path
from typing import Any

import openai
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.core.files import InvalidFile
from antiphon.core.multipart import SMALL, MultipartBody, multipart
from antiphon.core.omit import not_given, omit
from antiphon.core.request import BodyStream
from antiphon.errors import InvalidBody

from .recorder import recording

Wire = tuple[str, bytes]
FILE = (("file",),)
IMAGES = (("image",), ("image", "<array>"), ("markup",), ("mask",))
FILES = (("files", "<array>"), ("files",))


def ours(body: dict[str, Any], paths: Any = (), files: Any = None, operation: str = "") -> Wire:
    content, kind = multipart(body, files, paths, operation=operation, boundary="B")
    return (kind or "application/json").replace("; boundary=B", ""), b"".join(
        [content] if isinstance(content, bytes) else content  # type: ignore[list-item,arg-type]
    )


def normal(headers: dict[str, str], body: bytes) -> Wire:
    kind, _, boundary = headers["content-type"].partition("; boundary=")
    return kind, body.replace(boundary.encode(), b"B") if boundary else body


CASES: list[tuple[Callable[[openai.OpenAI], Any], Callable[[], Wire]]] = []


def case(theirs: Callable[[openai.OpenAI], Any], mine: Callable[[], Wire]) -> None:
    CASES.append((theirs, mine))


def file_case(make: Callable[[], Any], **more: Any) -> None:
    case(
        lambda client: client.files.create(file=make(), purpose="batch", extra_body=more),
        lambda: ours({"file": make(), "purpose": "batch", **more}, FILE),
    )


def named() -> io.BytesIO:
    file = io.BytesIO(b"abc")
    file.name = "dir/n.txt"
    return file


for made in (
    lambda: b"abc",
    lambda: io.BytesIO(b"abc"),
    named,
    lambda: ("n.txt", b"abc"),
    lambda: ("n.txt", "abc"),
    lambda: (None, b"abc"),
    lambda: ("n.bin", b"abc", "text/x"),
    lambda: ("n.bin", b"abc", None),
    lambda: ("n.bin", b"abc", "text/x", {"X-A": "1"}),
    lambda: ("n.bin", b"abc", None, {"content-type": "a/b"}),
    lambda: ("dir/n.tar.gz", b"abc"),
    lambda: ('a"b\\c\r\nü%22\t\x1b.txt', b"abc"),
    lambda: Path(__file__),
    lambda: ("n.py", Path(__file__)),
):
    file_case(made)

file_case(
    lambda: b"a",
    l=[1, 2, {"x": None}],
    n=None,
    b=True,
    c=False,
    f=1.5,
    d={"a": {"b": []}, "c": {"d": [True, "x"]}},
    e="",
    s="x y\r\nü",
    g=[{"x": 1, "y": 2}, {"x": 3, "y": 4}],
)
file_case(lambda: b"a", expires_after={"anchor": "created_at", "seconds": 3600}, **{'q"ü\n': "v", "": 1})
for images in ([b"a", ("n.png", b"b")], [b"a"], b"a", []):
    case(
        lambda client, images=images: client.images.edit(image=images, prompt="p", n=2, mask=("m.png", b"m")),
        lambda images=images: ours({"prompt": "p", "n": 2, "image": images, "mask": ("m.png", b"m")}, IMAGES),
    )
case(lambda client: client.images.edit(image=[], prompt="p"), lambda: ours({"image": [], "prompt": "p"}, IMAGES))
case(
    lambda client: client.audio.transcriptions.create(
        file=("a.mp3", b"x"),
        model="whisper-1",
        temperature=0.5,
        timestamp_granularities=["word", "segment"],
        include=["logprobs"],
        chunking_strategy={"type": "server_vad", "threshold": 0.5},
    ),
    lambda: ours(
        {
            "file": ("a.mp3", b"x"),
            "model": "whisper-1",
            "chunking_strategy": {"type": "server_vad", "threshold": 0.5},
            "include": ["logprobs"],
            "language": omit,
            "prompt": not_given,
            "temperature": 0.5,
            "timestamp_granularities": ["word", "segment"],
        },
        FILE,
    ),
)
for values in ({}, {"files": b"zip"}, {"files": [("a/SKILL.md", b"x"), b"y"]}):
    case(
        lambda client, values=values: client.skills.create(**values),
        lambda values=values: ours(values, FILES, operation="skills.create"),
    )
for values in ({}, {"file_id": "f"}, {"file": b"x", "file_id": "f"}):
    case(
        lambda client, values=values: client.containers.files.create("c", **values),
        lambda values=values: ours(values, FILE, operation="containers.files.create"),
    )
for values in ({"sdp": "v=0\r\n"}, {"sdp": "v=0", "session": {"type": "realtime", "model": "ü"}}):
    case(
        lambda client, values=values: client.realtime.calls.create(**values),
        lambda values=values: ours(values, operation="realtime.calls.create"),
    )
case(
    lambda client: client.post(
        "/x",
        cast_to=object,
        body={"a": [1]},
        files={"f": b"x", "g[]": ("n", b"y")},
        options={"headers": {"Content-Type": "multipart/form-data"}},
    ),
    lambda: ours({"a": [1]}, files={"f": b"x", "g[]": ("n", b"y")}),
)
case(
    lambda client: client.post(
        "/x",
        cast_to=object,
        files=[("f[]", b"x"), ("f[]", ("n", b"y"))],
        options={"headers": {"Content-Type": "multipart/form-data"}},
    ),
    lambda: ours({}, files=[("f[]", b"x"), ("f[]", ("n", b"y"))]),
)


def test_the_wire_shows_what_the_official_package_shows() -> None:
    with recording() as recorder, openai.OpenAI(api_key="k", base_url=recorder.url, max_retries=0) as client:
        for theirs, _ in CASES:
            theirs(client)
        expected = [normal(received.headers, received.body) for received in recorder.received]
    assert len(expected) == len(CASES)
    for (_, mine), wire in zip(CASES, expected, strict=True):
        assert mine() == wire


def test_a_small_form_in_memory_is_bytes_and_a_file_is_a_stream() -> None:
    content, kind = multipart({"a": 1}, {"f": b"x"})
    assert isinstance(content, bytes)
    assert kind is not None
    assert re.fullmatch(r"multipart/form-data; boundary=[0-9a-f]{32}", kind)
    assert multipart({}, {"f": b"x"})[1] != multipart({}, {"f": b"x"})[1]
    for big in ({"f": Path(__file__)}, {"f": b"x" * SMALL}, {"f": io.BytesIO(b"x")}):
        body, _ = multipart({"a": 1}, big)
        assert isinstance(body, MultipartBody)
        assert isinstance(body, BodyStream)
        assert body.length == len(b"".join(body))
        assert body.rewind()
        assert body.length == len(b"".join(body))


class Feed:
    def __init__(self) -> None:
        self.pieces = [b"a" * 300_000, b"b"]

    def read(self, size: int = -1) -> bytes:
        return self.pieces.pop(0) if self.pieces else b""


def test_a_part_of_unknown_length_makes_a_form_of_unknown_length_that_is_sent_once() -> None:
    body, _ = multipart({}, [("f", ("n", Feed())), ("g", b"x")], boundary="B")
    assert isinstance(body, MultipartBody)
    assert body.length is None
    assert body.rewind()
    whole = b"".join(body)
    assert b"a" * 300_000 + b"b\r\n--B\r\n" in whole
    assert whole.endswith(b"\r\n\r\nx\r\n--B--\r\n")
    assert not body.rewind()


@pytest.mark.parametrize(
    ("value", "path"),
    [
        (("n", b"", "a/b\r\nX: y"), "f"),
        (("n", b"", None, {"X:": "y"}), "f"),
        (("n", b"", None, {"X": "y\0"}), "f"),
        ("text", "f"),
    ],
)
def test_files_that_cannot_be_sent(value: Any, path: str) -> None:
    with pytest.raises(InvalidFile) as caught:
        multipart({}, {"f": value})
    assert caught.value.path == path


def test_fields_that_cannot_be_sent() -> None:
    with pytest.raises(InvalidBody, match="no text form"):
        multipart({"a": [b"x"]}, {})
    with pytest.raises(InvalidBody, match="surrogate"):
        multipart({"a": "\ud800"}, {})
    with pytest.raises(InvalidBody, match="surrogate"):
        multipart({}, {"\ud800": b"x"})
    with pytest.raises(InvalidBody, match="sdp"):
        multipart({"sdp": 5}, None, operation="realtime.calls.create")


def test_a_name_that_is_no_unicode_on_disk_keeps_its_bytes() -> None:
    content, _ = multipart({}, {"f": (b"\xff.txt".decode("utf-8", "surrogateescape"), b"")})
    assert isinstance(content, bytes)
    assert b'filename="\xff.txt"' in content


NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(NAMES, st.text("aü\r\n-", max_size=20)), max_size=4),
    st.lists(st.tuples(NAMES, NAMES.filter(bool), st.binary(max_size=50)), max_size=3),
)
def test_another_parser_reads_what_was_sent(fields: list[tuple[str, str]], files: list[tuple[str, str, bytes]]) -> None:
    uniques = dict(fields)
    content, kind = multipart(uniques, [(key, (name, data)) for key, name, data in files])
    assert isinstance(content, bytes)
    parts: Any = BytesParser(policy=HTTP).parsebytes(f"Content-Type: {kind}\r\n\r\n".encode() + content).get_payload()
    if not uniques and not files:
        return
    expected = [text.encode() for text in uniques.values()] + [data for _, _, data in files]
    assert content.count(f"--{kind.partition('=')[2]}".encode()) == len(expected) + 1  # type: ignore[union-attr]
    assert len(parts) == len(expected)
    for data in expected:
        assert b"\r\n\r\n" + data + b"\r\n--" in content
