"""Waiting for work the server does in the background: files, runs, vector stores, videos.

Every function here is a flow: it asks for calls and pauses as effects and knows neither a colour nor a clock. It knows which
states are final; `waiting` knows how long to wait between two looks.
"""

# ruff: noqa: ASYNC109 - `timeout` is an argument of the API's methods, for each attempt

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from ..core.call import Call
from ..core.effects import Gather, Now, Perform, Sleep
from ..core.omit import Omit, is_given, not_given, omit
from ..operations import beta, files, vector_stores, videos
from .flaw import id_of
from .waiting import has_pending, poll_headers, settled, status_of

_FILE_SETTLED = frozenset({"processed", "error", "deleted"})
_RUN_SETTLED = frozenset({"requires_action", "cancelled", "completed", "failed", "expired", "incomplete"})
_VIDEO_PENDING = frozenset({"in_progress", "queued"})


async def files_wait_for_processing(
    client: Any, id: str, *, poll_interval: float = 5.0, max_wait_seconds: float = 30 * 60
) -> Any:
    """Wait until an uploaded file is processed, in error or deleted, and return it.

    Args:
        client: whose call this is.
        id: the file.
        poll_interval: seconds between two looks, from 0.
        max_wait_seconds: seconds to wait at most.

    Raises:
        RuntimeError: the file was not processed in time.
    """
    del client
    call: Call[Any] = Call(files.RETRIEVE, path={"file_id": id})
    deadline = await Now() + max_wait_seconds
    while status_of(file := await Perform(call)) not in _FILE_SETTLED:
        left = deadline - await Now()
        if left <= 0:
            raise RuntimeError(
                f"file {id} was still {file.status!r} after {max_wait_seconds} seconds; wait longer or look later"
            )
        await Sleep(min(poll_interval, left))
    return file


# Runs of the Assistants API


async def runs_poll(
    client: Any,
    run_id: str,
    thread_id: str,
    extra_headers: Any = None,
    extra_query: Any = None,
    extra_body: Any = None,
    timeout: Any = not_given,
    poll_interval_ms: int | Omit = omit,
) -> Any:
    """Wait until a run needs the caller or is over, and return it.

    Args:
        client: whose call this is.
        run_id: the run.
        thread_id: the thread it runs on.
        extra_headers: further header fields of each look.
        extra_query: further query arguments of each look.
        extra_body: a body for each look.
        timeout: seconds, for each look.
        poll_interval_ms: milliseconds between two looks; the server's hint, else 1000, when left out.
    """
    del client
    call: Call[Any] = Call(
        beta.THREADS_RUNS_RETRIEVE,
        path={"thread_id": thread_id, "run_id": run_id},
        headers=poll_headers(poll_interval_ms, extra_headers),
        extra_query=extra_query,
        extra_body=extra_body,
        timeout=timeout,
    )
    return await settled(call, lambda run: status_of(run) not in _RUN_SETTLED, poll_interval_ms)


async def runs_create_and_poll(
    client: Any,
    *,
    thread_id: str,
    include: Any = omit,
    poll_interval_ms: int | Omit = omit,
    extra_headers: Any = None,
    extra_query: Any = None,
    extra_body: Any = None,
    timeout: Any = not_given,
    **body: Any,
) -> Any:
    """Create a run and wait until it needs the caller or is over; `body` are the arguments of `runs.create`."""
    extras = {"extra_query": extra_query, "extra_body": extra_body, "timeout": timeout}
    call: Call[Any] = Call(
        beta.THREADS_RUNS_CREATE,
        path={"thread_id": thread_id},
        query={"include": include},
        body={**body, "stream": False},
        headers=extra_headers,
        **extras,
    )
    return await _run_to_its_end(client, call, poll_interval_ms, extras, thread_id)


async def runs_submit_tool_outputs_and_poll(
    client: Any,
    *,
    tool_outputs: Any,
    run_id: str,
    thread_id: str,
    poll_interval_ms: int | Omit = omit,
    extra_headers: Any = None,
    extra_query: Any = None,
    extra_body: Any = None,
    timeout: Any = not_given,
) -> Any:
    """Hand a run what its tools answered and wait until it needs the caller again or is over."""
    extras = {"extra_query": extra_query, "extra_body": extra_body, "timeout": timeout}
    call: Call[Any] = Call(
        beta.THREADS_RUNS_SUBMIT_TOOL_OUTPUTS,
        path={"thread_id": thread_id, "run_id": run_id},
        body={"tool_outputs": tool_outputs, "stream": False},
        headers=extra_headers,
        **extras,
    )
    return await _run_to_its_end(client, call, poll_interval_ms, extras, thread_id)


async def threads_create_and_run_poll(
    client: Any,
    *,
    poll_interval_ms: int | Omit = omit,
    extra_headers: Any = None,
    extra_query: Any = None,
    extra_body: Any = None,
    timeout: Any = not_given,
    **body: Any,
) -> Any:
    """Create a thread with a run on it and wait until that needs the caller or is over."""
    extras = {"extra_query": extra_query, "extra_body": extra_body, "timeout": timeout}
    call: Call[Any] = Call(beta.THREADS_CREATE_AND_RUN, body={**body, "stream": False}, headers=extra_headers, **extras)
    return await _run_to_its_end(client, call, poll_interval_ms, extras)


async def _run_to_its_end(
    client: Any, call: Call[Any], poll_interval_ms: int | Omit, extras: dict[str, Any], thread_id: str | None = None
) -> Any:
    """Make a call that answers with a run, and wait for that run under the same options."""
    run = await Perform(call)
    return await runs_poll(
        client,
        id_of(run),
        id_of(run, "thread_id") if thread_id is None else thread_id,
        extra_headers=call.headers,
        poll_interval_ms=poll_interval_ms,
        **extras,
    )


# Files of a vector store


def _check_wait(max_wait_seconds: float | Omit) -> None:
    if is_given(max_wait_seconds) and not 0 <= max_wait_seconds < math.inf:
        raise ValueError(f"max_wait_seconds must be finite and not negative, not {max_wait_seconds}")


async def vector_store_files_poll(
    client: Any,
    file_id: str,
    *,
    vector_store_id: str,
    poll_interval_ms: int | Omit = omit,
    max_wait_seconds: float | Omit = omit,
) -> Any:
    """Wait until a file of a vector store is no longer in progress, and return it, be it completed, failed or cancelled.

    Args:
        client: whose call this is.
        file_id: the file.
        vector_store_id: the store it is in.
        poll_interval_ms: milliseconds between two looks; the server's hint, else 1000, when left out.
        max_wait_seconds: seconds to wait at most, from 0; without bound when left out.

    Raises:
        TimeoutError: the file was still in progress after `max_wait_seconds`.
        ValueError: `max_wait_seconds` is negative or not finite.
    """
    del client
    _check_wait(max_wait_seconds)
    deadline = await Now() + max_wait_seconds if is_given(max_wait_seconds) else math.inf
    call: Call[Any] = Call(
        vector_stores.FILES_RETRIEVE,
        path={"vector_store_id": vector_store_id, "file_id": file_id},
        headers=poll_headers(poll_interval_ms),
    )
    late = f"vector store file {file_id!r} was still in progress after {max_wait_seconds} seconds"
    return await settled(call, lambda file: status_of(file) == "in_progress", poll_interval_ms, deadline, late)


async def vector_store_files_create_and_poll(
    client: Any,
    file_id: str,
    *,
    vector_store_id: str,
    attributes: Any = omit,
    poll_interval_ms: int | Omit = omit,
    max_wait_seconds: float | Omit = omit,
    chunking_strategy: Any = omit,
    extra_headers: Any = None,
    extra_query: Any = None,
    extra_body: Any = None,
    timeout: Any = not_given,
) -> Any:
    """Attach a file to a vector store and wait until it is processed; the bounds are those of `vector_store_files_poll`."""
    _check_wait(max_wait_seconds)
    await Perform(
        Call(
            vector_stores.FILES_CREATE,
            path={"vector_store_id": vector_store_id},
            body={"file_id": file_id, "attributes": attributes, "chunking_strategy": chunking_strategy},
            headers=extra_headers,
            extra_query=extra_query,
            extra_body=extra_body,
            timeout=timeout,
        )
    )
    return await vector_store_files_poll(
        client,
        file_id,
        vector_store_id=vector_store_id,
        poll_interval_ms=poll_interval_ms,
        max_wait_seconds=max_wait_seconds,
    )


async def _uploaded(file: Any) -> str:
    """Upload a file for use in a vector store; its id."""
    stored = await Perform(Call(files.CREATE, body={"file": file, "purpose": "assistants"}))
    return id_of(stored)


async def vector_store_files_upload(
    client: Any, *, vector_store_id: str, file: Any, chunking_strategy: Any = omit
) -> Any:
    """Upload a file and attach it to a vector store, without waiting until it is processed."""
    del client
    file_id = await _uploaded(file)
    body = {"file_id": file_id, "chunking_strategy": chunking_strategy}
    return await Perform(Call(vector_stores.FILES_CREATE, path={"vector_store_id": vector_store_id}, body=body))


async def vector_store_files_upload_and_poll(
    client: Any,
    *,
    vector_store_id: str,
    file: Any,
    attributes: Any = omit,
    poll_interval_ms: int | Omit = omit,
    max_wait_seconds: float | Omit = omit,
    chunking_strategy: Any = omit,
) -> Any:
    """Upload a file, attach it to a vector store and wait until it is processed."""
    _check_wait(max_wait_seconds)
    return await vector_store_files_create_and_poll(
        client,
        await _uploaded(file),
        vector_store_id=vector_store_id,
        attributes=attributes,
        poll_interval_ms=poll_interval_ms,
        max_wait_seconds=max_wait_seconds,
        chunking_strategy=chunking_strategy,
    )


# Batches of files of a vector store


async def file_batches_poll(
    client: Any, batch_id: str, *, vector_store_id: str, poll_interval_ms: int | Omit = omit
) -> Any:
    """Wait until no file of a batch is in progress, and return the batch; some of its files may have failed."""
    del client
    call: Call[Any] = Call(
        vector_stores.FILE_BATCHES_RETRIEVE,
        path={"vector_store_id": vector_store_id, "batch_id": batch_id},
        headers=poll_headers(poll_interval_ms),
    )
    return await settled(call, has_pending, poll_interval_ms)


async def file_batches_create_and_poll(
    client: Any,
    vector_store_id: str,
    *,
    poll_interval_ms: int | Omit = omit,
    extra_headers: Any = None,
    extra_query: Any = None,
    extra_body: Any = None,
    timeout: Any = not_given,
    **body: Any,
) -> Any:
    """Create a batch and wait until all its files are processed; `body` are the arguments of `file_batches.create`."""
    batch = await Perform(
        Call(
            vector_stores.FILE_BATCHES_CREATE,
            path={"vector_store_id": vector_store_id},
            body=body,
            headers=extra_headers,
            extra_query=extra_query,
            extra_body=extra_body,
            timeout=timeout,
        )
    )
    return await file_batches_poll(
        client, id_of(batch), vector_store_id=vector_store_id, poll_interval_ms=poll_interval_ms
    )


async def file_batches_upload_and_poll(
    client: Any,
    vector_store_id: str,
    *,
    files: Iterable[Any],
    max_concurrency: int = 5,
    file_ids: Sequence[str] = (),
    poll_interval_ms: int | Omit = omit,
    chunking_strategy: Any = omit,
) -> Any:
    """Upload files side by side, put them into one batch with `file_ids`, and wait until all are processed.

    Args:
        client: whose call this is.
        vector_store_id: the store.
        files: what to upload; the batch keeps their order, after `file_ids`.
        max_concurrency: how many uploads run at once, from 1.
        file_ids: files that are uploaded already.
        poll_interval_ms: milliseconds between two looks; the server's hint, else 1000, when left out.
        chunking_strategy: how the store cuts the files.

    Raises:
        ValueError: `max_concurrency` is below 1.
    """
    if max_concurrency < 1:
        raise ValueError(f"max_concurrency must be at least 1, not {max_concurrency}")
    uploaded = await Gather([_uploaded(file) for file in files], max_concurrency)
    return await file_batches_create_and_poll(
        client,
        vector_store_id,
        poll_interval_ms=poll_interval_ms,
        file_ids=[*file_ids, *uploaded],
        chunking_strategy=chunking_strategy,
    )


# Videos


async def videos_poll(client: Any, video_id: str, *, poll_interval_ms: int | Omit = omit) -> Any:
    """Wait until a video is made or has failed, and return it."""
    del client
    call: Call[Any] = Call(videos.RETRIEVE, path={"video_id": video_id}, headers=poll_headers(poll_interval_ms))
    return await settled(call, lambda video: status_of(video) in _VIDEO_PENDING, poll_interval_ms)


async def videos_create_and_poll(
    client: Any,
    *,
    poll_interval_ms: int | Omit = omit,
    extra_headers: Any = None,
    extra_query: Any = None,
    extra_body: Any = None,
    timeout: Any = not_given,
    **body: Any,
) -> Any:
    """Create a video and wait until it is made or has failed; `body` are the arguments of `videos.create`."""
    video = await Perform(
        Call(
            videos.CREATE,
            body=body,
            headers=extra_headers,
            extra_query=extra_query,
            extra_body=extra_body,
            timeout=timeout,
        )
    )
    return await videos_poll(client, id_of(video), poll_interval_ms=poll_interval_ms)
