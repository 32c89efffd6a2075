"""Compressed bodies, in any cut, whole, broken or hostile."""

from __future__ import annotations

import contextlib
import gzip
import os
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.wire.decoding import STEP, Decoder, decoder_for
from antiphon.wire.problem import BrokenProtocol, Truncated

TEXT = b"the quick brown fox " * 50


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


def undo(coding: str, pieces: list[bytes]) -> bytes:
    decoder = Decoder(coding)
    out = []
    for piece in pieces:
        out.append(decoder.feed(piece))
        while decoder.pending:
            out.append(decoder.more())
            assert len(out[-1]) <= STEP
    decoder.end()
    return b"".join(out)


CODED = [("gzip", gzip.compress(TEXT)), ("deflate", zlib.compress(TEXT)), ("deflate", raw_deflate(TEXT))]


@pytest.mark.parametrize(("coding", "data"), CODED)
def test_every_split_point(coding: str, data: bytes) -> None:
    for cut in range(len(data) + 1):
        assert undo(coding, [data[:cut], data[cut:]]) == TEXT


@pytest.mark.parametrize(("coding", "data"), CODED)
def test_byte_by_byte(coding: str, data: bytes) -> None:
    assert undo(coding, [bytes([byte]) for byte in data]) == TEXT


@pytest.mark.parametrize(("coding", "data"), CODED)
def test_every_truncation(coding: str, data: bytes) -> None:
    for cut in range(1, len(data)):
        with pytest.raises(Truncated):
            undo(coding, [data[:cut]])


def test_an_empty_body_is_empty() -> None:
    assert undo("gzip", []) == b""
    assert undo("deflate", [b""]) == b""


def test_several_members_are_one_body() -> None:
    data = gzip.compress(b"one ") + gzip.compress(b"two")
    for cut in range(len(data) + 1):
        assert undo("gzip", [data[:cut], data[cut:]]) == b"one two"


@pytest.mark.parametrize(
    ("coding", "data"),
    [
        ("gzip", TEXT),
        ("gzip", b"\x1f\x8b\x08\x00garbage" + b"\xff" * 50),
        ("gzip", gzip.compress(TEXT) + b"garbage"),
        ("gzip", zlib.compress(TEXT)),
        ("deflate", b"\xff\xff" + TEXT),
        ("deflate", zlib.compress(TEXT) + b"garbage"),
    ],
)
def test_what_is_not_what_it_says(coding: str, data: bytes) -> None:
    with pytest.raises(BrokenProtocol):
        undo(coding, [data])


def test_steps_are_bounded_and_complete() -> None:
    data = bytes(STEP * 3 + 17)
    assert undo("gzip", [gzip.compress(data)]) == data
    exact = os.urandom(STEP)
    assert undo("gzip", [gzip.compress(exact)]) == exact


@pytest.mark.parametrize(
    ("value", "coding"),
    [
        ("", None),
        ("identity", None),
        (" Identity ", None),
        ("gzip", "gzip"),
        ("X-GZIP", "gzip"),
        ("deflate", "deflate"),
    ],
)
def test_names(value: str, coding: str | None) -> None:
    decoder = decoder_for(value)
    assert (decoder and decoder._coding) == coding


@pytest.mark.parametrize("value", ["br", "zstd", "gzip, gzip", "deflate,gzip", "gzip;q=1", "no\x1b[31mred", "x" * 999])
def test_names_that_were_not_asked_for(value: str) -> None:
    with pytest.raises(BrokenProtocol, match="was not asked for") as caught:
        decoder_for(value)
    assert "\x1b" not in str(caught.value)
    assert len(str(caught.value)) < 200


@given(st.binary(max_size=200), st.sampled_from(["gzip", "deflate"]))
def test_any_bytes_end_in_bytes_or_in_our_errors(data: bytes, coding: str) -> None:
    with contextlib.suppress(BrokenProtocol, Truncated):
        undo(coding, [data[:7], data[7:]])
