"""Handlers: who is called for what, and for how long."""

import pytest

from antiphon.errors import OpenAIError
from antiphon.sockets.listener import Listeners, Listening, type_of


class Station(Listening):
    def __init__(self):
        self._listeners = Listeners()

    def hear(self, event):
        return [handler(event) for handler in self._listeners.for_event(event)]


def test_on_returns_the_owner_and_calls_in_order():
    station = Station()
    assert station.on("a", lambda e: 1).on("a", lambda e: 2).on("event", lambda e: 3) is station
    assert station.hear({"type": "a"}) == [1, 2, 3]
    assert station.hear({"type": "b"}) == [3]


def test_without_a_handler_it_is_a_decorator_that_returns_the_function():
    station = Station()

    @station.on("a")
    def first(event):
        return "first"

    @station.once("a")
    def second(event):
        return "second"

    assert first({}) == "first"
    assert station.hear({"type": "a"}) == ["first", "second"]
    assert station.hear({"type": "a"}) == ["first"]


def test_off_removes_one_entry_only():
    station = Station()
    seen = []
    station.on("a", seen.append).on("a", seen.append)
    station.off("a", seen.append).off("b", seen.append)
    station.hear({"type": "a"})
    assert len(seen) == 1


def test_an_error_that_nobody_hears_is_raised():
    with pytest.raises(OpenAIError, match=r"WebSocket error: .*boom"):
        Station().hear({"type": "error", "error": {"message": "boom"}})


@pytest.mark.parametrize("heard_as", ["error", "event"])
def test_an_error_that_somebody_hears_is_not(heard_as):
    assert Station().on(heard_as, lambda e: "heard").hear({"type": "error"}) == ["heard"]


def test_handlers_move_with_their_kind():
    before, after = Station(), Station()
    before.on("a", lambda e: "stays").once("a", lambda e: "goes")
    before._listeners.move_to(after._listeners)
    assert before.hear({"type": "a"}) == []
    assert after.hear({"type": "a"}) == ["stays", "goes"]
    assert after.hear({"type": "a"}) == ["stays"]


class Event:
    type = "named"


@pytest.mark.parametrize(
    ("event", "name"), [(Event(), "named"), ({"type": "x"}, "x"), ({"type": 1}, ""), ([], ""), ({}, "")]
)
def test_the_type_of_anything(event, name):
    assert type_of(event) == name
