"""Profiles of the configuration file: chosen, ranked, refused with what is wrong, and never shown with a key."""

from __future__ import annotations

import pickle
import sys
import traceback
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import antiphon
from antiphon.errors import OpenAIError
from antiphon.profile import config_path, load
from tests.transports.rude import Rude

from .answer import ok, retrieve
from .colour import Colour

WORK = """
[profile.work]
base_url = "https://gateway.example/v1"
api_key = "sk-work-canary"
organization = "org-work"
project = "proj-work"
timeout = 12.5
max_retries = 5
default_headers = { "X-Team" = "search", "X-Both" = "profile" }

[profile.bare]
organization = "org-bare"

[profile.hidden]
api_key_env = "WORK_KEY"
"""


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Write the configuration file."""
    path = tmp_path / "config.toml"
    monkeypatch.setenv("ANTIPHON_CONFIG", str(path))
    monkeypatch.delenv("ANTIPHON_PROFILE", raising=False)

    def write(text: str = WORK, mode: int = 0o600) -> Path:
        path.write_text(text)
        path.chmod(mode)
        return path

    return write


KINDS = pytest.mark.parametrize("kind", [antiphon.OpenAI, antiphon.AsyncOpenAI])


@KINDS
def test_a_profile_named_by_argument_says_it_all(written: Any, kind: Any) -> None:
    written()
    client = kind(profile="work")
    assert (client.api_key, str(client.base_url)) == ("sk-work-canary", "https://gateway.example/v1/")
    assert (client.organization, client.project) == ("org-work", "proj-work")
    assert (client.timeout, client.max_retries) == (12.5, 5)
    assert client._custom_headers == {"X-Team": "search", "X-Both": "profile"}
    assert "canary" not in f"{client!r} {client.settings} {vars(client)}"


def test_it_is_used(own_colour: Colour, written: Any) -> None:
    with Rude(ok()) as server:
        written(f'[profile.here]\nbase_url = "{server.url}/v1"\napi_key = "sk-here"\ndefault_headers = {{ A = "1" }}\n')
        with own_colour.client("", api_key=None, base_url=None, profile="here") as it:
            it(retrieve)
    sent = server.requests[0].headers
    assert (sent["authorization"], sent["a"]) == ("Bearer sk-here", "1")


@KINDS
def test_arguments_go_before_a_profile(written: Any, kind: Any) -> None:
    written()
    client = kind(
        profile="work",
        api_key="sk-own",
        base_url="http://own/v1",
        organization="own",
        timeout=None,
        max_retries=2,
        default_headers={"X-Both": "own"},
    )
    assert (client.api_key, str(client.base_url), client.organization) == ("sk-own", "http://own/v1/", "own")
    assert (client.timeout, client.max_retries, client.project) == (None, 2, "proj-work")
    assert client._custom_headers == {"X-Team": "search", "X-Both": "own"}
    assert str(kind(profile="work", data_residency="eu").base_url) == "https://eu.api.openai.com/v1/"


class TestEnvironment:
    @pytest.fixture(autouse=True)
    def _set(self, monkeypatch: pytest.MonkeyPatch, written: Any) -> None:
        written()
        monkeypatch.setenv("OPENAI_API_KEY", "sk-ambient")
        monkeypatch.setenv("OPENAI_ORG_ID", "org-ambient")
        monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Both: ambient")

    def test_it_goes_behind_a_profile_that_was_asked_for_by_name(self) -> None:
        client = antiphon.OpenAI(profile="work")
        assert (client.api_key, client.organization) == ("sk-work-canary", "org-work")
        assert client._custom_headers["X-Both"] == "profile"

    def test_it_goes_before_a_profile_of_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("ANTIPHON_PROFILE", "work")
        client = antiphon.OpenAI()
        assert (client.organization, client.project, client.max_retries) == ("org-ambient", "proj-work", 5)
        assert client._custom_headers == {"X-Team": "search", "X-Both": "ambient"}

    def test_a_key_and_its_house_are_not_parted(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("ANTIPHON_PROFILE", "work")
        client = antiphon.OpenAI()
        assert (client.api_key, client.base_url.host) == ("sk-work-canary", "gateway.example")
        monkeypatch.setenv("OPENAI_BASE_URL", "http://ambient/v1")
        client = antiphon.OpenAI()
        assert (client.api_key, client.base_url.host) == ("sk-ambient", "ambient")
        monkeypatch.delenv("OPENAI_API_KEY")
        with pytest.raises(OpenAIError, match="Missing credentials"):
            antiphon.OpenAI()

    def test_a_profile_without_a_house_leaves_the_key_alone(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("ANTIPHON_PROFILE", "bare")
        client = antiphon.OpenAI()
        assert (client.api_key, client.organization) == ("sk-ambient", "org-ambient")
        assert antiphon.OpenAI(profile="bare").organization == "org-bare"

    def test_none_means_none(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("ANTIPHON_PROFILE", "work")
        assert antiphon.OpenAI(profile=None).project is None

    def test_the_key_may_stand_in_a_variable(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with pytest.raises(OpenAIError, match=r"\[profile.hidden\].*WORK_KEY, which is not set"):
            antiphon.OpenAI(profile="hidden")
        monkeypatch.setenv("WORK_KEY", "sk-var")
        assert antiphon.OpenAI(profile="hidden").api_key == "sk-var"


@KINDS
def test_nothing_is_read_unless_asked_for(written: Any, kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    written("this is not TOML")
    monkeypatch.delitem(sys.modules, "antiphon.profile", raising=False)
    assert kind(api_key="sk-1").api_key == "sk-1"
    assert "antiphon.profile" not in sys.modules


@KINDS
def test_copies_and_pickles_do_not_read_it_again(written: Any, kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written()
    monkeypatch.setenv("ANTIPHON_PROFILE", "bare")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-ambient")
    client = kind()
    client.organization = None
    path.unlink()
    assert client.copy().organization is None
    assert client.with_options(timeout=1).timeout == 1
    assert pickle.loads(pickle.dumps(client)).organization is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[profile.work]\nbase_uri = 'x'", "holds 'base_uri', which is no setting; did you mean 'base_url'?"),
        ("[profile.work]\nzzz = 1", "holds 'zzz', which is no setting"),
        ("[profile.wrok]\n[profile.home]", "there is no [profile.work]"),
        ("[profile.wrok]\n[profile.home]", "it has home, wrok; did you mean 'wrok'?"),
        ("", "it has none"),
        ("[work]\n", "holds 'work'; its tables are named [profile.NAME]"),
        ("profile = 1", "'profile' in"),
        ("[profile]\nwork = 1", "must be a table, [profile.work]"),
        ("[profile.work]\ntimeout = '5'", "timeout in [profile.work]"),
        ("[profile.work]\ntimeout = true", "must be a number of seconds; it is a boolean"),
        ("[profile.work]\ntimeout = -1", "must be more than 0 seconds; it is -1"),
        ("[profile.work]\nmax_retries = 1.5", "must be a whole number; it is a number"),
        ("[profile.work]\nmax_retries = -1", "max_retries must be 0 or more; got -1 ([profile.work]"),
        ("[profile.work]\napi_key = 5", "api_key in [profile.work]"),
        ("[profile.work]\napi_key = ['sk-canary']", "must be text; it is an array"),
        ("[profile.work]\nbase_url = 2020-01-01", "it is a date or time"),
        ("[profile.work]\ndefault_headers = 'sk-canary'", "must be a table of text; it is text"),
        ("[profile.work]\ndefault_headers = { A = 1 }", "default_headers.A in [profile.work]"),
        ("[profile.work]\napi_key = 'sk-canary'\napi_key_env = 'A'", "holds both api_key and api_key_env"),
        ("[profile.work]\napi_key_env = 'sk-canary'", "api_key_env in [profile.work]"),
        ("[profile.work]\napi_key_env = 'gsk_canary'", "must be the name of a variable that is set"),
        (
            "[profile.work]\napi_key_env = 'UNSET_KEY'\n[profile.w2]\napi_key = 'sk-canary'",
            "takes its key from UNSET_KEY",
        ),
        ("[profile.work]\napikey = 'sk-canary'", "holds 'apikey', which is no setting; did you mean 'api_key'?"),
        ("[profile.work]\ntimeout = 'sk-canary'", "must be a number of seconds; it is text"),
        ("[profile.work]\ntimeout = ['sk-canary']", "it is an array"),
        ("api_key = 'sk-canary'\n[profile.work]", "holds 'api_key'; its tables are named [profile.NAME]"),
        ("keys = { a = ['sk-canary'] }\n[profile.work]", "holds 'keys'"),
        ("profile = 'sk-canary'", "'profile' in"),
        ("[profile]\nwork = 'sk-canary'", "must be a table, [profile.work]"),
        ("[profile.work\napi_key = 'sk-canary'", "is not valid TOML"),
        ("[profile.work]\napi_key = 'sk-canary", "is not valid TOML"),
    ],
)
def test_what_is_wrong_is_said(written: Any, text: str, said: str) -> None:
    path = written(text)
    with pytest.raises(OpenAIError) as caught:
        antiphon.OpenAI(profile="work")
    assert said in str(caught.value)
    assert str(path) in str(caught.value)
    assert "canary" not in str(caught.value)
    assert b"canary" not in pickle.dumps(caught.value)
    assert "canary" not in repr(vars(caught.value.__context__ or caught.value))
    for frame, _ in traceback.walk_tb(caught.value.__traceback__):
        if frame.f_globals["__name__"].startswith("antiphon"):
            assert "canary" not in repr(frame.f_locals)


def test_a_file_that_is_not_there_or_cannot_be_read(written: Any, tmp_path: Path) -> None:
    with pytest.raises(
        OpenAIError, match=r"there is no configuration file at .*config.toml; make it, or set ANTIPHON_CONFIG"
    ):
        antiphon.OpenAI(profile="work")
    (tmp_path / "config.toml").mkdir()
    with pytest.raises(OpenAIError, match="cannot read"):
        antiphon.OpenAI(profile="work")


def test_it_must_be_utf_8(written: Any) -> None:
    written("").write_bytes(b"[profile.\xff]")
    with pytest.raises(OpenAIError, match="not UTF-8"):
        antiphon.OpenAI(profile="work")


def test_a_file_that_others_can_read_is_warned_of(written: Any) -> None:
    for mode in (0o644, 0o640, 0o604):
        written(mode=mode)
        with pytest.warns(UserWarning, match="holds a key and other users can read it; run: chmod 600"):
            antiphon.OpenAI(profile="work")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        written("[profile.work]\napi_key_env = 'PATH'", mode=0o644)
        load("work")
        written(mode=0o600)
        load("work")


@pytest.mark.parametrize(
    "line",
    [
        "default_headers = { Authorization = 'Bearer x' }",
        "default_headers = { X-Gateway = 'Bearer x' }",
        "apikey = 'k'",
        "webhook_secret = 'w'",
        "admin_api_key = 'k'",
        "api_key_env = 'sk-x'",
    ],
)
@pytest.mark.parametrize("top", [False, True])
def test_whatever_may_be_a_key_counts(written: Any, line: str, top: bool) -> None:
    text = f"{line}\n[profile.work]" if top else f"[profile.work]\n{line}"
    written(text, mode=0o644)
    with pytest.warns(UserWarning, match="holds a key and other users can read it"), suppress(OpenAIError):
        load("work")


def test_a_file_that_others_can_change_is_warned_of(written: Any) -> None:
    for mode in (0o620, 0o602):
        written("[profile.work]\norganization = 'o'", mode=mode)
        with pytest.warns(UserWarning, match="can be changed by other users.*chmod 600"):
            load("work")


@KINDS
def test_what_fails_later_shows_no_key_of_the_profile(written: Any, kind: Any) -> None:
    written("[profile.work]\nbase_url = 'nope'\napi_key = 'sk-canary'\ndefault_headers = { Authorization = 'canary' }")
    with pytest.raises(antiphon.InvalidBaseURL) as caught:
        kind(profile="work")
    for frame, _ in traceback.walk_tb(caught.value.__traceback__):
        if frame.f_globals["__name__"].startswith("antiphon"):
            assert "canary" not in repr(frame.f_locals)


def test_where_the_file_lies(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("ANTIPHON_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert config_path() == tmp_path / "antiphon" / "config.toml"
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert config_path() == tmp_path / ".config" / "antiphon" / "config.toml"
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("APPDATA", str(tmp_path / "Roaming"))
    assert config_path() == tmp_path / "Roaming" / "antiphon" / "config.toml"
    monkeypatch.setenv("ANTIPHON_CONFIG", "~/own.toml")
    assert config_path() == tmp_path / "own.toml"


def test_other_houses_have_no_profiles(written: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    written()
    monkeypatch.setenv("ANTIPHON_PROFILE", "work")
    client = antiphon.BedrockOpenAI(api_key="b", aws_region="us-east-1")
    assert client.organization is None
    assert client._custom_headers == {}
