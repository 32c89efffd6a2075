"""A turn of an agent followed over real sockets, in both colours, and beside the official package."""

from types import SimpleNamespace

import openai
import pytest

import antiphon
from antiphon.core.effects import Invoke
from antiphon.errors import InternalServerError

from .agent_colour import Asynchronous, Blocking
from .agent_follower import Answered, all_events, followed
from .agent_session import a_turn, action, call, event, idle, message, nothing, session, stream, turn
from .conftest import Answer, plain


def sent(server):
    return [(asked.verb, asked.path, asked.json if asked.body else None) for asked in server.asked]


# The turn


def test_an_idle_session_is_followed_and_then_given_its_input(server, follower):
    events = followed(server, follower, a_turn(message("Hello")), all_events)
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
def test_the_key_goes_with_the_input_only(server, follower, arguments, key):
    followed(server, follower, a_turn(), all_events, **arguments)
    assert [asked.headers.get("idempotency-key") for asked in server.asked] == [None, None, key]
    if "extra_headers" in arguments:
        assert {asked.headers["x-own"] for asked in server.asked} == {"1"}


def test_events_that_come_twice_are_given_once(server, follower):
    events = a_turn(message("Hello"))
    assert len(followed(server, follower, [events[0], *events], all_events)) == len(events)


def test_a_subagents_turn_is_not_the_turn(server, follower):
    other = event(
        "turn.created", turn_id="turn_0", turn={"id": "turn_0", "subagent_id": "sub", "status": "in_progress"}
    )
    ended = event(
        "turn.completed", turn_id="turn_0", turn={"id": "turn_0", "subagent_id": "sub", "status": "completed"}
    )
    events = [other, ended, session("idle"), *a_turn(message("Hello"))]
    assert len(followed(server, follower, events, all_events)) == len(events)


def test_a_failed_session_ends_it(server, follower):
    events = [turn("created"), session("failed", status="failed"), session("idle")]
    assert [item.type for item in followed(server, follower, events, all_events)][-1] == "agent.session.failed"


def test_a_stream_that_ends_early_is_an_error(server, follower):
    with pytest.raises(RuntimeError, match="ended before the turn"):
        followed(server, follower, a_turn()[:2], all_events)


@pytest.mark.parametrize("input", ["", [], ()])
def test_an_empty_input_is_refused(server, follower, input):
    with pytest.raises(ValueError, match="input must not be empty"):
        followed(server, follower, [], all_events, input=input)


def test_a_busy_session_is_refused(server, follower):
    server.answers = [plain({"id": "sess_1", "status": "in_progress"})]

    async def main(follower, client):
        await follower.entered(client.beta.agents.sessions.stream("sess_1", input="Hi"))

    with pytest.raises(ValueError, match="in_progress, and only an idle one"):
        follower.run(server, main)
    assert len(server.asked) == 1


def test_an_input_that_is_refused_closes_the_stream(server, follower):
    server.answers = [idle(), stream(*a_turn()), Answer(b'{"error":{"message":"no"}}', status=500)]

    async def main(follower, client):
        await follower.entered(client.beta.agents.sessions.stream("sess_1", input="Hi"))

    with pytest.raises(InternalServerError):
        follower.run(server, main)


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


def test_it_is_entered_once_and_before_it_is_read(server, follower):
    async def main(follower, client):
        manager = client.beta.agents.sessions.stream("sess_1", input="Hi")
        with pytest.raises(RuntimeError, match="with block"):
            await follower.events(manager)
        await follower.left(manager)
        assert await follower.events(manager) == []
        with pytest.raises(RuntimeError, match="entered once"):
            await follower.entered(manager)

    server.answers = [nothing()]
    follower.run(server, main)
    assert server.asked == []


# Beside the official package


def test_what_is_sent_and_what_comes_out_is_the_same(server):
    events = a_turn(call(), session("requires_action", required_actions=[action()]), message('{"text":"21"}'))
    handlers = {"weather": lambda given: {"city": given["city"]}}

    def work(client):
        server.asked.clear()
        server.answers = [idle(), stream(*events), nothing()]
        asked = {"input": "Hi", "output_type": Answered, "tool_handlers": handlers}
        with client, client.beta.agents.sessions.stream("sess_1", **asked) as found:
            result = found.get_final_result()
        return sent(server), result.output_text, result.output_parsed, result.turn.to_dict()

    ours = work(antiphon.OpenAI(api_key="sk-test", base_url=server.url))
    theirs = work(openai.OpenAI(api_key="sk-test", base_url=server.url))
    assert ours == theirs


def test_leaving_in_the_middle_of_the_events(server, follower):
    async def work(follower, entered):
        if isinstance(follower, Asynchronous):
            async for _ in entered:
                await entered.close()
        else:
            for _ in entered:
                entered.close()
        return await follower.events(entered)

    assert followed(server, follower, a_turn(message("x")), work) == []


def test_more_events_than_are_remembered(server):
    events = [event("in_progress") for _ in range(1100)]
    assert len(followed(server, Blocking(), [*a_turn()[:2], *events, *a_turn()[2:]], all_events)) == 1104
