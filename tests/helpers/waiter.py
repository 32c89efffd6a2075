"""A client of either colour behind one interface, waiting for background responses."""

from __future__ import annotations

import asyncio

import antiphon
from antiphon.helpers.background import AsyncBackground, Background


class Blocking:
    """A blocking client behind the awaits of the other colour, so that each test is written once."""

    def __init__(self, **options):
        self.client = antiphon.OpenAI(**options)

    async def create(self, **arguments):
        return Waiting(Background.create(self.client, **arguments))

    def handle(self, response):
        return Waiting(Background(self.client, response))

    async def streamed(self, manager_of):
        with manager_of(self.client) as stream:
            return list(stream), stream.get_final_response()

    async def close(self):
        self.client.close()


class Waiting:
    def __init__(self, job):
        self.job = job

    def __getattr__(self, name):
        value = getattr(self.job, name)
        if name not in ("wait", "cancel", "refresh"):
            return value

        async def call(**arguments):
            return value(**arguments)

        return call

    async def __aenter__(self):
        self.job.__enter__()
        return self

    async def __aexit__(self, *what):
        return self.job.__exit__(*what)


class Asynchronous:
    def __init__(self, **options):
        self.client = antiphon.AsyncOpenAI(**options)

    async def create(self, **arguments):
        return await AsyncBackground.create(self.client, **arguments)

    def handle(self, response):
        return AsyncBackground(self.client, response)

    async def streamed(self, manager_of):
        async with manager_of(self.client) as stream:
            return [event async for event in stream], await stream.get_final_response()

    async def close(self):
        await self.client.close()


def run(colour, url, work, **options):
    async def main():
        desk = colour(**{"api_key": "sk-1", "base_url": url, "max_retries": 0, "proxy": None, **options})
        try:
            return await work(desk)
        finally:
            await desk.close()

    return asyncio.run(main())


def stream_of(client, id, **arguments):
    kind = AsyncBackground if isinstance(client, antiphon.AsyncOpenAI) else Background
    return kind(client, id).stream(**arguments)
