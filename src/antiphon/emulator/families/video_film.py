"""The film of a video's scenes: shapes on their ways, the prompt at the foot, a few hundred kilobytes in all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from ..media import clip, jpeg, webp
from ..media.painting import Style, paint
from ..media.picture import Picture

FORMATS: Final = ("720x1280", "1280x720", "1024x1792", "1792x1024")
_MOST_PICTURES: Final = 16
_QUALITY: Final = 70
_SHEET: Final = (4, 4)


def rendered(scenes: Sequence[Sequence[Any]], size: str, variant: str) -> bytes:
    """The whole film as MP4, its first picture as WebP, or a sheet of its pictures as JPEG. Takes part of a second."""
    width, height = map(int, size.split("x"))
    if variant == "thumbnail":
        return webp.encode(_picture(scenes, width, height, 0.0))
    total = sum(scene[1] for scene in scenes)
    count = min(_MOST_PICTURES, 2 * total)
    if variant == "spritesheet":
        return jpeg.encode(_sheet(scenes, width, height), _QUALITY)
    pictures = (_picture(scenes, width, height, total * n / count) for n in range(count))
    return clip.encode([jpeg.encode(picture, _QUALITY) for picture in pictures], width, height, total)


def _picture(scenes: Sequence[Sequence[Any]], width: int, height: int, second: float) -> Picture:
    """What is to be seen at a time: each scene moves through its own circle."""
    for prompt, length in scenes:
        if second < length:
            return paint(prompt, width, height, Style(shapes=10, phase=second / length))
        second -= length
    raise ValueError("the film is over")


def _sheet(scenes: Sequence[Sequence[Any]], width: int, height: int) -> Picture:
    """Pictures of the whole film side by side, each a quarter as wide and high."""
    total, (across, down) = sum(scene[1] for scene in scenes), _SHEET
    small = [
        _picture(scenes, width, height, total * n / (across * down)).sampled(width // across, height // down)
        for n in range(across * down)
    ]
    rows = [
        b"".join(picture.rows[line] for picture in small[start : start + across])
        for start in range(0, across * down, across)
        for line in range(height // down)
    ]
    return Picture(width // across * across, len(rows), rows)
