"""Pictures as the families need them: drawn from a prompt, or found, and made into a file of the asked format."""

from __future__ import annotations

from typing import Final

from ..media.painting import Style, paint
from ..media.picture import Picture

SHAPES: Final = {"low": 6, "medium": 12, "high": 20, "xhigh": 28, "max": 36}
CONTENT_TYPES: Final = {name: f"image/{name}" for name in ("png", "jpeg", "webp", "gif")} | {"svg": "image/svg+xml"}


def draw(
    prompt: str,
    width: int,
    height: int,
    format: str = "png",
    *,
    transparent: bool = False,
    quality: str = "medium",
    compression: int = 100,
    variant: int = 0,
    finish: float = 1.0,
) -> bytes:
    """A file of exactly this size with a picture of the prompt and its words; takes up to a few tenths of a second.

    Args:
        format: png, jpeg, webp, gif or svg.
        transparent: whether nothing lies behind the shapes; JPEG shows white there.
        quality: low, medium, high, xhigh or max: how much there is to see.
        compression: for JPEG, 0 to 100: how much is kept.
        variant: another number gives another picture of the same prompt.
        finish: below 1, a picture on its way, as streams show it.
    """
    shapes = SHAPES.get(quality, SHAPES["medium"])
    style = Style(variant=variant, transparent=transparent, shapes=shapes, finish=finish)
    return encoded(paint(prompt, width, height, style), format, compression=compression, title=prompt)


def encoded(picture: Picture, format: str, *, compression: int = 100, title: str = "") -> bytes:
    """The picture as a file."""
    match format:
        case "jpeg":
            from ..media import jpeg

            return jpeg.encode(picture, compression)
        case "webp":
            from ..media import webp

            return webp.encode(picture)
        case "gif":
            from ..media import gif

            return gif.encode([picture])
        case "svg":
            from ..media import svg

            return svg.encode(picture, title)
        case _:
            from ..media import png

            return png.encode(picture)
