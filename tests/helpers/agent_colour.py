"""Both clients behind one interface, for tests that hold for both."""

import asyncio
import inspect

import antiphon


class Blocking:
    """The blocking client behind the interface of the asyncio one."""

    def run(self, server, work):
        async def main():
            with antiphon.OpenAI(api_key="sk-test", base_url=server.url, max_retries=0) as client:
                return await work(self, client)

        return asyncio.run(main())

    async def entered(self, manager):
        return manager.__enter__()

    async def left(self, manager):
        manager.__exit__(None, None, None)

    async def events(self, followed):
        return list(followed)

    async def got(self, value):
        return value


class Asynchronous(Blocking):
    def run(self, server, work):
        async def main():
            async with antiphon.AsyncOpenAI(api_key="sk-test", base_url=server.url, max_retries=0) as client:
                return await work(self, client)

        return asyncio.run(main())

    async def entered(self, manager):
        return await manager.__aenter__()

    async def left(self, manager):
        await manager.__aexit__(None, None, None)

    async def events(self, followed):
        return [item async for item in followed]

    async def got(self, value):
        return await value if inspect.isawaitable(value) else value
