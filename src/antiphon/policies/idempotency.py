"""Idempotency: one key, one request, one result; and what has an effect is not made twice where that can be found out.

Knows when a key is sent, when its result is given again, and when it is worth looking whether something was made. Refuses to know
how rows are kept (key_ledger) and how one looks (reconcile).
"""

from __future__ import annotations

from functools import partial
from os import getpid
from typing import Any, ClassVar

from ..core.effects import Discard, Now, Outside, Random, Sleep, Wait, Wall
from ..core.headers import Headers
from ..core.reply import Reply
from ..core.request import BodyStream, Request
from ..core.resource import spelled
from ..core.signal import Signal
from ..errors import APIConnectionError, DeadlineExceeded
from ..errors.policy import IdempotencyConflict, PolicyError
from ..shared.store import Store, StoreError
from .chain import PLACES, Forward
from .fact import may_repeat
from .key_ledger import KeyLedger, MemoryLedger, StoreLedger
from .machines.cache_entry import LARGEST, kept_fields
from .machines.cache_key import checked_scope
from .machines.effect import is_ambiguous
from .machines.idempotency import Row, Running, boundary_of, digest_of, pack, standing, unpack
from .machines.number import seconds, whole
from .reconcile import can_look, found, marked
from .subject import asked_scope_of

_LARGE = 1024 * 1024
"""Bytes from which on a body is hashed where that may take its time."""
_ARGUMENTS = ("automatic", "reconcile", "honoured", "keep", "lease", "pause", "resends", "scope")
_UNKNOWN = (
    "an earlier request with the idempotency key {key!r} broke off, and whether it was carried out cannot be told from here; "
    "look for yourself, and use another key if it was not"
)


class Idempotency:
    """Sends a key with each POST, gives the result of a key again, and looks before it makes something a second time.

    >>> Idempotency()
    Idempotency(memory, kept for 86400 s, a key for each POST, looks before it makes something again)

    The API itself gives no guarantee about `Idempotency-Key`; gateways may. So this policy keeps a ledger of its own: a key that
    is used again with the same request is answered with what came of the first one; with another request it is refused; and
    while the first one is under way it waits for it. And where a request broke off that makes something (a batch, a fine-tuning
    job, a vector store, an eval, a file), the list of what there is is read before it is sent again: for a mark in the metadata,
    `antiphon_key`, or for a file's name, size and purpose.

    Args:
        ledger: where keys are kept: `None` for this process's memory, or a `SQLiteStore` or `RedisStore`.
        automatic: whether a POST without a key gets one of its own. It is not kept, for nobody can use it again.
        reconcile: whether to look.
        honoured: whether the server does what a key asks for, so that a request can be sent again as it is.
        keep: seconds for which a key is kept; more than 0.
        lease: seconds after which another process that has not told how it ended is taken for gone.
        pause: seconds before the first look, and before it is sent again; they double.
        resends: how many times it is sent again at most; 0 or more.
        scope: whose keys these are, instead of the credential's owner; give one where keys rotate.

    Raises:
        ValueError, TypeError: an argument that cannot be right.
        IdempotencyConflict: (when called) the key belongs to another request, or to one of which nobody knows how it ended.
    """

    place: ClassVar[int] = PLACES["Idempotency"]

    @spelled
    def __init__(
        self,
        ledger: Store | None = None,
        *,
        automatic: bool = True,
        reconcile: bool = True,
        honoured: bool = False,
        keep: float = 86400.0,
        lease: float = 900.0,
        pause: float = 1.0,
        resends: int = 2,
        scope: str | None = None,
    ) -> None:
        if not seconds("keep", keep):
            raise ValueError("keep must be more than 0 seconds")
        if ledger is not None and (isinstance(ledger, type) or not hasattr(ledger, "swap")):
            raise TypeError(f"ledger must be a SQLiteStore(…) or RedisStore(…); got {ledger!r}")
        self._store = ledger
        self.ledger: KeyLedger = MemoryLedger(keep) if ledger is None else StoreLedger(ledger, keep)
        self.automatic = bool(automatic)
        self.reconcile = bool(reconcile)
        self.honoured = bool(honoured)
        self.keep = keep
        self.lease = seconds("lease", lease)
        self.pause = seconds("pause", pause)
        self.resends = whole("resends", resends)
        self.scope = checked_scope(scope)
        self._running = Running()
        self._drawn: list[str] = []

    def __reduce__(self) -> tuple[Any, ...]:
        # Another process has a memory of its own, and the same store.
        said: dict[str, Any] = {name: getattr(self, name) for name in _ARGUMENTS}
        return (partial(type(self), self._store, **said), ())

    def __repr__(self) -> str:
        said = [repr(self.ledger), f"kept for {self.keep:g} s"]
        said += ["a key for each POST"] * self.automatic + ["looks before it makes something again"] * self.reconcile
        said += ["the server honours keys"] * self.honoured
        return f"Idempotency({', '.join(said)})"

    async def __call__(self, request: Request, forward: Forward) -> Reply:
        key = request.headers.get("idempotency-key")
        if request.method != "POST" or not (key or (key is None and self.automatic)):
            return await forward(request)
        if key is None:
            key = await _drawn()
            repeatable = may_repeat(request)
            keyed = self._keyed(request, key, repeatable=repeatable)
            return await (forward(keyed) if repeatable else self._performed(keyed, forward, key))
        digest = await self._digest(request)
        if digest is None:
            _note(request, "bypass", reason="the body can be read only once")
            return await forward(request)
        scope = self.scope or await asked_scope_of(request)
        name = f"idempotency:{scope}:{digest_of('', key, ())[:32]}"
        try:
            return await self._once(request, forward, key, name, digest)
        except StoreError:
            _note(request, "alone", reason="the ledger cannot be used")
            keyed = self._keyed(request, key, repeatable=may_repeat(request))
            return await self._performed(keyed, forward, key)

    # -- the ledger ----------------------------------------------------------------------------------------------------

    async def _once(self, request: Request, forward: Forward, key: str, name: str, digest: str) -> Reply:
        """The result of a key, whoever gets it."""
        while True:
            mine = Signal()
            try:
                while (signal := self._running.enter(name, mine)) is not None:
                    _note(request, "join")
                    if not await Wait(signal, await _left(request)):
                        raise _late(request)
                reply = await self._turn(request, forward, key, name, digest)
            finally:
                try:
                    self._running.leave(name, mine)
                except BaseException:  # a signal handler's, perhaps before it began
                    self._running.leave(name, mine)
                    raise
            if reply is not None:
                return reply
            _note(request, "wait", reason="another process is at it")
            left = await _left(request)
            if left is not None and left <= self.pause:
                raise _late(request)
            await Sleep(self.pause)

    async def _turn(self, request: Request, forward: Forward, key: str, name: str, digest: str) -> Reply | None:
        """The result; `None` where another process is at it."""
        data, wall, owner = await self.ledger.get(name), await Wall(), await self._owner()
        row = unpack(data)
        stands = standing(row, digest, owner=owner, wall=wall, lease=self.lease)
        if stands == "conflict":
            raise IdempotencyConflict(key, request=request)
        if stands == "busy":
            return None
        if row is not None and stands == "done":
            _note(request, "known", executions=row.executions)
            reply = Reply(row.status, Headers(list(row.fields)), request, row.content)
            reply.cached = True
            return reply
        repeatable = may_repeat(request)
        keyed = self._keyed(request, key, repeatable=repeatable)
        if stands == "open" and not (self.honoured or repeatable or (self.reconcile and can_look(keyed))):
            raise IdempotencyConflict(key, why=_UNKNOWN.format(key=key), request=request)
        executions = 1 if row is None else row.executions + 1
        mine = Row(digest, "sent", owner, wall, executions)
        if not await self.ledger.swap(name, data, pack(mine)):
            return None
        return await self._noted(keyed, forward, key, name, mine, earlier=None if row is None else row.since)

    async def _noted(
        self, request: Request, forward: Forward, key: str, name: str, row: Row, *, earlier: float | None
    ) -> Reply:
        """Carry it out, and put down what came of it. Who is cancelled leaves the row as it is: nobody knows."""
        mine, opened = pack(row), pack(row._replace(state="open"))
        try:
            reply = await self._performed(request, forward, key, earlier=earlier)
        except APIConnectionError as failure:
            await self._put(request, name, mine, None if failure.sent == "no" else opened)
            raise
        except PolicyError:
            await self._put(request, name, mine, None if earlier is None else opened)
            raise
        done: bytes | None = None
        if 200 <= reply.status_code < 300 and reply.is_read and len(reply.content) <= LARGEST:
            told = (reply.status_code, kept_fields(reply.headers), reply.content)
            done = pack(Row(row.digest, "done", row.owner, row.since, row.executions, *told))
        elif reply.status_code < 300 or is_ambiguous(reply.status_code):
            done = opened
        await self._put(request, name, mine, done)
        return reply

    async def _put(self, request: Request, name: str, expected: bytes, value: bytes | None) -> None:
        try:
            await self.ledger.swap(name, expected, value)
        except StoreError:
            _note(request, "not kept", reason="the ledger cannot be used")

    # -- carrying it out -----------------------------------------------------------------------------------------------

    async def _performed(self, request: Request, forward: Forward, key: str, *, earlier: float | None = None) -> Reply:
        """The reply; where it gets lost, what was made, or the reply to another request.

        Args:
            request: with its key.
            forward: the rest of the chain.
            key: the key.
            earlier: when it was sent before, and nobody knows what came of that; in seconds since the epoch.
        """
        since, resend = await Wall() if earlier is None else earlier, 0
        if earlier is not None and self.reconcile:
            known = await self._look(request, forward, key, since)
            if known is not None:
                return known
        while True:
            try:
                reply = await forward(request)
            except APIConnectionError as failure:
                if failure.sent == "no" or isinstance(failure, DeadlineExceeded) or may_repeat(request):
                    raise
                after = await self._after(request, forward, key, since, resend)
                if after is None:
                    raise
            else:
                if not is_ambiguous(reply.status_code) or may_repeat(request):
                    return reply
                after = await self._after(request, forward, key, since, resend)
                if after is None:
                    return reply
                await Discard(reply)
            if isinstance(after, Reply):
                return after
            resend += 1

    async def _after(
        self, request: Request, forward: Forward, key: str, since: float, resend: int
    ) -> Reply | Request | None:
        """What was made; or the request, to be sent again; or `None`, where neither can be."""
        looks = self.reconcile and can_look(request)
        if not (looks or self.honoured):
            return None
        if not await _slept(request, self.pause * 2.0**resend):
            return None
        if looks and (made := await self._look(request, forward, key, since)) is not None:
            return made
        if resend >= self.resends or not request.rewind():
            return None
        _note(request, "again", resend=resend + 1)
        return request

    async def _look(self, request: Request, forward: Forward, key: str, since: float) -> Reply | None:
        if not can_look(request):
            return None
        made = await found(request, forward, key, since)
        _note(request, "look", found=made is not None)
        return made

    async def _owner(self) -> str:
        """Who this is, among all that share the ledger; a forked child is another."""
        if not self._drawn:
            self._drawn.append(await _drawn())
        return f"{self._drawn[0]}-{getpid()}"

    def _keyed(self, request: Request, key: str, *, repeatable: bool) -> Request:
        """The same request with its key, and its mark."""
        known = request.headers
        added = [(name, key) for name in ("Idempotency-Key", "X-Client-Request-Id") if name not in known]
        keyed = (marked(request, key) if self.reconcile and not repeatable else None) or request
        keyed = keyed.replace(headers=Headers([*known.fields, *added]))
        keyed.only_once = not (self.honoured or repeatable)
        return keyed

    async def _digest(self, request: Request) -> str | None:
        """What tells the request from another; `None` where that cannot be told without using it up."""
        content = request.content
        if content is None or isinstance(content, bytes):
            pieces = (content or b"",)
            boundary = boundary_of(request.headers.get("content-type", ""))
            if len(pieces[0]) < _LARGE:
                return digest_of(request.method, request.target, pieces, boundary)
        elif not isinstance(content, BodyStream) or not content.rewind():
            return None
        digest: str | None = await Outside(_streamed, request)
        return digest


def _streamed(request: Request) -> str | None:
    """The digest of a body that is read for it; blocks."""
    content = request.content
    boundary = boundary_of(request.headers.get("content-type", ""))
    pieces = (content,) if isinstance(content, bytes) else content
    assert isinstance(content, (bytes, BodyStream))
    digest = digest_of(request.method, request.target, pieces, boundary)  # type: ignore[arg-type]
    return digest if request.rewind() else None


async def _drawn() -> str:
    """A key nobody else has."""
    first, second = await Random(), await Random()
    return f"antiphon-{int(first * 2**53) << 53 | int(second * 2**53):027x}"


async def _left(request: Request) -> float | None:
    """Seconds until the call's deadline."""
    return None if request.deadline is None else max(0.0, request.deadline - await Now())


async def _slept(request: Request, pause: float) -> bool:
    """Whether there was time for a pause."""
    left = await _left(request)
    if left is not None and left <= pause:
        return False
    await Sleep(pause)
    return True


def _late(request: Request) -> DeadlineExceeded:
    return DeadlineExceeded(
        request, message="the deadline of the call passed while another one with its key was under way", sent="no"
    )


def _note(request: Request, event: str, **figures: object) -> None:
    if request.trace is not None:
        request.trace.note("Idempotency", event, **figures)
