"""Multipart bodies at every split."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.emulator.multipart import MultipartReader, PartData, PartEnd, PartHead, boundary
from antiphon.emulator.problem import Problem

Part = tuple[str, str | None, bytes]


def encoded(parts: list[Part], mark: bytes = b"XX") -> bytes:
    body = b""
    for name, filename, data in parts:
        file = f'; filename="{filename}"' if filename else ""
        body += (
            b"--" + mark + f'\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'.encode() + data + b"\r\n"
        )
    return body + b"--" + mark + b"--\r\n"


def read(chunks: list[bytes], mark: bytes = b"XX") -> list[Part]:
    reader = MultipartReader(mark)
    parts: list[Part] = []
    head, data, inside = PartHead("", None, ""), b"", False
    for chunk in chunks:
        for piece in reader.feed(chunk):
            match piece:
                case PartHead():
                    head, data, inside = piece, b"", True
                case PartData(more):
                    assert inside
                    data += more
                case PartEnd():
                    inside = False
                    parts.append((head.name, head.filename, data))
    reader.finish()
    return parts


PARTS: list[Part] = [
    ("purpose", None, b"batch"),
    ("file", "a b.jsonl", b"line\r\n--X\r\n\r\n--XY-\r\n-"),
    ("empty", None, b""),
]


def test_every_split_gives_the_same_parts() -> None:
    body = encoded(PARTS)
    for at in range(len(body)):
        assert read([body[:at], body[at:]]) == PARTS
    assert read([body[i : i + 1] for i in range(len(body))]) == PARTS


@given(st.lists(st.binary(max_size=60), min_size=1, max_size=4), st.lists(st.integers(1, 40), max_size=20))
def test_any_bytes_survive(datas: list[bytes], sizes: list[int]) -> None:
    parts: list[Part] = [(f"f{i}", "x", data) for i, data in enumerate(datas) if b"--XX" not in data]
    body, chunks = encoded(parts), []
    for size in sizes:
        chunks.append(body[:size])
        body = body[size:]
    assert read([*chunks, body]) == parts


@given(st.binary(max_size=200))
def test_garbage_is_refused_or_read(data: bytes) -> None:
    try:
        read([data])
    except Problem as problem:
        assert problem.status == 400  # noqa: PT017


def test_large_data_is_passed_on_at_once() -> None:
    reader = MultipartReader(b"XX")
    list(reader.feed(encoded([("file", "x", b"")])[:-10]))
    for _ in range(10):
        passed = sum(len(p.data) for p in reader.feed(b"a" * 100_000) if isinstance(p, PartData))
        assert passed >= 99_000


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--XX",
        b"--YY\r\n",
        encoded(PARTS)[:-6],
        b"--XX\r\nContent-Type: x\r\n\r\nabc\r\n--XX--",
        b"--XX\r\n" + b"h" * 20_000,
    ],
)
def test_broken_bodies(body: bytes) -> None:
    with pytest.raises(Problem) as caught:
        read([body])
    assert (caught.value.status, caught.value.code) == (400, "invalid_multipart")


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (b"multipart/form-data; boundary=abc", b"abc"),
        (b'Multipart/Form-Data; charset=utf-8; boundary="a b"', b"a b"),
    ],
)
def test_boundaries(header: bytes, found: bytes) -> None:
    assert boundary(header) == found


@pytest.mark.parametrize(
    ("header", "status"),
    [(b"application/json", 415), (b"", 415), (b"multipart/form-data", 400), (b"multipart/form-data; boundary=", 400)],
)
def test_wrong_content_types(header: bytes, status: int) -> None:
    with pytest.raises(Problem) as caught:
        boundary(header)
    assert caught.value.status == status
