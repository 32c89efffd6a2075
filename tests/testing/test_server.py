"""`TestServer` without pytest's help."""

from __future__ import annotations

import json
from contextlib import nullcontext
from pathlib import Path

import pytest

from antiphon import InternalServerError, NotFoundError, OpenAI
from antiphon.emulator import Emulator, Setting
from antiphon.testing import TestServer


def test_one_of_its_own() -> None:
    with TestServer(setting=Setting(api_keys=("sk-mine",))) as server:
        assert server.api_key == "sk-mine"
        with OpenAI(base_url=server.base_url, api_key=server.api_key) as client:
            server.say("Hello.")
            assert client.responses.create(model="gpt-5.5", input="Hi").output_text == "Hello."
            assert server.journal[-1]["operation"] == "responses.create"
        assert server.state("nothing") == []


def test_two_in_one_emulator_and_one_is_forgotten() -> None:
    with Emulator() as emulator:
        with TestServer(emulator, scope="a/b c") as one, TestServer(emulator, scope="two") as two:
            with OpenAI(base_url=one.base_url, api_key=one.api_key) as client:
                client.vector_stores.create(name="x")
            assert (len(one.state("vector_stores")), two.state("vector_stores")) == (1, [])
            assert one.advance(100) - two.advance(0) > 90
        assert TestServer(emulator, scope="a/b c").state("vector_stores") == []


def test_what_cannot_be_read_is_said() -> None:
    with TestServer() as server:
        with pytest.raises(ValueError, match="Cannot read the fault"):
            server.break_with("wobble=1")
        with pytest.raises(ValueError, match="'match' may name"):
            server.say({"match": {"mood": "good"}, "answer": {"text": "x"}})


def test_a_rule_that_is_added_begins_no_other_anew() -> None:
    with TestServer() as server, OpenAI(base_url=server.base_url, api_key="k", max_retries=0) as client:
        server.break_with("status=500", times=1)
        with pytest.raises(InternalServerError):
            client.models.list()
        server.break_with("status=404", match={"operation": "files.*"})
        assert client.models.list().data
        with pytest.raises(NotFoundError):
            client.files.list()


def test_a_rule_joins_a_plan_of_phases(tmp_path: Path) -> None:
    scenario = tmp_path / "plan.json"
    scenario.write_text(json.dumps({"phases": [{"seconds": 60, "rules": []}, {"rules": [{"faults": ["status=500"]}]}]}))
    with TestServer(setting=Setting(scenario=scenario)) as server:
        with OpenAI(base_url=server.base_url, api_key="k", max_retries=0) as client:
            server.break_with("status=404", match={"operation": "files.*"})
            for seconds, meant in ((0, None), (61, InternalServerError)):
                server.advance(seconds)
                with pytest.raises(NotFoundError):
                    client.files.list()
                with nullcontext() if meant is None else pytest.raises(meant):
                    client.models.list()


def test_rules_add_up() -> None:
    with TestServer() as server, OpenAI(base_url=server.base_url, api_key="k", max_retries=0) as client:
        server.break_with("status=500", match={"operation": "files.*"})
        server.break_with("status=404", match={"operation": "models.*"})
        seen: list[str] = []
        for call in (client.files.list, client.models.list):
            with pytest.raises(Exception) as caught:
                call()
            seen.append(type(caught.value).__name__)
        assert seen == ["InternalServerError", "NotFoundError"]
