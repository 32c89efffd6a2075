"""Which keys pass."""

from __future__ import annotations

import pytest

from antiphon.emulator.access import Access
from antiphon.emulator.problem import Problem


def test_any_plausible_key_passes_and_keeps_its_digest() -> None:
    access = Access(())
    first = access.admit(b"Bearer sk-one")
    assert first == access.admit(b"bearer  sk-one") == access.admit(b"Bearer sk-one")
    assert first != access.admit(b"Bearer other")
    assert "sk-one" not in first


@pytest.mark.parametrize("header", [None, b"", b"Bearer", b"Bearer ", b"Basic abc", b"sk-one"])
def test_nothing_usable_is_a_401_without_code(header: bytes | None) -> None:
    with pytest.raises(Problem) as caught:
        Access(()).admit(header)
    assert (caught.value.status, caught.value.code) == (401, None)


@pytest.mark.parametrize(
    ("keys", "sent"), [((), b"Bearer sk-invalid-1"), (("sk-right",), b"Bearer sk-wrong-but-long-enough")]
)
def test_refused_keys_are_named_only_by_their_ends(keys: tuple[str, ...], sent: bytes) -> None:
    with pytest.raises(Problem) as caught:
        Access(keys).admit(sent)
    assert (caught.value.status, caught.value.code) == (401, "invalid_api_key")
    assert sent.split()[1].decode() not in caught.value.message


def test_listed_keys_pass() -> None:
    access = Access(("sk-right", "sk-also"))
    assert access.admit(b"Bearer sk-right") != access.admit(b"Bearer sk-also")
