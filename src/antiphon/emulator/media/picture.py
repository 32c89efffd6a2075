"""A picture in memory: rows of four bytes a pixel. The codecs beside it turn it into files."""

from __future__ import annotations

from array import array
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Picture:
    """Rows from the top, each red, green, blue and alpha for every pixel; equal rows are best the same object."""

    width: int
    height: int
    rows: list[bytes]

    @property
    def is_opaque(self) -> bool:
        """Whether nothing shines through."""
        return all(row[3::4].count(255) == self.width for row in set(self.rows))

    def sampled(self, width: int, height: int) -> Picture:
        """The picture in another size, each pixel the nearest of the old ones."""
        if (width, height) == (self.width, self.height):
            return self
        columns = [column * self.width // width for column in range(width)]
        made: dict[int, bytes] = {}
        rows: list[bytes] = []
        for line in range(height):
            source = line * self.height // height
            if source not in made:
                pixels = memoryview(self.rows[source]).cast("I")
                made[source] = array("I", [pixels[column] for column in columns]).tobytes()
            rows.append(made[source])
        return Picture(width, height, rows)
