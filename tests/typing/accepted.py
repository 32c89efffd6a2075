"""What type checkers accept although the official package's annotations refuse it. Read by mypy and pyright, never run.

Each line that ends in a comment is refused there by the checkers it names.
"""

from __future__ import annotations

from typing import Any

from antiphon import AsyncOpenAI, OpenAI


def history(client: OpenAI, messages: list[dict[str, str]], turns: list[dict[str, Any]], role: str) -> None:
    client.chat.completions.create(model="m", messages=messages)  # mypy pyright
    client.chat.completions.create(model="m", messages=turns, stream=True)  # mypy pyright
    client.chat.completions.create(model="m", messages=[{"role": role, "content": "hi"}])  # mypy pyright
    client.responses.create(model="m", input=messages)  # mypy pyright
    client.responses.create(model="m", input="hi", tools=turns)  # mypy pyright
    client.chat.completions.create(model="m", messages=[{"role": "user", "content": "hi"}])
    client.moderations.create(input=messages)  # mypy pyright


async def asynchronous(client: AsyncOpenAI, messages: list[dict[str, str]]) -> None:
    await client.chat.completions.create(model="m", messages=messages)  # mypy pyright
    await client.responses.parse(model="m", input=messages)  # mypy pyright
    client.chat.completions.stream(model="m", messages=messages)  # mypy pyright
