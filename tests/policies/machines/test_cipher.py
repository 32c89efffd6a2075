"""The cipher: unreadable without its key, and nothing once it was touched."""

from __future__ import annotations

import base64
import copy
import pickle
import sys
from typing import Any

import pytest

from antiphon.core.secret import Secret
from antiphon.errors import InvalidCredential
from antiphon.policies.machines.cipher import Cipher

KEY = bytes(range(32))
OTHER = bytes(32)


def test_it_comes_back_and_looks_like_nothing() -> None:
    cipher = Cipher(KEY)
    sealed = cipher.seal(b"my diary", b"about")
    assert cipher.open(sealed, b"about") == b"my diary"
    assert b"diary" not in sealed
    assert cipher.seal(b"my diary", b"about") != sealed


def test_every_byte_counts() -> None:
    cipher = Cipher(KEY)
    sealed = cipher.seal(b"my diary", b"about")
    for place in range(len(sealed)):
        damaged = bytearray(sealed)
        damaged[place] ^= 1
        assert cipher.open(bytes(damaged), b"about") is None
        assert cipher.open(sealed[:place], b"about") is None


def test_it_is_bound_to_what_it_is_about_and_to_its_key() -> None:
    sealed = Cipher(KEY).seal(b"x", b"about")
    assert Cipher(KEY).open(sealed, b"something else") is None
    assert Cipher(OTHER).open(sealed, b"about") is None


def test_a_former_key_still_reads_and_writes_no_more() -> None:
    old, new = Cipher(OTHER), Cipher(KEY, OTHER)
    assert new.open(old.seal(b"x", b""), b"") == b"x"
    assert old.open(new.seal(b"x", b""), b"") is None


@pytest.mark.parametrize("form", [base64.b64encode(KEY).decode(), Secret(base64.b64encode(KEY).decode() + "\n")])
def test_a_key_may_be_text(form: Any) -> None:
    assert Cipher(form).open(Cipher(KEY).seal(b"x", b""), b"") == b"x"


@pytest.mark.parametrize(
    "key", [b"short", "not base64 ÿ", "!" + base64.b64encode(KEY).decode(), "c2hvcnQ=", None, 5, bytearray(32)]
)
def test_a_key_that_cannot_be_right_is_not_shown(key: Any) -> None:
    with pytest.raises(InvalidCredential, match="16, 24 or 32 bytes") as raised:
        Cipher(key)
    assert str(key) not in str(raised.value)


def test_it_shows_no_key_and_does_not_travel() -> None:
    cipher = Cipher(KEY, OTHER)
    assert repr(cipher) == "Cipher(AES-GCM, 2 keys)"
    for travel in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="does not pickle"):
            travel(cipher)


def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.ciphers.aead", None)
    with pytest.raises(ImportError, match=r"antiphon\[tls\]"):
        Cipher(KEY)
