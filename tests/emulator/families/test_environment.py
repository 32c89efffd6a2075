"""Environments: their files, their templates, and what a turn leaves in them."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest

import antiphon
from antiphon.emulator import Emulator, Setting
from antiphon.emulator.families.environment import EXPIRY, REST
from tests.emulator.families.receiving import Receiver, receiving
from tests.emulator.families.test_agent_session import rested, until
from tests.emulator.families.test_skill import folder

HOSTED: Any = {"type": "openai_hosted"}


@pytest.fixture
def house() -> Iterator[Emulator]:
    with Emulator(Setting(seed=12, background_seconds=0.01)) as running:
        yield running


@pytest.fixture
def user(house: Emulator) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=house.base_url, api_key="sk-test", max_retries=0, timeout=20) as made:
        yield made


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


def inline(path: str, data: bytes = b"data") -> Any:
    return {"type": "inline", "path": path, "data": base64.b64encode(data).decode()}


@pytest.mark.operation(
    "beta.agents.environments.create", "beta.agents.environments.retrieve", "beta.agents.environments.list"
)
def test_an_environment_is_prepared_rests_and_expires(house: Emulator, user: openai.OpenAI, receiver: Receiver) -> None:
    environments, world = user.beta.agents.environments, house.app.world
    hook = user.webhooks.create(
        name="h",
        url=receiver.url,
        event_types=["agent.environment.ready", "agent.environment.suspended", "agent.environment.expired"],
    )
    made = environments.create(environment=HOSTED | {"env": {"KEY": "hush"}, "files": [inline("/workspace/a.txt")]})
    assert (made.status, made.type, made.files[0].path) == ("pending", "openai_hosted", "/workspace/a.txt")
    assert "hush" not in made.to_json()

    def told() -> str:
        came = receiver.next()
        event: Any = user.webhooks.unwrap(came.body, came.headers, secret=hook.signing_secret)
        assert event.data.id == made.id
        return str(event.type)

    assert told() == "agent.environment.ready"
    assert environments.retrieve(made.id).status == "ready"
    assert environments.list().data[0].id == made.id
    world.skew += REST + 1
    assert environments.retrieve(made.id).status == "suspended"
    assert told() == "agent.environment.suspended"
    world.skew += EXPIRY + 1
    assert environments.retrieve(made.id).status == "expired"
    assert told() == "agent.environment.expired"
    with pytest.raises(openai.BadRequestError):
        environments.files.list(made.id)


@pytest.mark.operation("beta.agents.environments.files.create", "beta.agents.environments.files.list")
def test_files_by_path(user: openai.OpenAI) -> None:
    environments = user.beta.agents.environments
    made = environments.create(environment=HOSTED)
    for path in ("/workspace/b.txt", "/workspace/dir/a.txt", "/workspace/a.txt"):
        environments.files.create(made.id, **inline(path))
    again = environments.files.create(made.id, **inline("/workspace/a.txt", b"longer"))
    assert (again.size_bytes, again.environment_id) == (6, made.id)
    source = user.files.create(file=("x.bin", b"12"), purpose="user_data")
    copied = environments.files.create(made.id, type="file_id", file_id=source.id, path="/workspace/dir/x.bin")
    assert copied.size_bytes == 2
    paths = ["/workspace/a.txt", "/workspace/b.txt", "/workspace/dir/a.txt", "/workspace/dir/x.bin"]
    assert [file.path for file in environments.files.list(made.id, order="asc")] == paths
    assert [file.path for file in environments.files.list(made.id, limit=1)] == paths[::-1]
    assert [file.path for file in environments.files.list(made.id, path="/workspace/dir", order="asc")] == paths[2:]
    for path in ("/etc/passwd", "/workspace/../etc", "/workspace", "relative"):
        with pytest.raises(openai.BadRequestError):
            environments.files.create(made.id, **inline(path))
    with pytest.raises(openai.NotFoundError):
        environments.files.create(made.id, type="file_id", file_id="file-none", path="/workspace/x")


@pytest.mark.operation(
    "beta.agents.environments.templates.create",
    "beta.agents.environments.templates.retrieve",
    "beta.agents.environments.templates.update",
    "beta.agents.environments.templates.list",
    "beta.agents.environments.templates.delete",
)
def test_a_template_is_what_environments_begin_with(user: openai.OpenAI) -> None:
    environments = user.beta.agents.environments
    skill = user.skills.create(files=folder("adder"))
    made = environments.templates.create(
        name="base",
        files=[inline("/workspace/a.txt")],
        skills=[{"type": "skill_reference", "skill_id": skill.id}],
        setup_commands=[{"command": "hush --all"}],
        network={"access": "restricted", "allowed_domains": ["example.com"]},
    )
    assert "hush" not in made.to_json()
    assert (made.network.allowed_domains, made.packages.python, made.files[0].path) == (
        ["example.com"], [], "/workspace/a.txt",
    )  # fmt: skip
    changed = environments.templates.update(made.id, packages={"python": ["numpy"]}, name=None)
    assert (changed.name, changed.packages.python, changed.files) == (None, ["numpy"], made.files)
    assert environments.templates.retrieve(made.id) == changed
    assert environments.templates.list().data == [changed]
    begun = environments.create(environment=HOSTED | {"environment_template_id": made.id})
    assert begun.skills[0].name == "adder"
    assert [file.path for file in environments.files.list(begun.id)] == ["/workspace/a.txt"]
    with pytest.raises(openai.BadRequestError):
        environments.create(environment=HOSTED | {"environment_template_id": made.id, "network": {"access": "enabled"}})
    assert environments.templates.delete(made.id).deleted
    with pytest.raises(openai.NotFoundError):
        environments.templates.retrieve(made.id)
    with pytest.raises(openai.NotFoundError):
        environments.create(environment=HOSTED | {"environment_template_id": made.id})


@pytest.mark.operation(
    "beta.agents.sessions.artifacts.list",
    "beta.agents.sessions.artifacts.retrieve",
    "beta.agents.sessions.artifacts.content",
    "beta.agents.sessions.artifacts.delete",
)
@pytest.mark.parametrize("package", [openai, antiphon])
def test_what_a_turn_writes_is_published(house: Emulator, package: Any) -> None:
    with package.OpenAI(base_url=house.base_url, api_key="k", max_retries=0, timeout=20) as user:
        sessions = user.beta.agents.sessions
        asked = "what is 2 + 3? Write it into /workspace/out/sum.txt please"
        made = sessions.create(agent={"model": "gpt-4o"}, environment=HOSTED, input=None)
        with sessions.stream(made.id, input=asked) as stream:
            result = stream.get_final_result()
        assert (
            sessions.artifacts.for_result(result).content("/workspace/out/sum.txt").read()
            == result.output_text.encode()
        )
        (known,) = sessions.artifacts.list(made.id, environment_id=made.environment.id)
        assert (known.path, known.turn_id) == ("/workspace/out/sum.txt", result.turn_id)
        assert sessions.artifacts.retrieve(known.id, session_id=made.id) == known
        house.app.world.skew += REST + 1
        user.models.list()
        house.app.world.skew += EXPIRY + 1
        assert user.beta.agents.environments.retrieve(made.environment.id).status == "expired"
        assert sessions.artifacts.content(known.id, session_id=made.id).read() == result.output_text.encode()
        sessions.artifacts.delete(known.id, session_id=made.id)
        assert not list(sessions.artifacts.list(made.id))
        with sessions.stream(made.id, input=asked) as stream:
            stream.until_done()
        assert sessions.turns.list(made.id).data[0].error.code == "sandbox_error"


def test_a_session_takes_a_prepared_environment_once(user: openai.OpenAI) -> None:
    made = user.beta.agents.environments.create(environment=HOSTED)
    until(lambda: user.beta.agents.environments.retrieve(made.id).status == "ready")
    create: Any = user.beta.agents.sessions.create
    given = {"agent": {"model": "gpt-4o"}, "environment": HOSTED | {"environment_id": made.id}, "input": "hello"}
    session = create(**given)
    rested(user, session.id)
    assert session.environment.id == made.id
    assert user.beta.agents.environments.retrieve(made.id).status == "connected"
    with pytest.raises(openai.BadRequestError):
        create(**given)
    user.beta.agents.sessions.delete(session.id)
    with pytest.raises(openai.NotFoundError):
        user.beta.agents.environments.retrieve(made.id)


def test_files_outlive_the_process(tmp_path: Path) -> None:
    setting = Setting(data=tmp_path)
    with Emulator(setting) as house, openai.OpenAI(base_url=house.base_url, api_key="k") as user:
        made = user.beta.agents.environments.create(environment=HOSTED | {"files": [inline("/workspace/a.txt")]})
    with Emulator(setting) as house, openai.OpenAI(base_url=house.base_url, api_key="k") as user:
        assert [file.size_bytes for file in user.beta.agents.environments.files.list(made.id)] == [4]
        house.app.world.skew += 10
        assert user.beta.agents.environments.retrieve(made.id).status == "ready"
