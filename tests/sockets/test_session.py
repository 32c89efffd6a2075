"""The session machine, stepped by hand: no socket, no clock."""

import pytest

from antiphon.core.effects import Invoke, Random
from antiphon.errors import WebSocketConnectionClosedError, WebSocketQueueFullError
from antiphon.sockets.outbox import Outbox
from antiphon.sockets.reconnection import Backoff
from antiphon.sockets.session import Dial, Hangup, Pause, Session, Transmit, begin, recover


class Frame:
    def __init__(self, code, reason=""):
        self.code, self.reason = code, reason


class Closed(Exception):
    def __init__(self, code, reason=""):
        self.rcvd = None if code is None else Frame(code, reason)


def a_session(on_reconnecting=lambda event: None, limit=1000, **backoff):
    return Session(Outbox(limit), backoff=Backoff(**backoff), on_reconnecting=on_reconnecting)


def steps(flow, *answers):
    """Run a flow; each answer is for one effect, exceptions are thrown in. Gives the effects and the result."""
    effects = []
    remaining = list(answers)
    effect = flow.send(None)
    try:
        while True:
            effects.append(effect)
            answer = remaining.pop(0) if remaining else None
            effect = flow.throw(answer) if isinstance(answer, BaseException) else flow.send(answer)
    except StopIteration as end:
        assert not remaining, f"answers left: {remaining}"
        return effects, end.value


def opened(session, connection="first"):
    steps(begin(session), connection)
    return session


def kinds(effects):
    return [type(effect).__name__ for effect in effects]


def test_frames_before_the_first_connection_wait_and_go_out_in_order():
    session = a_session()
    assert session.admit("a")
    assert session.admit(b"b")
    effects, _ = steps(begin(session), "wire")
    assert kinds(effects) == ["Dial", "Transmit", "Transmit"]
    assert [effect.frame for effect in effects[1:]] == ["a", b"b"]
    assert {effect.connection for effect in effects[1:]} == {"wire"}
    assert session.admit("c") is False
    assert session.outbox.held == 0


def test_a_frame_that_comes_during_the_flush_joins_its_end():
    session = a_session()
    session.admit("a")
    flow = begin(session)
    flow.send(None)
    first = flow.send("wire")
    assert first.frame == "a"
    assert session.admit("b")
    assert flow.send(None).frame == "b"
    with pytest.raises(StopIteration):
        flow.send(None)
    assert session.admit("c") is False


def test_a_flush_that_fails_keeps_the_rest_but_not_the_frame_in_flight():
    session = a_session()
    for frame in "abc":
        session.admit(frame)
    effects, _ = steps(begin(session), "wire", None, Closed(1006))
    assert kinds(effects) == ["Dial", "Transmit", "Transmit"]
    assert session.admit("d") is False, "its sender must meet the broken connection"
    assert session.outbox.drain() == ["c"]


def test_an_interrupted_flush_hangs_up():
    session = a_session()
    session.admit("a")
    flow = begin(session)
    flow.send(None)
    flow.send("wire")
    assert isinstance(flow.throw(KeyboardInterrupt()), Hangup)
    with pytest.raises(KeyboardInterrupt):
        flow.send(None)


def test_a_first_connection_that_fails_is_the_callers():
    with pytest.raises(OSError, match="nobody there"):
        steps(begin(a_session()), OSError("nobody there"))


def test_reconnecting_asks_waits_dials_and_sends_the_backlog():
    asked = []
    session = opened(a_session(asked.append))
    flow = recover(session, 1001)
    assert isinstance(flow.send(None), Random)
    assert session.admit("while waiting")
    ask = flow.send(0.0)
    assert isinstance(ask, Invoke)
    event = ask.arguments[0]
    assert (event.attempt, event.max_attempts, event.delay, event.close_code) == (1, 5, 0.375, 1001)
    pause = flow.send(None)
    assert isinstance(pause, Pause)
    assert pause.seconds == 0.375
    assert isinstance(flow.send(None), Dial)
    sent = flow.send("second")
    assert isinstance(sent, Transmit)
    assert (sent.connection, sent.frame) == ("second", "while waiting")
    with pytest.raises(StopIteration) as end:
        flow.send(None)
    assert end.value.value is True
    assert session.connection == "second"
    assert session.admit("now") is False


@pytest.mark.parametrize(
    ("session", "code"),
    [
        (opened(a_session(None)), 1006),
        (opened(a_session()), 1000),
        (opened(a_session()), 1008),
        (opened(a_session()), 4001),
    ],
)
def test_no_attempt_without_a_callback_or_after_a_final_close(session, code):
    flow = recover(session, code)
    with pytest.raises(StopIteration) as end:
        flow.send(None)
    assert end.value.value is False


def test_attempts_run_out_with_growing_delays():
    session = opened(a_session(max_retries=3))
    round_ = [0.0, None, None, OSError("refused")]
    effects, result = steps(recover(session, 1006), *round_ * 3)
    assert result is False
    assert [effect.seconds for effect in effects if isinstance(effect, Pause)] == [0.375, 0.75, 1.5]
    assert session.admit("x") is False, "nothing is queued for a connection that will not come"


def test_the_budget_is_kept_over_connections_that_only_bring_errors():
    session = opened(a_session(max_retries=2))
    good = [0.0, None, None, "next"]
    for message in ('{"type":"error"}', "not json", '["a"]', '{"type":""}', '{"type":7}'):
        session.attempt = 1
        session.received(message)
        assert session.attempt == 1
    assert steps(recover(session, 1006), *good)[1] is True
    assert session.attempt == 2
    assert steps_done(recover(session, 1006)) is False


def test_the_budget_is_full_again_after_an_event():
    session = opened(a_session(max_retries=1))
    good = [0.0, None, None, "next"]
    assert steps(recover(session, 1006), *good)[1] is True
    session.received(b'{"type":"session.created","session":{}}')
    assert session.attempt == 0
    assert steps(recover(session, 1006), *good)[1] is True


def steps_done(flow):
    with pytest.raises(StopIteration) as end:
        flow.send(None)
    return end.value.value


def test_the_callback_can_change_where_the_next_connection_goes():
    session = opened(a_session())
    answer = {"extra_query": {"a": "1"}, "extra_headers": {"X-A": "b"}}
    effects, result = steps(recover(session, 1012), 0.5, answer, None, "second")
    assert result is True
    dial = effects[-1]
    assert isinstance(dial, Dial)
    assert (dial.query, dial.headers) == ({"a": "1"}, {"X-A": "b"})


@pytest.mark.parametrize("answer", [{"abort": True}, ValueError("the user's own mistake")])
def test_the_callback_can_give_up(answer):
    session = opened(a_session())
    effects, result = steps(recover(session, 1006), 0.5, answer)
    assert kinds(effects) == ["Random", "Invoke"]
    assert result is False


@pytest.mark.parametrize("answer", [None, {}, {"abort": False}, "nonsense"])
def test_other_answers_change_nothing(answer):
    session = opened(a_session())
    assert steps(recover(session, 1006), 0.5, answer, None, "second")[1] is True
    assert session.query == {}


def test_closing_during_the_pause_ends_it():
    session = opened(a_session())
    flow = recover(session, 1006)
    flow.send(None)
    flow.send(0.5)
    flow.send(None)
    assert session.close() == "first"
    with pytest.raises(StopIteration) as end:
        flow.send(None)
    assert end.value.value is False


def test_closing_during_the_handshake_hangs_the_new_connection_up():
    session = opened(a_session())
    flow = recover(session, 1006)
    for answer in (None, 0.5, None, None):
        flow.send(answer)
    session.close()
    hangup = flow.send("second")
    assert isinstance(hangup, Hangup)
    assert hangup.connection == "second"
    with pytest.raises(StopIteration) as end:
        flow.send(None)
    assert end.value.value is False
    assert session.connection == "first"


def test_closing_during_the_flush_keeps_what_was_not_sent():
    session = opened(a_session())
    flow = recover(session, 1006)
    flow.send(None)
    session.admit("a")
    session.admit("b")
    for answer in (0.5, None, None):
        flow.send(answer)
    assert flow.send("second").frame == "a"
    session.close()
    with pytest.raises(StopIteration) as end:
        flow.send(None)
    assert end.value.value is False
    assert session.outbox.drain() == ["b"]


@pytest.mark.parametrize(("failure", "result"), [(Closed(1008), False), (Closed(1006), True), (OSError(), True)])
def test_a_backlog_that_breaks_the_new_connection_is_judged_by_its_close_code(failure, result):
    session = opened(a_session())
    flow = recover(session, 1006)
    flow.send(None)
    session.admit("a")
    for answer in (0.5, None, None):
        flow.send(answer)
    assert isinstance(flow.send("second"), Transmit)
    assert isinstance(flow.throw(failure), Hangup)
    if result:
        assert isinstance(flow.send(None), Random)
        for answer in (0.5, None, None):
            flow.send(answer)
    with pytest.raises(StopIteration) as end:
        flow.send("third" if result else None)
    assert end.value.value is result


def test_an_interrupt_while_the_backlog_goes_out_hangs_up():
    session = opened(a_session())
    flow = recover(session, 1006)
    flow.send(None)
    session.admit("a")
    for answer in (0.5, None, None, "second"):
        flow.send(answer)
    assert isinstance(flow.throw(KeyboardInterrupt()), Hangup)
    with pytest.raises(KeyboardInterrupt):
        flow.send(None)
    assert session.admit("b") is False


def test_the_queue_is_bounded_while_waiting():
    session = a_session(limit=3)
    session.admit("abc")
    with pytest.raises(WebSocketQueueFullError):
        session.admit("d")


def test_what_was_never_sent_is_raised_with_everything_in_it():
    session = a_session()
    for frame in ("text", b"bin\xc3\xa4r", b"\xff"):
        session.admit(frame)
    with pytest.raises(WebSocketConnectionClosedError, match="3 unsent") as raised:
        session.check_unsent(Closed(1011, "overloaded"))
    error = raised.value
    assert error.unsent_frames == ["text", b"bin\xc3\xa4r", b"\xff"]
    assert error.unsent_messages == ["text", "binär"]
    assert (error.code, error.reason) == (1011, "overloaded")
    assert isinstance(error.__cause__, Closed)
    session.check_unsent(Closed(1011))


def test_a_closed_session_sends_nothing_and_dials_nothing():
    session = opened(a_session())
    session.close()
    assert session.admit("a") is False
    assert session.adopt("other") is False
    assert steps_done(recover(session, 1006)) is False


def test_the_repr_tells_the_state():
    session = a_session()
    session.admit("a")
    assert repr(session) == "<Session waiting, 1 queued, attempt 0>"
    opened(session)
    assert repr(session) == "<Session open, 0 queued, attempt 0>"
    session.close()
    assert repr(session) == "<Session closed, 0 queued, attempt 0>"
