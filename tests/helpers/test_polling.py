"""The waiting flows, stepped by hand: which calls they make, how long they pause, and when they stop."""

from __future__ import annotations

from types import SimpleNamespace as Thing

import pytest

from antiphon.core.effects import Gather, Now, Perform, PerformRaw, Sleep
from antiphon.core.headers import Headers
from antiphon.core.omit import given, not_given, omit
from antiphon.helpers import polling
from antiphon.helpers.waiting import interval_from


class Desk:
    """Answers a flow's effects: calls from a list of results, pauses by moving a clock."""

    def __init__(self, *answers, headers=None):
        self.answers = list(answers)
        self.headers = Headers(headers or {})
        self.calls = []
        self.pauses = []
        self.limits = []
        self.now = 100.0

    def run(self, flow):
        try:
            effect = flow.send(None)
            while True:
                try:
                    answer = self.answer(effect)
                except Exception as error:
                    effect = flow.throw(error)
                else:
                    effect = flow.send(answer)
        except StopIteration as end:
            return end.value

    def answer(self, effect):
        match effect:
            case Perform(call=call):
                return self.take(call)
            case PerformRaw(call=call):
                return self.take(call), Thing(headers=self.headers)
            case Sleep(seconds=seconds):
                self.pauses.append(seconds)
                self.now += seconds
            case Now():
                return self.now
            case Gather(flows=flows, limit=limit):
                self.limits.append(limit)
                return [self.run(flow) for flow in flows]
            case _:
                raise AssertionError(effect)
        return None

    def take(self, call):
        self.calls.append(call)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def names(self):
        return [call.operation.name for call in self.calls]


def states(*names, **more):
    return [Thing(status=name, **more) for name in names]


@pytest.mark.parametrize(
    ("hint", "pause"),
    [
        ("250", 250),
        ("0", 0),
        (None, 1000),
        ("", 1000),
        ("soon", 1000),
        ("-5", 1000),
        ("1.5", 1000),
        ("9" * 12, 1000),
        ("²", 1000),
    ],
)
def test_the_servers_hint(hint, pause):
    assert interval_from(Headers({} if hint is None else {"OpenAI-Poll-After-Ms": hint})) == pause


@pytest.mark.parametrize("final", ["processed", "error", "deleted"])
def test_a_file_is_waited_for(final):
    desk = Desk(*states("uploaded", "pending", final))
    assert desk.run(polling.files_wait_for_processing(None, "file-1", poll_interval=2)).status == final
    assert desk.pauses == [2, 2]
    assert desk.names == ["files.retrieve"] * 3
    assert desk.calls[0].path == {"file_id": "file-1"}


def test_a_file_that_takes_too_long_is_looked_at_once_more_at_the_end():
    desk = Desk(*states("uploaded", "uploaded", "uploaded"))
    with pytest.raises(RuntimeError, match="file-1 was still 'uploaded' after 7 seconds"):
        desk.run(polling.files_wait_for_processing(None, "file-1", max_wait_seconds=7))
    assert desk.pauses == [5, 2]
    just_in_time = Desk(*states("uploaded", "uploaded", "processed"))
    just_in_time.run(polling.files_wait_for_processing(None, "file-1", max_wait_seconds=7))


@pytest.mark.parametrize("final", ["requires_action", "cancelled", "completed", "failed", "expired", "incomplete"])
def test_a_run_is_over(final):
    desk = Desk(*states("queued", "in_progress", "cancelling", final), headers={"openai-poll-after-ms": "40"})
    run = desk.run(polling.runs_poll(None, "run_1", "thread_1", extra_headers={"X-Mine": "1"}, timeout=3))
    assert run.status == final
    assert desk.pauses == [0.04] * 3
    call = desk.calls[0]
    assert call.operation.name == "beta.threads.runs.retrieve"
    assert call.path == {"thread_id": "thread_1", "run_id": "run_1"}
    assert call.headers == {"X-Stainless-Poll-Helper": "true", "X-Mine": "1"}
    assert call.timeout == 3


def test_the_callers_interval_beats_the_hint_and_is_told_to_the_server():
    desk = Desk(*states("queued", "completed"), headers={"openai-poll-after-ms": "40"})
    desk.run(polling.runs_poll(None, "r", "t", poll_interval_ms=7))
    assert desk.pauses == [0.007]
    assert desk.calls[0].headers["X-Stainless-Custom-Poll-Interval"] == "7"
    with pytest.raises(ValueError, match="negative"):
        desk.run(polling.runs_poll(None, "r", "t", poll_interval_ms=-1))


@pytest.mark.parametrize("absent", [omit, not_given])
def test_sentinels_mean_no_interval_of_the_callers(absent):
    desk = Desk(*states("queued", "completed"))
    desk.run(polling.runs_poll(None, "r", "t", poll_interval_ms=absent))
    assert desk.pauses == [1.0]
    assert "X-Stainless-Custom-Poll-Interval" not in desk.calls[0].headers


def test_a_run_is_created_and_waited_for():
    desk = Desk(*states("queued", "completed", id="run_1"))
    desk.run(
        polling.runs_create_and_poll(
            None, thread_id="t", assistant_id="a", include=["x"], model=omit, extra_body={"b": 1}, timeout=2
        )
    )
    created, looked = desk.calls
    assert desk.names == ["beta.threads.runs.create", "beta.threads.runs.retrieve"]
    assert given(created.body) == {"assistant_id": "a", "stream": False}
    assert created.query == {"include": ["x"]}
    assert (created.extra_body, created.timeout, looked.extra_body, looked.timeout) == ({"b": 1}, 2, {"b": 1}, 2)
    assert looked.path == {"thread_id": "t", "run_id": "run_1"}


def test_tool_outputs_are_handed_in_and_waited_for():
    desk = Desk(*states("queued", "completed", id="run_1"))
    outputs = [{"tool_call_id": "c", "output": "3"}]
    desk.run(polling.runs_submit_tool_outputs_and_poll(None, tool_outputs=outputs, run_id="run_1", thread_id="t"))
    assert desk.names == ["beta.threads.runs.submit_tool_outputs", "beta.threads.runs.retrieve"]
    assert desk.calls[0].body == {"tool_outputs": outputs, "stream": False}


def test_a_thread_with_a_run_is_created_and_waited_for():
    desk = Desk(*states("queued", "completed", id="run_1", thread_id="thread_9"))
    desk.run(polling.threads_create_and_run_poll(None, assistant_id="a"))
    assert desk.names == ["beta.threads.create_and_run", "beta.threads.runs.retrieve"]
    assert desk.calls[1].path == {"thread_id": "thread_9", "run_id": "run_1"}


@pytest.mark.parametrize("final", ["cancelled", "completed", "failed", "a new state"])
def test_a_vector_store_file_is_waited_for(final):
    desk = Desk(*states("in_progress", final))
    assert desk.run(polling.vector_store_files_poll(None, "file-1", vector_store_id="vs_1")).status == final
    assert desk.calls[0].path == {"vector_store_id": "vs_1", "file_id": "file-1"}
    assert desk.pauses == [1.0]


def test_a_vector_store_file_has_a_deadline():
    desk = Desk(*states("in_progress", "in_progress", "in_progress"))
    with pytest.raises(TimeoutError, match=r"'file-1' was still in progress after 1\.5 seconds"):
        desk.run(polling.vector_store_files_poll(None, "file-1", vector_store_id="vs", max_wait_seconds=1.5))
    assert desk.pauses == [1.0, 0.5]
    untouched = Desk()
    with pytest.raises(TimeoutError):
        untouched.run(polling.vector_store_files_poll(None, "file-1", vector_store_id="vs", max_wait_seconds=0))


@pytest.mark.parametrize("wait", [-1, float("inf"), float("nan")])
@pytest.mark.parametrize("flow", ["poll", "create_and_poll", "upload_and_poll"])
def test_an_impossible_wait_is_refused_before_anything_is_sent(wait, flow):
    arguments = {"vector_store_id": "vs", "max_wait_seconds": wait}
    arguments |= {"file": b"x"} if flow == "upload_and_poll" else {"file_id": "f"}
    with pytest.raises(ValueError, match="finite"):
        Desk().run(getattr(polling, f"vector_store_files_{flow}")(None, **arguments))


def test_files_are_attached_uploaded_and_waited_for():
    desk = Desk(Thing(id="vsf"), *states("completed"))
    desk.run(polling.vector_store_files_create_and_poll(None, "file-1", vector_store_id="vs", attributes={"k": 1}))
    assert desk.names == ["vector_stores.files.create", "vector_stores.files.retrieve"]
    assert given(desk.calls[0].body) == {"file_id": "file-1", "attributes": {"k": 1}}

    desk = Desk(Thing(id="file-2"), Thing(id="vsf"))
    assert desk.run(polling.vector_store_files_upload(None, vector_store_id="vs", file=b"x")).id == "vsf"
    assert desk.names == ["files.create", "vector_stores.files.create"]
    assert desk.calls[0].body == {"file": b"x", "purpose": "assistants"}
    assert given(desk.calls[1].body) == {"file_id": "file-2"}

    desk = Desk(Thing(id="file-2"), Thing(id="vsf"), *states("completed"))
    desk.run(
        polling.vector_store_files_upload_and_poll(None, vector_store_id="vs", file=b"x", chunking_strategy={"a": 1})
    )
    assert desk.names == ["files.create", "vector_stores.files.create", "vector_stores.files.retrieve"]
    assert given(desk.calls[1].body) == {"file_id": "file-2", "chunking_strategy": {"a": 1}}


def counts(*numbers):
    return [Thing(id="vsfb_1", file_counts=Thing(in_progress=number)) for number in numbers]


def test_a_batch_is_created_and_waited_for():
    desk = Desk(*counts(2, 2, 1, 0))
    desk.run(polling.file_batches_create_and_poll(None, "vs", file_ids=["a"], files=omit, poll_interval_ms=10))
    assert desk.names == ["vector_stores.file_batches.create"] + ["vector_stores.file_batches.retrieve"] * 3
    assert given(desk.calls[0].body) == {"file_ids": ["a"]}
    assert desk.calls[1].path == {"vector_store_id": "vs", "batch_id": "vsfb_1"}
    assert desk.pauses == [0.01, 0.01]


def test_files_are_uploaded_side_by_side_and_kept_in_order():
    desk = Desk(Thing(id="f1"), Thing(id="f2"), *counts(0, 0))
    desk.run(
        polling.file_batches_upload_and_poll(None, "vs", files=iter([b"1", b"2"]), file_ids=["f0"], max_concurrency=2)
    )
    assert desk.limits == [2]
    assert desk.calls[2].body["file_ids"] == ["f0", "f1", "f2"]
    with pytest.raises(ValueError, match="max_concurrency"):
        desk.run(polling.file_batches_upload_and_poll(None, "vs", files=[b"1"], max_concurrency=0))


def test_a_failed_upload_ends_it():
    desk = Desk(Thing(id="f1"), OSError("disk"))
    with pytest.raises(OSError, match="disk"):
        desk.run(polling.file_batches_upload_and_poll(None, "vs", files=[b"1", b"2"]))


def test_a_video_is_made_and_waited_for():
    desk = Desk(*states("queued", "queued", "in_progress", "completed", id="video_1"))
    desk.run(polling.videos_create_and_poll(None, prompt="a cat", seconds=omit, timeout=9))
    assert desk.names == ["videos.create"] + ["videos.retrieve"] * 3
    assert given(desk.calls[0].body) == {"prompt": "a cat"}
    assert desk.calls[0].timeout == 9
    assert desk.calls[1].timeout is not_given
    assert desk.calls[1].path == {"video_id": "video_1"}
