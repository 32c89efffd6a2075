"""Taking files in: large documents beside everything else, work that a dead process left, cuts that lose nothing."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path
from time import monotonic
from typing import Any

import openai
import pytest

from antiphon.emulator import Emulator, Setting
from antiphon.emulator.families import vector_store_work as work
from antiphon.emulator.families.retrieval_text import Unreadable

PAGE = (
    "<html><body>" + "".join(f"<p>Paragraph {number} of a long page.</p>" for number in range(4_000)) + "</body></html>"
)


def connected(server: Emulator) -> openai.OpenAI:
    return openai.OpenAI(base_url=server.base_url, api_key="k", max_retries=0)


def attached(client: openai.OpenAI, name: str, text: str) -> tuple[str, str]:
    """A store and a file that is being taken into it."""
    store = client.vector_stores.create().id
    file = client.files.create(file=(name, text.encode()), purpose="assistants").id
    client.vector_stores.files.create(store, file_id=file)
    return store, file


@pytest.mark.operation("vector_stores.files.create")
def test_a_large_page_is_taken_apart_in_a_thread() -> None:
    assert len(PAGE) > work.SMALL
    with Emulator(Setting(background_seconds=0.0)) as server, connected(server) as client:
        store, file = attached(client, "page.html", PAGE)
        assert client.vector_stores.files.poll(file, vector_store_id=store).status == "completed"
        best = client.vector_stores.search(store, query="paragraph 3333").data[0]
        assert "Paragraph 3333 of a long page.\n" in best.content[0].text
        folder = server.app.world.folder()
        assert [path.name for path in folder.iterdir()] == [file], "what was unpacked is gone"
        assert len(server.app.world.agenda) == 0


@pytest.mark.operation("vector_stores.files.create")
def test_what_a_dead_process_left_is_taken_up_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[str] = []

    async def endless(*_: Any) -> None:
        begun.append("")
        await asyncio.Event().wait()

    with monkeypatch.context() as patch:
        patch.setattr(work, "_extract", endless)
        with Emulator(Setting(data=tmp_path, background_seconds=0.0)) as server, connected(server) as client:
            store, file = attached(client, "page.html", PAGE)
            until = monotonic() + 30
            while not begun and monotonic() < until:
                client.vector_stores.files.retrieve(file, vector_store_id=store)
    with Emulator(Setting(data=tmp_path)) as server, connected(server) as client:
        assert client.vector_stores.files.retrieve(file, vector_store_id=store).status == "in_progress"
        server.app.world.skew += work.PATIENCE + 1
        until = monotonic() + 30
        while client.vector_stores.files.retrieve(file, vector_store_id=store).status == "in_progress":
            assert monotonic() < until, "nobody took the work up again"
        assert "3333" in client.vector_stores.search(store, query="paragraph 3333").data[0].content[0].text


@pytest.mark.operation("vector_stores.files.create")
def test_a_file_added_anew_is_taken_in_once() -> None:
    with Emulator(Setting(background_seconds=3600)) as server, connected(server) as client:
        store, file = attached(client, "a.txt", "some words")
        client.vector_stores.files.create(store, file_id=file, attributes={"second": True})
        server.app.world.skew += 3601
        done = client.vector_stores.files.poll(file, vector_store_id=store)
        assert (done.status, done.attributes) == ("completed", {"second": True})
        assert len(client.vector_stores.search(store, query="words").data) == 1


@pytest.mark.operation("vector_stores.files.create", "vector_stores.file_batches.retrieve")
def test_a_file_added_anew_leaves_nothing_of_its_first_time() -> None:
    fine: Any = {"type": "static", "static": {"max_chunk_size_tokens": 100, "chunk_overlap_tokens": 50}}
    with Emulator(Setting(background_seconds=0.0)) as server, connected(server) as client:
        files, store = client.vector_stores.files, client.vector_stores.create().id
        file = client.files.create(file=("a.txt", b"many words " * 300), purpose="assistants").id
        first = files.create_and_poll(file, vector_store_id=store, chunking_strategy=fine)
        assert len(client.vector_stores.search(store, query="words").data) > 5
        again = files.create_and_poll(file, vector_store_id=store)
        assert again.usage_bytes < first.usage_bytes
        assert len(client.vector_stores.search(store, query="words").data) == 1
    with Emulator(Setting(background_seconds=3600)) as server, connected(server) as client:
        store, file = attached(client, "a.txt", "some words")
        batches = client.vector_stores.file_batches
        batch = batches.create(store, file_ids=[file]).id
        client.vector_stores.files.create(store, file_id=file)
        assert batches.retrieve(batch, vector_store_id=store).file_counts.cancelled == 1


@pytest.mark.parametrize("overlap", [0, 1, 49, 50])
def test_cuts_follow_each_other(overlap: int) -> None:
    text = "Ein Satz über 世界, und\n\n noch einer. \U0001f600 " * 300
    source = io.BytesIO(text.encode())
    start: int | None = 0
    places: list[tuple[int, str]] = []
    while start is not None:
        place, (found, start) = start, work.cut(source, start, 100, overlap)
        places.append((place, found))
    ends = [place for place, _ in places[1:]] + [len(text.encode())]
    assert "".join(found.encode()[: end - at].decode() for (at, found), end in zip(places, ends, strict=True)) == text
    shared = [place + len(found.encode()) - end for (place, found), end in zip(places, ends, strict=True)]
    assert all(bool(share) is bool(overlap) for share in shared[:-1])


def test_a_cut_refuses_what_is_no_text() -> None:
    for data in (b"abc\xff", b"abc\0def"):
        with pytest.raises(Unreadable):
            work.cut(io.BytesIO(data), 0, 100, 50)
