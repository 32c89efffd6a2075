"""What every test shares: names of parametrised tests that all workers agree on."""

from __future__ import annotations


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes that are more than a word are named by their length: their text is unreadable, and gzip writes the time into it."""
    if isinstance(val, (bytes, bytearray)) and len(val) > 16:
        return f"{argname}-of-{len(val)}-bytes"
    return None
