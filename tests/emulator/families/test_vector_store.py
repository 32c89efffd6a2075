"""Vector stores: counted, searched by meaning and attributes, renewed by use, expired, kept through a restart."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest

from antiphon.emulator import Emulator, Setting

DAY = 86_400
TEXTS = {
    "refund.md": "Customers get their money back within thirty days. Contact support with the receipt for a refund.",
    "dog.txt": "The office dog is a small puppy named Rex who likes long walks in the park.",
    "shipping.txt": "Delivery takes three to five working days; every parcel can be tracked on its way.",
    "login.txt": "To reset your password open the settings page and choose security.",
    "report.txt": "The annual report shows that revenue grew by 12 percent while costs fell.",
}


@pytest.fixture
def house() -> Iterator[Emulator]:
    with Emulator(Setting(background_seconds=0.0)) as running:
        yield running


@pytest.fixture
def stores(house: Emulator) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=house.base_url, api_key="k", max_retries=0) as made:
        yield made


def upload(client: openai.OpenAI, name: str, text: str | bytes) -> str:
    data = text if isinstance(text, bytes) else text.encode()
    return client.files.create(file=(name, data), purpose="assistants").id


def filled(client: openai.OpenAI, texts: dict[str, str] = TEXTS, **more: Any) -> str:
    """A store with these files, all taken in."""
    store = client.vector_stores.create(**more)
    for name, text in texts.items():
        file = upload(client, name, text)
        done = client.vector_stores.files.create_and_poll(
            file, vector_store_id=store.id, attributes={"name": name, "size": len(text), "even": len(text) % 2 == 0}
        )
        assert done.status == "completed", done.last_error
    return store.id


def names(found: Any) -> list[str]:
    return [hit.filename for hit in found.data]


@pytest.mark.operation("vector_stores.create", "vector_stores.retrieve", "vector_stores.update", "vector_stores.delete")
def test_a_life() -> None:
    with (
        Emulator(Setting(background_seconds=60)) as house,
        openai.OpenAI(base_url=house.base_url, api_key="k", max_retries=0) as client,
    ):
        ids = [upload(client, name, text) for name, text in TEXTS.items()]
        ids.append(upload(client, "empty.bin", b"\0\1\2"))
        made = client.vector_stores.create(name="house", file_ids=ids, metadata={"a": "b"})
        assert (made.status, made.file_counts.in_progress, made.file_counts.total) == ("in_progress", 6, 6)
        assert (made.name, made.metadata, made.usage_bytes) == ("house", {"a": "b"}, 0)
        house.app.world.skew += 61
        while (done := client.vector_stores.retrieve(made.id)).status == "in_progress":
            pass
        assert (done.status, done.file_counts.completed, done.file_counts.failed) == ("completed", 5, 1)
        assert done.usage_bytes > sum(map(len, TEXTS.values()))
        changed = client.vector_stores.update(made.id, name="new", metadata={"c": "d"})
        assert (changed.name, changed.metadata, changed.created_at) == ("new", {"c": "d"}, made.created_at)
        gone = client.vector_stores.delete(made.id)
        assert (gone.id, gone.deleted, gone.object) == (made.id, True, "vector_store.deleted")
        for ask in (
            lambda: client.vector_stores.retrieve(made.id),
            lambda: client.vector_stores.search(made.id, query="x"),
            lambda: client.vector_stores.files.list(made.id),
            lambda: client.vector_stores.delete(made.id),
        ):
            with pytest.raises(openai.NotFoundError):
                ask()
        assert client.files.retrieve(ids[0]).id == ids[0], "the files stay"
        assert not any("chunks" in name and len(house.app.world.shelf(name)) for name in house.app.world._shelves)


@pytest.mark.operation("vector_stores.search")
@pytest.mark.parametrize(
    ("query", "best"),
    [
        ("How do I get reimbursed?", "refund.md"),
        ("canine", "dog.txt"),
        ("when will my package arrive", "shipping.txt"),
        ("I forgot how to login", "login.txt"),
        ("did the revenues grow", "report.txt"),
        ("passwrod resetting", "login.txt"),
    ],
)
def test_the_right_text_comes_first(stores: openai.OpenAI, query: str, best: str) -> None:
    store = filled(stores)
    found = stores.vector_stores.search(store, query=query, max_num_results=3)
    assert names(found)[0] == best
    scores = [hit.score for hit in found.data]
    assert len(scores) == 3
    assert scores == sorted(scores, reverse=True)
    assert 0 <= scores[-1] < scores[0] <= 1
    assert found.data[0].content[0].text == TEXTS[best]
    assert found.data[0].attributes is not None
    assert found.data[0].attributes["name"] == best


@pytest.mark.operation("vector_stores.search")
def test_options(stores: openai.OpenAI) -> None:
    store = filled(stores)
    search = stores.vector_stores.search
    page = search(store, query="What is the refund for a puppy?", rewrite_query=True)
    assert page.model_dump()["search_query"] == ["refund puppy"]
    assert set(names(page)[:2]) == {"refund.md", "dog.txt"}
    assert set(names(search(store, query=["puppy", "parcel"], max_num_results=2))) == {"dog.txt", "shipping.txt"}
    strict = search(store, query="puppy", ranking_options={"score_threshold": 0.3})
    assert names(strict) == ["dog.txt"]
    bare = search(store, query="puppy", ranking_options={"ranker": "none"})
    assert names(bare)[0] == "dog.txt"
    assert bare.data[0].score < strict.data[0].score, "words count only when results are ranked again"
    assert names(search(store, query="puppy", ranking_options={"score_threshold": 1.0})) == []


FILTERS: list[tuple[dict[str, Any], set[str]]] = [
    ({"type": "eq", "key": "name", "value": "dog.txt"}, {"dog.txt"}),
    ({"type": "ne", "key": "name", "value": "dog.txt"}, set(TEXTS) - {"dog.txt"}),
    ({"type": "gt", "key": "size", "value": 90}, {n for n, t in TEXTS.items() if len(t) > 90}),
    ({"type": "lte", "key": "size", "value": 90}, {n for n, t in TEXTS.items() if len(t) <= 90}),
    ({"type": "in", "key": "name", "value": ["dog.txt", "login.txt"]}, {"dog.txt", "login.txt"}),
    ({"type": "nin", "key": "name", "value": ["dog.txt", "login.txt"]}, set(TEXTS) - {"dog.txt", "login.txt"}),
    ({"type": "eq", "key": "even", "value": True}, {n for n, t in TEXTS.items() if len(t) % 2 == 0}),
    ({"type": "eq", "key": "nothing", "value": "x"}, set()),
    (
        {
            "type": "and",
            "filters": [
                {"type": "ne", "key": "name", "value": "dog.txt"},
                {
                    "type": "or",
                    "filters": [
                        {"type": "eq", "key": "name", "value": "dog.txt"},
                        {"type": "eq", "key": "name", "value": "login.txt"},
                    ],
                },
            ],
        },
        {"login.txt"},
    ),
]


@pytest.mark.operation("vector_stores.search")
@pytest.mark.parametrize(("filters", "expected"), FILTERS)
def test_filters(stores: openai.OpenAI, filters: Any, expected: set[str]) -> None:
    found = stores.vector_stores.search(filled(stores), query="anything", filters=filters)
    assert set(names(found)) == expected


@pytest.mark.operation("vector_stores.create", "vector_stores.update", "vector_stores.search")
def test_use_keeps_a_store_alive(house: Emulator, stores: openai.OpenAI) -> None:
    store = filled(stores, expires_after={"anchor": "last_active_at", "days": 2})
    made = stores.vector_stores.retrieve(store)
    assert made.last_active_at is not None
    assert made.expires_at == made.last_active_at + 2 * DAY
    house.app.world.skew += 1.5 * DAY
    assert names(stores.vector_stores.search(store, query="puppy"))
    house.app.world.skew += 1.5 * DAY
    used = stores.vector_stores.retrieve(store)
    assert used.last_active_at is not None
    assert used.status == "completed"
    assert used.last_active_at > made.last_active_at + DAY
    house.app.world.skew += 0.6 * DAY
    assert stores.vector_stores.retrieve(store).status == "expired"
    with pytest.raises(openai.BadRequestError, match="expired"):
        stores.vector_stores.search(store, query="puppy")
    with pytest.raises(openai.BadRequestError, match="expired"):
        stores.vector_stores.files.create(store, file_id=upload(stores, "a.txt", "a"))
    assert stores.vector_stores.list().data[0].status == "expired"
    assert stores.vector_stores.retrieve(store).usage_bytes == 0


@pytest.mark.operation("vector_stores.update")
def test_an_expiry_can_come_and_go(house: Emulator, stores: openai.OpenAI) -> None:
    store = stores.vector_stores.create().id
    assert stores.vector_stores.retrieve(store).expires_at is None
    stores.vector_stores.update(store, expires_after={"anchor": "last_active_at", "days": 1})
    assert stores.vector_stores.update(store, expires_after=None).expires_at is None
    house.app.world.skew += 3 * DAY
    assert stores.vector_stores.retrieve(store).status == "completed"


@pytest.mark.operation("vector_stores.search", "vector_stores.create")
def test_what_it_costs_is_in_the_journal(house: Emulator, stores: openai.OpenAI) -> None:
    file = upload(stores, "a.txt", "twelve bytes")
    store = stores.vector_stores.create(file_ids=[file]).id
    stores.vector_stores.files.poll(file, vector_store_id=store)
    stores.vector_stores.search(store, query="bytes")
    assert [line.usage for line in house.app.world.journal if line.usage is not None] == [
        {"kind": "vector_stores", "usage_bytes": 12},
        {"kind": "file_search_calls", "num_requests": 1, "vector_store_id": store},
    ]


@pytest.mark.operation("vector_stores.list")
def test_lists(stores: openai.OpenAI) -> None:
    ids = [stores.vector_stores.create(name=str(number)).id for number in range(5)]
    assert [store.id for store in stores.vector_stores.list()] == ids[::-1]
    assert [store.id for store in stores.vector_stores.list(limit=2)] == ids[::-1], "pages follow each other"
    assert [store.id for store in stores.vector_stores.list(order="asc", after=ids[2]).data] == ids[3:]
    assert [store.id for store in stores.vector_stores.list(order="asc", before=ids[2]).data] == ids[:2]


@pytest.mark.operation("vector_stores.create", "vector_stores.search", "vector_stores.update")
@pytest.mark.parametrize(
    ("path", "body", "status", "param"),
    [
        ("", {"file_ids": ["file-none"]}, 404, "file_ids"),
        ("", {"file_ids": ["file-x"] * 1 + [f"file-{n}" for n in range(500)]}, 400, "file_ids"),
        ("", {"expires_after": {"anchor": "last_active_at", "days": 0}}, 400, "expires_after.days"),
        ("", {"expires_after": {"anchor": "created_at", "days": 1}}, 400, "expires_after.anchor"),
        ("", {"metadata": {"k": "v" * 513}}, 400, "metadata.k"),
        ("/{id}", {"expires_after": {"anchor": "last_active_at", "days": 366}}, 400, "expires_after.days"),
        ("/{id}", {"color": "red"}, 400, "color"),
        ("/{id}/search", {"query": ""}, 400, "query"),
        ("/{id}/search", {"query": []}, 400, "query"),
        ("/{id}/search", {"query": "x", "max_num_results": 51}, 400, "max_num_results"),
        (
            "/{id}/search",
            {"query": "x", "ranking_options": {"score_threshold": 1.5}},
            400,
            "ranking_options.score_threshold",
        ),
        (
            "/{id}/search",
            {"query": "x", "filters": {"type": "and", "filters": [{"type": "gt", "key": "a", "value": True}]}},
            400,
            "filters.filters[0].value",
        ),
        ("/{id}/search", {"query": "x", "filters": {"type": "in", "key": "a", "value": "b"}}, 400, "filters.value"),
    ],
)
def test_refusals(stores: openai.OpenAI, path: str, body: Any, status: int, param: str) -> None:
    store = stores.vector_stores.create().id
    with pytest.raises(openai.APIStatusError) as caught:
        stores.post("/vector_stores" + path.format(id=store), body=body, cast_to=object)
    assert (caught.value.status_code, caught.value.body["param"]) == (status, param)  # type: ignore[index]
    assert len(stores.vector_stores.list().data) == 1


@pytest.mark.operation("vector_stores.search", "vector_stores.create")
def test_a_restart_loses_nothing(tmp_path: Path) -> None:
    """Not even the work that was under way: half of the files are taken in after it."""
    texts = dict(list(TEXTS.items())[:3])
    with (
        Emulator(Setting(data=tmp_path, background_seconds=0.0)) as house,
        openai.OpenAI(base_url=house.base_url, api_key="k", max_retries=0) as client,
    ):
        store = filled(client, texts)
        before = client.vector_stores.search(store, query="puppy").data
    with (
        Emulator(Setting(data=tmp_path, background_seconds=3600)) as house,
        openai.OpenAI(base_url=house.base_url, api_key="k", max_retries=0) as client,
    ):
        assert client.vector_stores.search(store, query="puppy").data == before
        late = upload(client, "late.txt", TEXTS["login.txt"])
        client.vector_stores.files.create(store, file_id=late)
    with (
        Emulator(Setting(data=tmp_path)) as house,
        openai.OpenAI(base_url=house.base_url, api_key="k", max_retries=0) as client,
    ):
        assert client.vector_stores.retrieve(store).file_counts.in_progress == 1
        house.app.world.skew += 3601
        assert client.vector_stores.files.poll(late, vector_store_id=store).status == "completed"
        assert names(client.vector_stores.search(store, query="password"))[0] == "late.txt"
