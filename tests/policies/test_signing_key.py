"""The key of a signature: given as text or bytes, or asked for, and never shown."""

from __future__ import annotations

from typing import Any

import pytest

from antiphon.core.secret import Secret
from antiphon.errors import InvalidCredential
from antiphon.policies.signing_key import SigningKey, veiled_key

from .stepping import ORIGIN, Script

CANARY = "canary-5d1f"


def source() -> str:
    """A function that gives a key."""
    return CANARY


@pytest.mark.parametrize("key", [CANARY, CANARY.encode(), Secret(CANARY), source])
def test_it_shows_where_it_comes_from_and_nothing_of_it(key: Any) -> None:
    shown = repr(SigningKey(key))
    assert CANARY not in shown
    assert "None" not in shown
    assert ("source" in shown) == callable(key)


@pytest.mark.parametrize(
    ("key", "data"), [("sécret", "sécret".encode()), (b"\x00\xff\x80", b"\x00\xff\x80"), (bytearray(b"abc"), b"abc")]
)
def test_text_and_bytes_are_the_bytes_they_were(key: Any, data: bytes) -> None:
    revealed = Script([]).run(SigningKey(key).reveal(ORIGIN))
    assert SigningKey.data(revealed) == data


@pytest.mark.parametrize("key", ["", "  ", b"", b" "])
def test_a_key_of_nothing_is_refused(key: Any) -> None:
    with pytest.raises(InvalidCredential, match="not empty"):
        SigningKey(key)


def test_a_key_is_hidden_before_anything_can_fail() -> None:
    seen: list[Any] = []

    class Signer:
        @veiled_key
        def __init__(self, key: Any, *, rounds: int = 1) -> None:
            seen.extend([key, rounds])

        @veiled_key
        def told(self, key: Any) -> str:
            return f"{key!r}"

    signer = Signer(CANARY, rounds=3)
    assert isinstance(seen[0], Secret)
    assert (seen[0].reveal(), seen[1]) == (CANARY, 3)
    assert CANARY not in signer.told(CANARY)
    Signer(source)
    assert seen[2] is source
    with pytest.raises(TypeError, match="rounds") as caught:
        Signer(CANARY, round=3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    assert CANARY not in str(caught.value)
