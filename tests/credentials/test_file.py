"""Keys from files: watched, checked for who can read them, and never shown by what goes wrong."""

from __future__ import annotations

import os
import pickle
import traceback
import warnings
from pathlib import Path
from typing import Any

import pytest

from antiphon.core.secret import Secret
from antiphon.credentials import CredentialNotFound, FileKey
from antiphon.errors import InvalidCredential, OpenAIError
from tests.client.answer import retrieve
from tests.client.colour import Colour

from .gate import Gate

OLD, NEW = "sk-old-0123456789", "sk-new-0123456789"


def written(path: Path, text: str | bytes, mode: int = 0o600) -> Path:
    """A file of one's own."""
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    path.chmod(mode)
    return path


def test_a_change_is_taken_up_without_a_refusal(colour: Colour, tmp_path: Path) -> None:
    path = written(tmp_path / "key", f"{OLD}\n")
    with Gate(OLD, NEW) as gate, colour.client(gate.url, api_key=FileKey(path, every=60)) as it:
        it(retrieve)
        written(path, NEW)
        it(retrieve)
        it.clock.slept.append(60)
        it(retrieve)
        assert [key for key, _ in gate.seen] == [OLD, OLD, NEW]


def test_it_is_looked_at_once_in_a_while(own_colour: Colour, tmp_path: Path) -> None:
    looks: list[bool] = []

    class Counting(FileKey):
        def _renew(self, anyway: bool) -> None:
            looks.append(anyway)

    path = written(tmp_path / "key", OLD)
    with Gate(OLD) as gate, own_colour.client(gate.url, api_key=Counting(path, every=600)) as it:
        for wait in (0, 0, 601, 0, 0, 601, 0):
            it.clock.slept.append(wait)
            it(retrieve)
    assert looks == [False, False]


def test_row_27_a_refusal_has_the_file_read_at_once(colour: Colour, tmp_path: Path) -> None:
    path = written(tmp_path / "key", OLD)
    with Gate(OLD) as gate, colour.client(gate.url, api_key=FileKey(path, every=3600)) as it:
        it(retrieve)
        written(path, NEW)
        gate.taken = {NEW}
        it(retrieve)
        assert gate.seen == [(OLD, 200), (OLD, 401), (NEW, 200)]


def test_a_file_that_is_replaced_is_another_one(tmp_path: Path) -> None:
    path = written(tmp_path / "key", OLD)
    source = FileKey(path, every=0)
    assert source() == Secret(OLD)
    before = path.stat()
    other = written(tmp_path / "other", NEW)
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(path)  # as tools that rotate keys do: same size, same time
    assert source() == Secret(NEW)


@pytest.mark.parametrize("trouble", ["gone", "empty", "half", "not text", "a folder"])
def test_the_last_key_serves_while_the_file_cannot_be_read(trouble: str, tmp_path: Path) -> None:
    path = written(tmp_path / "key", OLD)
    source = FileKey(path, every=0)
    assert source() == Secret(OLD)
    path.unlink()
    match trouble:
        case "empty":
            written(path, "")
        case "half":
            written(path, '"sk-')
        case "not text":
            written(path, b"\xff\xfe")
        case "a folder":
            path.mkdir()
    assert source() == Secret(OLD)
    if path.is_dir():
        path.rmdir()
    written(path, NEW)
    assert source() == Secret(NEW)


@pytest.mark.parametrize(
    ("text", "kind", "said"),
    [
        (None, CredentialNotFound, "there is no file"),
        ("", CredentialNotFound, "is empty"),
        (" \n\n", CredentialNotFound, "is empty"),
        (b"\xff\xfe\x00", OpenAIError, "is not UTF-8 text"),
        (f"{OLD}\n{NEW}", InvalidCredential, "line break"),
        (f"'{OLD}'", InvalidCredential, "quotation marks"),
        ("x" * (1 << 20) + "y", OpenAIError, "larger than"),
    ],
)
def test_row_56_a_file_without_a_key_is_named_and_not_shown(
    text: str | bytes | None, kind: type[Exception], said: str, tmp_path: Path
) -> None:
    path = tmp_path / "key"
    if text is not None:
        written(path, text)
    with pytest.raises(kind, match=said) as caught:
        FileKey(path)()
    assert str(path) in str(caught.value)
    told = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    assert not [frame for frame in told.stack if "antiphon/credentials" in frame.filename and OLD in str(frame.locals)]


def test_a_folder_and_a_pipe_are_no_files(tmp_path: Path) -> None:
    with pytest.raises(OpenAIError, match=r"cannot read|no regular file"):
        FileKey(tmp_path)()


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o602, 0o660])
def test_a_file_that_is_open_to_others_is_warned_of_once(mode: int, tmp_path: Path) -> None:
    path = written(tmp_path / "key", OLD, mode)
    source = FileKey(path)
    with pytest.warns(UserWarning, match=f"chmod 600 {path}") as warned:
        source()
    source._kept = None
    assert source() == Secret(OLD), "and not a second time, which would be an error here"
    assert OLD not in str(warned[0].message)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        FileKey(path, check_mode=False)()
        FileKey(written(path, OLD, 0o400))()


@pytest.mark.parametrize("every", [-1, float("nan"), float("inf"), "1", None, True])
def test_a_pause_that_cannot_be(every: Any) -> None:
    with pytest.raises((TypeError, ValueError), match="every"):
        FileKey("x", every=every)


def test_it_travels_as_its_path(tmp_path: Path) -> None:
    source = FileKey(written(tmp_path / "key", OLD))
    source()
    packed = pickle.dumps(source)
    assert OLD.encode() not in packed
    assert pickle.loads(packed)() == Secret(OLD)
    assert repr(source) == f"FileKey({str(tmp_path / 'key')!r})"
