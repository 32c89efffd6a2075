"""Tools of an agent's turn: handlers run while events are read, and what they return is sent."""

import json

import pytest

from antiphon.errors import BadRequestError

from .agent_colour import Asynchronous, Blocking
from .agent_follower import all_events, followed
from .agent_session import a_turn, call, message
from .conftest import Answer


def results(server):
    return [asked.json["events"][0] for asked in server.asked[3:]]


def test_handlers_run_after_their_event_and_their_result_is_sent(server, follower):
    order = []

    def weather(arguments):
        order.append(arguments)
        return {"degrees": 21}

    async def work(follower, entered):
        if isinstance(follower, Asynchronous):
            async for item in entered:
                order.append(item.type)  # noqa: PERF401 (the order counts)
        else:
            for item in entered:
                order.append(item.type)  # noqa: PERF401

    followed(server, follower, a_turn(call(), call(), message("21")), work, tool_handlers={"weather": weather})
    assert order[2:5] == ["agent.session.turn.item.added", {"city": "Ghent"}, "agent.session.turn.item.added"]
    assert results(server) == [
        {
            "type": "agent.session.input.tool_result",
            "turn_id": "turn_1",
            "call_id": "call_1",
            "success": True,
            "output": '{"degrees":21}',
        }
    ]
    assert server.asked[3].headers["idempotency-key"] != server.asked[2].headers["idempotency-key"]


def test_coroutines_are_handlers_on_asyncio_only(server, follower):
    failures = []

    async def weather(arguments):
        return "sunny"

    followed(
        server,
        follower,
        a_turn(call()),
        all_events,
        tool_handlers={"weather": weather},
        on_tool_error=failures.append,
    )
    if isinstance(follower, Asynchronous):
        assert results(server)[0]["output"] == "sunny"
    else:
        assert results(server)[0]["success"] is False
        assert (failures[0].stage, type(failures[0].error)) == ("execution", TypeError)


@pytest.mark.parametrize(
    ("arguments", "handler", "stage"),
    [
        ("not json", lambda given: "", "arguments"),
        ("[1]", lambda given: "", "arguments"),
        ("{}", lambda given: 1 / 0, "execution"),
        ("{}", lambda given: [object()], "output"),
        ("{}", lambda given: {"n": float("nan")}, "output"),
    ],
)
def test_what_a_handler_raises_is_told_but_not_sent(server, follower, arguments, handler, stage):
    failures = []
    turn_ = a_turn(call(arguments=arguments))
    tools = {"tool_handlers": {"weather": handler}, "on_tool_error": failures.append}
    followed(server, follower, turn_, all_events, **tools)
    (failure,) = failures
    assert (failure.stage, failure.tool_name, failure.session_id, failure.turn_id, failure.call_id) == (
        stage,
        "weather",
        "sess_1",
        "turn_1",
        "call_1",
    )
    assert results(server) == [
        {
            "type": "agent.session.input.tool_result",
            "turn_id": "turn_1",
            "call_id": "call_1",
            "success": False,
            "error": "Tool handler failed.",
        }
    ]


def test_an_observer_that_fails_changes_nothing(server, follower):
    def fails(anything):
        raise ZeroDivisionError

    tools = {"tool_handlers": {"weather": fails}, "on_tool_error": fails}
    followed(server, follower, a_turn(call()), all_events, **tools)
    assert results(server)[0]["success"] is False


@pytest.mark.parametrize(
    ("output", "sent_as"),
    [
        (None, None),
        ("text", "text"),
        ({}, "{}"),
        (iter([{"type": "input_text", "text": "a"}]), [{"type": "input_text", "text": "a"}]),
    ],
)
def test_what_a_handler_may_return(server, output, sent_as):
    followed(server, Blocking(), a_turn(call()), all_events, tool_handlers={"weather": lambda given: output})
    assert results(server)[0]["output"] == sent_as


def race(code="invalid_request_error", message="Unknown pending tool call: call_1"):
    return Answer(json.dumps({"error": {"code": code, "message": message}}).encode(), status=400)


def test_a_result_that_comes_too_early_is_sent_again_under_the_same_key(server, follower):
    handlers = {"weather": lambda given: "ok"}
    followed(server, follower, a_turn(call()), all_events, race(), race(), tool_handlers=handlers)
    assert len(server.asked) == 6
    assert len({asked.headers["idempotency-key"] for asked in server.asked[3:]}) == 1


@pytest.mark.parametrize("answers", [[race(message="something else")], [race(code="other")], [race()] * 4])
def test_other_refusals_are_raised(server, follower, answers):
    with pytest.raises(BadRequestError):
        followed(server, follower, a_turn(call()), all_events, *answers, tool_handlers={"weather": lambda given: "ok"})


def test_tools_without_a_handler_are_left_to_the_caller(server, follower):
    followed(server, follower, a_turn(call("other")), all_events, tool_handlers={"weather": lambda given: "ok"})
    assert len(server.asked) == 3


def test_awaitable_things_are_let_go_of_in_the_blocking_colour(server):
    """An observer that is a coroutine, and a handler whose result only looks like one."""

    class Awaitable:
        def __await__(self):
            yield

    async def observer(failure):
        raise AssertionError("never awaited")

    tools = {"tool_handlers": {"weather": lambda given: Awaitable()}, "on_tool_error": observer}
    followed(server, Blocking(), a_turn(call()), all_events, **tools)
    assert results(server)[0]["success"] is False


def test_a_failure_without_an_observer_is_only_sent(server, follower):
    followed(server, follower, a_turn(call()), all_events, tool_handlers={"weather": lambda given: 1 / 0})
    assert results(server)[0]["success"] is False


def test_a_refusal_without_an_error_object_is_raised(server, follower):
    refused = Answer(b'"no"', "application/json", status=400)
    with pytest.raises(BadRequestError):
        followed(server, follower, a_turn(call()), all_events, refused, tool_handlers={"weather": lambda given: "ok"})
