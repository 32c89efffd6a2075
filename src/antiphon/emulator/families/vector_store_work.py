"""How a vector store takes a file in: its text is found, cut into chunks that overlap, and indexed, slice by slice.

Every slice is short and leaves what it did on the shelves, so that the next can follow after a restart. A file that was
taken out, cancelled or added anew meanwhile has another `run`, and the slices of the old one stop.
"""

from __future__ import annotations

from asyncio import to_thread
from codecs import BOM_UTF8, getincrementaldecoder
from pathlib import Path
from time import perf_counter
from typing import Any, BinaryIO, Final, NamedTuple

from .. import token
from ..world import World
from . import vector_store_index as index
from .retrieval import FILES
from .retrieval_text import Unreadable, extracted, is_plain

Record = dict[str, Any]
BATCHES: Final = "vector_stores.file_batches"
SLICE: Final = 0.008
"""Seconds after which a slice begins no further chunk."""
SMALL: Final = 64 * 1024
"""Bytes of a document that is taken apart right away; larger ones are in a thread."""
LONG: Final = 1200
"""Tokens of a chunk that takes so long that it is indexed in a thread."""
PATIENCE: Final = 60.0
"""Seconds after which work in a thread is begun again: the process that did it must have ended."""
LETTERS: Final = 9
BYTES: Final = 4 * LETTERS
"""The most that a token holds, but for white space."""


class Cut(NamedTuple):
    """One chunk's text, and where the next begins; None after the last."""

    text: str
    following: int | None


def start(world: World, record: Record, seconds: float) -> None:
    """Have a file taken in, some time from now."""
    world.later(seconds, "vector_store_work.begin", **_named(record))


def settle(world: World, record: Record, status: str, error: dict[str, str] | None = None) -> None:
    """A file is through, one way or another; the batch it came in counts it."""
    _text(world, record).unlink(missing_ok=True)
    if status != "completed":
        index.forget(world, record["vector_store_id"], record["id"])
        record = record | {"usage_bytes": 0}
    world.shelf(f"{FILES}/{record['vector_store_id']}").put(
        record["id"], record | {"status": status, "last_error": error}
    )
    tally(world, record, status)


def tally(world: World, record: Record, status: str) -> None:
    """Count a file of a batch that was in progress."""
    shelf = world.shelf(f"{BATCHES}/{record['vector_store_id']}")
    batch = shelf.get(record["batch"] or "")
    if batch is None or record["status"] != "in_progress":
        return
    counts = dict(batch["file_counts"])
    counts["in_progress"] -= 1
    counts[status] += 1
    ended = batch["status"]
    if ended == "in_progress" and not counts["in_progress"]:
        ended = "failed" if counts["failed"] == counts["total"] else "completed"
    shelf.put(batch["id"], batch | {"file_counts": counts, "status": ended})


def discard(world: World, record: Record) -> None:
    """Take a file out of its store, with all that was made of it."""
    store = record["vector_store_id"]
    world.shelf(f"{FILES}/{store}").pop(record["id"])
    index.forget(world, store, record["id"])
    _text(world, record).unlink(missing_ok=True)
    tally(world, record, "cancelled")


async def _begin(world: World, **named: str) -> None:
    """Find out how the text is to be had: as it lies there, at once, or with patience."""
    record, known = _current(world, named), world.shelf("files").get(named["file"])
    if record is None or known is None:
        return
    path = world.folder() / known["id"]
    try:
        with path.open("rb") as source:
            beginning = source.read(8)
        if is_plain(known["filename"], beginning):
            start = len(BOM_UTF8) if beginning.startswith(BOM_UTF8) else 0
            world.later(0, "vector_store_work.slice", start=start, plain=True, **named)
        elif known["bytes"] <= SMALL:
            _text(world, record).write_text(extracted(known["filename"], path), "utf-8")
            world.later(0, "vector_store_work.slice", start=0, plain=False, **named)
        else:
            again = world.later(PATIENCE, "vector_store_work.begin", **named)
            world.spawn(_extract(world, named, known["filename"], again))
    except (Unreadable, OSError) as error:
        _fail(world, record, error)


async def _extract(world: World, named: dict[str, str], name: str, again: str) -> None:
    """Take a large document apart beside everything else."""
    try:
        text: str | Unreadable = await to_thread(extracted, name, world.folder() / named["file"])
    except Unreadable as error:
        text = error
    record = _current(world, named)
    world.agenda.cancel(again)
    if record is not None and isinstance(text, Unreadable):
        _fail(world, record, text)
    elif record is not None and isinstance(text, str):
        await to_thread(_text(world, record).write_text, text, "utf-8")
        world.later(0, "vector_store_work.slice", start=0, plain=False, **named)
    world.commit()


async def _slice(world: World, start: int, plain: bool, **named: str) -> None:
    """Index some chunks from a place on, and leave the rest to the next slice."""
    record = _current(world, named, start)
    if record is None:
        return
    strategy = record["chunking_strategy"]["static"]
    size, overlap = strategy["max_chunk_size_tokens"], strategy["chunk_overlap_tokens"]
    again = world.later(PATIENCE, "vector_store_work.slice", start=start, plain=plain, **named) if size >= LONG else ""
    path = world.folder() / record["id"] if plain else _text(world, record)
    following: int | None = start
    made: list[index.Chunk] = []
    until = perf_counter() + SLICE
    try:
        with path.open("rb") as source:
            while following is not None and perf_counter() < until:
                place, (text, following) = following, cut(source, following, size, overlap)
                if text.strip():
                    made.append(await _indexed(place, text, size))
    except (Unreadable, OSError) as error:
        world.agenda.cancel(again)
        _fail(world, record, error)
        return
    world.agenda.cancel(again)
    if (record := _current(world, named, start)) is not None:  # it may have gone while a thread was at work
        _go_on(world, record, made, following, plain)


async def _indexed(place: int, text: str, size: int) -> index.Chunk:
    if size < LONG:
        return index.chunk(place, text)
    return await to_thread(index.chunk, place, text)


def _go_on(world: World, record: Record, made: list[index.Chunk], following: int | None, plain: bool) -> None:
    """Keep what a slice made, and see to what comes next."""
    store, file = record["vector_store_id"], record["id"]
    if made:
        index.keep(world, store, file, made)
    more = sum(len(chunk.text.encode()) + index.SIZE for chunk in made)
    record = record | {"usage_bytes": record["usage_bytes"] + more, "next": following}
    world.shelf(f"{FILES}/{store}").put(file, record)
    if following is not None:
        world.later(0, "vector_store_work.slice", start=following, plain=plain, **_named(record))
    elif record["usage_bytes"]:
        settle(world, record, "completed")
    else:
        _fail(world, record, Unreadable("invalid_file", "The file holds no text."))


def cut(source: BinaryIO, start: int, size: int, overlap: int) -> Cut:
    """The chunk that begins at a byte, at most so many tokens long; the next one takes up its last ones again.

    Raises:
        Unreadable: the bytes are no text.
    """
    source.seek(start)
    data = source.read(size * BYTES)
    at_end = len(data) < size * BYTES
    try:
        text = getincrementaldecoder("utf-8")().decode(data, at_end)
    except UnicodeDecodeError:
        raise Unreadable("unsupported_file", "The file is no text in UTF-8.") from None
    if "\0" in text:
        raise Unreadable("unsupported_file", "The file is no text.")
    near = text[: size * LETTERS + 1]
    pieces = token.pieces(near)
    if at_end and len(pieces) <= size and len(near) == len(text):
        return Cut(text, None)
    return Cut("".join(pieces[:size]), start + len("".join(pieces[: size - overlap]).encode()))


def _fail(world: World, record: Record, error: Unreadable | OSError) -> None:
    code, message = "server_error", f"The file cannot be read: {error}."
    if isinstance(error, Unreadable):
        code, message = error.code, error.message
    settle(world, record, "failed", {"code": code, "message": message})


def _current(world: World, named: dict[str, str], place: int | None = None) -> Record | None:
    """The file's record, if it still waits for this very run, and for what begins at this place."""
    record: Record | None = world.shelf(f"{FILES}/{named['store']}").get(named["file"])
    if record is None or record["run"] != named["run"] or record["status"] != "in_progress":
        return None
    return record if place is None or record["next"] in (None, place) else None


def _named(record: Record) -> dict[str, str]:
    return {"store": record["vector_store_id"], "file": record["id"], "run": record["run"]}


def _text(world: World, record: Record) -> Path:
    """Where the text of a document lies while it is taken in."""
    return world.folder() / f"text-{record['run']}"


JOBS = {"begin": _begin, "slice": _slice}
