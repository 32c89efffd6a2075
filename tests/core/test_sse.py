"""The event decoder against a slow, obviously right reading of the standard, for every chunking."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from antiphon.core.sse import EventNotUTF8, EventTooLarge, ServerSentEvent, SSEDecoder, SSEError


def reference(stream: bytes) -> list[ServerSentEvent]:
    """The standard's algorithm, one character at a time, for UTF-8 streams."""
    text = stream.decode().removeprefix("\ufeff")
    lines: list[str] = []
    line, position = "", 0
    while position < len(text):
        character = text[position]
        position += 1
        if character == "\r" and text[position : position + 1] == "\n":
            position += 1
        if character in "\r\n":
            lines.append(line)
            line = ""
        else:
            line += character
    events: list[ServerSentEvent] = []
    data, name, last_id, retry = "", "", None, None
    for line in lines:
        if not line:
            if data:
                events.append(ServerSentEvent(data.removesuffix("\n").encode(), name or None, last_id, retry))
            data, name, retry = "", "", None
        elif not line.startswith(":"):
            field, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if field == "data":
                data += value + "\n"
            elif field == "event":
                name = value
            elif field == "id" and "\0" not in value:
                last_id = value
            elif field == "retry" and value.isascii() and value.isdigit() and len(value) <= 18:
                retry = int(value)
    return events


def decode(stream: bytes, cuts: list[int] | None = None, max_event: int = 1 << 20) -> list[ServerSentEvent]:
    decoder = SSEDecoder(max_event)
    events: list[ServerSentEvent] = []
    start = 0
    for cut in [*sorted(cuts or []), len(stream)]:
        events += decoder.feed(stream[start:cut])
        start = cut
    return events


def data_of(stream: bytes) -> list[str]:
    return [event.data for event in decode(stream)]


PIECES = st.sampled_from(
    b"data|event|id|retry|:|: | |\n|\n\n|\r|\r\n|\r\n\r\n|{}|x|\0|12|data: |event: a\n|data: 1\n\n|event: a\ndata: 2\n\n|"
    b": ping\n\n|id: 7\n|retry: 10\n|\xef\xbb\xbf|\xc3\xa9|\xe2\x80\xa8|\x0b|\xc2\x85|\xf0\x9f\x98\x80|data:\n|data\n\n|retry: -1\n".split(
        b"|"
    )
)
STREAMS = st.lists(PIECES, max_size=40).map(b"".join)


@settings(max_examples=600, deadline=None)
@given(STREAMS, st.lists(st.integers(0, 200), max_size=12))
@example(b"\xef\xbb\xbfdata: a\r\n\r\n", [1, 2, 4, 12, 13])
@example(b"event: a\ndata: 1\n\nevent: a\ndata: 2\n\n", [9, 20, 21])
@example(b"data: a\ndata: b\n\ndata: c\n\n", [8])
def test_any_chunking_reads_as_the_standard_does(stream: bytes, cuts: list[int]) -> None:
    expected = reference(stream)
    assert decode(stream) == expected
    assert decode(stream, cuts) == expected
    assert decode(stream, list(range(len(stream)))) == expected


@settings(max_examples=300, deadline=None)
@given(
    st.binary(max_size=60).map(lambda junk: junk.replace(b"\x00", b"data: ").replace(b"\x01", b"\n")),
    st.integers(1, 12),
)
@example(b"\xef\xbb\xbf", 1)
def test_any_bytes_give_the_same_events_and_the_same_failure_in_any_chunking(stream: bytes, limit: int) -> None:
    def outcome(size: int) -> tuple[list[ServerSentEvent], str | bool]:
        decoder = SSEDecoder(limit)
        events: list[ServerSentEvent] = []
        try:
            for start in range(0, len(stream), size):
                events += decoder.feed(stream[start : start + size])
            return events, decoder.end()
        except SSEError as failure:
            return events, type(failure).__name__

    whole = outcome(max(1, len(stream)))
    assert outcome(1) == whole
    assert outcome(3) == whole


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (b"data: a\n\n", ["a"]),
        (b"data:a\n\n", ["a"]),
        (b"data:  a\n\n", [" a"]),
        (b"data: a\ndata: b\n\n", ["a\nb"]),
        (b"data\n\n", [""]),
        (b"data\ndata\n\n", ["\n"]),
        (b"data: a\r\rdata: b\r\r", ["a", "b"]),
        (b"data: a\r\n\r\ndata: b\n\r\n", ["a", "b"]),
        (b": ping\n\n: ping\n\ndata: a\n\n", ["a"]),
        (b"event: x\n\ndata: a\n\n", ["a"]),
        (b"id: 4\n\ndata: a\n\n", ["a"]),
        (b"data: a", []),
        (b"data: a\n", []),
        (b"\xef\xbb\xbfdata: a\n\n", ["a"]),
        (b"\n\n\n\ndata: a\n\n\n\n", ["a"]),
        (b"datum: a\ndata: b\nDATA: c\n\n", ["b"]),
        (b"data: \xf0\x9f\x98\x80\n\n", ["😀"]),
    ],
)
def test_data(stream: bytes, expected: list[str]) -> None:
    assert data_of(stream) == expected


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\u0085", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e"])
def test_row_50_no_other_separator_ends_a_line(separator: str) -> None:
    assert data_of(f'data: "a{separator}b"\n\n'.encode()) == [f'"a{separator}b"']


def test_a_second_byte_order_mark_is_no_mark() -> None:
    assert data_of(b"\xef\xbb\xbf\xef\xbb\xbfdata: a\n\ndata: b\n\n") == ["b"]


def test_one_event_per_chunk() -> None:
    decoder = SSEDecoder(max_event=32)
    blocks = [
        b"event: a\ndata: 1\n\n",
        b"data: 2\n\n",
        b"id: 9\ndata: 3\n\n",
        b": hm\ndata: 4\n\n",
        b"event: b\ndata: 5\n\n",
    ]
    blocks += [b"event: b\ndatum: 6\n\n", b"data: 7\ndata: 8\n\n", b"event: a\nevent: b\n\n", b"\n\n", b"data: 9\n\n\n"]
    got = [decoder.feed(block) for _ in range(2) for block in blocks]
    first, second = got[: len(blocks)], got[len(blocks) :]
    assert [[(event.raw, event.event) for event in events] for events in first] == [
        [(b"1", "a")],
        [(b"2", None)],
        [(b"3", None)],
        [(b"4", None)],
        [(b"5", "b")],
        [],
        [(b"7\n8", None)],
        [],
        [],
        [(b"9", None)],
    ]
    assert [[event.raw for event in events] for events in second] == [
        [event.raw for event in events] for events in first
    ]
    assert first[1][0].id is None
    assert {event.id for events in second for event in events} == {"9"}
    with pytest.raises(EventTooLarge):
        decoder.feed(b"data: " + b"x" * 40 + b"\n\n")


def test_name_id_and_retry() -> None:
    one, two, three = decode(
        b"event: x\nid: 7\nretry: 250\ndata: 1\n\ndata: 2\n\nid: 8\0\nevent:\nretry: 1x\ndata: 3\n\n"
    )
    assert one == ServerSentEvent(b"1", "x", "7", 250)
    assert two == ServerSentEvent(b"2", None, "7", None)
    assert three == ServerSentEvent(b"3", None, "7", None)
    assert one.data == "1"
    assert one.json() == 1


def test_the_decoder_remembers_id_retry_and_counts_comments() -> None:
    decoder = SSEDecoder()
    decoder.feed(b": ping\n\n:\n\nid: 3\nretry: 20\n\n")
    assert (decoder.comments, decoder.last_id, decoder.retry) == (2, "3", 20)
    assert decoder.end() is False


def test_a_retry_of_absurd_length_is_ignored() -> None:
    decoder = SSEDecoder()
    decoder.feed(b"retry: " + b"9" * 5000 + b"\n\n")
    assert decoder.retry is None


@pytest.mark.parametrize(
    ("stream", "cut", "tail"),
    [
        (b"", False, b""),
        (b"data: a\n\n", False, b""),
        (b"data: a\n\n: bye", False, b""),
        (b"data: a\n\nid: 5\n", False, b""),
        (b"data: a\n", True, b"a"),
        (b"data: a", True, b"a"),
        (b"data: a\ndata: b", True, b"a\nb"),
        (b"event: x\n", True, b""),
        (b"event: x\ndata: [DONE]", True, b"[DONE]"),
        (b"dat", True, b""),
    ],
)
def test_the_end_tells_what_was_cut_off(stream: bytes, cut: bool, tail: bytes) -> None:
    decoder = SSEDecoder()
    decoder.feed(stream)
    assert decoder.end() is cut
    assert decoder.tail == tail


def test_events_before_a_line_that_is_not_utf8_are_handed_out_first() -> None:
    decoder = SSEDecoder()
    assert [event.data for event in decoder.feed(b"data: a\n\ndata: \xff\n\ndata: b\n\n")] == ["a"]
    with pytest.raises(EventNotUTF8, match="not UTF-8"):
        decoder.feed(b"data: c\n\n")
    with pytest.raises(EventNotUTF8):
        decoder.end()
    assert isinstance(decoder.failure, EventNotUTF8)


def test_a_chunk_that_is_one_event_must_be_utf8_too() -> None:
    decoder = SSEDecoder()
    assert decoder.feed(b"data: a\n\n")[0].data == "a"
    assert decoder.feed("data: é\n\n".encode())[0].data == "é"
    with pytest.raises(EventNotUTF8):
        decoder.feed(b"data: \xe9\n\n")


def test_a_multi_byte_character_may_be_split() -> None:
    stream = "data: é😀\n\n".encode()
    for cut in range(len(stream)):
        assert [event.data for event in decode(stream, [cut])] == ["é😀"]


@pytest.mark.parametrize(
    "stream",
    [
        b"data: " + b"x" * 100 + b"\n\n",
        b"data: " + b"x" * 100,
        b": " + b"x" * 100 + b"\n\n",
        b"data: 0123456789\n" * 10 + b"\n",
        b"event: x\n" + b"data: 0123456789\n" * 10 + b"\n",
    ],
)
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_too_large(stream: bytes, size: int) -> None:
    decoder = SSEDecoder(max_event=64)
    with pytest.raises(EventTooLarge, match="64 bytes"):
        for start in range(0, len(stream), size):
            decoder.feed(stream[start : start + size])


@pytest.mark.parametrize("size", [1, 5, 1000])
@pytest.mark.parametrize("head", [b"", b"event: x\n", b"data:\n"])
def test_the_bound_is_exact(head: bytes, size: int) -> None:
    def count(length: int) -> int:
        stream = head + b"data: " + b"x" * (length - 6) + b"\n\n"
        return len(decode(stream, list(range(0, len(stream), size)), max_event=64))

    assert count(64) == 1
    with pytest.raises(EventTooLarge):
        count(65)


def test_the_data_of_many_lines_is_bounded_as_a_whole() -> None:
    lines = b"data:12\n" * 3
    assert decode(lines + b"\n", max_event=8)[0].data == "12\n12\n12"
    with pytest.raises(EventTooLarge, match="data is larger"):
        decode(lines + b"\n", max_event=7)


def test_the_bound_is_for_one_event_not_for_a_chunk() -> None:
    stream = b"event: x\ndata: 0123456789\n\ndata: 1\ndata: 2\n\n" * 50
    assert len(decode(stream, max_event=64)) == 100
    assert len(decode(stream, [400], max_event=64)) == 100


def test_a_chunk_larger_than_a_slice() -> None:
    stream = b"data: 0123456789\n\n" * 20_000
    assert len(decode(stream)) == 20_000
    assert len(decode(stream + b"data: \xff\n\n")) == 20_000
    with pytest.raises(EventNotUTF8):
        decode(b"data: \xff\n\n" + stream)


def _seconds(chunks: int, piece: bytes) -> float:
    decoder = SSEDecoder(1 << 30)
    start = time.process_time()
    for _ in range(chunks):
        decoder.feed(piece)
    return time.process_time() - start


@pytest.mark.parametrize("piece", [b"x" * 512, b"data: y\n", b"data: 1\n\n"])
def test_time_is_linear(piece: bytes) -> None:
    small = min(_seconds(2_000, piece) for _ in range(3))
    large = min(_seconds(16_000, piece) for _ in range(3))
    assert large < 8 * small * 4, "eight times the bytes must not take more than some eight times the time"
