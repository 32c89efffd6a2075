"""The bounded queue of frames."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.errors import WebSocketQueueFullError
from antiphon.sockets.outbox import Outbox, size_of


@pytest.mark.parametrize(("frame", "size"), [("", 0), ("abc", 3), ("äß", 4), ("🎵", 4), (b"\xff\x00", 2)])
def test_the_size_is_in_bytes(frame, size):
    assert size_of(frame) == size


def test_a_frame_that_does_not_fit_is_refused_with_numbers():
    outbox = Outbox(4)
    outbox.put("abc")
    with pytest.raises(WebSocketQueueFullError, match=r"3 of 4 bytes wait already, this one has 2.*max_queue_size"):
        outbox.put("de")
    assert outbox.drain() == ["abc"]


def test_a_frame_being_sent_is_still_charged():
    outbox = Outbox(3)
    outbox.put("abc")
    taken = outbox.take()
    with pytest.raises(WebSocketQueueFullError):
        outbox.put("d")
    outbox.settle(taken)
    outbox.put("d")
    assert outbox.held == 1


def test_an_empty_queue_has_nothing_to_take():
    assert Outbox(1).take() is None


@given(st.lists(st.text() | st.binary()), st.integers(0, 20))
def test_what_goes_in_comes_out_in_order_and_nothing_stays_charged(frames, taken):
    outbox = Outbox(10**6)
    for frame in frames:
        outbox.put(frame)
    assert outbox.held == sum(map(size_of, frames))
    out = []
    for _ in range(min(taken, len(frames))):
        frame = outbox.take()
        outbox.settle(frame)
        out.append(frame)
    assert out + outbox.drain() == frames
    assert outbox.held == 0
    assert len(outbox) == 0
