"""A bound credential goes to its own origin, alone or not at all."""

from __future__ import annotations

import pytest

from antiphon.core.headers import Headers
from antiphon.core.secret import Secret
from antiphon.core.url import Origin
from antiphon.errors import CredentialScopeError, OpenAIError
from antiphon.policies.bound import Bound
from antiphon.policies.chain import send

from .stepping import ORIGIN, Script, reply, request

ELSEWHERE = [
    ORIGIN._replace(host="evil.example"),
    ORIGIN._replace(scheme="http"),
    ORIGIN._replace(port=444),
]


def bound() -> Bound:
    return Bound(ORIGIN, Secret("Bearer sk-1"))


def test_the_own_credential_goes_to_its_origin() -> None:
    script = Script([reply()])
    assert script.run(bound()(request(), send)).status_code == 200


@pytest.mark.parametrize("origin", ELSEWHERE, ids=str)
def test_it_goes_nowhere_else(origin: Origin) -> None:
    script = Script([reply()])
    with pytest.raises(CredentialScopeError) as caught:
        script.run(bound()(request(origin=origin), send))
    assert script.sent == []
    assert str(origin) in str(caught.value)
    assert "sk-1" not in str(caught.value)


def test_another_credential_does_not_go_there() -> None:
    script = Script([reply()])
    with pytest.raises(OpenAIError, match="leave it out") as caught:
        script.run(bound()(request(headers=Headers({"AUTHORIZATION": "Bearer sk-2"})), send))
    assert script.sent == []
    assert "sk-2" not in str(caught.value)


@pytest.mark.parametrize("origin", [ORIGIN, *ELSEWHERE], ids=str)
def test_a_bare_request_goes_anywhere(origin: Origin) -> None:
    script = Script([reply()])
    script.run(bound()(request(origin=origin, headers=Headers()), send))
    assert len(script.sent) == 1


def test_it_names_its_origin_and_hides_the_rest() -> None:
    assert repr(bound()) == "Bound(credential to https://api.openai.com)"


def test_a_failover_target_brings_its_own_credential_and_never_this_one() -> None:
    script = Script([reply()])
    theirs = Headers({"Authorization": "Bearer sk-theirs"})
    assert script.run(bound()(request(origin=ELSEWHERE[0], headers=theirs, server="eu"), send)).status_code == 200
    with pytest.raises(CredentialScopeError):
        script.run(bound()(request(origin=ELSEWHERE[0], server="eu"), send))
    with pytest.raises(CredentialScopeError):
        script.run(bound()(request(origin=ELSEWHERE[0], headers=theirs), send))
    assert len(script.sent) == 1
