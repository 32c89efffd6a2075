"""File inputs of every kind, and what is refused."""

from __future__ import annotations

import copy
import io
import os
import tempfile
import threading
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from antiphon.core.files import PIECE, FilePart, InvalidFile, Source, extract_files, file_from_path
from antiphon.core.omit import not_given, omit
from antiphon.errors import BodyNotReplayable, InvalidBody


def sent(value: Any) -> bytes:
    return b"".join(FilePart("file", value).source.pieces())


def named(name: object) -> io.BytesIO:
    file = io.BytesIO(b"abc")
    file.name = name  # type: ignore[attr-defined]
    return file


@pytest.mark.parametrize(
    ("value", "filename", "headers", "content"),
    [
        (b"abc", "upload", {"Content-Type": "application/octet-stream"}, b"abc"),
        (b"", "upload", {"Content-Type": "application/octet-stream"}, b""),
        (bytearray(b"abc"), "upload", {"Content-Type": "application/octet-stream"}, b"abc"),
        (memoryview(b"abc")[1:], "upload", {"Content-Type": "application/octet-stream"}, b"bc"),
        (io.BytesIO(b"abc"), "upload", {"Content-Type": "application/octet-stream"}, b"abc"),
        (named("dir/n.txt"), "n.txt", {"Content-Type": "text/plain"}, b"abc"),
        (named(b"n.txt"), "n.txt", {"Content-Type": "text/plain"}, b"abc"),
        (named(5), "upload", {"Content-Type": "application/octet-stream"}, b"abc"),
        (("n.txt", b"abc"), "n.txt", {"Content-Type": "text/plain"}, b"abc"),
        (("n.txt", "äbc"), "n.txt", {"Content-Type": "text/plain"}, "äbc".encode()),
        (("n.txt", io.BytesIO(b"abc")), "n.txt", {"Content-Type": "text/plain"}, b"abc"),
        (("dir/n.bin", b"abc", "text/x"), "dir/n.bin", {"Content-Type": "text/x"}, b"abc"),
        (("n.bin", b"abc", None), "n.bin", {"Content-Type": "application/octet-stream"}, b"abc"),
        (("n", b"abc", "a/b", {"X-A": "1"}), "n", {"X-A": "1", "Content-Type": "a/b"}, b"abc"),
        (("n", b"abc", "a/b", {"content-type": "c/d"}), "n", {"content-type": "c/d"}, b"abc"),
        ((None, b"abc"), None, {}, b"abc"),
        (("", b"abc"), "", {}, b"abc"),
        ((None, b"abc", "application/json"), None, {"Content-Type": "application/json"}, b"abc"),
    ],
)
def test_kinds(value: Any, filename: str | None, headers: dict[str, str], content: bytes) -> None:
    part = FilePart("file", value)
    assert part.filename == filename
    assert part.headers == headers
    assert part.source.length == len(content)
    assert b"".join(part.source.pieces()) == content
    assert part.source.rewind()
    assert b"".join(part.source.pieces()) == content


def test_paths(tmp_path: Path) -> None:
    path = tmp_path / "a b.png"
    path.write_bytes(b"PNG")
    part = FilePart("file", path)
    assert (part.filename, part.headers, part.source.length) == ("a b.png", {"Content-Type": "image/png"}, 3)
    assert b"".join(part.source.pieces()) == b"PNG"
    assert part.source.rewind()
    assert b"".join(part.source.pieces()) == b"PNG"
    assert FilePart("file", ("n.txt", path)).filename == "n.txt"
    assert file_from_path(str(path)) == ("a b.png", path)
    assert sent(file_from_path(path)) == b"PNG"
    with path.open("rb") as file:
        assert FilePart("file", file).filename == "a b.png"


def test_paths_are_opened_only_while_they_are_sent(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"x" * PIECE * 3)
    part = FilePart("file", path)

    def is_open() -> bool:
        return any(os.path.realpath(link) == str(path) for link in Path("/proc/self/fd").iterdir())

    if not Path("/proc/self/fd").exists():
        pytest.skip("needs /proc")
    assert not is_open()
    pieces = part.source.pieces()
    next(pieces)
    assert is_open()
    pieces.close()  # type: ignore[attr-defined]
    assert not is_open()


def test_a_source_of_nothing() -> None:
    assert list(Source().pieces()) == []
    assert Source().rewind()


def test_a_file_object_is_sent_from_its_beginning_and_left_open() -> None:
    file = io.BytesIO()
    file.write(b"abc")
    assert sent(file) == b"abc"
    assert not file.closed


def test_temporary_files(tmp_path: Path) -> None:
    with tempfile.NamedTemporaryFile(dir=tmp_path, suffix=".txt") as file:
        file.write(b"abc")
        assert sent(file) == b"abc"
    with tempfile.SpooledTemporaryFile() as spooled:
        spooled.write(b"abc")
        assert sent(spooled) == b"abc"


def pipe_of(content: bytes) -> Any:
    reader, writer = os.pipe()
    os.write(writer, content)
    os.close(writer)
    return os.fdopen(reader, "rb")


class Feed:
    """A file object with nothing but `read`."""

    def __init__(self, *pieces: Any) -> None:
        self.pieces = list(pieces)

    def read(self, size: int = -1) -> Any:
        return self.pieces.pop(0) if self.pieces else b""


@pytest.mark.parametrize("make", [lambda: pipe_of(b"abc"), lambda: Feed(b"a", b"bc"), lambda: Feed(b"abc", None)])
def test_what_cannot_seek_has_no_length_and_is_sent_once(make: Callable[[], Any]) -> None:
    file = make()
    source = FilePart("file", file).source
    assert source.length is None
    assert source.rewind()
    assert b"".join(source.pieces()) == b"abc"
    assert not source.rewind()
    with pytest.raises(BodyNotReplayable, match="file"):
        list(source.pieces())
    if hasattr(file, "close"):
        file.close()


def test_a_named_pipe_is_sent_once(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    source = FilePart("file", path).source
    assert source.length is None
    assert source.rewind()
    writer = threading.Thread(target=path.write_bytes, args=(b"abc",))
    writer.start()
    assert b"".join(source.pieces()) == b"abc"
    writer.join()
    assert not source.rewind()


@pytest.mark.parametrize("value", ["path.txt", None, 5, {"a": 1}, ("n", 5), (1,), ("a", b"", "b", {}, 5), object()])
def test_what_is_no_file_is_refused(value: object) -> None:
    for kind in (InvalidFile, InvalidBody, RuntimeError, TypeError, ValueError):
        with pytest.raises(kind):
            FilePart("file", value)


def test_a_text_is_not_taken_for_a_path() -> None:
    with pytest.raises(RuntimeError, match=r"Expected entry at `image\[\]` to be bytes.*pathlib") as caught:
        FilePart("image[]", "photo.png")
    assert isinstance(caught.value, InvalidFile)
    assert caught.value.path == "image[]"


def test_text_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("abc")
    with (tmp_path / "f").open() as file, pytest.raises(TypeError, match="binary mode"):
        FilePart("file", file)
    with pytest.raises(TypeError, match="binary mode"):
        FilePart("file", io.StringIO("abc"))
    with pytest.raises(TypeError, match="binary mode"):
        sent(Feed("abc"))


def test_closed_missing_and_directories(tmp_path: Path) -> None:
    file = io.BytesIO(b"abc")
    file.close()
    with pytest.raises(InvalidFile, match="closed"):
        FilePart("file", file)
    with pytest.raises(FileNotFoundError):
        FilePart("file", tmp_path / "none")
    with pytest.raises(IsADirectoryError, match="directory"):
        FilePart("file", tmp_path)


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE])
@pytest.mark.parametrize("change", [-1, 1, -PIECE, PIECE])
def test_files_that_change_while_they_are_sent(tmp_path: Path, size: int, change: int) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"x" * size)
    source = FilePart("file", path).source
    assert b"".join(source.pieces()) == b"x" * size
    os.truncate(path, max(0, size + change))
    if size + change < 0 == size:
        return
    total = 0
    with pytest.raises(InvalidBody, match="grew" if change > 0 else "shrank"):
        for piece in source.pieces():
            total += len(piece)
    assert total < size or size == 0, "the last piece must be held back, so that the server sees no complete body"


def test_a_large_file_takes_constant_memory(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.touch()
    os.truncate(path, 128 * 1024 * 1024)
    source = FilePart("file", path).source
    tracemalloc.start()
    try:
        assert sum(len(piece) for piece in source.pieces()) == 128 * 1024 * 1024
        assert tracemalloc.get_traced_memory()[1] < 8 * PIECE
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("body", "paths", "rest", "files"),
    [
        ({"file": b"x", "a": 1}, [("file",)], {"a": 1}, [("file", b"x")]),
        ({"a": 1}, [("file",)], {"a": 1}, []),
        ({"file": omit, "a": 1}, [("file",)], {"a": 1}, []),
        ({"file": not_given}, [("file",)], {}, []),
        ({"image": [b"1", b"2"]}, [("image",), ("image", "<array>")], {}, [("image[]", b"1"), ("image[]", b"2")]),
        ({"image": b"1"}, [("image",), ("image", "<array>")], {}, [("image", b"1")]),
        ({"files": [b"1"]}, [("files", "<array>"), ("files",)], {}, [("files[]", b"1")]),
        ({"files": []}, [("files", "<array>"), ("files",)], {}, []),
        ({"a": {"b": b"x", "c": 1}}, [("a", "b")], {"a": {"c": 1}}, [("a[b]", b"x")]),
        ({"a": [{"b": b"x", "c": 1}, 5]}, [("a", "<array>", "b")], {"a": [{"c": 1}, 5]}, [("a[][b]", b"x")]),
        ({"a": 5}, [("a", "b")], {"a": 5}, []),
        ({"a": 5}, [("a", "<array>")], {"a": 5}, []),
        ({"a": {"<array>": 5}}, [("a", "<array>")], {"a": {"<array>": 5}}, []),
    ],
)
def test_extract_files(body: dict[str, Any], paths: Any, rest: dict[str, Any], files: list[tuple[str, Any]]) -> None:
    before = copy.deepcopy(
        {name: value for name, value in body.items() if value is not omit and value is not not_given}
    )
    assert extract_files(body, paths) == (rest, files)
    assert {name: value for name, value in body.items() if value is not omit and value is not not_given} == before
