"""Sounds: tones that carry texts through noise and gaps, files that keep every sample, lengths of other formats."""

from __future__ import annotations

import struct
from array import array
from random import Random

import pytest

from antiphon.emulator.media import clip, mp3, recording, sound, tone
from antiphon.emulator.media.sound import UnreadableSound

TEXT = "Zwölf Boxkämpfer, 12 €, and \U0001f98a."


@pytest.mark.parametrize("voice", [0, 7, 15])
@pytest.mark.parametrize("speed", [0.25, 1.0, 1.7, 4.0])
def test_every_voice_and_pace(voice: int, speed: float) -> None:
    played = tone.samples(tone.plan(TEXT, voice, speed))
    [message] = tone.messages(played, tone.RATE)
    assert (message.text, message.voice) == (TEXT, voice)
    assert 0.04 < message.start < 0.08
    assert message.end == pytest.approx(len(played) / tone.RATE - 0.06, abs=0.005)


def test_noise_gaps_and_other_sounds() -> None:
    chance = Random(2)
    first, second = (tone.samples(tone.plan(text, 4)) for text in ("one", "two"))
    noisy = array("h", (value + round(chance.gauss(0, 150)) for value in first))
    gap = array("h", bytes(2 * 24_000))
    hum = array("h", (chance.randrange(-9_000, 9_000) for _ in range(12_000)))
    found = tone.messages(gap + noisy + gap + hum + gap + second, tone.RATE)
    assert [message.text for message in found] == ["one", "two"]
    assert found[1].start == pytest.approx((len(gap) * 3 + len(first) + len(hum)) / 24_000 + 0.06, abs=0.005)


def test_what_is_damaged_is_not_heard() -> None:
    played = tone.samples(tone.plan("a text that is cut"))
    assert tone.messages(played[: len(played) // 2], tone.RATE) == []
    middle = len(played) // 2
    played[middle : middle + 4_000] = array("h", bytes(8_000))
    assert tone.messages(played, tone.RATE) == []
    assert tone.messages(array("h", bytes(48_000)), tone.RATE) == []
    assert tone.messages(played, 6_000) == []


def wav(kind: int, bits: int, body: bytes, channels: int = 1) -> bytes:
    wide = bits // 8 * channels
    head = struct.pack("<HHIIHH", kind, channels, 8_000, 8_000 * wide, wide, bits)
    parts = b"fmt " + struct.pack("<I", 16) + head + b"data" + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", len(parts) + 4) + b"WAVE" + parts


@pytest.mark.parametrize(
    "data",
    [
        wav(1, 8, bytes((128, 192, 64))),
        wav(1, 16, struct.pack("<3h", 0, 16_384, -16_384)),
        wav(1, 16, struct.pack("<6h", 0, 1, 16_384, 2, -16_384, 3), 2),
        wav(1, 24, b"".join((value << 8).to_bytes(3, "little", signed=True) for value in (0, 16_384, -16_384))),
        wav(1, 32, struct.pack("<3i", 0, 16_384 << 16, -16_384 << 16)),
        wav(3, 32, struct.pack("<3f", 0, 0.5, -0.5)),
        wav(3, 64, struct.pack("<3d", 0, 0.5, -0.5)),
    ],
)
def test_kinds_of_wav(data: bytes) -> None:
    read = sound.read_wav(data)
    assert read.seconds == 3 / 8_000
    assert [round(value / 16_384, 2) for value in read.samples or ()] == [0, 1, -1]


def test_files_keep_every_sample() -> None:
    chance = Random(5)
    samples = array("h", (chance.randrange(-32_768, 32_768) for _ in range(10_000)))
    read = sound.read_wav(sound.wav(samples, 24_000, "a note, ü"))
    assert (read.samples, read.rate, read.comment) == (samples, 24_000, "a note, ü")
    data = sound.flac(samples, 16_000, "ü")
    read = sound.read_flac(data)
    assert (read.samples, read.rate, read.comment, read.seconds) == (samples, 16_000, "ü", 0.625)
    unknown = data.replace(b"\xff\xf8\x70\x08\x01", b"\xff\xf8\x70\x18\x01")
    assert sound.read_flac(unknown).samples is None
    for bad in (b"RIFF\0\0\0\0WAVE", wav(17, 4, b"")):
        with pytest.raises(UnreadableSound):
            sound.read_wav(bad)
    with pytest.raises(UnreadableSound):
        sound.read_flac(b"fLaC" + bytes(60))


def test_checksums_of_flac() -> None:
    """By the definition, bit by bit: a frame and its checksum leave nothing."""
    frame = sound.flac(array("h", range(64)), 8_000)
    frame = frame[frame.index(b"\xff\xf8") :]
    for size, bits, polynomial in ((len(frame), 16, 0x8005), (8, 8, 0x07)):
        value = 0
        for byte in frame[:size]:
            for n in range(7, -1, -1):
                top = value >> (bits - 1) ^ byte >> n & 1
                value = (value << 1 & (1 << bits) - 1) ^ (polynomial if top else 0)
        assert value == 0


def test_mp3_frames() -> None:
    plan = tone.plan(TEXT, 3)
    data = mp3.encode(plan, "first\0") + mp3.encode(plan, "second ü")
    whole = sum(length for _, length in plan)
    assert mp3.seconds(data) == pytest.approx(2 * whole, abs=0.05)
    (start, first), (following, second) = mp3.comments(data)
    assert (start, first, second) == (0, "first", "second ü")
    assert mp3.seconds(data, 0, following) == pytest.approx(whole, abs=0.03)
    frame = mp3.encode([(1_000, 0.024)], "")[-96:]
    side = f"{int.from_bytes(frame[4:13], 'big'):072b}"
    bits = f"{int.from_bytes(frame[13:], 'big'):0664b}"
    length = int(side[9:21], 2)
    line = round(1_000 / (12_000 / 576) - 0.5)
    assert length == line // 4 * 4 + 5
    assert bits[: line // 4 * 4] == "1" * (line // 4 * 4)
    assert f"{int(bits[length - 5 : length - 1], 2) ^ 15:04b}".index("1") == line % 4
    assert "1" not in bits[length:]


def ogg(position: int, head: bytes) -> bytes:
    page = b"OggS\0\0" + struct.pack("<q", 0) + bytes(12) + b"\1" + bytes((len(head),)) + head
    return page + b"OggS\0\4" + struct.pack("<q", position) + bytes(12)


@pytest.mark.parametrize(
    ("kind", "data", "seconds"),
    [
        ("ogg", ogg(48_000 * 3 + 312, b"OpusHead\1\1" + struct.pack("<HI", 312, 24_000) + bytes(3)), 3.0),
        ("ogg", ogg(66_150, b"\1vorbis" + struct.pack("<IBI", 0, 2, 22_050) + bytes(12)), 3.0),
        ("mp4", clip.encode([b"x"], 2, 2, 7), 7.0),
        ("webm", b"\x1aE\xdf\xa3\x2a\xd7\xb1\x83\x0f\x42\x40\x44\x89\x88" + struct.pack(">d", 2_500.0), 2.5),
        ("aac", b"\xff\xf1\x58\x40\x01\x20\xfc\0\0" * 12, 12 * 1024 / 24_000),
        ("aac", b"ID3\4\0\0\0\0\0\2xx" + b"\xff\xf1\x58\x40\x01\x20\xfc\0\0" * 12, 12 * 1024 / 24_000),
        ("mp3", b"\xff\xfb\x90\x00" + bytes(413) + b"\xff\xfb\x90\x00" + bytes(413), 2 * 1152 / 44_100),
    ],
)
def test_lengths(kind: str, data: bytes, seconds: float) -> None:
    assert recording.audio_kind(data) == kind
    assert recording.seconds(data, kind) == pytest.approx(seconds)
    with pytest.raises(UnreadableSound):
        recording.seconds(data[:3], kind)


def test_no_sound() -> None:
    for data in (b"", b"text", b"\x89PNG\r\n\x1a\n", b"%PDF-1.4"):
        assert recording.audio_kind(data) is None


def test_clip() -> None:
    pictures = [b"one", b"second", b"3"]
    data = clip.encode(pictures, 320, 200, 1.5)
    assert clip.shape(data) == (320, 200, 1.5)
    assert clip.samples(data) == pictures
    assert clip.shape(b"no film at all") == (0, 0, 0.0)
    assert clip.shape(data[:60]) == (0, 0, 0.0)
