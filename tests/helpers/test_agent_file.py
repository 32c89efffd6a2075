"""Local files for an agent: what may be chosen, what is uploaded, and what is left when something fails."""

import email
import email.policy
import io
import json
from pathlib import Path

import pytest

import antiphon
from antiphon.errors import BadRequestError, InternalServerError
from antiphon.helpers.agent import AgentFilePreparationError, AgentFileStagingError, PreparedAgentFiles

from .agent_colour import Asynchronous, Blocking
from .conftest import Answer, plain

FAILED = Answer(b'{"error":{"message":"no"}}', status=500)


@pytest.fixture(params=[Blocking(), Asynchronous()], ids=["blocking", "asyncio"])
def colour(request):
    return request.param


def uploaded(number):
    return plain({"id": f"file_{number}", "object": "file", "filename": "x", "purpose": "user_data", "bytes": 1})


def called(server, colour, method, *arguments, answers=None, **named):
    server.answers = [uploaded(1), uploaded(2), uploaded(3)] if answers is None else answers

    async def main(colour, client):
        return await colour.got(getattr(client.beta.agents.environments.files, method)(*arguments, **named))

    return colour.run(server, main)


def parts(asked):
    """The parts of a form: name, file name and content."""
    head = f"Content-Type: {asked.headers['content-type']}\r\n\r\n".encode()
    form = email.message_from_bytes(head + asked.body, policy=email.policy.HTTP)
    return {
        part.get_param("name", header="content-disposition"): (part.get_filename(), part.get_payload(decode=True))
        for part in form.iter_parts()
    }


@pytest.fixture
def here(tmp_path):
    (tmp_path / "a.txt").write_text("A")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "b.txt").write_text("B")
    (tmp_path / "sub" / "c.bin").write_bytes(b"\0\xff")
    return tmp_path


def test_files_are_uploaded_by_destination(server, colour, here):
    files = {"/workspace/x/a.txt": here / "a.txt", "/workspace/b.txt": str(here / "sub" / "b.txt")}
    prepared = called(server, colour, "prepare", files, extra_headers={"X-Own": "1"})
    assert prepared == PreparedAgentFiles(
        files=[
            {"type": "file_id", "file_id": "file_1", "path": "/workspace/x/a.txt"},
            {"type": "file_id", "file_id": "file_2", "path": "/workspace/b.txt"},
        ],
        uploaded_file_ids=["file_1", "file_2"],
    )
    assert [(asked.verb, asked.path, asked.headers["x-own"]) for asked in server.asked] == [
        ("POST", "/v1/files", "1")
    ] * 2
    assert parts(server.asked[0]) == {"purpose": (None, b"user_data"), "file": ("a.txt", b"A")}


def test_a_directory_is_uploaded_by_its_patterns(server, colour, here):
    prepared = called(
        server, colour, "prepare_directory", here, destination="/workspace/d", include=["**/*.txt", "sub/*"]
    )
    assert [item["path"] for item in prepared.files] == [
        "/workspace/d/a.txt",
        "/workspace/d/sub/b.txt",
        "/workspace/d/sub/c.bin",
    ]
    assert parts(server.asked[2])["file"] == ("c.bin", b"\0\xff")


@pytest.mark.parametrize(
    ("file", "name", "content"),
    [
        (lambda here: here / "a.txt", "a.txt", b"A"),
        (lambda here: ("own.md", here / "a.txt", "text/markdown"), "own.md", b"A"),
        (lambda here: ("own.md", b"bytes"), "own.md", b"bytes"),
        (lambda here: io.BytesIO(b"open"), None, b"open"),
    ],
)
def test_one_file_is_uploaded_and_put_into_the_environment(server, colour, here, file, name, content):
    answers = [uploaded(1), plain({"id": "envfile_1", "path": "/workspace/a.txt"})]
    staged = called(server, colour, "upload", "env_1", file=file(here), path="/workspace/a.txt", answers=answers)
    assert (staged.uploaded_file_id, staged.file.id) == ("file_1", "envfile_1")
    found_name, found = parts(server.asked[0])["file"]
    assert found == content
    assert name is None or found_name == name
    assert server.asked[1].path == "/v1/agents/environments/env_1/files"
    assert server.asked[1].json == {"type": "file_id", "file_id": "file_1", "path": "/workspace/a.txt"}


@pytest.mark.parametrize(
    "destination",
    [
        "relative.txt",
        "/etc/passwd",
        "/workspace",
        "/workspace/",
        "/workspace//a",
        "/workspace/./a",
        "/workspace/../a",
        "/workspace/a\\b",
        "/workspace/a\0b",
        "/workspace/.codex/a",
        "/workspace/.managed-agents/a",
        "/workspace/.managed-agents-2/a",
        "/workspace/outputs",
    ],
)
def test_destinations_that_cannot_be(server, colour, here, destination):
    with pytest.raises(ValueError, match=r"workspace|environment|component"):
        called(server, colour, "prepare", {destination: here / "a.txt"})
    with pytest.raises(ValueError, match=r"workspace|environment|component"):
        called(server, colour, "upload", "env_1", file=here / "a.txt", path=destination)
    assert server.asked == []


def test_sources_that_cannot_be(server, colour, here):
    (here / "link").symlink_to(here / "a.txt")
    for source in (here, here / "nothing", here / "link"):
        with pytest.raises(ValueError, match="not a regular file"):
            called(server, colour, "prepare", {"/workspace/a": source})
    with pytest.raises(ValueError, match="not a regular file"):
        called(server, colour, "upload", "env_1", file=here / "link", path="/workspace/a")
    files = {"/workspace/a": here / "a.txt", "/workspace/a/b": here / "a.txt"}
    with pytest.raises(ValueError, match="inside another destination"):
        called(server, colour, "prepare", files)
    with pytest.raises(ValueError, match="environment_id"):
        called(server, colour, "upload", "", file=b"x", path="/workspace/a")
    assert server.asked == []


@pytest.mark.parametrize(
    ("include", "words"),
    [
        ("*.txt", "list of patterns"),
        ([], "list of patterns"),
        ([""], "outside"),
        (["../*"], "outside"),
        (["/etc/*"], "outside"),
        (["*.none"], "no file matches"),
        (["linked/*"], "symbolic link"),
        (["*.link"], "symbolic link"),
    ],
)
def test_patterns_that_cannot_be(server, colour, here, include, words):
    (here / "linked").symlink_to(here / "sub")
    (here / "a.link").symlink_to(here / "a.txt")
    with pytest.raises(ValueError, match=words):
        called(server, colour, "prepare_directory", here, destination="/workspace/d", include=include)
    assert server.asked == []


def test_a_directory_must_be_one(server, colour, here):
    (here / "linked").symlink_to(here / "sub")
    for root in (here / "a.txt", here / "linked", here / "nothing"):
        with pytest.raises(ValueError, match="not a directory"):
            called(server, colour, "prepare_directory", root, destination="/workspace/d", include=["*"])


def test_one_key_cannot_serve_several_uploads(server, colour, here):
    files = {"/workspace/a": here / "a.txt", "/workspace/b": here / "a.txt"}
    with pytest.raises(ValueError, match="Idempotency-Key"):
        called(server, colour, "prepare", files, extra_headers={"idempotency-key": "k"})
    called(server, colour, "prepare", {"/workspace/a": here / "a.txt"}, extra_headers={"idempotency-key": "k"})
    assert server.asked[0].headers["idempotency-key"] == "k"


def test_a_file_that_changes_is_not_uploaded(server, colour, here):
    grown = here / "sub" / "b.txt"

    def answer_and_grow():
        grown.write_text("B, and more")
        return uploaded(1)

    class Late:
        def __getattr__(self, name):
            return getattr(answer_and_grow(), name)

    files = {"/workspace/a": here / "a.txt", "/workspace/b": grown}
    with pytest.raises(AgentFilePreparationError) as raised:
        called(server, colour, "prepare", files, answers=[Late(), uploaded(2)])
    assert raised.value.prepared.uploaded_file_ids == ["file_1"]
    assert "changed after it was chosen" in str(raised.value.__cause__)
    assert len(server.asked) == 1


def test_what_was_uploaded_is_in_the_errors(server, colour, here):
    files = {"/workspace/a": here / "a.txt", "/workspace/b": here / "a.txt"}
    with pytest.raises(AgentFilePreparationError, match="only 1 file") as prepared:
        called(server, colour, "prepare", files, answers=[uploaded(1), FAILED])
    assert prepared.value.prepared.uploaded_file_ids == ["file_1"]
    assert isinstance(prepared.value.__cause__, InternalServerError)
    refused = Answer(json.dumps({"error": {"message": "no"}}).encode(), status=400)
    with pytest.raises(AgentFileStagingError) as staged:
        called(server, colour, "upload", "env_1", file=b"x", path="/workspace/a", answers=[uploaded(1), refused])
    assert staged.value.uploaded_file_id == "file_1"
    assert isinstance(staged.value.__cause__, BadRequestError)


def test_an_interrupt_carries_what_was_uploaded(server, here, monkeypatch):
    real = Path.open
    opened = []

    def interrupted(self, *arguments, **named):
        opened.append(self)
        if len(opened) == 2:
            raise KeyboardInterrupt
        return real(self, *arguments, **named)

    monkeypatch.setattr(Path, "open", interrupted)
    server.answers = [uploaded(1)]
    files = {"/workspace/a": here / "a.txt", "/workspace/b": here / "a.txt"}
    with antiphon.OpenAI(api_key="sk-test", base_url=server.url) as client, pytest.raises(KeyboardInterrupt) as raised:
        client.beta.agents.environments.files.prepare(files)
    assert raised.value.prepared.uploaded_file_ids == ["file_1"]
