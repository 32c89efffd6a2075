"""Sessions created with a type for their answers and with tools, as streams and not."""

import openai
import pydantic
import pytest

import antiphon
from antiphon.helpers.agent import AgentSessionEventStream, AgentTurnResultError, AsyncAgentSessionEventStream

from .agent_colour import Asynchronous, Blocking
from .agent_session import SESSION, a_turn, action, call, event, message, nothing, session, stream
from .conftest import plain


class Answered(pydantic.BaseModel):
    text: str


@pytest.fixture(params=[Blocking(), Asynchronous()], ids=["blocking", "asyncio"])
def colour(request):
    return request.param


ENVIRONMENT = {"type": "hosted"}


def created(server, colour, work=None, *answers, **arguments):
    server.answers = [*answers, nothing()]

    async def main(colour, client):
        made = await colour.got(client.beta.agents.sessions.create(environment=ENVIRONMENT, **arguments))
        return made if work is None else await work(colour, made)

    return colour.run(server, main)


def test_without_stream_the_session_comes_back(server, colour):
    made = created(
        server,
        colour,
        None,
        plain(SESSION),
        output_type=Answered,
        agent={"model": "gpt-5.5", "text": {"verbosity": "low"}},
    )
    assert made.id == "sess_1"
    body = server.asked[0].json
    assert body["agent"]["model"] == "gpt-5.5"
    assert body["agent"]["text"]["verbosity"] == "low"
    asked = body["agent"]["text"]["format"]
    assert asked["type"] == "json_schema"
    assert asked["schema"]["required"] == ["text"]
    assert asked["schema"]["additionalProperties"] is False


def test_the_format_is_the_official_one(server):
    def body(client):
        server.asked.clear()
        server.answers = [plain(SESSION)]
        with client:
            client.beta.agents.sessions.create(environment=ENVIRONMENT, input="Hi", output_type=Answered)
        return server.asked[0].json

    ours = body(antiphon.OpenAI(api_key="sk-test", base_url=server.url))
    assert ours == body(openai.OpenAI(api_key="sk-test", base_url=server.url))


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"output_type": Answered, "agent": {"text": {"format": {"type": "text"}}}}, ValueError, "not both"),
        ({"output_type": int}, TypeError, "output_type"),
        ({"tool_handlers": {"a": print}}, ValueError, "stream=True"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_sent(server, colour, arguments, error, words):
    with pytest.raises(error, match=words):
        created(server, colour, None, **arguments)
    assert server.asked == []


def test_the_stream_gives_all_events_errors_too(server, colour):
    events = [session("created"), event("error", error={"message": "a hiccup", "type": "x"}), *a_turn(message("Hi"))]

    async def work(colour, made):
        assert isinstance(made, (antiphon.Stream, antiphon.AsyncStream))
        assert isinstance(made, (AgentSessionEventStream, AsyncAgentSessionEventStream))
        assert made.response.status_code == 200
        return [item.type for item in await colour.events(made)]

    found = created(server, colour, work, stream(*events), stream=True, input="Hi")
    assert found == [item["type"] for item in events]
    assert server.asked[0].json["stream"] is True


def test_the_stream_collects_a_parsed_result(server, colour):
    async def work(colour, made):
        first = await colour.got(made.with_result_collection().get_final_result())
        again = await colour.got(made.get_final_result())
        assert first.output_parsed is again.output_parsed
        return first

    events = [session("created"), *a_turn(message('{"text":"x"}')), session("idle")]
    found = created(server, colour, work, stream(*events), stream=True, input="Hi", output_type=Answered)
    assert found.output_parsed == Answered(text="x")


def test_tools_run_while_the_stream_is_read(server, colour):
    async def work(colour, made):
        return await colour.got(made.get_final_result())

    events = a_turn(call(), session("requires_action", required_actions=[action()]), message("21"))
    handlers = {"weather": lambda given: given["city"]}
    arguments = {
        "stream": True,
        "input": "Hi",
        "tool_handlers": handlers,
        "extra_headers": {"Idempotency-Key": "k", "X-Own": "1"},
    }
    assert created(server, colour, work, stream(*events), **arguments).output_text == "21"
    assert server.asked[1].path == "/v1/agents/sessions/sess_1/events"
    assert server.asked[1].json["events"][0]["output"] == "Ghent"
    assert server.asked[1].headers["x-own"] == "1"
    assert server.asked[1].headers["idempotency-key"] != "k"


def test_a_stream_that_ends_early_has_no_result(server, colour):
    async def work(colour, made):
        return await colour.got(made.get_final_result())

    with pytest.raises(AgentTurnResultError) as raised:
        created(server, colour, work, stream(*a_turn(message("x"))[:3]), stream=True, input="Hi")
    assert raised.value.reason == "incomplete"
    assert raised.value.messages[0].id == "msg_1"


def test_closing_stops_reading_and_tools(server, colour):
    async def work(colour, made):
        seen = []
        if isinstance(colour, Asynchronous):
            async for item in made:
                seen.append(item.type)
                if "item.added" in item.type:
                    await made.close()
        else:
            with made:
                for item in made:
                    seen.append(item.type)
                    if "item.added" in item.type:
                        made.close()
        return seen

    arguments = {"stream": True, "tool_handlers": {"weather": lambda given: "never"}}
    seen = created(server, colour, work, stream(*a_turn(call(), message("x"))), **arguments)
    assert seen[-1] == "agent.session.turn.item.added"
    assert len(server.asked) == 1


def test_a_raw_response_is_left_as_it_is(server):
    server.answers = [plain(SESSION)]
    with antiphon.OpenAI(api_key="sk-test", base_url=server.url) as client:
        raw = client.beta.agents.sessions.with_raw_response.create(environment=ENVIRONMENT, output_type=Answered)
        assert raw.parse().id == "sess_1"
