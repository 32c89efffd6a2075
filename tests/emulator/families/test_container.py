"""Containers: files in them, and what is left when nobody used them for long."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest

from antiphon.emulator import Emulator, Setting
from tests.emulator.families.test_skill import folder, manifest, zipped


@pytest.fixture
def house() -> Iterator[Emulator]:
    with Emulator(Setting(seed=5)) as running:
        yield running


@pytest.fixture
def user(house: Emulator) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=house.base_url, api_key="sk-test", max_retries=0) as made:
        yield made


@pytest.mark.operation("containers.create", "containers.retrieve", "containers.list", "containers.delete")
def test_a_container_lives(client: openai.OpenAI) -> None:
    made = client.containers.create(name="box-1", memory_limit="4g")
    assert (made.status, made.object, made.memory_limit) == ("running", "container", "4g")
    assert made.expires_after
    assert made.expires_after.minutes == 20
    assert client.containers.retrieve(made.id).name == "box-1"
    assert [known.id for known in client.containers.list(name="box-1")] == [made.id]
    assert not list(client.containers.list(name="box-2"))
    client.containers.delete(made.id)
    with pytest.raises(openai.NotFoundError):
        client.containers.retrieve(made.id)


@pytest.mark.operation(
    "containers.files.create",
    "containers.files.retrieve",
    "containers.files.list",
    "containers.files.delete",
    "containers.files.content.retrieve",
)
def test_files_in_a_container(client: openai.OpenAI) -> None:
    source = client.files.create(file=("data.csv", b"a,b\n"), purpose="user_data")
    box = client.containers.create(name="box", file_ids=[source.id])
    (copied,) = client.containers.files.list(box.id)
    assert (copied.path, copied.bytes, copied.source) == ("/mnt/data/data.csv", 4, "user")
    client.files.delete(source.id)
    assert client.containers.files.content.retrieve(copied.id, container_id=box.id).read() == b"a,b\n"
    sent = client.containers.files.create(box.id, file=("x/new.txt", b"new"))
    assert client.containers.files.retrieve(sent.id, container_id=box.id).path == "/mnt/data/new.txt"
    again = client.containers.files.create(box.id, file=("new.txt", b"newer"))
    assert [known.id for known in client.containers.files.list(box.id, order="asc")] == [copied.id, again.id]
    client.containers.files.delete(copied.id, container_id=box.id)
    for act in (client.containers.files.retrieve, client.containers.files.delete):
        with pytest.raises(openai.NotFoundError):
            act(copied.id, container_id=box.id)


@pytest.mark.operation("containers.files.create")
def test_a_file_by_its_id(client: openai.OpenAI) -> None:
    source = client.files.create(file=("data.csv", b"a,b\n"), purpose="user_data")
    box = client.containers.create(name="box")
    made = client.containers.files.create(box.id, file_id=source.id)
    assert client.containers.files.content.retrieve(made.id, container_id=box.id).read() == b"a,b\n"
    with pytest.raises(openai.NotFoundError) as absent:
        client.containers.files.create(box.id, file_id="file-none")
    assert absent.value.param == "file_id"
    with pytest.raises(openai.BadRequestError):
        client.containers.files.create(box.id)


@pytest.mark.operation("containers.retrieve", "containers.files.list")
def test_a_container_that_nobody_used_expires_with_its_files(house: Emulator, user: openai.OpenAI) -> None:
    world = house.app.world
    box = user.containers.create(name="box", expires_after={"anchor": "last_active_at", "minutes": 5})
    user.containers.files.create(box.id, file=("a.txt", b"a"))
    world.skew += 200
    assert user.containers.retrieve(box.id).status == "running"
    world.skew += 200
    assert user.containers.list().data[0].status == "running", "it was used in between"
    world.skew += 200
    assert user.containers.retrieve(box.id).status == "expired"
    assert not list(world.folder().iterdir())
    with pytest.raises(openai.BadRequestError) as caught:
        user.containers.files.list(box.id)
    assert caught.value.code == "container_expired"


def test_expiry_goes_on_after_a_restart(tmp_path: Path) -> None:
    setting = Setting(data=tmp_path)
    with Emulator(setting) as house, openai.OpenAI(base_url=house.base_url, api_key="k") as user:
        box = user.containers.create(name="box")
        file = user.containers.files.create(box.id, file=("a.txt", b"a"))
    with Emulator(setting) as house, openai.OpenAI(base_url=house.base_url, api_key="k") as user:
        assert user.containers.files.content.retrieve(file.id, container_id=box.id).read() == b"a"
        house.app.world.skew += 1_300
        assert user.containers.retrieve(box.id).status == "expired"


def test_skills_of_a_container_must_exist(client: openai.OpenAI) -> None:
    skill = client.skills.create(files=folder("one"))
    data = base64.b64encode(zipped(SKILL_md=manifest("a"))).decode()
    inline = {"type": "inline", "name": "a", "description": "Does a."}
    source = {"type": "base64", "media_type": "application/zip"}
    good = [{"type": "skill_reference", "skill_id": skill.id}, inline | {"source": source | {"data": data}}]
    client.containers.create(name="box", skills=good)  # type: ignore[arg-type]
    with pytest.raises(openai.NotFoundError):
        client.containers.create(name="box", skills=[{"type": "skill_reference", "skill_id": "skill_none"}])
    with pytest.raises(openai.BadRequestError):
        client.containers.create(name="b", skills=[inline | {"source": source | {"data": "AAAA"}}])  # type: ignore[list-item]


@pytest.mark.operation("containers.retrieve", "responses.create")
def test_code_runs_in_containers_that_are_there_and_keeps_them(house: Emulator, user: openai.OpenAI) -> None:
    box = user.containers.create(name="box")

    def asked(container: Any, question: str = "hello") -> Any:
        return user.responses.create(
            model="gpt-4o", input=question, tools=[{"type": "code_interpreter", "container": container}]
        )

    for container, refusal in (("cntr_none", 404), ({"type": "auto", "file_ids": ["file-none"]}, 404)):
        with pytest.raises(openai.APIStatusError) as caught:
            asked(container)
        assert (caught.value.status_code, caught.value.param) == (refusal, "tools")
    house.app.world.skew += 19 * 60
    assert asked(box.id, "What is 3 * 4?").output[0].container_id == box.id
    house.app.world.skew += 19 * 60
    assert user.containers.retrieve(box.id).status == "running"
    house.app.world.skew += 21 * 60
    with pytest.raises(openai.BadRequestError) as late:
        asked(box.id)
    assert late.value.code == "container_expired"
