"""A suite as a user of the plugin writes it; run by `test_plugin`, in processes of its own."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from assistant import greet, remember


@pytest.mark.openai_fixture({"match": {"message": "Ada"}, "answer": {"text": "Hello, Ada."}})
def test_a_fixture(openai_server: Any) -> None:
    assert greet("Ada") == "Hello, Ada."
    assert greet("Bob") != "Hello, Ada."


@pytest.mark.openai_fixture(Path("answers.json"))
def test_a_file_of_fixtures(openai_server: Any) -> None:
    assert greet("anybody") == "from the file"


@pytest.mark.openai_fault("status=503;retry_after=0", times=1)
def test_one_fault_is_survived(openai_server: Any) -> None:
    openai_server.say("Still here.")
    assert greet("Ada") == "Still here."
    assert [line["status"] for line in openai_server.journal] == [503, 200]


@pytest.mark.parametrize("number", range(12))
def test_no_test_sees_anothers_state(openai_server: Any, number: int) -> None:
    assert remember(f"note {number}") == [f"note {number}"]
    assert [store["name"] for store in openai_server.state("vector_stores")] == [f"note {number}"]


def test_the_client(client: Any, openai_server: Any) -> None:
    openai_server.break_with("status=400", match={"operation": "models.*"})
    assert client.responses.create(model="gpt-5.5", input="What is 6 * 7?").output_text == "6 * 7 = 42"
    with pytest.raises(Exception, match="400"):
        client.models.list()
    openai_server.mend()
    assert client.models.list().data


def test_time_passes(client: Any, openai_server: Any) -> None:
    after = {"anchor": "last_active_at", "days": 1}
    made = client.vector_stores.create(name="short", expires_after=after)
    openai_server.advance(2 * 86_400)
    assert client.vector_stores.retrieve(made.id).status == "expired"


def test_asyncio(async_client: Any, openai_server: Any) -> None:
    async def main() -> str:
        answer = await async_client.responses.create(model="gpt-5.5", input="What is 6 * 7?")
        await async_client.close()
        return answer.output_text

    assert asyncio.run(main()) == "6 * 7 = 42"


def test_a_reset(openai_server: Any) -> None:
    remember("a")
    openai_server.reset()
    assert remember("b") == ["b"]
