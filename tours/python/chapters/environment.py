"""Environments of agents: prepared, filled, written to by turns, expired; and the templates they begin with."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import openai

from ..tour import Tour

HOSTED: Any = {"type": "openai_hosted"}


def walk(t: Tour) -> None:
    """The chapter."""
    _files(t)
    _templates(t)
    _artifacts(t)


def _inline(path: str, data: bytes = b"data") -> Any:
    return {"type": "inline", "path": path, "data": b64encode(data).decode()}


def _files(t: Tour) -> None:
    environments = t.client.beta.agents.environments
    made = environments.create(environment=HOSTED | {"env": {"KEY": "hush"}, "files": [_inline("/workspace/a.txt")]})
    t.same((made.status, "hush" in made.to_json()), ("pending", False))
    t.same(t.settled(lambda: environments.retrieve(made.id), "pending").status, "ready")
    t.same(environments.files.create(made.id, **_inline("/workspace/dir/b.txt", b"longer")).size_bytes, 6)
    source = t.upload("x.bin", "12")
    t.same(environments.files.create(made.id, type="file_id", file_id=source, path="/workspace/x.bin").size_bytes, 2)
    paths = ["/workspace/a.txt", "/workspace/dir/b.txt", "/workspace/x.bin"]
    t.same([file.path for file in environments.files.list(made.id, order="asc", limit=2)], paths)
    t.refused(openai.BadRequestError, environments.files.create, made.id, **_inline("/etc/passwd"))
    t.true(made.id in [known.id for known in environments.list(limit=1)])
    t.house.wait(86_400)
    t.true(environments.retrieve(made.id).status in ("suspended", "expired"))
    t.house.wait(60 * 86_400)
    t.same(environments.retrieve(made.id).status, "expired")
    t.refused(openai.BadRequestError, environments.files.list, made.id)


def _templates(t: Tour) -> None:
    environments, templates = t.client.beta.agents.environments, t.client.beta.agents.environments.templates
    made = templates.create(name="base", files=[_inline("/workspace/a.txt")], setup_commands=[{"command": "hush"}])
    t.same((made.name, "hush" in made.to_json()), ("base", False))
    changed = templates.update(made.id, packages={"python": ["numpy"]})
    t.same((changed.packages.python, changed.files), (["numpy"], made.files))
    t.same(templates.retrieve(made.id), changed)
    t.same([known.id for known in templates.list()], [made.id])
    begun = environments.create(environment=HOSTED | {"environment_template_id": made.id})
    t.same([file.path for file in environments.files.list(begun.id)], ["/workspace/a.txt"])
    t.same(templates.delete(made.id).deleted, True)
    t.gone(templates.retrieve, made.id)


def _artifacts(t: Tour) -> None:
    sessions = t.client.beta.agents.sessions
    asked = "what is 2 + 3? Write it into /workspace/out/sum.txt please"
    made = sessions.create(agent={"model": "gpt-4o"}, environment=HOSTED, input=None)
    with sessions.stream(made.id, input=asked) as stream:
        result = stream.get_final_result()
    (known,) = sessions.artifacts.list(made.id)
    t.same((known.path, known.turn_id), ("/workspace/out/sum.txt", result.turn_id))
    t.same(sessions.artifacts.retrieve(known.id, session_id=made.id), known)
    t.same(sessions.artifacts.content(known.id, session_id=made.id).content.decode(), result.output_text)
    sessions.artifacts.delete(known.id, session_id=made.id)
    t.same(list(sessions.artifacts.list(made.id)), [])
