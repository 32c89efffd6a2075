"""A turn's artifacts, found by path among many, read and downloaded."""

import pytest

from antiphon.core.reference import caster_of
from antiphon.helpers.agent import AgentTurnResult

from .agent_colour import Asynchronous, Blocking
from .agent_session import TURN
from .conftest import Answer, plain

RESULT = AgentTurnResult(turn=caster_of("beta.agents.sessions.turn:Turn")(dict(TURN)), messages=[])


@pytest.fixture(params=[Blocking(), Asynchronous()], ids=["blocking", "asyncio"])
def colour(request):
    return request.param


def artifact(number, path, turn="turn_1"):
    return {
        "id": f"art_{number}",
        "path": path,
        "turn_id": turn,
        "session_id": "sess_1",
        "object": "agent.session.artifact",
    }


LISTED = [
    artifact(1, "/a", "turn_0"),
    artifact(2, "/b"),
    artifact(3, "/a"),
    artifact(4, "/twice"),
    artifact(5, "/twice"),
]
CONTENT = Answer(b"\0binary\xff" * 1000, "application/octet-stream")


def listing(*items, more=False):
    return plain(
        {
            "object": "list",
            "data": list(items),
            "has_more": more,
            "last_id": items[-1]["id"],
            "first_id": items[0]["id"],
        }
    )


def found(server, colour, work, *answers):
    server.answers = list(answers)

    async def main(colour, client):
        return await work(client.beta.agents.sessions.artifacts.for_result(RESULT))

    return colour.run(server, main)


def test_content_over_pages(server, colour):
    async def work(artifacts):
        content = await colour.got(artifacts.content("/a", extra_headers={"X-Own": "1"}))
        return content.content

    pages = [listing(*LISTED[:2], more=True), listing(*LISTED[2:])]
    assert found(server, colour, work, *pages, CONTENT) == CONTENT.body
    assert [asked.path for asked in server.asked] == [
        "/v1/agents/sessions/sess_1/artifacts",
        "/v1/agents/sessions/sess_1/artifacts?after=art_2",
        "/v1/agents/sessions/sess_1/artifacts/art_3/content",
    ]
    assert {asked.headers["x-own"] for asked in server.asked} == {"1"}


def test_download(server, colour, tmp_path):
    async def work(artifacts):
        return await colour.got(artifacts.download("/a", to=tmp_path / "here.bin"))

    assert found(server, colour, work, listing(*LISTED), CONTENT).id == "art_3"
    assert (tmp_path / "here.bin").read_bytes() == CONTENT.body


@pytest.mark.parametrize(("path", "words"), [("/none", "no artifact"), ("/twice", "more than one artifact")])
def test_a_path_must_name_one(server, colour, path, words):
    async def work(artifacts):
        return await colour.got(artifacts.content(path))

    with pytest.raises(ValueError, match=words):
        found(server, colour, work, listing(*LISTED))
