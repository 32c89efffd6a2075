"""SVG: a picture's plain areas as rectangles, under a title."""

from __future__ import annotations

from itertools import groupby
from xml.sax.saxutils import escape

from .picture import Picture


def encode(picture: Picture, title: str) -> bytes:
    """The picture as a document that scales; best for what was painted on a grid."""
    size = f'width="{picture.width}" height="{picture.height}" viewBox="0 0 {picture.width} {picture.height}"'
    known = "".join(sign for sign in title if sign.isprintable() or sign == "\n")
    made = [f'<svg xmlns="http://www.w3.org/2000/svg" {size} shape-rendering="crispEdges">']
    made.append(f"<title>{escape(known)}</title>")
    top = 0
    for row, same in groupby(picture.rows):
        high, left = sum(1 for _ in same), 0
        for pixel, run in groupby(row[n : n + 4] for n in range(0, len(row), 4)):
            wide = sum(1 for _ in run)
            if pixel[3]:
                made.append(f'<rect x="{left}" y="{top}" width="{wide}" height="{high}" fill="#{pixel[:3].hex()}"/>')
            left += wide
        top += high
    return "".join((*made, "</svg>")).encode()
