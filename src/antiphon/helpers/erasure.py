"""Erasure: finds what a server still holds and deletes it, and says of each thing whether that was done.

Written once as a flow over list and delete operations. It knows which things can be listed, which only be named, and which field
tells their age; it refuses to decide what is old enough.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Mapping
from datetime import timedelta
from typing import Any, Final, NamedTuple, Protocol, TypeVar, overload

from ..core.call import Call, Operation
from ..core.effects import Gather, Perform, Wall
from ..errors import APIConnectionError, APIStatusError, NotFoundError
from ..operations import beta, chat, containers, conversations, evals, files, responses, vector_stores, videos

T = TypeVar("T")
_PAGE: Final = 100
_AT_ONCE: Final = 8


class Kind(NamedTuple):
    """One kind of thing that a server keeps.

    Attributes:
        delete: the operation that deletes one.
        path: the name of its id in that operation's path.
        listed: the operation that lists them; `None` where the API has none.
        created: the field that tells when one was made.
        usual: whether it is erased where nobody names kinds, because it holds what people said or gave.
    """

    delete: Operation
    path: str
    listed: Operation | None = None
    created: str = "created_at"
    usual: bool = True


KINDS: Final[Mapping[str, Kind]] = {
    "responses": Kind(responses.DELETE, "response_id"),
    "conversations": Kind(conversations.DELETE, "conversation_id"),
    "threads": Kind(beta.THREADS_DELETE, "thread_id"),
    "chat_completions": Kind(chat.COMPLETIONS_DELETE, "completion_id", chat.COMPLETIONS_LIST, "created"),
    "chatkit_threads": Kind(beta.CHATKIT_THREADS_DELETE, "thread_id", beta.CHATKIT_THREADS_LIST, usual=False),
    "vector_stores": Kind(vector_stores.DELETE, "vector_store_id", vector_stores.LIST),
    "files": Kind(files.DELETE, "file_id", files.LIST),
    "containers": Kind(containers.DELETE, "container_id", containers.LIST),
    "videos": Kind(videos.DELETE, "video_id", videos.LIST),
    "assistants": Kind(beta.ASSISTANTS_DELETE, "assistant_id", beta.ASSISTANTS_LIST, usual=False),
    "evals": Kind(evals.DELETE, "eval_id", evals.LIST, usual=False),
}
"""The kinds that are known, in the order in which they are erased."""
Keep = Callable[[str, Any], bool]


class Erased(NamedTuple):
    """What became of one kind.

    Attributes:
        found: ids of what was old enough.
        deleted: of these, those that are gone now.
        failed: of these, those that could not be deleted, and why; under "list" why they could not be listed.
        kept: how many were younger, of no known age, or to be kept.
    """

    found: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    failed: Mapping[str, str] = {}
    kept: int = 0


class Erasure(NamedTuple):
    """What was erased, and what was not.

    Attributes:
        kinds: of each kind, what became of it.
        unlisted: kinds that the API cannot list and of which nobody gave ids, so that something may be left.
    """

    kinds: Mapping[str, Erased]
    unlisted: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether everything that was found is gone, and nothing failed; see `unlisted` for what cannot be found."""
        return all(not each.failed and len(each.deleted) == len(each.found) for each in self.kinds.values())

    def __str__(self) -> str:
        lines = list[str]()
        for kind, each in self.kinds.items():
            lines.append(f"{kind}: {len(each.found)} found, {len(each.deleted)} deleted, {each.kept} kept")
            lines += [f"  not {name}: {why}" for name, why in each.failed.items()]
        if self.unlisted:
            lines.append(f"cannot be listed, give their ids: {', '.join(self.unlisted)}")
        return "\n".join(lines)


class Blocking(Protocol):
    """A blocking client, as far as it matters here."""

    def run(self, flow: Coroutine[Any, Any, T], /) -> T:
        """Run a flow to its end."""
        ...


class Asynchronous(Protocol):
    """An asyncio client, as far as it matters here."""

    def run(self, flow: Coroutine[Any, Any, T], /) -> Coroutine[Any, Any, T]:
        """Run a flow to its end."""
        ...


@overload
def erase(
    client: Blocking,
    *,
    older_than: timedelta | float | None,
    kinds: Iterable[str] | None = None,
    ids: Mapping[str, Iterable[str]] | None = None,
    keep: Keep | None = None,
) -> Erasure: ...


@overload
def erase(
    client: Asynchronous,
    *,
    older_than: timedelta | float | None,
    kinds: Iterable[str] | None = None,
    ids: Mapping[str, Iterable[str]] | None = None,
    keep: Keep | None = None,
) -> Coroutine[Any, Any, Erasure]: ...


def erase(
    client: Any,
    *,
    older_than: timedelta | float | None,
    kinds: Iterable[str] | None = None,
    ids: Mapping[str, Iterable[str]] | None = None,
    keep: Keep | None = None,
) -> Any:
    """Delete what the server holds and is old enough; gives an `Erasure` (async clients: to be awaited).

    >>> print(erase(client, older_than=timedelta(days=30), kinds=["files"]))  # doctest: +SKIP
    files: 3 found, 3 deleted, 9 kept

    Args:
        client: whose things.
        older_than: a time, or seconds; `None` for whatever its age.
        kinds: which are listed, of `KINDS`; where neither these nor `ids` are given, all that hold what people said or gave.
        ids: of things by kind, such as those that the API cannot list (responses, conversations, threads); they are deleted
            whatever their age.
        keep: called with a kind and a thing; what it says `True` of is kept.

    Raises:
        ValueError, TypeError: an argument that cannot be right.
    """
    age, chosen = _seconds(older_than), _chosen(kinds, ids or {})
    return client.run(erasing(age, chosen, ids or {}, keep, delete=True))


@overload
def held(
    client: Blocking,
    *,
    older_than: timedelta | float | None = None,
    kinds: Iterable[str] | None = None,
    keep: Keep | None = None,
) -> Erasure: ...


@overload
def held(
    client: Asynchronous,
    *,
    older_than: timedelta | float | None = None,
    kinds: Iterable[str] | None = None,
    keep: Keep | None = None,
) -> Coroutine[Any, Any, Erasure]: ...


def held(
    client: Any,
    *,
    older_than: timedelta | float | None = None,
    kinds: Iterable[str] | None = None,
    keep: Keep | None = None,
) -> Any:
    """As `erase`, but only looks: what would be found, and nothing is deleted."""
    age, chosen = _seconds(older_than), _chosen(kinds, {})
    return client.run(erasing(age, chosen, {}, keep, delete=False))


async def erasing(
    age: float | None, kinds: Mapping[str, bool], ids: Mapping[str, Iterable[str]], keep: Keep | None, *, delete: bool
) -> Erasure:
    """The flow under both; `kinds` tells of each whether it is listed, too."""
    before = None if age is None else await Wall() - age
    done = dict[str, Erased]()
    for name, lists in kinds.items():
        kind, given = KINDS[name], list(ids.get(name, ()))
        if kind.listed is None and not given:
            continue
        operation = kind.listed if lists else None
        listed, kept, failed = await _listed(name, operation, kind.created, before, keep)
        found = tuple(dict.fromkeys([*given, *listed]))
        reasons = await Gather([_deleted(kind, each) for each in found], _AT_ONCE) if delete else [""] * len(found)
        failed |= {each: why for each, why in zip(found, reasons, strict=True) if why}
        gone = tuple(each for each in found if each not in failed) if delete else ()
        done[name] = Erased(found, gone, failed, kept)
    return Erasure(done, tuple(name for name in kinds if name not in done))


async def _listed(
    name: str, operation: Operation | None, created: str, before: float | None, keep: Keep | None
) -> tuple[list[str], int, dict[str, str]]:
    """Ids of what is old enough, how many are kept, and why there could be more."""
    found, kept, after = list[str](), 0, None
    while operation is not None:
        query = {"limit": _PAGE} if after is None else {"limit": _PAGE, "after": after}
        try:
            page: Any = await Perform(Call(operation, query=query))
        except (APIStatusError, APIConnectionError) as failure:
            return found, kept, {"list": _why(failure)}
        items: list[Any] = list(page.data or ())
        for item in items:
            made: Any = getattr(item, created, None)
            young = before is not None and not (isinstance(made, (int, float)) and made < before)
            if young or (keep is not None and keep(name, item)):
                kept += 1
            else:
                found.append(item.id)
        last = items[-1].id if items else None
        if not getattr(page, "has_more", False) or last is None or last == after:
            break
        after = last
    return found, kept, {}


async def _deleted(kind: Kind, name: str) -> str:
    """Delete one thing; why it could not be, or ""."""
    try:
        await Perform(Call(kind.delete, path={kind.path: name}))
    except NotFoundError:
        return ""  # it is gone already
    except (APIStatusError, APIConnectionError) as failure:
        return _why(failure)
    return ""


def _why(failure: APIStatusError | APIConnectionError) -> str:
    if isinstance(failure, APIStatusError):
        return f"{failure.status_code} {failure.code or type(failure).__name__}"
    return type(failure).__name__


def _seconds(older_than: Any) -> float | None:
    if older_than is None:
        return None
    if isinstance(older_than, timedelta):
        older_than = older_than.total_seconds()
    if isinstance(older_than, bool) or not isinstance(older_than, (int, float)):
        raise TypeError(f"older_than must be a timedelta, a number of seconds, or None for any age; got {older_than!r}")
    if not 0 <= older_than < float("inf"):
        raise ValueError(f"older_than must be 0 seconds or more; got {older_than}")
    return older_than


def _chosen(kinds: Iterable[str] | None, ids: Mapping[str, Iterable[str]]) -> dict[str, bool]:
    """The kinds at hand, in order, and of each whether it is to be listed."""
    if isinstance(kinds, str):
        raise TypeError(f"kinds must be several, e.g. [{kinds!r}]")
    for name, given in ids.items():
        if isinstance(given, str):
            raise TypeError(f"ids of {name} must be several, e.g. [{given!r}]")
    if kinds is None:
        kinds = () if ids else (name for name, kind in KINDS.items() if kind.usual)
    listed = set(kinds)
    if unknown := (listed | ids.keys()) - KINDS.keys():
        raise ValueError(f"there is no kind {min(unknown)!r}; known are {', '.join(KINDS)}")
    return {name: name in listed for name in KINDS if name in listed or name in ids}
