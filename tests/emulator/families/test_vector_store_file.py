"""Files in vector stores, alone and in batches: taken in, refused, described, read back, taken out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import openai
import pytest

from antiphon.emulator import Emulator, Setting

STATIC: Any = {"type": "static", "static": {"max_chunk_size_tokens": 100, "chunk_overlap_tokens": 50}}
LONG = "".join(f"Sentence number {number} speaks of nothing much, dear reader.\n" for number in range(200))


@pytest.fixture
def house() -> Iterator[Emulator]:
    with Emulator(Setting(background_seconds=0.0)) as running:
        yield running


@pytest.fixture
def client(house: Emulator) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=house.base_url, api_key="k", max_retries=0) as made:
        yield made


@pytest.fixture
def slow() -> Iterator[tuple[Emulator, openai.OpenAI]]:
    """A server whose work takes an hour, so that tests decide when."""
    with (
        Emulator(Setting(background_seconds=3600)) as running,
        openai.OpenAI(base_url=running.base_url, api_key="k", max_retries=0) as made,
    ):
        yield running, made


def upload(client: openai.OpenAI, name: str = "a.txt", data: str | bytes = "hello there") -> str:
    return client.files.create(file=(name, data.encode() if isinstance(data, str) else data), purpose="assistants").id


def taken_in(client: openai.OpenAI, store: str, file: str, **more: Any) -> Any:
    return client.vector_stores.files.create_and_poll(file, vector_store_id=store, **more)


def text(client: openai.OpenAI, store: str, file: str) -> str:
    return "".join(piece.text or "" for piece in client.vector_stores.files.content(file, vector_store_id=store))


@pytest.mark.operation(
    "vector_stores.files.create",
    "vector_stores.files.retrieve",
    "vector_stores.files.content",
    "vector_stores.files.delete",
)
def test_a_life(slow: tuple[Emulator, openai.OpenAI]) -> None:
    house, client = slow
    store, file = client.vector_stores.create().id, upload(client, "long.txt", LONG)
    made = client.vector_stores.files.create(store, file_id=file, attributes={"year": 2024, "kind": "prose"})
    assert (made.id, made.vector_store_id, made.status, made.usage_bytes) == (file, store, "in_progress", 0)
    assert made.attributes == {"year": 2024, "kind": "prose"}
    assert made.model_dump()["chunking_strategy"]["static"] == {
        "max_chunk_size_tokens": 800,
        "chunk_overlap_tokens": 400,
    }
    assert text(client, store, file) == ""
    assert client.vector_stores.search(store, query="sentence").data == []
    house.app.world.skew += 3601
    done = client.vector_stores.files.poll(file, vector_store_id=store)
    assert (done.status, done.last_error) == ("completed", None)
    assert done.usage_bytes > len(LONG)
    assert text(client, store, file) == LONG
    assert client.vector_stores.search(store, query="sentence number 150").data[0].file_id == file
    gone = client.vector_stores.files.delete(file, vector_store_id=store)
    assert (gone.id, gone.deleted, gone.object) == (file, True, "vector_store.file.deleted")
    assert client.vector_stores.search(store, query="sentence").data == []
    assert client.vector_stores.retrieve(store).file_counts.total == 0
    with pytest.raises(openai.NotFoundError):
        client.vector_stores.files.retrieve(file, vector_store_id=store)
    assert client.files.retrieve(file).id == file


@pytest.mark.operation("vector_stores.files.create", "vector_stores.files.content")
def test_chunks_are_as_long_as_asked_and_overlap(client: openai.OpenAI) -> None:
    store, file = client.vector_stores.create().id, upload(client, "long.txt", LONG)
    done = taken_in(client, store, file, chunking_strategy=STATIC)
    assert done.model_dump()["chunking_strategy"] == STATIC
    found = client.vector_stores.search(store, query="Sentence number 77 ", max_num_results=50)
    assert "number 77 " in found.data[0].content[0].text
    assert "number 77 " in found.data[1].content[0].text, "it lies in two chunks"
    assert "number 77 " not in found.data[2].content[0].text
    assert max(len(hit.content[0].text) for hit in found.data) < 900
    assert text(client, store, file) == LONG
    with pytest.raises(openai.BadRequestError) as caught:
        strategy: Any = {"type": "static", "static": {"max_chunk_size_tokens": 100, "chunk_overlap_tokens": 51}}
        client.vector_stores.files.create(store, file_id=file, chunking_strategy=strategy)
    assert caught.value.param == "chunking_strategy.static.chunk_overlap_tokens"


@pytest.mark.operation("vector_stores.files.create")
def test_long_chunks_and_many_signs_come_back_as_they_were(client: openai.OpenAI) -> None:
    whole = "\ufeff" + "Grüße, 世界! \U0001f600 " * 2000 + " " * 70_000 + "the end"
    store, file = client.vector_stores.create().id, upload(client, "signs.md", whole)
    strategy = {"type": "static", "static": {"max_chunk_size_tokens": 4096, "chunk_overlap_tokens": 0}}
    assert taken_in(client, store, file, chunking_strategy=strategy).status == "completed"
    assert text(client, store, file).split() == whole[1:].split()
    assert "the end" in client.vector_stores.search(store, query="end").data[0].content[0].text


@pytest.mark.operation("vector_stores.files.create", "vector_stores.files.retrieve")
@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("a.bin", b"\x00\x01\x02", "unsupported_file"),
        ("a.png", b"\x89PNG\r\n\x1a\n\xff\xfe", "unsupported_file"),
        ("a.txt", b"caf\xe9 au lait", "unsupported_file"),
        ("a.zip", b"PK\x03\x04garbage", "unsupported_file"),
        ("a.docx", b"no zip at all", "invalid_file"),
        ("a.docx", b"PK\x03\x04garbage", "invalid_file"),
        ("a.pdf", b"%PDF-1.7 nothing", "unsupported_file"),
        ("a.txt", b"  \n\n ", "invalid_file"),
    ],
)
def test_what_is_no_text_fails(client: openai.OpenAI, name: str, data: bytes, code: str) -> None:
    store = client.vector_stores.create().id
    failed = taken_in(client, store, upload(client, name, data))
    assert (failed.status, failed.usage_bytes) == ("failed", 0)
    assert failed.last_error is not None
    assert failed.last_error.code == code
    assert client.vector_stores.retrieve(store).file_counts.failed == 1
    assert client.vector_stores.search(store, query="x").data == []


@pytest.mark.operation("vector_stores.files.update", "vector_stores.files.list")
def test_attributes_and_lists(client: openai.OpenAI) -> None:
    store = client.vector_stores.create().id
    good = [upload(client, f"{number}.txt", f"text {number}") for number in range(3)]
    bad = upload(client, "bad", b"\0")
    for file in (*good, bad):
        taken_in(client, store, file, attributes={"old": True})
    files = client.vector_stores.files
    assert [file.id for file in files.list(store)] == [bad, *good[::-1]]
    assert [file.id for file in files.list(store, filter="failed")] == [bad]
    assert [file.id for file in files.list(store, filter="completed", limit=1, order="asc")] == good
    assert [file.id for file in files.list(store, order="asc", after=good[0], limit=2).data] == good[1:]
    changed = files.update(good[1], vector_store_id=store, attributes={"new": 1.5})
    assert changed.attributes == {"new": 1.5}
    fits: Any = {"type": "gte", "key": "new", "value": 1}
    assert [hit.file_id for hit in client.vector_stores.search(store, query="text", filters=fits)] == [good[1]]
    assert files.update(good[1], vector_store_id=store, attributes=None).attributes == {}
    many: dict[str, Any] = {f"k{number}": "v" for number in range(17)}
    refused: list[tuple[dict[str, Any], str]] = [
        ({"k": "v" * 513}, "attributes.k"),
        ({"k" * 65: 1}, f"attributes.{'k' * 64}"),
        (many, "attributes"),
    ]
    for wrong, param in refused:
        with pytest.raises(openai.BadRequestError) as caught:
            files.update(good[0], vector_store_id=store, attributes=wrong)
        assert caught.value.param == param
    with pytest.raises(openai.NotFoundError):
        files.update("file-none", vector_store_id=store, attributes={})
    with pytest.raises(openai.NotFoundError):
        files.create(store, file_id="file-none")


@pytest.mark.operation("files.delete", "vector_stores.files.retrieve")
def test_a_deleted_file_leaves_every_store(house: Emulator, client: openai.OpenAI) -> None:
    file, stores = upload(client), [client.vector_stores.create().id for _ in range(2)]
    for store in stores:
        taken_in(client, store, file)
    client.files.delete(file)
    for store in stores:
        assert client.vector_stores.search(store, query="hello").data == []
        with pytest.raises(openai.NotFoundError):
            client.vector_stores.files.retrieve(file, vector_store_id=store)
    assert list(house.app.world.folder().iterdir()) == []


@pytest.mark.operation(
    "vector_stores.file_batches.create",
    "vector_stores.file_batches.retrieve",
    "vector_stores.file_batches.list_files",
)
def test_a_batch_counts_while_it_runs(slow: tuple[Emulator, openai.OpenAI]) -> None:
    house, client = slow
    store = client.vector_stores.create().id
    other = upload(client, "other.txt")
    client.vector_stores.files.create(store, file_id=other)
    ids = [upload(client, f"{number}.txt", f"text {number}") for number in range(3)] + [upload(client, "bad", b"\0")]
    batches = client.vector_stores.file_batches
    made = batches.create(store, file_ids=ids, attributes={"all": "same"}, chunking_strategy=STATIC)
    assert (made.status, made.object, made.vector_store_id) == ("in_progress", "vector_store.files_batch", store)
    assert made.file_counts.model_dump() == {"cancelled": 0, "completed": 0, "failed": 0, "in_progress": 4, "total": 4}
    seen, now = [made.file_counts.in_progress], made
    for _ in range(4):
        house.app.world.skew += 900
        while (now := batches.retrieve(made.id, vector_store_id=store)).file_counts.in_progress == seen[-1]:
            pass
        seen.append(now.file_counts.in_progress)
    assert seen == [4, 3, 2, 1, 0]
    assert now.status == "completed"
    assert (now.file_counts.completed, now.file_counts.failed) == (3, 1)
    listed = list(batches.list_files(made.id, vector_store_id=store, order="asc", limit=3))
    assert [file.id for file in listed] == ids
    assert {file.attributes["all"] for file in listed if file.attributes} == {"same"}
    assert [file.id for file in batches.list_files(made.id, vector_store_id=store, filter="failed")] == [ids[3]]
    with pytest.raises(openai.BadRequestError, match="completed"):
        batches.cancel(made.id, vector_store_id=store)


@pytest.mark.operation("vector_stores.file_batches.cancel", "vector_stores.file_batches.create")
def test_a_cancelled_batch_keeps_what_is_through(slow: tuple[Emulator, openai.OpenAI]) -> None:
    house, client = slow
    store, ids = client.vector_stores.create().id, [upload(client, f"{n}.txt", f"text {n}") for n in range(4)]
    files: Any = [{"file_id": file, "attributes": {"n": n}} for n, file in enumerate(ids)]
    files[0]["chunking_strategy"] = STATIC
    batches = client.vector_stores.file_batches
    batch = batches.create(store, files=files).id
    house.app.world.skew += 1800
    while batches.retrieve(batch, vector_store_id=store).file_counts.in_progress > 2:
        pass
    stopped = batches.cancel(batch, vector_store_id=store)
    assert (stopped.status, stopped.file_counts.cancelled, stopped.file_counts.completed) == ("cancelled", 2, 2)
    house.app.world.skew += 3600
    assert batches.retrieve(batch, vector_store_id=store) == stopped
    assert {hit.file_id for hit in client.vector_stores.search(store, query="text")} == set(ids[:2])
    first, second = (client.vector_stores.files.retrieve(file, vector_store_id=store) for file in ids[:2])
    assert (first.attributes, second.attributes) == ({"n": 0}, {"n": 1})
    assert first.chunking_strategy != second.chunking_strategy
    assert client.vector_stores.retrieve(store).file_counts.cancelled == 2


@pytest.mark.operation("vector_stores.file_batches.create", "vector_stores.file_batches.retrieve")
def test_batches_refuse(client: openai.OpenAI) -> None:
    store, other, file = client.vector_stores.create().id, client.vector_stores.create().id, upload(client)
    batches = client.vector_stores.file_batches
    wrong: list[dict[str, Any]] = [{}, {"file_ids": [file], "files": [{"file_id": file}]}, {"file_ids": []}]
    for body in wrong:
        with pytest.raises(openai.BadRequestError):
            batches.create(store, **body)
    with pytest.raises(openai.NotFoundError):
        batches.create(store, file_ids=[file, "file-none"])
    batch = batches.create_and_poll(store, file_ids=[file, file])
    assert (batch.status, batch.file_counts.total) == ("completed", 1)
    with pytest.raises(openai.NotFoundError):
        batches.retrieve(batch.id, vector_store_id=other)
    assert batches.create_and_poll(store, file_ids=[upload(client, "bad", b"\0")]).status == "failed"


@pytest.mark.operation("vector_stores.file_batches.retrieve", "vector_stores.files.delete")
def test_a_file_that_leaves_is_no_longer_waited_for(slow: tuple[Emulator, openai.OpenAI]) -> None:
    _, client = slow
    store, file = client.vector_stores.create().id, upload(client)
    batch = client.vector_stores.file_batches.create(store, file_ids=[file]).id
    client.vector_stores.files.delete(file, vector_store_id=store)
    now = client.vector_stores.file_batches.retrieve(batch, vector_store_id=store)
    assert (now.status, now.file_counts.cancelled, now.file_counts.in_progress) == ("completed", 1, 0)
