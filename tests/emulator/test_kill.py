"""An emulator that is killed in the midst of work has everything it acknowledged; `python -m soak.kill` does it fifty times."""

from __future__ import annotations

from pathlib import Path

import pytest

from soak.kill import drill


@pytest.mark.slow
def test_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    rounds = list(drill(tmp_path, kills=4, seed=3))
    assert [missing for _, missing in rounds] == [[]] * 5
    assert rounds[-1][0] == sum(count for count, _ in rounds[:-1]) > 0
