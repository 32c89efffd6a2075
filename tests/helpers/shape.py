"""A small type, to stand within others."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass
class Leaf:
    size: int
