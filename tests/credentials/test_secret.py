"""A secret is no text, and nothing that copies, packs or prints things takes its value along."""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle
import pprint
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

import antiphon
from antiphon.core.secret import Secret
from antiphon.errors import OpenAIError

KEY = "sk-canary-0123456789"

MISUSES: dict[str, Callable[[Any], Any]] = {
    "added": lambda secret: secret + "",
    "added to": lambda secret: "" + secret,
    "joined": lambda secret: str.join("", [secret]),
    "measured": len,
    "walked through": iter,
    "listed": list,
    "sliced": lambda secret: secret[:4],
    "searched": lambda secret: "sk" in secret,
    "encoded": lambda secret: secret.encode(),
    "as bytes": bytes,
    "as a number": int,
    "compared": lambda secret: secret < "t",
    "packed": pickle.dumps,
    "as JSON": json.dumps,
    "given an attribute": lambda secret: setattr(secret, "value", KEY),
}


@pytest.mark.parametrize("how", MISUSES)
def test_row_59_a_secret_is_no_text(how: str) -> None:
    with pytest.raises((TypeError, AttributeError)) as caught:
        MISUSES[how](Secret(KEY))
    assert KEY not in str(caught.value)


@dataclasses.dataclass
class Configuration:
    """A user's own, with a key in it."""

    key: Secret
    nested: dict[str, Secret]


def test_row_59_what_holds_one_may_be_copied_and_printed() -> None:
    whole = Configuration(Secret(KEY), {"k": Secret(KEY)})
    for value in (whole, dataclasses.asdict(whole), copy.deepcopy(whole), dataclasses.replace(whole)):
        assert KEY not in repr(value) + str(value) + pprint.pformat(value) + f"{value}"
    assert dataclasses.asdict(whole)["key"] is whole.key
    assert f"{Secret(KEY)!s:>60}".count("redacted") == 1
    with pytest.raises(TypeError, match="does not pickle"):
        pickle.dumps(whole)


@pytest.mark.parametrize("kind", [antiphon.OpenAI, antiphon.AsyncOpenAI])
def test_row_59_clients_settings_and_errors(kind: Any) -> None:
    client = kind(api_key=KEY, default_headers={"api-key": KEY}, default_query={"key": KEY})
    error = OpenAIError("it failed")
    error.client = client  # type: ignore[attr-defined]
    for value in (client, copy.copy(client), copy.deepcopy(client)):
        assert KEY not in repr(value) + repr(vars(value)) + repr(value.settings)
    for value in (client, client.settings, error):
        with pytest.raises(TypeError) as caught:
            pickle.dumps(value)
        assert KEY not in str(caught.value)
    with pytest.raises(TypeError) as refusal:
        json.dumps(client)
    assert KEY not in str(refusal.value)


def test_a_key_in_the_base_url_is_not_shown_and_does_not_travel() -> None:
    client = antiphon.OpenAI(api_key=None, base_url=f"https://x.example/v1?key={KEY}&a=1", _enforce_credentials=False)
    assert KEY not in repr(client) + repr(client.settings) + repr(client.base_url)
    assert repr(client.base_url) == "URL('https://x.example/v1/?key=<redacted>&a=1')"
    assert KEY in str(client.base_url), "to whoever wants the address itself"
    with pytest.raises(TypeError, match="base_url holds a credential"):
        pickle.dumps(client)


def test_a_client_with_a_plain_key_loads_nothing_of_all_this() -> None:
    program = """
import sys
import antiphon
client = antiphon.OpenAI(api_key="sk-1", base_url="http://127.0.0.1:1/v1")
client.responses.create
found = [name for name in sys.modules if "antiphon.credentials" in name or "scrub" in name or name.startswith("antiphon.providers")]
assert not found, found
assert "logging" not in sys.modules and "subprocess" not in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_public_name_is_there() -> None:
    from antiphon import credentials

    for name in credentials.__all__:
        assert getattr(credentials, name).__name__ == name
        assert name in dir(credentials)
    with pytest.raises(AttributeError, match="Nothing"):
        _ = credentials.Nothing
