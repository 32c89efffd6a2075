"""What a world counted, in the text format of Prometheus."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from .world import World

_BOUNDS: Final = (0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10.0)


class Counts:
    """Requests by operation and status, and how long they took."""

    def __init__(self) -> None:
        self.requests: dict[tuple[str, int], int] = {}
        self.buckets = [0] * (len(_BOUNDS) + 1)
        self.seconds = 0.0

    def add(self, operation: str, status: int, seconds: float) -> None:
        """One more request."""
        key = operation, status
        self.requests[key] = self.requests.get(key, 0) + 1
        self.seconds += seconds
        for number, bound in enumerate(_BOUNDS):
            if seconds <= bound:
                self.buckets[number] += 1
                return
        self.buckets[-1] += 1


def metrics(world: World) -> str:
    """The page that is scraped."""
    counts = world.counts
    lines = [
        "# HELP antiphon_emulator_requests_total Requests answered.",
        "# TYPE antiphon_emulator_requests_total counter",
    ]
    for (operation, status), number in sorted(counts.requests.items()):
        lines.append(f'antiphon_emulator_requests_total{{operation="{operation}",status="{status}"}} {number}')
    lines += [
        "# HELP antiphon_emulator_request_seconds Time from a request's head to its answer.",
        "# TYPE antiphon_emulator_request_seconds histogram",
    ]
    total = 0
    for bound, number in zip((*map(str, _BOUNDS), "+Inf"), counts.buckets, strict=True):
        total += number
        lines.append(f'antiphon_emulator_request_seconds_bucket{{le="{bound}"}} {total}')
    lines += [
        f"antiphon_emulator_request_seconds_sum {counts.seconds:.6f}",
        f"antiphon_emulator_request_seconds_count {total}",
        "# HELP antiphon_emulator_objects Objects that are kept, by shelf.",
        "# TYPE antiphon_emulator_objects gauge",
    ]
    families: dict[str, int] = {}
    for name in world.shelves():
        family = name.partition("/")[0]
        families[family] = families.get(family, 0) + len(world.shelf(name))
    lines += [f'antiphon_emulator_objects{{family="{name}"}} {number}' for name, number in sorted(families.items())]
    return "\n".join(lines) + "\n"
