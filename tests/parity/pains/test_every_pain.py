"""No pain is forgotten: each of the twenty-five has a test with its number."""

from __future__ import annotations

import re
from pathlib import Path


def test_every_pain_has_a_test() -> None:
    files = [path for path in Path(__file__).parent.glob("test_*.py") if path.name != Path(__file__).name]
    numbers = {
        int(n) for path in files for n in re.findall(r"^def test_pain_(\d+)_", path.read_text("utf-8"), re.MULTILINE)
    }
    assert numbers == set(range(1, 26))
