"""Texts as tones and back: sixteen frequencies, each standing for four bits, framed and with a checksum.

A message is silence, a head that is always played alike (sync, voice, pace, length, checksum), and the text's bytes at the
voice's pitch and pace. It survives other sample rates from 8 kHz up and any container without loss. Voices are numbers.
"""

from __future__ import annotations

import zlib
from array import array
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from math import cos, pi, sin
from operator import mul
from typing import Final, NamedTuple

RATE: Final = 24_000
VOICES: Final = 16
_HEARD_RATE: Final = 8_000
_SPACING: Final = 125.0
_HEAD_PITCH: Final = 5
_HEAD_PACE: Final = 64
_SYNC: Final = (10, 5)
_HEAD_SIGNS: Final = 12
_SILENCE: Final = 0.06
_QUARTER: Final = 0.00025
"""Seconds in which paces are counted."""
_WINDOW: Final = 64
_STEP: Final = 16
_LOUD: Final = 700

Plan = list[tuple[float, float]]
"""Frequencies, 0 for silence, and how many seconds each sounds."""


class Message(NamedTuple):
    """One text that was heard: whose voice it was, and its seconds from and to."""

    text: str
    voice: int
    start: float
    end: float


def plan(text: str, voice: int = 0, speed: float = 1.0) -> Plan:
    """What to play for a text; at speed 1 about fifteen letters a second."""
    data = text.encode()
    pace = max(32, min(512, round(128 / speed)))
    numbers = [*_SYNC, voice, *_nibbles(pace, 3), *_nibbles(len(data), 4)]
    head = [*numbers, *_nibbles(_checksum(numbers), 2)]
    body = [part for byte in data for part in (byte >> 4, byte & 15)] + _nibbles(zlib.crc32(data), 8)
    made = [(0.0, _SILENCE), *((_pitch(_HEAD_PITCH, sign), _HEAD_PACE * _QUARTER) for sign in head)]
    return [*made, *((_pitch(voice, sign), pace * _QUARTER) for sign in body), (0.0, _SILENCE)]


def samples(wanted: Plan) -> array[int]:
    """The plan played, 16 bits each at 24 kHz."""
    known: dict[tuple[float, float], array[int]] = {}
    made = array("h")
    for tone in wanted:
        if tone not in known:
            known[tone] = _played(*tone)
        made.extend(known[tone])
    return made


def _played(frequency: float, seconds: float) -> array[int]:
    size = round(seconds * RATE)
    if not frequency:
        return array("h", bytes(2 * size))
    fade, turn = RATE // 1000, 2 * pi * frequency / RATE
    return array("h", (round(9000 * sin(turn * n) * min(1.0, (n + 1) / fade, (size - n) / fade)) for n in range(size)))


def _nibbles(number: int, count: int) -> list[int]:
    return [number >> 4 * n & 15 for n in reversed(range(count))]


def _number(nibbles: Sequence[int]) -> int:
    return sum(nibble << 4 * n for n, nibble in enumerate(reversed(nibbles)))


def _checksum(nibbles: Sequence[int]) -> int:
    return zlib.crc32(bytes(nibbles)) & 255


def _pitch(voice: int, sign: int) -> float:
    return 300 + 60 * voice + _SPACING * sign


# Hearing.


def messages(heard: Sequence[int], rate: int) -> list[Message]:
    """The messages in a sound, in their order; none in what is no speech of ours."""
    if rate < _HEARD_RATE:
        return []
    sound, found, at = _slower(heard, rate), list[Message](), 0
    for onset in _onsets(sound):
        if onset >= at and (message := _message(sound, onset)) is not None:
            found.append(message)
            at = round(message.end * _HEARD_RATE)
    return found


def _slower(heard: Sequence[int], rate: int) -> Sequence[float]:
    if rate % _HEARD_RATE == 0:
        return heard[:: rate // _HEARD_RATE]
    step, last = rate / _HEARD_RATE, len(heard) - 1
    places = (n * step for n in range(int(last / step)))
    return [heard[k := int(p)] + (heard[min(last, k + 1)] - heard[k]) * (p - k) for p in places]


def _onsets(sound: Sequence[float]) -> Iterator[int]:
    """Where it becomes loud after it was quiet."""
    quiet = 5
    for at in range(0, len(sound), _STEP):
        part = sound[at : at + _STEP]
        loud = max(part) > _LOUD or min(part) < -_LOUD
        if loud and quiet >= 5:
            yield at
        quiet = 0 if loud else quiet + 1


def _message(sound: Sequence[float], onset: int) -> Message | None:
    fits = [start for start in range(onset - 24, onset + 33, 4) if start >= 0 and _head(sound, start)]
    if not fits:
        return None
    # All places where the head can be read lie around the right one.
    start = fits[len(fits) // 2]
    voice, pace, length = _head(sound, start) or (0, 0, 0)
    begin = start + _HEAD_SIGNS * _wide(_HEAD_PACE)
    for shift in (0, -8, 8, -16, 16, -24, 24):
        read = _signs(sound, begin + shift, length * 2 + 8, _wide(pace), voice)
        data = bytes(_number(pair) for pair in zip(read[0 : length * 2 : 2], read[1 : length * 2 : 2], strict=False))
        if len(read) == length * 2 + 8 and zlib.crc32(data) == _number(read[-8:]):
            end = (begin + len(read) * _wide(pace)) / _HEARD_RATE
            return Message(data.decode("utf-8", "replace"), voice, start / _HEARD_RATE, end)
    return None


def _wide(pace: int) -> int:
    """Samples, as heard, of one sign."""
    return round(pace * _QUARTER * _HEARD_RATE)


def _head(sound: Sequence[float], start: int) -> tuple[int, int, int] | None:
    wide = _wide(_HEAD_PACE)
    if tuple(_signs(sound, start, len(_SYNC), wide, _HEAD_PITCH)) != _SYNC:
        return None
    read = _signs(sound, start, _HEAD_SIGNS, wide, _HEAD_PITCH)
    if len(read) < _HEAD_SIGNS or _checksum(read[:-2]) != _number(read[-2:]):
        return None
    return read[2], _number(read[3:6]), _number(read[6:10])


def _signs(sound: Sequence[float], start: int, count: int, wide: int, voice: int) -> list[int]:
    """The loudest of the sixteen frequencies in the middle of each sign."""
    waves, found, offset = _waves(voice), list[int](), start + max(0, (wide - _WINDOW) // 2)
    for at, _ in pairwise(range(offset, offset + (count + 1) * wide, wide)):
        part = sound[max(0, at) : max(0, at) + _WINDOW]
        if len(part) < _WINDOW // 2:
            break
        powers = [sum(map(mul, part, c)) ** 2 + sum(map(mul, part, s)) ** 2 for c, s in waves]
        found.append(powers.index(max(powers)))
    return found


@lru_cache(maxsize=VOICES)
def _waves(voice: int) -> list[tuple[list[float], list[float]]]:
    turns = [2 * pi * _pitch(voice, sign) / _HEARD_RATE for sign in range(16)]
    return [([cos(t * n) for n in range(_WINDOW)], [sin(t * n) for n in range(_WINDOW)]) for t in turns]
