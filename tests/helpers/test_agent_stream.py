"""A turn of an agent followed over real sockets, in both colours, and beside the official package."""

import json
from types import SimpleNamespace

import openai
import pydantic
import pytest

import antiphon
from antiphon.core.effects import Invoke
from antiphon.errors import BadRequestError, InternalServerError
from antiphon.helpers.agent import AgentOutputParseError, AgentTurnResultError

from .agent_colour import Asynchronous, Blocking
from .agent_session import a_turn, action, call, event, idle, message, nothing, session, stream, turn
from .conftest import Answer, plain


@pytest.fixture(params=[Blocking(), Asynchronous()], ids=["blocking", "asyncio"])
def colour(request):
    return request.param


def followed(server, colour, events, work, *more, **arguments):
    """Follow a turn of these events; `work` gets the colour and the stream."""
    server.answers = [idle(), stream(*events), nothing(), *more, nothing()]

    async def main(colour, client):
        manager = client.beta.agents.sessions.stream("sess_1", input=arguments.pop("input", "Hi"), **arguments)
        entered = await colour.entered(manager)
        try:
            return await work(colour, entered)
        finally:
            await colour.left(manager)

    return colour.run(server, main)


async def all_events(colour, entered):
    return await colour.events(entered)


async def final(colour, entered):
    return await colour.got(entered.get_final_result())


def sent(server):
    return [(asked.verb, asked.path, asked.json if asked.body else None) for asked in server.asked]


# The turn


def test_an_idle_session_is_followed_and_then_given_its_input(server, colour):
    events = followed(server, colour, a_turn(message("Hello")), all_events)
    assert [item.type.removeprefix("agent.session.") for item in events] == [
        "idle",
        "turn.created",
        "turn.item.done",
        "turn.completed",
        "idle",
    ]
    text = {"role": "user", "content": [{"type": "input_text", "text": "Hi"}]}
    assert sent(server) == [
        ("GET", "/v1/agents/sessions/sess_1", None),
        ("GET", "/v1/agents/sessions/sess_1/events", None),
        (
            "POST",
            "/v1/agents/sessions/sess_1/events",
            {"events": [{"type": "agent.session.input.message", "input": [text]}]},
        ),
    ]
    assert {asked.headers["openai-beta"] for asked in server.asked} == {"agents=v1"}
    assert len(server.asked[2].headers["idempotency-key"]) == 36


@pytest.mark.parametrize(
    ("arguments", "key"),
    [
        ({"idempotency_key": "mine"}, "mine"),
        ({"idempotency_key": "mine", "extra_headers": {"IDEMPOTENCY-KEY": "theirs", "X-Own": "1"}}, "theirs"),
    ],
)
def test_the_key_goes_with_the_input_only(server, colour, arguments, key):
    followed(server, colour, a_turn(), all_events, **arguments)
    assert [asked.headers.get("idempotency-key") for asked in server.asked] == [None, None, key]
    if "extra_headers" in arguments:
        assert {asked.headers["x-own"] for asked in server.asked} == {"1"}


def test_events_that_come_twice_are_given_once(server, colour):
    events = a_turn(message("Hello"))
    assert len(followed(server, colour, [events[0], *events], all_events)) == len(events)


def test_a_subagents_turn_is_not_the_turn(server, colour):
    other = event(
        "turn.created", turn_id="turn_0", turn={"id": "turn_0", "subagent_id": "sub", "status": "in_progress"}
    )
    ended = event(
        "turn.completed", turn_id="turn_0", turn={"id": "turn_0", "subagent_id": "sub", "status": "completed"}
    )
    events = [other, ended, session("idle"), *a_turn(message("Hello"))]
    assert len(followed(server, colour, events, all_events)) == len(events)


def test_a_failed_session_ends_it(server, colour):
    events = [turn("created"), session("failed", status="failed"), session("idle")]
    assert [item.type for item in followed(server, colour, events, all_events)][-1] == "agent.session.failed"


def test_a_stream_that_ends_early_is_an_error(server, colour):
    with pytest.raises(RuntimeError, match="ended before the turn"):
        followed(server, colour, a_turn()[:2], all_events)


@pytest.mark.parametrize("input", ["", [], ()])
def test_an_empty_input_is_refused(server, colour, input):
    with pytest.raises(ValueError, match="input must not be empty"):
        followed(server, colour, [], all_events, input=input)


def test_a_busy_session_is_refused(server, colour):
    server.answers = [plain({"id": "sess_1", "status": "in_progress"})]

    async def main(colour, client):
        await colour.entered(client.beta.agents.sessions.stream("sess_1", input="Hi"))

    with pytest.raises(ValueError, match="in_progress, and only an idle one"):
        colour.run(server, main)
    assert len(server.asked) == 1


def test_an_input_that_is_refused_closes_the_stream(server, colour):
    server.answers = [idle(), stream(*a_turn()), Answer(b'{"error":{"message":"no"}}', status=500)]

    async def main(colour, client):
        await colour.entered(client.beta.agents.sessions.stream("sess_1", input="Hi"))

    with pytest.raises(InternalServerError):
        colour.run(server, main)


def test_the_stream_of_a_refused_input_is_given_up_at_once():
    """The flow by hand: no collection has to do it."""
    client = antiphon.OpenAI(api_key="sk-test", base_url="http://127.0.0.1:9/v1")
    flow = client.beta.agents.sessions.stream("sess_1", input="Hi")._started()
    assert flow.send(None).call.operation.name == "beta.agents.sessions.retrieve"
    assert flow.send(SimpleNamespace(status="idle")).call.operation.name == "beta.agents.sessions.events.stream"
    stream = SimpleNamespace(close=lambda: None)
    assert flow.send(stream).call.operation.name == "beta.agents.sessions.events.create"
    effect = flow.throw(KeyboardInterrupt())
    assert isinstance(effect, Invoke)
    assert effect.function is stream.close
    with pytest.raises(KeyboardInterrupt):
        flow.send(None)


def test_it_is_entered_once_and_before_it_is_read(server, colour):
    async def main(colour, client):
        manager = client.beta.agents.sessions.stream("sess_1", input="Hi")
        with pytest.raises(RuntimeError, match="with block"):
            await colour.events(manager)
        await colour.left(manager)
        assert await colour.events(manager) == []
        with pytest.raises(RuntimeError, match="entered once"):
            await colour.entered(manager)

    server.answers = [nothing()]
    colour.run(server, main)
    assert server.asked == []


# Tools


def results(server):
    return [asked.json["events"][0] for asked in server.asked[3:]]


def test_handlers_run_after_their_event_and_their_result_is_sent(server, colour):
    order = []

    def weather(arguments):
        order.append(arguments)
        return {"degrees": 21}

    async def work(colour, entered):
        if isinstance(colour, Asynchronous):
            async for item in entered:
                order.append(item.type)  # noqa: PERF401 (the order counts)
        else:
            for item in entered:
                order.append(item.type)  # noqa: PERF401

    followed(server, colour, a_turn(call(), call(), message("21")), work, tool_handlers={"weather": weather})
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


def test_coroutines_are_handlers_on_asyncio_only(server, colour):
    failures = []

    async def weather(arguments):
        return "sunny"

    followed(
        server,
        colour,
        a_turn(call()),
        all_events,
        tool_handlers={"weather": weather},
        on_tool_error=failures.append,
    )
    if isinstance(colour, Asynchronous):
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
def test_what_a_handler_raises_is_told_but_not_sent(server, colour, arguments, handler, stage):
    failures = []
    turn_ = a_turn(call(arguments=arguments))
    tools = {"tool_handlers": {"weather": handler}, "on_tool_error": failures.append}
    followed(server, colour, turn_, all_events, **tools)
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


def test_an_observer_that_fails_changes_nothing(server, colour):
    def fails(anything):
        raise ZeroDivisionError

    tools = {"tool_handlers": {"weather": fails}, "on_tool_error": fails}
    followed(server, colour, a_turn(call()), all_events, **tools)
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


def test_a_result_that_comes_too_early_is_sent_again_under_the_same_key(server, colour):
    handlers = {"weather": lambda given: "ok"}
    followed(server, colour, a_turn(call()), all_events, race(), race(), tool_handlers=handlers)
    assert len(server.asked) == 6
    assert len({asked.headers["idempotency-key"] for asked in server.asked[3:]}) == 1


@pytest.mark.parametrize("answers", [[race(message="something else")], [race(code="other")], [race()] * 4])
def test_other_refusals_are_raised(server, colour, answers):
    with pytest.raises(BadRequestError):
        followed(server, colour, a_turn(call()), all_events, *answers, tool_handlers={"weather": lambda given: "ok"})


def test_tools_without_a_handler_are_left_to_the_caller(server, colour):
    followed(server, colour, a_turn(call("other")), all_events, tool_handlers={"weather": lambda given: "ok"})
    assert len(server.asked) == 3


# The result


class Answered(pydantic.BaseModel):
    text: str


def test_the_final_result(server, colour):
    events = a_turn(
        message("thinking", 0, "msg_0", phase="commentary"),
        message("world", 3, "msg_3"),
        message("Hello, ", 2, "msg_2"),
        message("half", 4, "msg_4", status="incomplete"),
    )
    result = followed(server, colour, events, final)
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


def test_the_result_is_parsed(server, colour):
    result = followed(server, colour, a_turn(message('{"text":"x"}')), final, output_type=Answered)
    assert result.output_parsed == Answered(text="x")
    assert result.parse(Answered).output_parsed == Answered(text="x")


def test_iterating_first_needs_collection(server, colour):
    async def read_then_ask(colour, entered):
        await colour.events(entered)
        return await colour.got(entered.get_final_result())

    with pytest.raises(RuntimeError, match="with_result_collection"):
        followed(server, colour, a_turn(message("x")), read_then_ask)

    async def collect(colour, entered):
        assert entered.with_result_collection() is entered
        return await read_then_ask(colour, entered)

    assert followed(server, colour, a_turn(message("x")), collect).output_text == "x"


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
def test_why_there_is_no_result(server, colour, events, reason):
    with pytest.raises(AgentTurnResultError) as raised:
        followed(server, colour, events, final)
    error = raised.value
    assert error.reason == reason
    assert (error.turn_id, error.session_id) == ("turn_1", "sess_1")
    assert [item.content[0].text for item in error.messages] == ["partly"]
    assert bool(error.required_actions) is (reason == "requires_action")


def test_an_action_that_a_handler_takes_is_no_obstacle(server, colour):
    events = a_turn(
        call(), session("requires_action", required_actions=[action()]), session("in_progress"), message("ok")
    )
    result = followed(server, colour, events, final, tool_handlers={"weather": lambda given: "sunny"})
    assert result.output_text == "ok"


def test_errors_travel_between_processes(server, colour):
    import pickle

    with pytest.raises(AgentTurnResultError) as raised:
        followed(server, colour, a_turn(message("partly"), state="failed"), final)
    again = pickle.loads(pickle.dumps(raised.value))
    assert (again.reason, again.turn_id, again.messages[0].id) == ("failed", "turn_1", "msg_1")


# Beside the official package


def test_what_is_sent_and_what_comes_out_is_the_same(server):
    events = a_turn(call(), session("requires_action", required_actions=[action()]), message('{"text":"21"}'))
    handlers = {"weather": lambda given: {"city": given["city"]}}

    def work(client):
        server.asked.clear()
        server.answers = [idle(), stream(*events), nothing()]
        with client.beta.agents.sessions.stream(
            "sess_1", input="Hi", output_type=Answered, tool_handlers=handlers
        ) as found:
            result = found.get_final_result()
        return sent(server), result.output_text, result.output_parsed, result.turn.to_dict()

    ours = work(antiphon.OpenAI(api_key="sk-test", base_url=server.url))
    theirs = work(openai.OpenAI(api_key="sk-test", base_url=server.url))
    assert ours == theirs


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


def test_a_failure_without_an_observer_is_only_sent(server, colour):
    followed(server, colour, a_turn(call()), all_events, tool_handlers={"weather": lambda given: 1 / 0})
    assert results(server)[0]["success"] is False


def test_a_refusal_without_an_error_object_is_raised(server, colour):
    refused = Answer(b'"no"', "application/json", status=400)
    with pytest.raises(BadRequestError):
        followed(server, colour, a_turn(call()), all_events, refused, tool_handlers={"weather": lambda given: "ok"})


def test_until_done_and_asking_twice(server, colour):
    async def work(colour, entered):
        entered.with_result_collection()
        await colour.got(entered.until_done())
        first = await colour.got(entered.get_final_result())
        return first is await colour.got(entered.get_final_result())

    assert followed(server, colour, a_turn(message("x")), work)


def test_an_error_stays_the_same_error(server, colour):
    async def work(colour, entered):
        errors = []
        for _ in range(2):
            with pytest.raises(AgentTurnResultError) as raised:
                await colour.got(entered.get_final_result())
            errors.append(raised.value)
        return errors

    first, second = followed(server, colour, a_turn(state="failed"), work)
    assert first is second


def test_leaving_in_the_middle_of_the_events(server, colour):
    async def work(colour, entered):
        if isinstance(colour, Asynchronous):
            async for _ in entered:
                await entered.close()
        else:
            for _ in entered:
                entered.close()
        return await colour.events(entered)

    assert followed(server, colour, a_turn(message("x")), work) == []


def test_more_events_than_are_remembered(server):
    events = [event("in_progress") for _ in range(1100)]
    assert len(followed(server, Blocking(), [*a_turn()[:2], *events, *a_turn()[2:]], all_events)) == 1104
