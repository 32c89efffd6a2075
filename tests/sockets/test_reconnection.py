"""Close codes and delays, as tables."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.sockets.reconnection import Backoff, ReconnectingEvent, close_code, is_recoverable_close


@pytest.mark.parametrize(
    ("code", "recoverable"),
    [
        (1000, False),
        (1001, True),
        (1002, False),
        (1003, False),
        (1005, True),
        (1006, True),
        (1008, False),
        (1009, False),
        (1011, True),
        (1012, True),
        (1013, True),
        (1014, False),
        (1015, True),
        (3000, False),
        (4000, False),
    ],
)
def test_which_closes_are_worth_another_try(code, recoverable):
    assert is_recoverable_close(code) is recoverable


@pytest.mark.parametrize(
    ("attempt", "delay"), [(1, 0.5), (2, 1.0), (3, 2.0), (4, 4.0), (5, 8.0), (6, 8.0), (5000, 8.0)]
)
def test_the_delay_doubles_up_to_its_bound(attempt, delay):
    backoff = Backoff()
    assert backoff.delay(attempt, jitter=0.0) == delay * 0.75
    assert backoff.delay(attempt, jitter=1.0) == delay


@given(
    st.integers(1, 1_000_000),
    st.floats(0, 1, exclude_max=True),
    st.floats(0, 100),
    st.floats(0, 100),
)
def test_the_delay_stays_within_its_bounds(attempt, jitter, initial, longest):
    delay = Backoff(5, initial, longest).delay(attempt, jitter)
    assert 0 <= delay <= longest


class Frame:
    def __init__(self, code):
        self.code = code


class Closed(Exception):
    def __init__(self, code):
        self.rcvd = None if code is None else Frame(code)


@pytest.mark.parametrize(("error", "code"), [(Closed(1001), 1001), (Closed(None), 1006), (OSError(), None)])
def test_the_code_an_exception_carries(error, code):
    assert close_code(error) == code


def test_the_event_does_not_show_header_fields():
    event = ReconnectingEvent(1, 5, 0.5, 1006, {}, {"Authorization": "Bearer sk-secret"})
    assert "sk-secret" not in repr(event)
    assert "attempt=1" in repr(event)
