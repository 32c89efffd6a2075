"""Regular expressions as they stand in schemas."""

from __future__ import annotations

PATTERNS = [
    r"^[A-Z]{3}-\d+$",
    r"^\d{4}-\d{2}-\d{2}$",
    r"^(foo|bar)+baz?$",
    r"^[^abc]{2,}$",
    r"^(?:a|b)(?P<x>c)*$",
    r"\w+@\w+\.\w{2,3}",
    r"^$",
    r"^.{5}$",
    r"^[a-z0-9_-]{3,16}$",
    r"^\+?[1-9]\d{1,14}$",
    r"^#[0-9a-fA-F]{6}$",
    r"a*?b+?",
    r"^\S+\s\S+$",
    r"^[]x]$",
    r"^@[a-zA-Z0-9_]+$",
]
