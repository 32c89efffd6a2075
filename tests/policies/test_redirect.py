"""Redirects stay on their origin or are refused."""

from __future__ import annotations

import pytest

from antiphon.core.headers import Headers
from antiphon.core.reply import Reply
from antiphon.core.request import Request
from antiphon.core.timeout import Timeout
from antiphon.errors import BodyNotReplayable, RedirectRefused
from antiphon.policies.chain import send
from antiphon.policies.redirect import Redirect

from .stepping import ORIGIN, Script, reply, request
from .test_retry import Once


class Directed(Request):
    """A request that says whether it wants to be led on."""

    __slots__ = ("follow_redirects",)
    follow_redirects: bool | None


def moved(status: int, location: str) -> Reply:
    return reply(status, {"location": location})


def run(script: Script, made: Request | None = None) -> Reply:
    return script.run(Redirect()(made or request(), send))


@pytest.mark.parametrize(
    ("status", "method", "then"),
    [(301, "POST", "GET"), (302, "POST", "GET"), (303, "PUT", "GET"), (307, "POST", "POST"), (308, "POST", "POST"),
     (301, "GET", "GET"), (301, "PUT", "PUT"), (303, "HEAD", "HEAD")],
)  # fmt: skip
def test_the_verb_after_a_move(status: int, method: str, then: str) -> None:
    script = Script([moved(status, "/v2/x?a=1"), reply(200)])
    assert run(script, request(method=method)).status_code == 200
    assert (script.sent[1].method, script.sent[1].target) == (then, "/v2/x?a=1")
    assert (script.sent[1].content is None) == (then != method or status == 303)
    assert script.sent[1].headers["authorization"] == "Bearer sk-1"
    assert [each.status_code for each in script.discarded] == [status], "its connection is free for the next"


@pytest.mark.parametrize(("status", "described"), [(303, False), (307, True)])
def test_what_has_no_body_any_more_says_nothing_of_its_kind(status: int, described: bool) -> None:
    script, made = Script([moved(status, "/x"), reply(200)]), request()
    made.headers["Content-Type"] = "application/json"
    run(script, made)
    assert ("content-type" in script.sent[1].headers) is described
    assert made.headers["content-type"] == "application/json"


@pytest.mark.parametrize(("follow", "status"), [(False, 307), (True, 200), (None, 200)])
def test_a_request_may_ask_for_the_redirect_itself(follow: bool | None, status: int) -> None:
    made = Directed("POST", ORIGIN, "/v1/responses", Headers({}), b"{}", Timeout(1.0))
    made.follow_redirects = follow
    assert run(Script([moved(307, "/x"), reply(200)]), made).status_code == status


@pytest.mark.parametrize(
    "location",
    ["https://evil.example/v1", "http://api.openai.com/v1/responses", "https://api.openai.com:444/", "//evil.example/",
     "file:///etc/passwd", "https://user:pw@api.openai.com/", "https://api.openai.com.evil.example/", "\\\\evil", "", "http://[::1"],
)  # fmt: skip
def test_row_32_no_request_leaves_the_origin(location: str) -> None:
    script = Script([moved(302, location)])
    with pytest.raises(RedirectRefused) as caught:
        run(script)
    assert len(script.sent) == 1
    assert caught.value.status_code == 302
    assert "sk-1" not in str(caught.value)


def test_row_32_a_circle_ends() -> None:
    script = Script([moved(307, "/again")] * 11)
    with pytest.raises(RedirectRefused, match="circle"):
        run(script)


def test_a_body_that_cannot_be_sent_again_is_said_so() -> None:
    with pytest.raises(BodyNotReplayable):
        run(Script([moved(307, "/x")]), request(content=Once()))


def test_a_reply_that_is_no_redirect_is_untouched() -> None:
    script = Script([reply(304)])
    assert run(script).status_code == 304
    assert repr(Redirect()) == "Redirect(same origin, most=10)"
