"""A turn of an agent followed in either colour."""

import pydantic

from .agent_session import idle, nothing, stream


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


class Answered(pydantic.BaseModel):
    text: str
