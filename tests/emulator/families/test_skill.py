"""Skills: bundles of files in versions, one of them the default."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import openai
import pytest

from antiphon.emulator import Emulator, Setting
from antiphon.emulator.families.skill_bundle import front_matter

MANIFEST = "---\nname: pdf-reader\ndescription: >\n  Reads PDFs,\n  page by page.\n---\n\n# How\n"


def manifest(name: str) -> bytes:
    return f'---\nname: "{name}"\ndescription: Does {name}.\n---\n'.encode()


def folder(name: str) -> Any:
    return [(f"{name}/SKILL.md", manifest(name)), (f"{name}/lib/run.py", b"print(1)")]


def zipped(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), data)
    return out.getvalue()


def unzipped(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.operation("skills.create", "skills.retrieve", "skills.content.retrieve", "skills.list")
def test_a_folder_becomes_a_skill(client: openai.OpenAI) -> None:
    made = client.skills.create(files=folder("adder"))
    assert (made.name, made.description) == ("adder", "Does adder.")
    assert (made.default_version, made.latest_version) == ("1", "1")
    assert client.skills.retrieve(made.id) == made
    assert unzipped(client.skills.content.retrieve(made.id).read()) == dict(folder("adder"))
    assert made.id in [known.id for known in client.skills.list()]


@pytest.mark.operation("skills.create")
def test_a_zip_becomes_a_skill(client: openai.OpenAI) -> None:
    data = zipped(SKILL_md=MANIFEST.encode(), notes_txt=b"n")
    made = client.skills.create(files=("skill.zip", data, "application/zip"))
    assert (made.name, made.description) == ("pdf-reader", "Reads PDFs, page by page.")
    assert unzipped(client.skills.content.retrieve(made.id).read()) == {
        "SKILL.md": MANIFEST.encode(),
        "notes.txt": b"n",
    }


@pytest.mark.operation(
    "skills.update",
    "skills.versions.create",
    "skills.versions.retrieve",
    "skills.versions.list",
    "skills.versions.delete",
    "skills.versions.content.retrieve",
)
def test_versions_are_numbered_and_one_is_the_default(client: openai.OpenAI) -> None:
    skill = client.skills.create(files=folder("one"))
    second = client.skills.versions.create(skill.id, files=folder("two"))
    third = client.skills.versions.create(skill.id, files=folder("three"), default=True)
    assert (second.version, third.version, third.skill_id) == ("2", "3", skill.id)
    now = client.skills.retrieve(skill.id)
    assert (now.default_version, now.latest_version, now.name) == ("3", "3", "three")
    assert [known.version for known in client.skills.versions.list(skill.id, order="asc")] == ["1", "2", "3"]
    assert [known.version for known in client.skills.versions.list(skill.id, after=second.id)] == ["1"]
    assert client.skills.versions.retrieve("2", skill_id=skill.id) == second
    content = client.skills.versions.content.retrieve("2", skill_id=skill.id).read()
    assert unzipped(content) == dict(folder("two"))
    changed = client.skills.update(skill.id, default_version="1")
    assert (changed.name, changed.default_version) == ("one", "1")
    with pytest.raises(openai.BadRequestError):
        client.skills.versions.delete("1", skill_id=skill.id)
    gone = client.skills.versions.delete("3", skill_id=skill.id)
    assert (gone.id, gone.version, gone.deleted) == (third.id, "3", True)
    assert client.skills.retrieve(skill.id).latest_version == "2"
    assert client.skills.versions.create(skill.id, files=folder("four")).version == "4"
    with pytest.raises(openai.NotFoundError):
        client.skills.versions.retrieve("3", skill_id=skill.id)
    with pytest.raises(openai.NotFoundError):
        client.skills.update(skill.id, default_version="9")


@pytest.mark.operation("skills.delete", "skills.versions.delete")
def test_deletion_takes_the_bytes_along(tmp_path: Path) -> None:
    with (
        Emulator(Setting(data=tmp_path)) as house,
        openai.OpenAI(base_url=house.base_url, api_key="k", max_retries=0) as client,
    ):
        skill = client.skills.create(files=folder("one"))
        client.skills.versions.create(skill.id, files=folder("two"))
        assert len(list(house.app.world.folder().iterdir())) == 2
        assert client.skills.delete(skill.id).deleted
        assert not list(house.app.world.folder().iterdir())
        with pytest.raises(openai.NotFoundError):
            client.skills.versions.list(skill.id)
        last = client.skills.create(files=folder("last"))
        client.skills.versions.delete("1", skill_id=last.id)
        with pytest.raises(openai.NotFoundError):
            client.skills.retrieve(last.id)


def test_skills_outlive_the_process(tmp_path: Path) -> None:
    setting = Setting(data=tmp_path)
    with Emulator(setting) as house, openai.OpenAI(base_url=house.base_url, api_key="k") as client:
        skill = client.skills.create(files=folder("one"))
    with Emulator(setting) as house, openai.OpenAI(base_url=house.base_url, api_key="k") as client:
        assert client.skills.retrieve(skill.id) == skill
        assert unzipped(client.skills.content.retrieve(skill.id).read()) == dict(folder("one"))
        assert client.skills.versions.create(skill.id, files=folder("two")).version == "2"


@pytest.mark.parametrize(
    "files",
    [
        [("readme.md", b"x")],
        [("a/SKILL.md", manifest("a")), ("b/SKILL.md", manifest("b"))],
        [("a/SKILL.md", manifest("a")), ("b/other.txt", b"")],
        [("a/b/c/SKILL.md", manifest("a"))],
        [("SKILL.md", b"no front matter")],
        [("SKILL.md", b"---\nname: a\n---\n")],
        [("SKILL.md", b"---\nname: a\ndescription: never closed\n")],
        [("SKILL.md", b"\xff\xfe")],
        [("s.zip", zipped(up=b"x")[:-10] + b"0123456789")],
        [("s.zip", zipped(SKILL_md=manifest("a"), **{".." + "__evil": b"x"}))],
    ],
)
def test_what_is_no_skill(client: openai.OpenAI, files: Any) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.skills.create(files=files)
    assert caught.value.param == "files"


def test_front_matter_ends_with_its_dashes() -> None:
    assert front_matter("---\na: 1\nb: 'two'\n---\nc: 3") == {"a": "1", "b": "two"}
    assert front_matter("---\na: |\n  x\n  y\n---") == {"a": "x y"}
    assert front_matter("a: 1") == {}
