"""`NAME=value` as `.env` files and shell scripts write it; read, and never run."""

from __future__ import annotations

import re

from ..core.secret import Secret

_ASSIGNMENT = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)", re.DOTALL)
_ESCAPE = re.compile(r"\\([\\\"$`])")
_RUN = ("$(", "`", "${")


def assigned(text: Secret, name: str) -> tuple[Secret | None, str | None]:
    """What a variable is set to by the last line that sets it, and what is wrong with that line.

    Understood are `NAME=value`, `export NAME=value`, single and double quotes, comments, and lines that hold neither.
    Nothing is expanded or run.
    """
    found: Secret | None = None
    for number, line in enumerate(text.reveal().split("\n"), 1):
        match = _ASSIGNMENT.match(line)
        if match is None or match[1] != name:
            continue
        value, flaw = _value(Secret(match[2]))
        if flaw is not None:
            return None, f"line {number}: {name} {flaw}"
        found = value
    return found, None


def _value(written: Secret) -> tuple[Secret, str | None]:
    text = written.reveal().strip()
    quote = text[:1]
    if quote not in ("'", '"'):
        bare = re.split(r"(?:^|\s)#|;(?:\s|$)", text, maxsplit=1)[0].strip()
        return Secret(bare), _runs(Secret(bare))
    end = _closing(Secret(text))
    if end < 0:
        return Secret(""), "has a quotation mark that is not closed"
    rest = text[end + 1 :].strip()
    if rest and rest[0] not in "#;":
        return Secret(""), "goes on behind its closing quotation mark"
    inside = Secret(text[1:end])
    if quote == "'":
        return inside, None
    return Secret(_ESCAPE.sub(r"\1", inside.reveal())), _runs(inside)


def _closing(text: Secret) -> int:
    """Where the quotation mark that opens a text is closed; -1 where it is not."""
    quoted = text.reveal()
    if quoted[0] == "'":
        return quoted.find("'", 1)
    at = 1
    while at < len(quoted) and quoted[at] != '"':
        at += 2 if quoted[at] == "\\" else 1
    return at if at < len(quoted) else -1


def _runs(value: Secret) -> str | None:
    if any(mark in value.reveal().replace("\\$", "").replace("\\`", "") for mark in _RUN):
        return "is to be worked out by a shell, and nothing is run here; use CommandKey for a command"
    return None
