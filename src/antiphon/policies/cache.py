"""Cache: an answer that was complete is given again to whoever of the same tenant asks the same, without asking the server.

Knows when an answer may be kept and given, and for how long. Refuses to know how one question is told from another
(machines/cache_key), when an answer is whole (machines/whole_answer), and where it is kept (shelf).
"""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar

from ..core.effects import Discard, Follow
from ..core.headers import Headers
from ..core.reply import Reply
from ..core.request import Request
from ..core.resource import spelled
from ..errors import APIConnectionError, BulkheadFull, CircuitOpen, NoTarget, RateLimited, TLSError
from ..shared.store import Store
from .chain import PLACES, Forward
from .machines.cache_entry import LARGEST, Entry, kept_fields
from .machines.cache_key import Question, checked_scope, question_of
from .machines.cipher import Cipher
from .machines.number import seconds
from .machines.whole_answer import is_whole
from .shelf import MemoryShelf, Shelf, StoreShelf
from .subject import model_of

_OUTAGES = (APIConnectionError, CircuitOpen, BulkheadFull, RateLimited, NoTarget)
_BUSY = frozenset({408, 429})


class Cache:
    """Keeps complete answers and gives them again.

    >>> Cache(ttl=3600)
    Cache(memory: 1024 entries, 64 MiB; ttl=3600 s, sampled answers are not kept)

    Kept are answers to chat, completions, responses, embeddings and moderations, plain or streamed, that came with status 200
    and to their end. A model that samples would answer differently each time, so of its answers only those to `temperature=0` are
    kept, unless you say `cache_sampled=True`. Requests that go on with a conversation, run in the background, or use the
    server's own tools pass by. One with the header field `Cache-Control: no-cache` is sent and its answer kept; with `no-store`
    it is sent and that is all.

    Args:
        store: where answers are kept: `None` for this process's memory, or a `SQLiteStore` or `RedisStore`.
        ttl: seconds for which an answer is given; more than 0.
        cache_sampled: whether answers are kept too that might have been others.
        stale_if_error: seconds beyond `ttl` for which an old answer is given where the server fails; `None` for never.
        cut_off: whether an answer is complete that ended because it became too long.
        keep_fallback: whether an answer is kept for the model that was asked for although a failover had another one give it.
        cipher: encrypts what goes to the store: a `Cipher`, or a key for one.
        scope: whose answers these are, instead of the credential's owner. Needed where the key comes from a function, because
            it is not known yet when the cache is asked.
        entries: how many answers the memory holds; 1 or more.
        size: how many bytes they may have together; 1 or more.

    Raises:
        ValueError, TypeError: an argument that cannot be right.
    """

    place: ClassVar[int] = PLACES["Cache"]

    @spelled
    def __init__(
        self,
        store: Store | None = None,
        *,
        ttl: float = 86400.0,
        cache_sampled: bool = False,
        stale_if_error: float | None = None,
        cut_off: bool = False,
        keep_fallback: bool = False,
        cipher: Cipher | bytes | str | None = None,
        scope: str | None = None,
        entries: int = 1024,
        size: int = 64 * 1024 * 1024,
    ) -> None:
        if not seconds("ttl", ttl) > 0:
            raise ValueError("ttl must be more than 0 seconds; leave the cache out to keep nothing")
        self.ttl = ttl
        self.cache_sampled = cache_sampled
        self.stale_if_error = 0.0 if stale_if_error is None else seconds("stale_if_error", stale_if_error)
        self.cut_off = cut_off
        self.keep_fallback = keep_fallback
        self.scope = checked_scope(scope)
        self._shelf: Shelf
        if store is None:
            if cipher is not None:
                raise ValueError("a cipher is for what is written down, and memory is not; pass a store as well")
            self._shelf = MemoryShelf(entries, size)
        else:
            if isinstance(store, type) or not (hasattr(store, "get") and hasattr(store, "put")):
                raise TypeError(f"store must be a SQLiteStore(…), a RedisStore(…), or None for memory; got {store!r}")
            sealing = cipher if cipher is None or isinstance(cipher, Cipher) else Cipher(cipher)
            self._shelf = StoreShelf(store, sealing, self.ttl + self.stale_if_error)

    def __reduce__(self) -> tuple[Any, ...]:
        # Another process has a memory of its own, and the same store.
        names = ("ttl", "cache_sampled", "stale_if_error", "cut_off", "keep_fallback", "scope")
        said = {name: getattr(self, name) for name in names}
        return (partial(type(self), **said, **self._shelf.told()), ())

    def __repr__(self) -> str:
        if not hasattr(self, "_shelf"):  # its making failed, and a traceback shows it
            return "<Cache, not made>"
        told = [f"ttl={self.ttl:g} s", f"sampled answers are {'' if self.cache_sampled else 'not '}kept"]
        told += [f"stale ones given {self.stale_if_error:g} s longer in an outage"] if self.stale_if_error else []
        told += ["cut-off ones kept too"] if self.cut_off else []
        told += ["those of other models too"] if self.keep_fallback else []
        return f"Cache({self._shelf!r}; {', '.join(told)})"

    async def __call__(self, request: Request, forward: Forward) -> Reply:
        question = question_of(request, self.scope, sampled=self.cache_sampled)
        control = request.headers.get("cache-control", "")
        if control and "no-store" in control and not isinstance(question, str):
            question = "no-store"
        trace = request.trace
        if isinstance(question, str):
            if trace is not None:
                trace.note("Cache", "bypass", reason=question)
            return await forward(request)
        stale = None
        if not control or "no-cache" not in control:
            entry = await self._shelf.fetch(question)
            if entry is not None and entry.digest == question.digest:
                age = await self._shelf.clock() - entry.stored
                if abs(age) <= self.ttl:
                    if trace is not None:
                        trace.note("Cache", "hit")
                    return _again(entry, request, age)
                stale = (entry, age) if 0 < age <= self.ttl + self.stale_if_error else None
        if trace is not None:
            trace.note("Cache", "miss", reason="absent" if stale is None else "too old")
        reply = await forward(request) if stale is None else await _or_stale(request, forward, *stale)
        if reply.status_code == 200 and not reply.cached:
            if self.keep_fallback or reply.request is request or model_of(reply.request) == model_of(request):
                await self._keep(question, reply)
            elif trace is not None:
                trace.note("Cache", "not kept", reason="another model answered")
        return reply

    async def _keep(self, question: Question, reply: Reply) -> None:
        """Keep an answer if it is whole; one that is still to be read is judged when it was."""
        recorder = _Recorder(self, question, reply, await self._shelf.clock())
        if not reply.is_read:
            await Follow(reply, recorder)
            return
        entry = recorder.entry(reply.content)
        kept = entry is not None and await self._shelf.keep(question, entry)
        if reply.request.trace is not None:
            reply.request.trace.note("Cache", "kept" if kept else "not kept")

    def flush(self) -> None:
        """Write down what streams brought, where there is a store; otherwise that happens with the next call. Blocks.

        Raises:
            StoreError: the store cannot be used.
        """
        self._shelf.flush()


class _Recorder:
    """Follows a body, and keeps it if it was a whole answer."""

    __slots__ = ("_cache", "_now", "_pieces", "_question", "_reply_fields", "_size", "_type")

    def __init__(self, cache: Cache, question: Question, reply: Reply, now: float) -> None:
        self._cache = cache
        self._question = question
        self._reply_fields = kept_fields(reply.headers)
        self._type = reply.headers.get("content-type", "")
        self._now = now
        self._pieces: list[bytes] = []
        self._size = 0

    def feed(self, chunk: bytes) -> None:
        """As `Follower.feed`."""
        self._size += len(chunk)
        if self._size <= LARGEST:
            self._pieces.append(chunk)
        else:
            self._pieces.clear()

    def end(self, failure: BaseException | None, complete: bool) -> None:
        """As `Follower.end`. A reader may stop at the last event, so whether all came is for the content to say."""
        if failure is None and self._size <= LARGEST:
            entry = self.entry(b"".join(self._pieces))
            if entry is not None:
                self._cache._shelf.note(self._question, entry)
        self._pieces.clear()

    def entry(self, content: bytes) -> Entry | None:
        """What is kept of a body, if it is a whole answer."""
        if len(content) > LARGEST or not is_whole(self._question, content, self._type, cut_off=self._cache.cut_off):
            return None
        return Entry(self._question.digest, self._reply_fields, content, self._now)


async def _or_stale(request: Request, forward: Forward, entry: Entry, age: float) -> Reply:
    """The server's answer, or where it fails the old one."""
    try:
        reply = await forward(request)
    except _OUTAGES as failure:
        if isinstance(failure, TLSError):  # whoever answers there is not who was asked
            raise
        reason = type(failure).__name__
    else:
        if reply.status_code < 500 and reply.status_code not in _BUSY:
            return reply
        await Discard(reply)
        reason = str(reply.status_code)
    if request.trace is not None:
        request.trace.note("Cache", "stale", reason=reason)
    return _again(entry, request, age)


def _again(entry: Entry, request: Request, age: float) -> Reply:
    """A kept answer as the reply to another request."""
    headers = Headers([*entry.fields, ("age", str(max(0, int(age))))])
    reply = Reply(200, headers, request, entry.content)
    reply.cached = True
    return reply
