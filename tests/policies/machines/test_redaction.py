"""Redaction: what is found, what is left alone, and that it takes no longer than it must."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.policies.machines.redaction import KINDS, Redactor, restored


def kinds_in(text: str) -> list[str]:
    """The kinds of placeholders that a text gets."""
    return re.findall(r"\[([A-Z]+)_\d+\]", Redactor().redact(text)[0])


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("ann@example.com", "EMAIL"),
        ("Ann <ann.b+c@mail.example.co.uk>.", "EMAIL"),
        ("jörg@müller.de", "EMAIL"),
        ("4111 1111 1111 1111", "CARD"),
        ("card 5500-0055-5555-5559, thanks", "CARD"),
        ("378282246310005", "CARD"),
        ("DE89 3704 0044 0532 0130 00", "IBAN"),
        ("gb82west12345698765432", "IBAN"),
        ("IBAN: NO93 8601 1117 947 PLEASE", "IBAN"),
        ("192.168.0.1", "IP"),
        ("from 2001:db8::8a2e:370:7334.", "IP"),
        ("::1", "IP"),
        ("+1 (415) 555-2671", "PHONE"),
        ("+442071838750", "PHONE"),
        ("+12345678", "PHONE"),
        ("+123456789012345", "PHONE"),
        ("call (030) 1234 5678 now", "PHONE"),
        ("415-555-2671", "PHONE"),
        ("030/123 456 78", "PHONE"),
        ("sk-proj-abcdefghijklmnop1234", "KEY"),
        ("ghp_" + "a1" * 18, "KEY"),
        ("AKIAIOSFODNN7EXAMPLE", "KEY"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "KEY"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----", "KEY"),
    ],
)
def test_what_is_found(text: str, kind: str) -> None:
    assert kinds_in(f"{text}") == [kind]
    assert kinds_in(f"Before {text} after") == [kind]
    clean, found = Redactor().redact(text)
    assert restored(clean, found) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-11-21T15:31:56Z",
        "at 12:34:56 on 21.11.2026",
        "4111 1111 1111 1112",  # no card: its check digit is wrong
        "0000 0000 0000 0000",
        "DE89370400440532013001",  # nor an IBAN
        "XX89370400440532013000",
        "DE89370400440532013000X",
        "DE8937040044053201300",
        "operator :: of C++",
        "+1234567",  # too short for a telephone
        "+1234567890123456",
        "999.1.1.1 and 1.2.3",
        "std::vector<int>",
        "version 10.2, order 1234567, 3.14159265358979",
        "user@localhost",
        "call_4111111111111111",
        "risk-taking-is-sometimes-good",
        "gpt-4.1-mini-2025-04-14",
        "a::b::c 99:99",
        "1234567890",
    ],
)
def test_what_is_left_alone(text: str) -> None:
    assert Redactor().redact(text) == (text, {})


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("fe80::1: up", "[IP_1]: up"),
        ("fe80:: up", "[IP_1] up"),
        ("10.0.0.1.", "[IP_1]."),
        ("2001:db8::7334.", "[IP_1]."),
    ],
)
def test_an_address_ends_where_its_last_part_does(text: str, clean: str) -> None:
    assert Redactor(["ip"]).redact(text)[0] == clean


def test_the_same_text_gets_the_same_placeholder_throughout_a_call() -> None:
    redactor = Redactor(["email"])
    found: dict[str, str] = {}
    texts = [redactor.redact(text, found)[0] for text in ("a@b.com c@d.com", "c@d.com", "a@b.com")]
    assert texts == ["[EMAIL_1] [EMAIL_2]", "[EMAIL_2]", "[EMAIL_1]"]
    assert found == {"[EMAIL_1]": "a@b.com", "[EMAIL_2]": "c@d.com"}


def test_a_placeholder_that_is_in_the_text_is_not_taken() -> None:
    text = "[EMAIL_1] is not a@b.com"
    clean, found = Redactor().redact(text)
    assert clean == "[EMAIL_1] is not [EMAIL_2]"
    assert restored(clean, found) == text


def test_of_two_that_begin_alike_the_longer_is_restored() -> None:
    assert restored("a ab abc", {"a": "1", "abc": "3", "ab": "2"}) == "1 2 3"


def test_many_placeholders_do_not_mix() -> None:
    text = " ".join(f"a{n}@example.com" for n in range(25))
    clean, found = Redactor().redact(text)
    assert len(found) == 25
    assert restored(clean, found) == text


def test_kinds_of_ones_own() -> None:
    redactor = Redactor({"patient": r"P-\d{6}", "email": True})
    assert redactor.redact("P-123456 ann@b.com 4111111111111111")[0] == "[PATIENT_1] [EMAIL_1] 4111111111111111"
    assert repr(redactor) == "Redactor(patient, email)"
    assert Redactor({"mine": KINDS["card"]}).redact("4111111111111111, not 4111111111111112")[0] == (
        "[MINE_1], not 4111111111111112"
    )


@pytest.mark.parametrize(
    ("wrong", "kind", "message"),
    [
        (["mail"], ValueError, "no kind 'mail'"),
        ("email", TypeError, "must be names"),
        (False, TypeError, "must be names"),
        ([], ValueError, "at least one"),
        ({"x y": "a"}, TypeError, "a regular expression"),
        ({"x": 5}, TypeError, "a regular expression"),
        (5, TypeError, "must be names"),
    ],
)
def test_kinds_that_are_none(wrong: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        Redactor(wrong)


@settings(derandomize=True, deadline=None)
@given(st.text(alphabet=st.sampled_from("0123456789 .:-+()@/abDEsk_[]\ud800é"), max_size=120))
def test_whatever_the_text_it_can_be_restored_and_nothing_is_found_twice(text: str) -> None:
    redactor = Redactor()
    clean, found = redactor.redact(text)
    assert restored(clean, found) == text
    assert all(value in text for value in found.values())


@pytest.mark.parametrize(
    "letter", ["0", "0 ", "a", "a.", "@", "a@", "a@a.", ":", "0:", "(0", "+0", "sk-", "eyJ", "DE00 ", "-----BEGIN "]
)
@pytest.mark.parametrize("name", list(KINDS))
def test_no_text_takes_long(letter: str, name: str) -> None:
    redactor = Redactor([name])

    def taken(size: int) -> float:
        text = letter * (size // len(letter))
        begun = time.thread_time()
        redactor.redact(text)
        return time.thread_time() - begun

    # In seconds of this thread's own work: what grows with the square would take minutes.
    assert taken(100_000) < 5
