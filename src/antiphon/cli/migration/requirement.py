"""Lines that make a project depend on the official package, or set tools up for it. They are only told: nobody knows what else needs it."""

from __future__ import annotations

import re

from .edit import Finding

NAMES = re.compile(
    r"(?:requirements|constraints)[\w.-]*\.(?:txt|in)|pyproject\.toml|setup\.cfg|setup\.py|Pipfile|tox\.ini|environment\.ya?ml|mypy\.ini"
)
"""Files that hold such lines."""

_NEEDS = re.compile(r"""^(?:[^#\n]*["'=,\s])?openai(?:\[[\w,\s-]*\])?\s*(?:[<>=!~;@]=?|["',]|$)""")
_TOOL = re.compile(r"""^[^#\n]*["'\[,\s-]openai\.(?:\*|\w)""")


def findings(text: str) -> list[Finding]:
    """What such a file says about the package."""
    found: list[Finding] = []
    for number, line in enumerate(text.splitlines(), 1):
        if _TOOL.search(line):
            found.append(Finding(number, f"sets a tool up for openai: {line.strip()}"))
        elif _NEEDS.search(line):
            found.append(
                Finding(number, f"needs openai: {line.strip()} (add antiphon; take openai out once nothing imports it)")
            )
    return found
