"""The accumulator of responses alone: snapshots, what is left of a broken stream, and its cost."""

from __future__ import annotations

from time import thread_time

import pytest

from antiphon.core.reference import caster_of
from antiphon.helpers.response_accumulator import ResponseAccumulator, identity_of, is_later_form

from .recorded import call, call_events, message, message_events, response_events

cast = caster_of("responses.response_stream_event:ResponseStreamEvent")


def fed(*events, **options):
    state = ResponseAccumulator(**options)
    return state, [state.handle(cast(event)) for event in events]


def whole(text="Hello there", end="completed", **more):
    return response_events(message_events(text), [message(text)], end, **more)


def test_snapshots_tell_what_was_there_then_even_later():
    _, events = fed(*whole("abcdefghij"))
    deltas = [event for event in events if event.type == "response.output_text.delta"]
    assert [event.snapshot for event in deltas] == ["abcd", "abcdefgh", "abcdefghij"]
    assert [event.snapshot for event in reversed(deltas)] == ["abcdefghij", "abcdefgh", "abcd"]
    assert deltas[0].to_dict()["snapshot"] == "abcd"
    assert deltas[0].obfuscation == "x"


def said(item):
    return item.type, item.arguments if item.type == "function_call" else [part.text for part in item.content]


def test_the_response_so_far():
    events = response_events(
        [*message_events("Hello", 0), *call_events("f", '{"a":1}', 1)], [message("Hello"), call("f", '{"a":1}')]
    )
    state = ResponseAccumulator()
    assert state.snapshot() is None
    seen = []
    for event in events:
        state.handle(cast(event))
        seen.append([said(item) for item in state.snapshot().output])
    assert seen[1] == []
    assert seen[3] == [("message", [""])]
    assert seen[4] == [("message", ["Hell"])]
    assert seen[-2] == [("message", ["Hello"]), ("function_call", '{"a":1}')]
    assert state.snapshot() is state.completed


def test_a_snapshot_shares_nothing_with_the_events():
    state, events = fed(*whole()[:6])
    snapshot = state.snapshot()
    snapshot.output[0].content[0].text = "changed"
    snapshot.output.clear()
    assert state.snapshot().output[0].content[0].text == "Hello th"
    assert events[2].item.content == []


def test_refusals_are_kept_for_the_snapshot():
    place = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    state, _ = fed(
        *whole()[:3],
        {"type": "response.content_part.added", **place, "part": {"type": "refusal", "refusal": ""}},
        {"type": "response.refusal.delta", **place, "delta": "No"},
        {"type": "response.refusal.delta", **place, "delta": "pe"},
    )
    assert state.snapshot().output[0].content[0].refusal == "Nope"


def test_a_server_that_does_not_announce_parts():
    events = [event for event in whole("Hello") if event["type"] != "response.content_part.added"]
    state, shown = fed(*events)
    assert [event.snapshot for event in shown if event.type == "response.output_text.delta"] == ["Hell", "Hello"]
    assert state.completed.output_text == "Hello"


def test_a_stored_response_with_output_at_its_beginning():
    started = whole()[0]
    started["response"]["output"] = [message("Hello ")]
    delta = {"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": "you"}
    state, shown = fed(started, delta)
    assert shown[1].snapshot == "Hello you"
    assert state.snapshot().output[0].content[0].text == "Hello you"


def test_an_error_event_may_come_at_any_time_and_unknown_events_pass():
    error = {"type": "error", "code": "server_error", "message": "no", "sequence_number": 7}
    state, shown = fed(error)
    assert shown[0].message == "no"
    assert state.last["code"] == "server_error"
    state, shown = fed(whole()[0], {"type": "response.moon.risen", "phase": "full", "sequence_number": 1})
    assert shown[1].phase == "full"
    assert state.sequence_number == 1


@pytest.mark.parametrize(
    ("events", "reason"),
    [
        (whole()[1:], "begins with response.created"),
        ([whole()[4]], "begins with response.created"),
        ([whole()[0], whole()[4]], "before its item"),
        ([*whole()[:3], whole()[2]], "two items"),
        ([*whole()[:4], {**whole()[4], "content_index": 10**12}], "before its part"),
        ([*whole()[:4], {**whole()[4], "content_index": -1}], "before its part"),
        ([*whole()[:-1], {**whole()[-1], "response": {"id": "other"}}], "goes on with another"),
        (
            [*whole()[:-2], whole(end="completed")[-1] | {"response": {"id": "resp_1", "output": []}}],
            "without its item",
        ),
        (
            [*whole()[:3], {"type": "response.output_item.done", "output_index": 0, "item": message("x", id="y")}],
            "turned into another",
        ),
    ],
)
def test_streams_that_make_no_sense(events, reason):
    with pytest.raises(RuntimeError, match=reason):
        fed(*events)


def test_identities():
    early, late = call("f", "", id=None), call("f", "{}")
    assert identity_of(early) == identity_of(late)
    assert is_later_form(early, late)
    assert not is_later_form(late, {**late, "id": "fc_2"})
    assert identity_of(message("a")) != identity_of(message("a", id="msg_2"))


def test_fifty_thousand_deltas_cost_what_they_are():
    def cost(count, look):
        events = [cast(event) for event in whole("abcd" * count)]
        state = ResponseAccumulator()
        began = thread_time()
        for event in events:
            shown = state.handle(event)
            if look and shown.type == "response.output_text.delta":
                len(shown.snapshot)
        return (thread_time() - began) / count

    for look in (False, True):
        # A quadratic one would be ten times as dear per event and more; the bound leaves room for a busy machine.
        assert min(cost(50_000, look) for _ in range(2)) < 5 * min(cost(5_000, look) for _ in range(3))


def test_a_lifecycle_event_may_tell_done_items_anew():
    again = {
        "type": "response.in_progress",
        "response": {"id": "resp_1", "output": [message("Hello", role="assistant", phase="x")]},
    }
    state, _ = fed(*whole("Hello")[:-1], again)
    assert state.snapshot().output[0].phase == "x"
    state, _ = fed(*whole("Hello")[:2], again)
    assert state.snapshot().output == []


def test_an_item_that_is_done_without_having_been_announced():
    events = [event for event in whole("Hello") if event["type"] in ("response.created", "response.output_item.done")]
    state, _ = fed(*events)
    assert state.snapshot().output_text == "Hello"


def test_an_item_at_two_indexes():
    done = next(event for event in whole("Hello") if event["type"] == "response.output_item.done")
    with pytest.raises(RuntimeError, match="two output indexes"):
        fed(whole()[0], done, {**done, "output_index": 1})


def test_parts_and_refusals_of_other_items_pass():
    place = {"item_id": "rs_1", "output_index": 0, "content_index": 0}
    state, shown = fed(
        whole()[0],
        {
            "type": "response.output_item.added",
            "output_index": 0,
            "item": {"type": "reasoning", "id": "rs_1", "summary": []},
        },
        {"type": "response.content_part.added", **place, "part": {"type": "reasoning_text", "text": "hm"}},
        {"type": "response.refusal.delta", **place, "delta": "No"},
    )
    assert [event.type for event in shown[2:]] == ["response.content_part.added", "response.refusal.delta"]
    assert state.snapshot().output[0].to_dict() == {"type": "reasoning", "id": "rs_1", "summary": []}
