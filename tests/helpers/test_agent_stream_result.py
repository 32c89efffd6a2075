"""The result of an agent's turn: collected, parsed, or an error that says why there is none."""

import pytest

from antiphon.helpers.agent import AgentOutputParseError, AgentTurnResultError

from .agent_follower import Answered, followed
from .agent_session import a_turn, action, call, event, message, session, turn


async def final(follower, entered):
    return await follower.got(entered.get_final_result())


def test_the_final_result(server, follower):
    events = a_turn(
        message("thinking", 0, "msg_0", phase="commentary"),
        message("world", 3, "msg_3"),
        message("Hello, ", 2, "msg_2"),
        message("half", 4, "msg_4", status="incomplete"),
    )
    result = followed(server, follower, events, final)
    assert result.output_text == "Hello, world"
    assert [item.id for item in result.messages] == ["msg_2", "msg_3"]
    assert (result.session_id, result.turn_id, result.turn.status) == ("sess_1", "turn_1", "completed")
    assert result.output_parsed is None
    with pytest.raises(AgentOutputParseError) as raised:
        result.parse(Answered)
    assert raised.value.result is result
    assert "Hello" not in str(raised.value)
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__


def test_the_result_is_parsed(server, follower):
    result = followed(server, follower, a_turn(message('{"text":"x"}')), final, output_type=Answered)
    assert result.output_parsed == Answered(text="x")
    assert result.parse(Answered).output_parsed == Answered(text="x")


def test_iterating_first_needs_collection(server, follower):
    async def read_then_ask(follower, entered):
        await follower.events(entered)
        return await follower.got(entered.get_final_result())

    with pytest.raises(RuntimeError, match="with_result_collection"):
        followed(server, follower, a_turn(message("x")), read_then_ask)

    async def collect(follower, entered):
        assert entered.with_result_collection() is entered
        return await read_then_ask(follower, entered)

    assert followed(server, follower, a_turn(message("x")), collect).output_text == "x"


@pytest.mark.parametrize(
    ("events", "reason"),
    [
        (a_turn(message("partly"), state="failed"), "failed"),
        (a_turn(message("partly"), state="cancelled"), "cancelled"),
        ([turn("created"), message("partly"), session("failed")], "failed"),
        (
            [turn("created"), message("partly"), session("requires_action", required_actions=[action()])],
            "requires_action",
        ),
        ([turn("created"), message("partly")], "observation_failed"),
        ([turn("created"), message("partly"), event("error", error={"message": "m"})], "observation_failed"),
    ],
)
def test_why_there_is_no_result(server, follower, events, reason):
    with pytest.raises(AgentTurnResultError) as raised:
        followed(server, follower, events, final)
    error = raised.value
    assert error.reason == reason
    assert (error.turn_id, error.session_id) == ("turn_1", "sess_1")
    assert [item.content[0].text for item in error.messages] == ["partly"]
    assert bool(error.required_actions) is (reason == "requires_action")


def test_an_action_that_a_handler_takes_is_no_obstacle(server, follower):
    events = a_turn(
        call(), session("requires_action", required_actions=[action()]), session("in_progress"), message("ok")
    )
    result = followed(server, follower, events, final, tool_handlers={"weather": lambda given: "sunny"})
    assert result.output_text == "ok"


def test_errors_travel_between_processes(server, follower):
    import pickle

    with pytest.raises(AgentTurnResultError) as raised:
        followed(server, follower, a_turn(message("partly"), state="failed"), final)
    again = pickle.loads(pickle.dumps(raised.value))
    assert (again.reason, again.turn_id, again.messages[0].id) == ("failed", "turn_1", "msg_1")


def test_until_done_and_asking_twice(server, follower):
    async def work(follower, entered):
        entered.with_result_collection()
        await follower.got(entered.until_done())
        first = await follower.got(entered.get_final_result())
        return first is await follower.got(entered.get_final_result())

    assert followed(server, follower, a_turn(message("x")), work)


def test_an_error_stays_the_same_error(server, follower):
    async def work(follower, entered):
        errors = []
        for _ in range(2):
            with pytest.raises(AgentTurnResultError) as raised:
                await follower.got(entered.get_final_result())
            errors.append(raised.value)
        return errors

    first, second = followed(server, follower, a_turn(state="failed"), work)
    assert first is second
