"""Signing: once per attempt, over what will be sent, and only what can be signed."""

from __future__ import annotations

from typing import Any

import pytest

from antiphon.core.credential import PENDING
from antiphon.core.effects import Invoke
from antiphon.core.headers import Headers
from antiphon.core.request import Request
from antiphon.errors import BodyNotReplayable, OpenAIError
from antiphon.policies.chain import fold, send
from antiphon.policies.retry import Retry
from antiphon.policies.sign import Sign

from .stepping import Script, reply, request
from .test_retry import Once


class Pen:
    """A signer that numbers its signatures and remembers what it saw."""

    def __init__(self) -> None:
        self.seen: list[Request] = []

    def __repr__(self) -> str:
        return "Pen"

    def __call__(self, request: Request) -> Headers:
        self.seen.append(request)
        return Headers([*request.headers.fields[1:], ("Authorization", f"signature {len(self.seen)}")])


class Signing(Script):
    """Answers `Invoke` as a driver does."""

    def answer(self, effect: Any) -> Any:
        if isinstance(effect, Invoke):
            return effect.function(*effect.arguments)
        return super().answer(effect)


def pending(**changes: Any) -> Request:
    headers = Headers({"Authorization": PENDING.reveal(), "x-stainless-retry-count": "0"})
    return request(**{"headers": headers, **changes})


def test_each_attempt_has_a_signature_of_its_own_over_its_own_fields() -> None:
    pen, script = Pen(), Signing([reply(503), reply(503), reply()])
    script.run(fold([Retry(2), Sign(pen)])(pending()))
    assert [sent.headers["authorization"] for sent in script.sent] == ["signature 1", "signature 2", "signature 3"]
    assert [seen.headers["x-stainless-retry-count"] for seen in pen.seen] == ["0", "1", "2"]


def test_the_request_itself_is_left_as_it_was() -> None:
    made = pending()
    Signing([reply()]).run(Sign(Pen())(made, send))
    assert made.headers["authorization"] == PENDING.reveal()


@pytest.mark.parametrize("content", [b"", b"{}", None])
def test_bytes_and_nothing_can_be_signed(content: bytes | None) -> None:
    script = Signing([reply()])
    assert script.run(Sign(Pen())(pending(content=content), send)).status_code == 200
    assert script.sent[0].content == content


def test_a_stream_cannot_be_signed_and_is_not_read() -> None:
    pen, script = Pen(), Signing([reply()])
    with pytest.raises(BodyNotReplayable, match="pass its bytes"):
        script.run(fold([Retry(2), Sign(pen)])(pending(content=Once())))
    assert (pen.seen, script.sent) == ([], [])


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer own"}])
def test_what_is_not_ours_to_sign_is_left_alone(headers: dict[str, str]) -> None:
    pen, script = Pen(), Signing([reply()])
    script.run(Sign(pen)(pending(headers=Headers(headers), content=Once()), send))
    assert pen.seen == []
    assert script.sent[0].headers == headers


def test_a_signer_that_fails_is_not_asked_again() -> None:
    def fail(_: Request) -> Headers:
        raise OpenAIError("no credentials")

    script = Signing([reply()])
    with pytest.raises(OpenAIError, match="no credentials"):
        script.run(fold([Retry(2), Sign(fail)])(pending()))
    assert (script.sent, script.slept) == ([], [])


def test_it_says_what_it_does() -> None:
    assert repr(Sign(Pen())) == "Sign(Pen, once per attempt)"
