"""The first source that holds a key; and the places most programs look at."""

from __future__ import annotations

import os
import traceback
from pathlib import Path
from typing import Any

import pytest

from antiphon.core.secret import Secret
from antiphon.credentials import (
    Chain,
    CredentialNotFound,
    DotenvKey,
    EnvKey,
    FileKey,
    KeyPool,
    RotatingCredential,
    StaticKey,
    default_chain,
)
from antiphon.errors import CredentialScopeError, InvalidCredential
from tests.client.answer import retrieve
from tests.client.colour import Colour

from .gate import Gate
from .test_file import written

KEY = "sk-canary-0123456789"


def test_the_first_that_holds_a_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path / "key", f"{KEY}-file")
    chain = Chain([None, EnvKey("A_KEY"), FileKey(tmp_path / "none"), FileKey(path), f"{KEY}-last"])
    assert chain() == Secret(f"{KEY}-file")
    monkeypatch.setenv("A_KEY", f"{KEY}-env")
    assert chain() == Secret(f"{KEY}-file"), "one that was found is kept to"
    assert Chain(chain.sources)() == Secret(f"{KEY}-env")


def test_one_that_is_wrong_is_not_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", f"'{KEY}'")
    with pytest.raises(InvalidCredential, match="A_KEY is wrapped in quotation marks"):
        Chain([EnvKey("A_KEY"), KEY])()


def test_where_none_holds_a_key_all_are_named(tmp_path: Path) -> None:
    with pytest.raises(CredentialNotFound) as caught:
        Chain([EnvKey("A_KEY"), FileKey(tmp_path / "none")])()
    assert str(caught.value) == (
        f"no key was found: the environment variable A_KEY is not set; there is no file {tmp_path / 'none'}"
    )
    with pytest.raises(CredentialNotFound, match="no sources"):
        Chain([])()


def test_row_27_a_refusal_asks_the_same_source_again(colour: Colour, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", f"{KEY}-old")
    chain = Chain([EnvKey("A_KEY"), f"{KEY}-of-another-house"])
    with Gate(f"{KEY}-old") as gate, colour.client(gate.url, api_key=chain) as it:
        it(retrieve)
        monkeypatch.setenv("A_KEY", f"{KEY}-new")
        gate.taken = {f"{KEY}-new"}
        it(retrieve)
        assert [status for _, status in gate.seen] == [200, 401, 200]


def test_a_pool_in_a_chain_is_a_pool(own_colour: Colour) -> None:
    pool = KeyPool([f"{KEY}-1", f"{KEY}-2"])
    with Gate(f"{KEY}-2") as gate, own_colour.client(gate.url, api_key=Chain([EnvKey("NOT_SET"), pool])) as it:
        gate.answers[f"{KEY}-1"] = (429, {"Retry-After": "30"}, "rate_limit_exceeded")
        it(retrieve)
        assert gate.seen == [(f"{KEY}-1", 429), (f"{KEY}-2", 200)]
        assert it.clock.slept == []
    assert pool._roster.busy == [0, 0]


def test_the_binding_of_a_chain_holds_for_all_in_it(colour: Colour) -> None:
    chain = Chain([StaticKey(KEY)], origins=["https://api.openai.com"])
    with Gate(KEY) as gate, colour.client(gate.url, api_key=chain) as it:
        with pytest.raises(CredentialScopeError, match=r"bound to https://api\.openai\.com"):
            it(retrieve)
        assert gate.seen == []


PLACES = ["argument", "environment", "workspace", ".env", "secrets.sh", "command", "file"]


@pytest.mark.parametrize("number", range(len(PLACES)))
def test_where_most_programs_look_and_in_which_order(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every place from this one on holds a key; the first of them is taken."""
    there = PLACES[number:]
    (tmp_path / ".secrets").mkdir()
    options: dict[str, Any] = {}
    for place in there:
        key = f"{KEY}-{place}"
        match place:
            case "argument":
                options["key"] = key
            case "environment":
                monkeypatch.setenv("A_KEY", key)
            case "workspace":
                written(tmp_path / ".secrets" / "A_KEY", key)
            case "command":
                options["command"] = ["/bin/echo", key]
            case "file":
                options["file"] = written(tmp_path / "file", key)
            case _:
                written(tmp_path / place, f"export A_KEY='{key}'")
    assert default_chain("A_KEY", folder=tmp_path, **options)() == Secret(f"{KEY}-{there[0]}")


def test_a_file_may_be_named_by_a_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY_FILE", str(written(tmp_path / "mounted", KEY)))
    assert default_chain("A_KEY", folder=tmp_path)() == Secret(KEY)


def test_a_workspace_is_one_folder_and_none_above_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path / ".env", f"A_KEY={KEY}")
    (tmp_path / "inner").mkdir()
    monkeypatch.chdir(tmp_path / "inner")
    with pytest.raises(CredentialNotFound):
        default_chain("A_KEY")()
    monkeypatch.chdir(tmp_path)
    assert default_chain("A_KEY")() == Secret(KEY)
    assert "A_KEY" not in os.environ


@pytest.mark.parametrize("kind", [Chain, KeyPool, RotatingCredential])
@pytest.mark.parametrize(
    "keys", [KEY, [f"{KEY}\n"], [KEY, 5], [KEY, f"'{KEY}'"]], ids=["text", "line break", "number", "quotes"]
)
def test_row_56_keys_that_can_be_none_are_not_shown(kind: Any, keys: Any) -> None:
    with pytest.raises((TypeError, InvalidCredential)) as caught:
        kind(keys)
    told = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    ours = [frame for frame in told.stack if "antiphon/credentials" in frame.filename]
    assert ours
    assert not [frame for frame in ours if KEY in str(frame.locals)]
    assert KEY not in str(caught.value)


def test_it_shows_its_sources_and_no_key() -> None:
    chain = Chain([EnvKey("A_KEY"), DotenvKey(), KEY])
    assert repr(chain).startswith(
        "Chain([EnvKey('A_KEY'), DotenvKey('.env', 'OPENAI_API_KEY'), StaticKey(Secret(<redacted>"
    )
    assert KEY not in repr(chain)
