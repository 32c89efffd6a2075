"""Facts of simple shape."""

from __future__ import annotations

from antiphon.emulator.brain import extraction

TEXT = (
    "Alice Stone (alice.s@example.org, +1 555 123 4567) meets Bob in New York on 5 March 2026 at 14:30, see "
    "https://example.org/a?b=1. They paid 1,250.50 for two tickets."
)


def test_all_kinds() -> None:
    assert extraction.emails(TEXT) == ["alice.s@example.org"]
    assert extraction.urls(TEXT) == ["https://example.org/a?b=1"]
    assert extraction.phones(TEXT) == ["+1 555 123 4567"]
    assert extraction.dates(TEXT) == ["5 March 2026"]
    assert extraction.times(TEXT) == ["14:30"]
    assert "1250.50" in extraction.numbers(TEXT)
    assert extraction.numerals(TEXT) == [2]
    assert extraction.names(TEXT) == ["Alice Stone", "Bob", "New York"]
    assert extraction.places(TEXT) == ["New York"]


def test_nothing_is_found_in_nothing() -> None:
    for find in (extraction.emails, extraction.urls, extraction.numbers, extraction.dates, extraction.names):
        assert find("") == []
