"""Pieces join to the text; counts are sane."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.emulator import token


@given(st.text())
def test_pieces_join_to_the_text(text: str) -> None:
    found = token.pieces(text)
    assert "".join(found) == text
    assert token.count(text) == len(found)
    assert all(found)


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("", []),
        ("Hello world!", ["Hello", " world", "!"]),
        ("12345", ["123", "45"]),
        ("internationalisation", ["internat", "ionalisa", "tion"]),
        ("snake_case", ["snake", "_", "case"]),
        ("a\n\nb", ["a", "\n\n", "b"]),
        ("naïve café", ["naïve", " café"]),
    ],
)
def test_pieces(text: str, pieces: list[str]) -> None:
    assert token.pieces(text) == pieces


def test_long_texts_are_counted_without_being_kept() -> None:
    assert token.count("word " * 5000) == len(token.pieces("word " * 5000))
