"""Skills: bundles of files in versions, one of them the default."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import openai

from ..tour import Tour


def walk(t: Tour) -> None:
    """The chapter."""
    skills = t.client.skills
    made = skills.create(files=_folder("one"))
    t.same((made.name, made.description, made.default_version), ("one", "Does one.", "1"))
    t.same(skills.retrieve(made.id), made)
    t.same(_unzipped(skills.content.retrieve(made.id).content), dict(_folder("one")))
    second = skills.versions.create(made.id, files=_folder("two"))
    third = skills.versions.create(made.id, files=_folder("three"), default=True)
    t.same((second.version, third.version, skills.retrieve(made.id).name), ("2", "3", "three"))
    t.same([each.version for each in skills.versions.list(made.id, order="asc", limit=2)], ["1", "2", "3"])
    t.same(skills.versions.retrieve("2", skill_id=made.id).name, "two")
    t.same(_unzipped(skills.versions.content.retrieve("2", skill_id=made.id).content), dict(_folder("two")))
    t.same(skills.update(made.id, default_version="1").name, "one")
    t.refused(openai.BadRequestError, skills.versions.delete, "1", skill_id=made.id)
    t.same(skills.versions.delete("3", skill_id=made.id).deleted, True)
    t.gone(skills.versions.retrieve, "3", skill_id=made.id)
    t.true(made.id in [each.id for each in skills.list(limit=1)])
    t.same(skills.delete(made.id).deleted, True)
    t.gone(skills.retrieve, made.id)


def _folder(name: str) -> Any:
    manifest = f'---\nname: "{name}"\ndescription: Does {name}.\n---\n'.encode()
    return [(f"{name}/SKILL.md", manifest), (f"{name}/lib/run.py", b"print(1)")]


def _unzipped(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}
