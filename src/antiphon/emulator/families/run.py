"""Runs: an assistant at work on a thread, over time or as a stream of events, with tools that the caller answers for."""

from __future__ import annotations

from asyncio import sleep
from typing import Final

from ..exchange import AnyReply, EventReply, Exchange, Handler, Reply, json_reply
from ..problem import Problem
from ..shape import rows
from ..world import Job, World
from . import run_step
from .crud import Object, crud
from .polling import poll_after
from .run_course import Course, answers_for, course_of
from .run_event import DONE
from .run_making import check_run, made_run, refuse_second
from .run_tool import is_waiting
from .thread import add_message, make_thread
from .thread_record import ACTIVE, RUN, THREAD, active_run, check_message
from .tool_resource import kept_resources

QUEUED_SHARE: Final = 0.25
"""The part of a run's time that it waits in the queue, and that cancelling takes."""
PATIENCE: Final = 60
"""Seconds a run waits for its files to be taken in."""
NAP: Final = 0.05
MOST_NAPS: Final = 100
"""How often a stream looks whether they are: its listener waits in real time, whatever the clock says."""


async def _create(exchange: Exchange) -> AnyReply:
    """Starts the assistant on the thread: queued, in progress, then what its tools need or its answer as a message; 400 while another run is active."""
    world, body, thread = exchange.world, exchange.body, THREAD.found(exchange)
    assistant = check_run(exchange, body)
    refuse_second(active_run(world, thread["id"]), thread["id"])
    for index, message in enumerate(rows(body, "additional_messages")):
        check_message(world, message, f"additional_messages[{index}].")
    for message in rows(body, "additional_messages"):
        await add_message(exchange, thread, message)
    THREAD.kept(exchange).put(thread["id"], thread)
    return await _started(exchange, made_run(exchange, assistant, thread, body, {}))


async def _create_and_run(exchange: Exchange) -> AnyReply:
    """Makes a thread and starts the assistant on it; nothing is made when either cannot be."""
    body = exchange.body
    assistant = check_run(exchange, body)
    resources = await kept_resources(exchange, body.get("tool_resources"))
    thread = await make_thread(exchange, body.get("thread") or {}, "thread.")
    return await _started(exchange, made_run(exchange, assistant, thread, body, resources), thread)


async def _started(exchange: Exchange, run: Object, thread: Object | None = None) -> AnyReply:
    if not exchange.body.get("stream"):
        _go_on(exchange.world, run)
        return json_reply(run)
    course = Course(exchange.world, run, [], exchange.query.get("include") or ())
    if thread is not None:
        course.tell("thread.created", thread)
    course.tell("thread.run.created", run)
    course.tell("thread.run.queued", run)
    return await _streamed(exchange, course)


async def _streamed(exchange: Exchange, course: Course) -> EventReply:
    """The events of a run that goes to its end at once, or to where it waits for tools; nobody has to listen for that."""
    for _ in range(MOST_NAPS):
        if not _must_wait(exchange.world, course):
            break
        await sleep(NAP)
        await exchange.world.catch_up()
    await course.begin()
    course.finish()
    return EventReply([*course.told, DONE])


def _must_wait(world: World, course: Course) -> bool:
    return is_waiting(world, course.work["stores"]) and world.now() < course.run["created_at"] + PATIENCE


def _go_on(world: World, run: Object) -> None:
    seconds = world.setting.background_seconds * QUEUED_SHARE
    world.later(seconds, "run.begin", thread_id=run["thread_id"], run_id=run["id"])


async def _begin(world: World, thread_id: str, run_id: str) -> None:
    course = course_of(world, thread_id, run_id)
    if course is None:
        return
    if _must_wait(world, course):
        world.later(0.1, "run.begin", thread_id=thread_id, run_id=run_id)
        return
    await course.begin()
    seconds = world.setting.background_seconds * (1 - QUEUED_SHARE)
    world.later(seconds, "run.finish", thread_id=thread_id, run_id=run_id)


async def _finish(world: World, thread_id: str, run_id: str) -> None:
    if (course := course_of(world, thread_id, run_id)) is not None:
        course.finish()


async def _expire(world: World, thread_id: str, run_id: str) -> None:
    if (course := course_of(world, thread_id, run_id)) is not None and course.run["status"] in ACTIVE:
        course.end("expired")


async def _cancelled(world: World, thread_id: str, run_id: str) -> None:
    if (course := course_of(world, thread_id, run_id)) is not None and course.run["status"] == "cancelling":
        course.end("cancelled")


async def _retrieve(exchange: Exchange) -> Reply:
    """Shows the run as it is now, and how soon to ask again while it goes on; 404 when there is none."""
    run = RUN.found(exchange)
    reply = json_reply(run)
    if run["status"] in ACTIVE:
        reply.headers.append(poll_after(exchange.world))
    return reply


async def _cancel(exchange: Exchange) -> Reply:
    """Stops a run that has not ended: cancelling, then cancelled with all it had open; 400 when it has."""
    world, run = exchange.world, RUN.found(exchange)
    if run["status"] not in ACTIVE - {"cancelling"}:
        raise Problem(400, f"Cannot cancel run with status '{run['status']}'.")
    Course(world, run).move("cancelling", required_action=None)
    seconds = world.setting.background_seconds * QUEUED_SHARE
    world.later(seconds, "run.cancelled", thread_id=run["thread_id"], run_id=run["id"])
    return json_reply(run)


async def _submit(exchange: Exchange) -> AnyReply:
    """Takes the outputs of all calls a run waits for, and lets it go on; 400 when one is missing or nothing is waited for."""
    body, run = exchange.body, RUN.found(exchange)
    outputs = answers_for(run, body["tool_outputs"])
    course = Course(exchange.world, run, [] if body.get("stream") else None)
    course.resume(outputs)
    if body.get("stream"):
        return await _streamed(exchange, course)
    _go_on(exchange.world, run)
    return json_reply(run)


HANDLERS: dict[str, Handler] = (
    crud(RUN)
    | run_step.HANDLERS
    | {
        "beta.threads.create_and_run": _create_and_run,
        "beta.threads.runs.create": _create,
        "beta.threads.runs.retrieve": _retrieve,
        "beta.threads.runs.cancel": _cancel,
        "beta.threads.runs.submit_tool_outputs": _submit,
    }
)
JOBS: dict[str, Job] = {"begin": _begin, "finish": _finish, "expire": _expire, "cancelled": _cancelled}
