"""The accumulator alone: merging deltas, and what is told when."""

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.core.reference import caster_of
from antiphon.errors import IncoherentStream
from antiphon.helpers.assistant_snapshot import Snapshots, merge, merge_entries, plain

from .assistant_run import CALLS, DONE_MESSAGE, EVENTS, MESSAGE, STEP, code, event, image, run, text

as_event = caster_of("beta.assistant_stream_event:AssistantStreamEvent")


def cast(item):
    """A typed event over a copy, because views put themselves into the data."""
    return as_event(json.loads(json.dumps(item)))


def told(events, heard=None):
    """The names of the notices, and the snapshots."""
    snapshots = Snapshots(heard)
    names = []
    for item in events:
        names += [name for name, _ in snapshots.accept(cast(item)) if name != "on_event"]
    return names, snapshots


@pytest.mark.parametrize(
    ("whole", "delta", "result"),
    [
        ({}, {"a": 1}, {"a": 1}),
        ({"a": None}, {"a": "x"}, {"a": "x"}),
        ({"a": "x"}, {"a": "y"}, {"a": "xy"}),
        ({"a": 1}, {"a": 2.5}, {"a": 3.5}),
        ({"a": "x"}, {"a": None}, {"a": "x"}),
        ({"a": True}, {"a": True}, {"a": True}),
        ({"index": 1, "type": "a"}, {"index": 2, "type": "b"}, {"index": 2, "type": "b"}),
        ({"a": {"b": "x"}}, {"a": {"b": "y", "c": 1}}, {"a": {"b": "xy", "c": 1}}),
        ({"a": [1]}, {"a": [2, "x"]}, {"a": [1, 2, "x"]}),
        ({}, {"a": [{"index": 0, "t": "x"}, {"index": 0, "t": "y"}]}, {"a": [{"index": 0, "t": "xy"}]}),
        ({"a": []}, {"a": [{"index": 0, "t": "x"}]}, {"a": [{"index": 0, "t": "x"}]}),
        ({"a": [{"index": 0, "t": "x"}]}, {"a": [{"index": 0, "t": "y"}]}, {"a": [{"index": 0, "t": "xy"}]}),
        ({"a": [{"t": "x"}]}, {"a": [{"t": "y"}]}, {"a": [{"t": "x"}, {"t": "y"}]}),
    ],
)
def test_merging(whole, delta, result):
    kept = copy.deepcopy(delta)
    merge(whole, delta)
    assert whole == result
    assert delta == kept


@pytest.mark.parametrize(
    ("whole", "delta"),
    [
        ({"a": "x"}, {"a": 1}),
        ({"a": {"b": 1}}, {"a": [1]}),
        ({"a": [1]}, {"a": "x"}),
        ({"a": [7]}, {"a": [{"index": 0}]}),
    ],
)
def test_what_began_as_one_kind_cannot_go_on_as_another(whole, delta):
    with pytest.raises(IncoherentStream, match="began as"):
        merge(whole, delta)


def test_what_is_merged_in_is_a_copy():
    delta = {"a": {"b": [{"index": 0, "t": "x"}]}}
    whole = {}
    merge(whole, delta)
    merge(whole, {"a": {"b": [{"index": 0, "t": "y"}]}})
    assert delta == {"a": {"b": [{"index": 0, "t": "x"}]}}
    assert whole == {"a": {"b": [{"index": 0, "t": "xy"}]}}


@given(st.lists(st.text(max_size=5), min_size=1))
def test_text_in_any_pieces_is_the_text(pieces):
    _, snapshots = told([EVENTS[12], *(text(0, piece) for piece in pieces)])
    assert snapshots.message.content[0].text.value == "".join(pieces)


def test_a_list_that_was_read_already_takes_new_entries():
    snapshots = Snapshots()
    seen = []
    for item in [EVENTS[12], text(0, "a"), image(1), text(2, "b"), text(0, "c")]:
        for _ in snapshots.accept(cast(item)):
            pass
        seen.append(
            [(part.type, part.text.value if part.type == "text" else None) for part in snapshots.message.content]
        )
    assert seen[-1] == [("text", "ac"), ("image_file", None), ("text", "b")]
    assert plain(snapshots.message)["content"][1] == {
        "index": 1,
        "type": "image_file",
        "image_file": {"file_id": "file_1"},
    }


def test_the_events_stay_as_they_were_sent():
    events = [cast(item) for item in EVENTS]
    snapshots = Snapshots()
    for item in events:
        for _ in snapshots.accept(item):
            pass
    assert [plain(item) for item in events] == EVENTS


def test_a_second_message_starts_afresh():
    second = MESSAGE | {"id": "msg_2"}
    names, snapshots = told(
        [
            EVENTS[12],
            text(0, "a"),
            image(1),
            event("thread.message.completed", **DONE_MESSAGE),
            event("thread.message.created", **second),
            text(0, "b", message="msg_2"),
            event("thread.message.incomplete", **second | {"content": [{"type": "text", "text": {"value": "b"}}]}),
        ]
    )
    assert names == [
        "on_message_created",
        "on_text_created",
        "on_text_delta",
        "on_message_delta",
        "on_text_done",
        "on_message_delta",
        "on_image_file_done",
        "on_message_done",
        "on_message_created",
        "on_text_created",
        "on_text_delta",
        "on_message_delta",
        "on_text_done",
        "on_message_done",
    ]
    assert list(snapshots.messages) == ["msg_1", "msg_2"]


def test_a_tool_call_of_a_second_step_is_told_though_its_index_is_the_same():
    def step(id, *calls):
        moved = json.loads(json.dumps(calls).replace("step_1", id))
        return [event("thread.run.step.created", **STEP | {"id": id}, step_details=CALLS), *moved]

    ended = event("thread.run.step.completed", **STEP | {"id": "step_1", "step_details": CALLS})
    names, snapshots = told(
        [*step("step_1", code(0, input="")), ended, *step("step_2", code(0, input="")), run("completed")]
    )
    assert [name for name in names if "tool_call" in name] == [
        "on_tool_call_created",
        "on_tool_call_done",
        "on_tool_call_created",
        "on_tool_call_done",
    ]
    assert set(snapshots.steps) == {"step_1", "step_2"}
    names, _ = told([*step("step_1", code(0, input="")), *step("step_2", code(0, input=""))])
    assert [name for name in names if "tool_call" in name][1:] == ["on_tool_call_done", "on_tool_call_created"]


def test_a_run_that_waits_for_tools_ends_the_call():
    names, snapshots = told([EVENTS[3], code(0, input=""), code(0, input="1"), run("requires_action")])
    assert names[-1] == "on_tool_call_done"
    assert snapshots.run.status == "requires_action"
    assert snapshots.step.id == "step_1"


def test_only_what_is_heard_is_told():
    names, _ = told(EVENTS, heard={"on_text_delta"})
    assert "on_text_delta" in names
    assert "on_message_delta" not in names
    assert "on_tool_call_delta" not in names


@pytest.mark.parametrize("first", [text(0, "x"), code(0, input="")])
def test_a_delta_without_its_beginning_is_an_error(first):
    with pytest.raises(RuntimeError, match=r"before the .* was created"):
        told([first])


def test_unknown_events_change_nothing():
    names, snapshots = told([event("thread.brand.new", id="x"), event("error", message="m")])
    assert names == []
    assert snapshots.run is None
    assert snapshots.step is None


def test_entries_without_an_index_are_added():
    entries = [{"index": 0}]
    merge_entries(entries, ["plain", {"index": 7, "a": 1}])
    assert entries == [{"index": 0}, "plain", {"index": 7, "a": 1}]
