"""Keys from the environment, from functions, and that were given: what each says of itself, and what travels."""

from __future__ import annotations

import copy
import pickle
import traceback
from typing import Any

import pytest

from antiphon.core.secret import Secret
from antiphon.credentials import (
    Chain,
    CommandKey,
    CredentialNotFound,
    DotenvKey,
    EnvKey,
    FileKey,
    FunctionKey,
    KeyPool,
    KeyringKey,
    RotatingCredential,
    Source,
    StaticKey,
    TokenCredential,
)
from antiphon.credentials.source import run, sourced
from antiphon.errors import InvalidCredential
from antiphon.policies.http_signature import HTTPSignature
from antiphon.policies.sign_hmac import SignHMAC

KEY = "sk-canary-0123456789"


def test_a_variable_is_read_when_it_is_asked_for_and_then_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    source = EnvKey("A_KEY")
    with pytest.raises(CredentialNotFound, match="A_KEY is not set"):
        source()
    monkeypatch.setenv("A_KEY", "")
    with pytest.raises(CredentialNotFound):
        source()
    monkeypatch.setenv("A_KEY", KEY)
    assert source() == Secret(KEY)
    assert source() is source()
    assert repr(source) == "EnvKey('A_KEY')"


def test_row_56_what_can_be_no_key_is_named_by_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", f"{KEY}\n")
    with pytest.raises(InvalidCredential, match=r"^A_KEY begins or ends with white space") as caught:
        EnvKey("A_KEY")()
    assert KEY not in "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())


@pytest.mark.parametrize("value", ["", " ", f"{KEY}\n", f"Bearer {KEY}", 5, None, b"sk"])
def test_row_56_a_given_key_that_can_be_none_is_not_shown(value: Any) -> None:
    with pytest.raises(InvalidCredential) as caught:
        StaticKey(value)
    frames = traceback.extract_tb(caught.value.__traceback__)
    assert any("static.py" in frame.filename for frame in frames)
    told = list(traceback.TracebackException.from_exception(caught.value, capture_locals=True).stack)
    assert not [frame for frame in told if "static.py" in frame.filename and KEY in str(frame.locals)]


def test_a_source_travels_as_the_name_of_its_place_and_never_with_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", KEY)
    source = EnvKey("A_KEY", origins=["https://gateway.example"])
    source()
    packed = pickle.dumps(source)
    assert KEY.encode() not in packed
    again = pickle.loads(packed)
    assert (again.name, again._kept, again._binding.origins) == ("A_KEY", None, source._binding.origins)
    assert copy.deepcopy(source)() == Secret(KEY)
    with pytest.raises(TypeError, match="does not pickle"):
        pickle.dumps(StaticKey(KEY))


def test_row_27_a_request_has_the_variable_read_once_more_and_not_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", f"{KEY}-3")
    source = EnvKey("A_KEY")
    nowhere: Any = None
    one, two = Secret(f"{KEY}-1"), Secret(f"{KEY}-2")
    assert run(source.another([one], nowhere, nowhere)) == Secret(f"{KEY}-3")
    assert run(source.another([one, two], nowhere, nowhere)) is None


def test_a_function_is_asked_each_time() -> None:
    keys = iter(["sk-1", "sk-2"])
    source = FunctionKey(lambda: next(keys))
    assert [source().reveal(), source().reveal()] == ["sk-1", "sk-2"]
    assert repr(source) == "FunctionKey(<lambda>)"
    with pytest.raises(InvalidCredential, match="FunctionKey"):
        FunctionKey(lambda: f"{KEY}\n")()


def test_what_may_stand_for_a_source() -> None:
    source = EnvKey("A_KEY")
    assert sourced(source) is source
    assert isinstance(sourced("sk-1"), StaticKey)
    assert isinstance(sourced(Secret("sk-1")), StaticKey)
    assert isinstance(sourced(lambda: "sk-1"), FunctionKey)
    with pytest.raises(TypeError, match="got int"):
        sourced(5)


def test_a_source_of_ones_own_needs_one_flow() -> None:
    class Mine(Source):
        async def key(self, origin: Any) -> Secret:
            self.check(origin)
            return Secret(KEY)

    assert Mine()() == Secret(KEY)
    with pytest.raises(CredentialNotFound):
        Source()()


UNMADE: dict[str, Any] = {
    "StaticKey": lambda: StaticKey(""),
    "EnvKey": lambda: EnvKey("A", origins="x"),
    "FunctionKey": lambda: FunctionKey(len, origins="x"),
    "FileKey": lambda: FileKey("x", every=-1),
    "DotenvKey": lambda: DotenvKey("x", every=-1),
    "CommandKey": lambda: CommandKey("x"),
    "KeyringKey": lambda: KeyringKey("x", "y", origins="x"),
    "TokenCredential": lambda: TokenCredential(5),  # type: ignore[arg-type]
    "Chain": lambda: Chain("x"),
    "RotatingCredential": lambda: RotatingCredential([]),
    "KeyPool": lambda: KeyPool([]),
    "HTTPSignature": lambda: HTTPSignature("", key_id="k"),
    "SignHMAC": lambda: SignHMAC(""),
}


@pytest.mark.parametrize("name", UNMADE)
def test_a_traceback_can_show_what_was_never_made(name: str) -> None:
    with pytest.raises((TypeError, ValueError)) as caught:
        UNMADE[name]()
    told = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    assert any(name in str(frame.locals) for frame in told.stack)
