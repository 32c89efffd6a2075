"""`antiphon.local()`: an emulator and a client that live and end together, in both colours."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest

import antiphon
from antiphon.emulator import Setting

KEY = {"Authorization": "Bearer k"}


def alive(base_url: object) -> bool:
    try:
        return httpx.get(f"{base_url}models", headers=KEY).status_code == 200
    except httpx.TransportError:
        return False


def test_blocking() -> None:
    with antiphon.local() as client:
        assert client.responses.create(model="gpt-5.5", input="What is 6 * 7?").output_text == "6 * 7 = 42"
        base_url = client.base_url
        assert alive(base_url)
    assert not alive(base_url)


def test_asyncio() -> None:
    async def run() -> object:
        async with antiphon.local(asynchronous=True) as client:
            found = await client.responses.create(model="gpt-5.5", input="What is 6 * 7?")
            assert found.output_text == "6 * 7 = 42"
            return client.base_url

    assert not alive(asyncio.run(run()))


def test_each_call_is_a_world_of_its_own() -> None:
    with antiphon.local() as one, antiphon.local() as other:
        made = one.responses.create(model="gpt-5.5", input="hi")
        assert one.responses.retrieve(made.id).id == made.id
        with pytest.raises(antiphon.NotFoundError):
            other.responses.retrieve(made.id)


def test_settings_and_options_arrive() -> None:
    with antiphon.local(setting=Setting(api_keys=("sk-only",), models=("mine",)), max_retries=0) as client:
        assert client.api_key == "sk-only"
        assert client.max_retries == 0
        assert client.models.retrieve("mine").id == "mine"


def test_a_wrong_option_leaves_no_server_behind() -> None:
    before = {thread.ident for thread in threading.enumerate() if thread.name == "antiphon-emulator"}
    with pytest.raises(TypeError):
        antiphon.local(colour="red")
    assert {thread.ident for thread in threading.enumerate() if thread.name == "antiphon-emulator"} == before


def test_it_ends_with_the_last_copy() -> None:
    client = antiphon.local()
    copy, base_url = client.with_options(max_retries=0), client.base_url
    del client
    gc.collect()
    assert alive(base_url)
    copy.close()
    assert not alive(base_url)


def test_importing_the_module_leaves_the_function_callable() -> None:
    source = Path(antiphon.__file__ or "").parents[1]
    code = (
        "import antiphon, antiphon.local\n"
        "client = antiphon.local()\n"
        "print(client.models.retrieve('gpt-4o').id)\n"  # never closed: the interpreter must still end
    )
    environment = os.environ | {"PYTHONPATH": str(source)}
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, env=environment)
    assert (told.stdout.strip(), told.returncode) == ("gpt-4o", 0), told.stderr
