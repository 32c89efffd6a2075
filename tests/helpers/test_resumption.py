"""Streams of background responses that break: taken up where they broke, each event once, the result as if nothing had been."""

from __future__ import annotations

import pytest

from antiphon.errors import NotFoundError, RateLimitError, StreamInterrupted, StreamOutOfOrder, StreamTruncated

from .broken_stream import COLOURS, EVENTS, LAST, TEXT, assert_whole, whole
from .conftest import plain, sse
from .recorded import response_events

pytestmark = pytest.mark.usefixtures("no_pauses")


@COLOURS
@pytest.mark.parametrize("count", range(1, LAST + 1))
def test_a_stream_that_breaks_anywhere_is_taken_up(server, run, count):
    plainly = whole(run, server)
    del server.asked[:]
    server.answers = [sse(*EVENTS[:count])._replace(cut=count % 2 == 0), sse(*EVENTS[count:])]
    assert_whole(run(server.url, resume=1), plainly)
    begun, resumed = server.asked
    assert (begun.verb, begun.json["background"], begun.json["stream"]) == ("POST", True, True)
    assert (resumed.verb, resumed.path) == ("GET", f"/v1/responses/resp_1?stream=true&starting_after={count - 1}")


@COLOURS
def test_a_stream_that_breaks_again_and_again(server, run):
    plainly = whole(run, server)
    server.answers = [sse(event) for event in EVENTS]
    assert_whole(run(server.url, resume=LAST), plainly)


@COLOURS
@pytest.mark.parametrize("back", [1, 3, 6])
def test_what_was_seen_is_dropped_when_it_comes_again(server, run, back):
    plainly = whole(run, server)
    server.answers = [sse(*EVENTS[:6]), sse(*EVENTS[6 - back : 9]), sse(*EVENTS[9 - back :])]
    assert_whole(run(server.url, resume=2), plainly)


@COLOURS
@pytest.mark.parametrize("gap", [1, 3])
def test_a_gap_after_it_was_taken_up_is_an_error(server, run, gap):
    server.answers = [sse(*EVENTS[:6]), sse(*EVENTS[6 + gap :])]
    seen = run(server.url, resume=3)
    assert seen.numbers == list(range(6))
    assert isinstance(seen.error, StreamOutOfOrder)
    assert f"event {6 + gap} where 5 was the last" in str(seen.error)
    assert seen.error.sequence_number == 5
    assert seen.error.partial.output_text == TEXT[:8]


@COLOURS
def test_never_more_often_than_allowed(server, run):
    server.answers = [sse(*EVENTS[:5]), sse()]
    seen = run(server.url, resume=2)
    assert isinstance(seen.error, StreamTruncated)
    assert seen.error.sequence_number == 4
    assert seen.error.partial.output_text == "In t"
    assert "2 times" in seen.error.__notes__[0]
    assert len(server.asked) == 3


@COLOURS
def test_the_server_is_gone_for_a_while(server, run):
    plainly = whole(run, server)
    busy = plain({"error": {"message": "busy"}})
    server.answers = [
        sse(*EVENTS[:5]),
        busy._replace(status=500),
        busy._replace(status=429),
        busy._replace(status=503),
        sse(*EVENTS[5:]),
    ]
    assert_whole(run(server.url, resume=4), plainly)


@COLOURS
@pytest.mark.parametrize(
    ("status", "code", "kind"), [(404, None, NotFoundError), (429, "insufficient_quota", RateLimitError)]
)
def test_a_refusal_for_good_leaves_what_had_come(server, run, status, code, kind):
    refused = plain({"error": {"message": "expired", "code": code}})._replace(status=status)
    server.answers = [sse(*EVENTS[:6]), refused]
    seen = run(server.url, resume=5)
    assert isinstance(seen.error, StreamInterrupted)
    assert isinstance(seen.error.__cause__, kind)
    assert "expired" in seen.error.__notes__[0]
    assert (seen.error.partial.output_text, seen.error.sequence_number) == (TEXT[:8], 5)
    assert len(server.asked) == 2


@COLOURS
def test_a_server_that_says_it_is_no_background_response_is_believed(server, run):
    server.answers = [sse(*response_events([], [], background=False)[:1])]
    refused = [{**EVENTS[0], "response": {**EVENTS[0]["response"], "background": False}}, EVENTS[1]]
    server.answers = [sse(*refused)]
    seen = run(server.url, resume=3)
    assert isinstance(seen.error, StreamTruncated)
    assert "does not run in the background" in seen.error.__notes__[0]
    assert (len(server.asked), seen.error.sequence_number) == (1, 1)


@COLOURS
def test_before_the_first_event_there_is_nothing_to_take_up(server, run):
    server.answers = [sse()]
    seen = run(server.url, resume=3)
    assert isinstance(seen.error, StreamTruncated)
    assert "id" in seen.error.__notes__[0]
    assert (seen.error.partial, len(server.asked)) == (None, 1)


@COLOURS
def test_an_end_without_its_mark_is_no_end_for_one_who_would_resume(server, run):
    plainly = whole(run, server)
    server.answers = [sse(*EVENTS[:4]), sse(*EVENTS[4:])]
    assert_whole(run(server.url, resume=1, strict_streams=False), plainly)


@COLOURS
@pytest.mark.parametrize("end", ["response.failed", "response.incomplete", "error"])
def test_a_response_that_ended_badly_is_not_asked_for_again(server, run, end):
    failed = {"type": "error", "code": "server_error", "message": "broke", "sequence_number": 2, "param": None}
    if end != "error":
        failed = {"type": end, "sequence_number": 2, "response": {**EVENTS[0]["response"], "error": {"code": "x"}}}
    server.answers = [sse(*EVENTS[:2], failed)._replace(cut=True)]
    with pytest.raises(RuntimeError, match="not completed"):
        run(server.url, resume=3)
    assert len(server.asked) == 1
