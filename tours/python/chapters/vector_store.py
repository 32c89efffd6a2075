"""Vector stores: files taken in alone and in batches, found by meaning and attributes, expired when nobody asks."""

from __future__ import annotations

from typing import Any

import openai

from ..tour import Tour

DAY = 86_400
TEXTS = {
    "refund.md": "Customers get their money back within thirty days. Contact support with the receipt for a refund.",
    "dog.txt": "The office dog is a small puppy named Rex who likes long walks in the park.",
    "shipping.txt": "Delivery takes three to five working days; every parcel can be tracked on its way.",
    "login.txt": "To reset your password open the settings page and choose security.",
}


def walk(t: Tour) -> None:
    """The chapter."""
    store = _filled(t)
    _searched(t, store)
    _files(t, store)
    _batches(t)
    _expiry(t)
    t.same(t.client.vector_stores.delete(store).deleted, True)
    t.gone(t.client.vector_stores.retrieve, store)


def _filled(t: Tour) -> str:
    stores = t.client.vector_stores
    made = stores.create(name="house", metadata={"a": "b"})
    t.same((made.name, made.metadata, made.status, made.file_counts.total), ("house", {"a": "b"}, "completed", 0))
    for name, text in TEXTS.items():
        done = stores.files.create_and_poll(
            t.upload(name, text, "assistants"), vector_store_id=made.id, poll_interval_ms=50,
            attributes={"name": name, "size": len(text)},
        )  # fmt: skip
        t.same((done.status, done.last_error, done.usage_bytes > 0), ("completed", None, True))
    t.same(stores.retrieve(made.id).file_counts.completed, len(TEXTS))
    t.same(stores.update(made.id, name="new").name, "new")
    t.true(made.id in [store.id for store in stores.list(limit=1)])
    return str(made.id)


def _searched(t: Tour, store: str) -> None:
    search = t.client.vector_stores.search
    asked = {
        "How do I get reimbursed?": "refund.md",
        "canine": "dog.txt",
        "when will my package arrive": "shipping.txt",
        "I forgot how to login": "login.txt",
    }
    for query, best in asked.items():
        found = search(store, query=query, max_num_results=3).data
        t.same((found[0].filename, found[0].content[0].text), (best, TEXTS[best]))
        t.same([hit.score for hit in found], sorted((hit.score for hit in found), reverse=True))
    only: Any = {"type": "in", "key": "name", "value": ["dog.txt", "login.txt"]}
    t.same({hit.filename for hit in search(store, query="anything", filters=only)}, {"dog.txt", "login.txt"})
    large: Any = {"type": "and", "filters": [only, {"type": "gt", "key": "size", "value": 70}]}
    t.same({hit.filename for hit in search(store, query="anything", filters=large)}, {"dog.txt"})
    page = search(store, query="What is the refund for a puppy?", rewrite_query=True)
    t.same(page.model_dump()["search_query"], ["refund puppy"])
    t.refused(openai.BadRequestError, search, store, query="x", max_num_results=51)


def _files(t: Tour, store: str) -> None:
    files = t.client.vector_stores.files
    bad = files.create_and_poll(t.upload("bad", b"\0"), vector_store_id=store, poll_interval_ms=50)
    t.same((bad.status, bad.last_error.code), ("failed", "unsupported_file"))
    t.same([file.id for file in files.list(store, filter="failed")], [bad.id])
    good = [file.id for file in files.list(store, filter="completed", order="asc", limit=1)]
    t.same(len(good), len(TEXTS))
    t.same("".join(piece.text for piece in files.content(good[1], vector_store_id=store)), TEXTS["dog.txt"])
    t.same(files.update(good[1], vector_store_id=store, attributes={"new": 1.5}).attributes, {"new": 1.5})
    t.same(files.retrieve(good[1], vector_store_id=store).attributes, {"new": 1.5})
    t.same(files.delete(good[1], vector_store_id=store).deleted, True)
    t.true("dog.txt" not in [hit.filename for hit in t.client.vector_stores.search(store, query="puppy")])
    t.same(t.client.files.retrieve(good[1]).id, good[1])


def _batches(t: Tour) -> None:
    batches, store = t.client.vector_stores.file_batches, t.client.vector_stores.create().id
    ids = [t.upload(f"{n}.txt", f"text {n}", "assistants") for n in range(4)]
    done = batches.create_and_poll(store, file_ids=ids, attributes={"all": "same"}, poll_interval_ms=50)
    t.same((done.status, done.file_counts.completed, done.file_counts.total), ("completed", 4, 4))
    listed = list(batches.list_files(done.id, vector_store_id=store, order="asc", limit=3))
    t.same([file.id for file in listed], ids)
    t.same({file.attributes["all"] for file in listed}, {"same"})
    other = t.client.vector_stores.create().id
    made = batches.create(other, file_ids=ids)
    t.same((made.status, made.file_counts.in_progress), ("in_progress", 4))
    t.same(batches.cancel(made.id, vector_store_id=other).status, "cancelled")
    t.same(batches.retrieve(made.id, vector_store_id=other).file_counts.cancelled, 4)
    sent = batches.upload_and_poll(other, files=[("up.txt", b"uploaded text")], poll_interval_ms=50)
    t.same((sent.status, sent.file_counts.completed), ("completed", 1))


def _expiry(t: Tour) -> None:
    stores = t.client.vector_stores
    made = stores.create(expires_after={"anchor": "last_active_at", "days": 2})
    t.same(made.expires_at, made.last_active_at + 2 * DAY)
    t.house.wait(1.5 * DAY)
    t.same(list(stores.search(made.id, query="puppy")), [])
    t.house.wait(1.5 * DAY)
    t.same(stores.retrieve(made.id).status, "completed")
    t.house.wait(0.6 * DAY)
    t.same(stores.retrieve(made.id).status, "expired")
    t.refused(openai.BadRequestError, stores.search, made.id, query="puppy")
