"""Pictures made out of others: the prompt painted where a mask is clear, or over the whole; variations in other colours."""

from __future__ import annotations

from ..media.painting import Style, paint
from ..media.picture import Picture
from .drawing import SHAPES
from .image_rule import Order


def edited(order: Order, pictures: list[Picture], mask: Picture | None, variant: int, finish: float = 1.0) -> Picture:
    """The first picture in the asked size with the prompt painted in; further pictures are inset at the top."""
    base = pictures[0].sampled(order.width, order.height)
    for place, other in enumerate(pictures[1:]):
        base = _inset(base, other, place)
    style = Style(variant=variant, shapes=SHAPES[order.quality], finish=finish)
    if mask is not None:
        return _masked(order, base, mask.sampled(order.width, order.height), style)
    over = Style(variant=variant, shapes=max(2, style.shapes // 4), finish=finish, transparent=True)
    return _laid(base, paint(order.prompt, order.width, order.height, over), 0, 0)


def _inset(base: Picture, other: Picture, place: int) -> Picture:
    wide, high = max(1, base.width // 4), max(1, base.height // 4)
    return _laid(base, other.sampled(wide, high), place % 4 * wide, place // 4 * high)


def _laid(base: Picture, over: Picture, left: int, top: int) -> Picture:
    """One picture on another; what is clear shows what lies under it."""
    rows, known = list(base.rows), dict[tuple[bytes, bytes], bytes]()
    for number, row in enumerate(over.rows, top):
        under = rows[number]
        if (under, row) not in known:
            part = _chosen(under[left * 4 : left * 4 + len(row)], row, row)
            known[under, row] = under[: left * 4] + part + under[left * 4 + len(row) :]
        rows[number] = known[under, row]
    return Picture(base.width, base.height, rows)


def _chosen(under: bytes, over: bytes, shape: bytes) -> bytes:
    """`over` where the shape's alpha is not zero, `under` elsewhere, run by run."""
    alpha = shape[3::4]
    if not any(alpha):
        return under
    if all(alpha):
        return over
    made, start, wide = list[bytes](), 0, len(alpha)
    while start < wide:
        clear = alpha[start] == 0
        end = start + 1
        while end < wide and (alpha[end] == 0) == clear:
            end += 1
        made.append((under if clear else over)[start * 4 : end * 4])
        start = end
    return b"".join(made)


def _masked(order: Order, base: Picture, mask: Picture, style: Style) -> Picture:
    """The prompt painted into the box around what is clear in the mask, and seen only where it is."""
    clear = [(n, row[3::4]) for n, row in enumerate(mask.rows) if 0 in row[3::4]]
    if not clear:
        return base
    top, bottom = clear[0][0], clear[-1][0] + 1
    left = min(alpha.index(0) for _, alpha in clear)
    right = max(alpha.rindex(0) for _, alpha in clear) + 1
    painted = paint(order.prompt, right - left, bottom - top, style)
    rows = list(base.rows)
    for n, _ in clear:
        part = slice(left * 4, right * 4)
        inside = _chosen(painted.rows[n - top], rows[n][part], mask.rows[n][part])
        rows[n] = rows[n][: left * 4] + inside + rows[n][right * 4 :]
    return Picture(base.width, base.height, rows)


def varied(picture: Picture, width: int, height: int, variant: int) -> Picture:
    """The picture with its colours exchanged, and every second time mirrored: another one each time, up to ten."""
    base = picture.sampled(width, height)
    turns = ((1, 2, 0), (2, 0, 1), (0, 2, 1), (2, 1, 0), (1, 0, 2))[variant % 5]
    known: dict[bytes, bytes] = {}
    for row in base.rows:
        if row not in known:
            made = bytearray(row)
            step = -1 if variant >= 5 else 1
            for channel, source in enumerate(turns):
                made[channel::4] = row[source::4][::step]
            made[3::4] = row[3::4][::step]
            known[row] = bytes(made)
    return Picture(width, height, [known[row] for row in base.rows])
