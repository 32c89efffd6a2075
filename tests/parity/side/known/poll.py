"""What is known to differ in polling."""

from __future__ import annotations

from typing import Any

from ..difference import Known, place, raised, times

DONE: dict[str, Any] = {"class": "VectorStoreFile", "id": "x", "thread_id": "t", "status": "completed"}
BOUND = "who waits 12 s at most is told after 12 s; theirs ends the pause that was begun, and looks once more"

KNOWN: dict[str, Known] = {
    **{
        f"a file of a store, hinted {hint!r}": Known(
            "a hint that is no whole number of milliseconds is none; theirs ends the wait with a bare ValueError",
            {"result": raised("ValueError"), "requests": times(1), "slept": []},
            {"result": DONE, "requests": times(2), "slept": [1.0]},
        )
        for hint in ("1.5", "soon", "", "nan", "1e3")
    },
    "a file of a store, hinted '-5'": place(
        "no pause is negative, and `time.sleep` refuses one; theirs hands it on", "slept", [-0.005], [1.0]
    ),
    "a file, for too long": place(BOUND, "slept", [5.0, 5.0, 5.0], [5.0, 5.0, 2.0]),
    "a file, for no time": Known(BOUND, {"requests": times(2), "slept": [5.0]}, {"requests": times(1), "slept": []}),
}
