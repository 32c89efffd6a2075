"""Searches vector stores: the chunks whose words and whose direction are nearest to a question's, best first.

For the search of a store and for the file search of answers. Knows stores and their files by their shelves; how chunks
are made is `vector_store_index`'s concern, and what a search costs its caller's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from math import log
from operator import itemgetter, mul
from typing import Any, Final, NamedTuple, TypedDict

from ..brain.summary import STOP_WORDS
from ..problem import Problem
from ..shape import part
from ..span import DAY
from ..world import World
from .retrieval_filter import judge
from .vector_store_index import Chunk, kept, measured, packed, roots, unpacked

STORES: Final = "vector_stores"
FILES: Final = "vector_stores.files"
AT_ONCE: Final = 300
"""Chunks that are ranked right away; more are ranked in a thread, so that the others need not wait."""


class Content(TypedDict):
    """A piece of a file."""

    type: str
    text: str


class Hit(TypedDict):
    """A chunk that was found."""

    file_id: str
    filename: str
    score: float
    attributes: dict[str, Any]
    content: list[Content]
    vector_store_id: str


class _Candidate(NamedTuple):
    """A chunk, and the file it is of."""

    file: dict[str, Any]
    chunk: Chunk


async def search(
    world: World,
    vector_store_ids: Iterable[str],
    query: str | list[str],
    filters: Any = None,
    limit: int = 10,
    ranking: dict[str, Any] | None = None,
) -> list[Hit]:
    """The best chunks of all these stores, best first.

    Args:
        world: where the stores are.
        vector_store_ids: the stores; one that does not exist is a 404, one that expired a 400.
        query: what is looked for; of several texts, each chunk's nearest counts.
        filters: an attribute filter as the API has it.
        limit: how many at most.
        ranking: `ranker`, `score_threshold`, and `hybrid_search` with `embedding_weight` and `text_weight`.
    """
    ranking, fits = ranking or {}, judge(filters)
    candidates = [found for store in dict.fromkeys(vector_store_ids) for found in _candidates(world, store, fits)]
    weights = _weights(ranking)
    queries = [query] if isinstance(query, str) else query
    if len(candidates) * len(queries) <= AT_ONCE:
        scores = _scores(candidates, queries, weights)
    else:
        from asyncio import to_thread

        scores = await to_thread(_scores, candidates, queries, weights)
    threshold = ranking.get("score_threshold") or 0.0
    order = sorted(range(len(candidates)), key=lambda place: -scores[place])
    best = [place for place in order if scores[place] >= threshold][:limit]
    return [_hit(world, candidates[place], scores[place]) for place in best]


def rewritten(query: str) -> str:
    """A question cut down to the words that are worth a search."""
    kept_words = [word for word in query.split() if word.strip("?!.,;:'\"()").lower() not in STOP_WORDS]
    return " ".join(kept_words).strip("?!.,;: ") or query


def touch(world: World, id: str) -> None:
    """A store was used: the time of its expiry moves on."""
    store = world.shelf(STORES).get(id)
    if store is not None:
        world.shelf(STORES).put(id, store | activity(store.get("expires_after"), world.now()))


def activity(expires_after: dict[str, Any] | None, now: int) -> dict[str, Any]:
    """When a store was last active, and until when it lives."""
    expires_at = None if expires_after is None else now + expires_after["days"] * DAY
    return {"last_active_at": now, "expires_at": expires_at}


def is_expired(store: dict[str, Any], now: int) -> bool:
    """Whether a store's time is over."""
    return store["status"] == "expired" or (store.get("expires_at") is not None and store["expires_at"] <= now)


def _candidates(world: World, id: str, fits: Any) -> list[_Candidate]:
    store = world.shelf(STORES).get(id)
    if store is None:
        raise Problem(404, f"Vector store with id '{id}' not found.", param="vector_store_id", code="not_found")
    if is_expired(store, world.now()):
        raise Problem(400, f"The vector store '{id}' has expired.", param="vector_store_id", code="expired")
    touch(world, id)
    files = [file for file in world.shelf(f"{FILES}/{id}") if file["status"] == "completed"]
    wanted = [file for file in files if fits(file.get("attributes") or {})]
    return [_Candidate(file, chunk) for file in wanted for chunk in kept(world, id, file["id"])]


def _weights(ranking: dict[str, Any]) -> tuple[float, float]:
    """How much the direction counts, and how much the words; they sum to one."""
    if ranking.get("ranker") == "none":
        return 1.0, 0.0
    hybrid = part(ranking, "hybrid_search")
    direction: float = hybrid.get("embedding_weight", 1.0)
    words: float = hybrid.get("text_weight", 1.0)
    whole = (direction + words) or 1.0
    return direction / whole, words / whole


def _scores(candidates: list[_Candidate], queries: list[str], weights: tuple[float, float]) -> list[float]:
    chunks = [candidate.chunk for candidate in candidates]
    vectors = [unpacked(chunk.vector) for chunk in chunks]
    lengths = [chunk.length for chunk in chunks]
    best = [0.0] * len(chunks)
    for query in queries:
        near = _nearness(query, vectors, lengths)
        alike = _overlap(roots(query), chunks)
        found = [weights[0] * n + weights[1] * a for n, a in zip(near, alike, strict=True)]
        best = list(map(max, best, found))
    return best


def _nearness(query: str, vectors: list[Any], lengths: list[float]) -> list[float]:
    """The cosine to each chunk, over the places where the question has anything; a short question has few."""
    values = packed(query)
    length = measured(values)
    places = [place for place, value in enumerate(values) if value]
    pick = itemgetter(*places, places[0])  # of one place alone it would give no tuple
    asked = [values[place] for place in places]
    found = (sum(map(mul, asked, pick(known))) for known in vectors)
    return [max(0.0, value / (length * own)) for value, own in zip(found, lengths, strict=True)]


def _overlap(wanted: list[str], chunks: list[Chunk]) -> list[float]:
    """The share of the question's words that each chunk has; a rare word counts more."""
    marks = [f" {root} " for root in wanted]
    having = [[mark for mark in marks if mark in chunk.words] for chunk in chunks]
    spread = Counter(mark for found in having for mark in found)
    worth = {mark: log(1 + len(chunks) / (spread[mark] or 0.5)) for mark in marks}
    whole = sum(worth.values()) or 1.0
    return [sum(worth[mark] for mark in found) / whole for found in having]


def _hit(world: World, found: _Candidate, score: float) -> Hit:
    file, text = found.file, found.chunk.text
    known = world.shelf("files").get(file["id"])
    return {
        "file_id": file["id"],
        "filename": "" if known is None else known["filename"],
        "score": round(min(score, 1.0), 6),
        "attributes": file.get("attributes") or {},
        "content": [{"type": "text", "text": text}],
        "vector_store_id": file["vector_store_id"],
    }
