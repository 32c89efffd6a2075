"""What an Azure client shows and carries: no secret; and what it loads."""

from __future__ import annotations

import pickle
import subprocess
import sys

import pytest

import antiphon
from antiphon.errors import OpenAIError
from tests.client.answer import chat, create, sse, wrong
from tests.client.colour import failure_of
from tests.client.test_credential import shown
from tests.transports.rude import Rude, reset

from .azure_pair import KEY, MODES, PLAIN, TOKEN, VERSION, give_token
from .beside import Kind
from .test_bedrock import reachable


@pytest.mark.parametrize("mode", MODES)
def test_no_secret_in_repr_vars_or_anything_they_hold(azure: Kind, mode: str) -> None:
    client = azure.make("http://x", **MODES[mode])
    for holder in (client, client._azure, client._policies, client._endpoint, client.copy(timeout=1)):
        text = repr(holder) + repr(getattr(holder, "__dict__", ""))
        assert KEY not in text
        assert TOKEN not in text
    texts = "\n".join(reachable(client, set()))
    assert "openai" in texts
    assert KEY not in texts
    assert TOKEN not in texts


@pytest.mark.parametrize("mode", MODES)
def test_no_secret_in_a_traceback_with_locals(azure: Kind, mode: str) -> None:
    for answer in ([wrong(401)], [reset], [b"nonsense\r\n\r\n"]):
        with Rude(*answer) as server, azure.client(server.url, **MODES[mode], max_retries=1) as it:
            text = shown(failure_of(it, create))
        assert "policies" in text
        assert KEY not in text
        assert TOKEN not in text


def test_no_secret_in_a_traceback_of_a_client_that_was_not_made(azure: Kind) -> None:
    for flawed in (
        {**PLAIN, "api_key": f"{KEY}\n"},
        {"azure_endpoint": "http://x", "api_version": VERSION, "azure_ad_token": f"{TOKEN}\n"},
        {**PLAIN, "azure_ad_token": TOKEN},
        {"api_key": KEY},
        {"azure_ad_token": TOKEN},
    ):
        with pytest.raises((ValueError, OpenAIError)) as caught:
            azure.kind(**flawed)
        text = shown(caught.value).split("providers/azure.py", 1)[-1]
        assert KEY not in text
        assert TOKEN not in text


def test_a_client_travels_without_its_secrets(azure: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    for mode in ("key", "token"):
        with pytest.raises(TypeError, match="does not pickle"):
            pickle.dumps(azure.make("http://x", **MODES[mode]))
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", KEY)
    place = {"azure_endpoint": "http://x/y", "azure_deployment": "d", "api_version": VERSION}
    for arguments in (
        place,
        {**place, "azure_ad_token_provider": give_token, "max_retries": 7},
        {"base_url": "http://x/openai/v1"},
    ):
        client = azure.kind(**arguments)
        data = pickle.dumps(client)
        assert KEY.encode() not in data
        again = pickle.loads(data)
        assert type(again) is type(client)
        assert again.settings == client.settings
        assert again._azure == client._azure
    monkeypatch.setenv("AZURE_OPENAI_AD_TOKEN", TOKEN)
    data = pickle.dumps(azure.kind(**place))
    assert TOKEN.encode() not in data
    assert pickle.loads(data)._azure.credential.token.reveal() == TOKEN


def test_what_frameworks_read_is_there(azure: Kind) -> None:
    client = azure.make("http://x", **PLAIN, azure_deployment="d")
    theirs = azure._replace(official=True).make("http://x", **PLAIN, azure_deployment="d")
    for name in ("_api_version", "_azure_deployment", "api_key", "max_retries"):
        assert getattr(client, name) == getattr(theirs, name)
    for name in ("_azure_endpoint", "base_url"):
        assert str(getattr(client, name)) == str(getattr(theirs, name))
    assert client.default_query == theirs.default_query
    assert issubclass(azure.kind, antiphon.AsyncOpenAI if azure.is_async else antiphon.OpenAI)


def test_a_first_chunk_without_choices_is_passed_on(azure: Kind) -> None:
    first = {"id": "", "object": "", "created": 0, "model": "", "choices": [], "prompt_filter_results": [{"i": 0}]}
    with Rude(sse(first)) as server, azure.client(server.url, **PLAIN) as it:
        chunks = it(chat)
    assert chunks[0].choices == []
    assert chunks[0].prompt_filter_results == [{"i": 0}]


def test_a_blocking_azure_client_loads_no_asyncio_and_no_bedrock() -> None:
    code = (
        "import sys, antiphon\n"
        "client = antiphon.AzureOpenAI(azure_endpoint='http://x', api_version='v', api_key='k')\n"
        "assert not {'asyncio', 'botocore', 'antiphon.providers.aws'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
