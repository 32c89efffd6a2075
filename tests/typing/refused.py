"""What type checkers refuse; each line says a pattern of the words. Read by mypy and pyright, never run."""

# ruff: noqa: B018, F401

from __future__ import annotations

from antiphon import AsyncOpenAI, OpenAI, Policy
from antiphon.types.responses import Response
from antiphon.types.shared_params import Reasoning


def misspelt(client: OpenAI) -> None:
    client.files.list(limits=2)  # limits
    client.responses.create(modle="m")  # modle|No overloads
    client.files.with_raw_response.retrieve("file", timout=2)  # timout


def missing(client: OpenAI) -> None:
    client.embeddings.create(model="m")  # input
    client.files.retrieve()  # file_id


def wrong(client: OpenAI) -> None:
    client.files.retrieve(3)  # str
    client.files.list(order="up")  # order
    client.files.list("after")  # positional
    client.responses.create(model="m", reasoning={"efort": "low"})  # efort|No overload|Reasoning


def unknown(client: OpenAI, response: Response) -> None:
    client.filez  # filez
    response.output_txt  # output_txt
    from antiphon.types.responses import Respons  # Respons


def streams(client: OpenAI) -> None:
    with client.responses.stream(model="m", input="i") as stream:
        for event in stream:
            event.snapshot  # snapshot
            if event.type == "response.output_text.delta":
                event.parsed  # parsed


async def asynchronous(client: AsyncOpenAI) -> None:
    await client.files.list(limits=2)  # limits
    await client.files.retrieve("file", timout=2)  # timout


def arguments() -> Reasoning:
    return {"effort": 3}  # effort|Reasoning


def governed(client: OpenAI) -> None:
    client.with_circuit_breaker(windw=10)  # windw
    client.with_bulkhead("eight")  # eight|str
    Policy(retries=3)  # retries
