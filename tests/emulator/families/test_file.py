"""Files: round trips of any size, lists, expiry, refusals."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import httpx
import openai
import pytest

from antiphon.emulator import Emulator, Setting
from antiphon.emulator.families.file import stored
from tests.emulator.asking import Asking

KEY = {"Authorization": "Bearer k"}


@pytest.fixture
def http(server: Emulator) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.base_url, headers=KEY, timeout=60) as made:
        yield made


def upload(http: httpx.Client, name: str = "a.txt", data: bytes = b"hello", **fields: Any) -> httpx.Response:
    return http.post("/files", data={"purpose": "user_data"} | fields, files={"file": (name, data)})


@pytest.mark.operation("files.create", "files.retrieve", "files.content", "files.delete")
def test_round_trip(http: httpx.Client) -> None:
    made = upload(http, "dir/../böse.txt", b"\r\n--x\r\nhello").json()
    assert made == {
        "id": made["id"],
        "object": "file",
        "bytes": 12,
        "created_at": made["created_at"],
        "filename": "böse.txt",
        "purpose": "user_data",
        "status": "processed",
        "status_details": None,
        "expires_at": None,
    }
    assert http.get(f"/files/{made['id']}").json() == made
    content = http.get(f"/files/{made['id']}/content")
    assert content.content == b"\r\n--x\r\nhello"
    assert content.headers["content-type"] == "application/octet-stream"
    assert "filename=" in content.headers["content-disposition"]
    assert http.delete(f"/files/{made['id']}").json() == {"id": made["id"], "object": "file", "deleted": True}
    assert http.get(f"/files/{made['id']}").status_code == 404
    assert http.get(f"/files/{made['id']}/content").status_code == 404


@pytest.mark.operation("files.content")
def test_twenty_megabytes_in_constant_memory() -> None:
    """A generator is uploaded and the download is hashed in pieces; the server never holds more than pieces either."""
    size, piece = 20 * 1024 * 1024, b"0123456789abcdef" * 4096
    mark = "mark"
    head = f'--{mark}\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nbatch\r\n--{mark}\r\n'
    head += 'Content-Disposition: form-data; name="file"; filename="big.jsonl"\r\nContent-Type: text/plain\r\n\r\n'

    def body() -> Iterator[bytes]:
        yield head.encode()
        for _ in range(size // len(piece)):
            yield piece
        yield f"\r\n--{mark}--\r\n".encode()

    with Emulator() as server, httpx.Client(base_url=server.base_url, headers=KEY, timeout=60) as http:
        sent = {"Content-Type": f"multipart/form-data; boundary={mark}"}
        made = http.post("/files", content=body(), headers=sent).json()
        assert made["bytes"] == size
        assert (server.app.world.folder() / made["id"]).stat().st_size == size
        digest, largest = hashlib.sha256(), 0
        with http.stream("GET", f"/files/{made['id']}/content") as reply:
            assert int(reply.headers["content-length"]) == size
            for chunk in reply.iter_raw():
                digest.update(chunk)
                largest = max(largest, len(chunk))
        assert digest.digest() == hashlib.sha256(piece * (size // len(piece))).digest()
        assert largest < size // 4


@pytest.mark.operation("files.list")
def test_lists() -> None:
    with Emulator() as server, httpx.Client(base_url=server.base_url, headers=KEY) as http:
        ids = [upload(http, purpose="batch" if n % 2 else "user_data", name="a.jsonl").json()["id"] for n in range(5)]
        whole = http.get("/files").json()
        assert ([f["id"] for f in whole["data"]], whole["has_more"]) == (ids[::-1], False)
        page = http.get("/files", params={"limit": 2, "order": "asc", "after": ids[0]}).json()
        assert ([f["id"] for f in page["data"]], page["has_more"]) == (ids[1:3], True)
        assert [f["id"] for f in http.get("/files?purpose=batch").json()["data"]] == [ids[3], ids[1]]
        assert http.get("/files?limit=10001").status_code == 400


@pytest.mark.parametrize(
    ("fields", "name", "data", "status", "param"),
    [
        ({"purpose": "nonsense"}, "a", b"x", 400, "purpose"),
        ({"purpose": "batch"}, "a.txt", b"x", 400, "file"),
        ({"purpose": "user_data"}, "a", b"", 400, "file"),
        ({"other": "x"}, "a", b"x", 400, "other"),
        (
            {"expires_after[anchor]": "created_at", "expires_after[seconds]": "5"},
            "a",
            b"x",
            400,
            "expires_after.seconds",
        ),
        ({"expires_after[anchor]": "now", "expires_after[seconds]": "3600"}, "a", b"x", 400, "expires_after.anchor"),
        ({"expires_after[anchor]": "created_at"}, "a", b"x", 400, "expires_after.seconds"),
    ],
)
def test_refusals(http: httpx.Client, fields: dict[str, str], name: str, data: bytes, status: int, param: str) -> None:
    heard = upload(http, name, data, **fields)
    assert (heard.status_code, heard.json()["error"]["param"]) == (status, param)


@pytest.mark.operation("files.create")
def test_refused_bodies_leave_no_file() -> None:
    with Emulator(Setting(max_upload=1000)) as server, httpx.Client(base_url=server.base_url, headers=KEY) as http:
        assert upload(http, data=b"x" * 1001).status_code == 413
        assert http.post("/files", data={"purpose": "user_data"}).status_code == 415
        assert http.post("/files", json={}).status_code == 415
        missing = http.post("/files", files={"purpose": (None, "user_data")})
        assert (missing.status_code, missing.json()["error"]["param"]) == (400, "file")
        broken = http.post("/files", content=b"nothing", headers={"Content-Type": "multipart/form-data; boundary=x"})
        assert broken.status_code == 400
        assert list(server.app.world.folder().iterdir()) == []


@pytest.mark.operation("files.create", "files.retrieve")
def test_expiry() -> None:
    with Emulator() as server, httpx.Client(base_url=server.base_url, headers=KEY) as http:
        fields: dict[str, Any] = {"expires_after[anchor]": "created_at", "expires_after[seconds]": "3600"}
        made = upload(http, **fields).json()
        assert made["expires_at"] == made["created_at"] + 3600
        upload(http, "lasting.txt")
        batch = upload(http, "a.jsonl", purpose="batch").json()
        assert batch["expires_at"] == batch["created_at"] + 30 * 24 * 3600, "input of batches goes after a month"
        server.app.world.skew += 3601
        assert [file["filename"] for file in http.get("/files").json()["data"]] == ["a.jsonl", "lasting.txt"]
        server.app.world.skew += 30 * 24 * 3600
        assert [file["filename"] for file in http.get("/files").json()["data"]] == ["lasting.txt"]
        assert http.get(f"/files/{made['id']}").status_code == 404
        assert len(list(server.app.world.folder().iterdir())) == 1


@pytest.mark.operation("files.list", "files.content")
def test_files_of_the_emulators_own_making_are_files_like_others() -> None:
    with Emulator() as server, httpx.Client(base_url=server.base_url, headers=KEY) as http:
        view = stored(server.app.world, "out.jsonl", "batch_output", b'{"a": 1}\n')
        short = stored(server.app.world, "b.png", "assistants_output", b"x", 3600)
        assert http.get(f"/files/{view['id']}").json() == view
        assert http.get(f"/files/{view['id']}/content").content == b'{"a": 1}\n'
        assert http.get("/files?purpose=batch_output").json()["data"] == [view]
        server.app.world.skew += 3601
        assert [file["id"] for file in http.get("/files").json()["data"]] == [view["id"]]
        assert http.get(f"/files/{short['id']}/content").status_code == 404


def test_an_upload_that_is_broken_off_leaves_nothing(server: Emulator, ask: Asking) -> None:
    before = ask("GET", "/v1/files").json["data"]

    def body() -> Iterator[bytes]:
        yield b'--m\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nabc'
        raise ConnectionAbortedError

    with httpx.Client(base_url=server.base_url, headers=KEY) as http, pytest.raises(ConnectionAbortedError):
        http.post("/files", content=body(), headers={"Content-Type": "multipart/form-data; boundary=m"})
    assert ask("GET", "/v1/files").json["data"] == before


@pytest.mark.operation("files.list", "files.delete")
def test_whoever_deletes_what_a_page_shows_gets_the_next_page(server: Emulator) -> None:
    scoped = {"X-Antiphon-Scope": "walk"}
    with openai.OpenAI(base_url=server.base_url, api_key="k", default_headers=scoped) as client:
        made = [client.files.create(file=(f"{n}.txt", b"x"), purpose="user_data").id for n in range(7)]
        gone = [client.files.delete(file.id).id for file in client.files.list(limit=2)]
        assert gone == made[::-1]
        assert client.files.list().data == []


@pytest.mark.operation("responses.create", "chat.completions.create", "conversations.items.create")
def test_messages_name_files_that_are_there(http: httpx.Client) -> None:
    kept = upload(http).json()["id"]
    conversation = http.post("/conversations", json={}).json()["id"]
    for file, status in ((kept, 200), ("file-none", 404)):
        asked: Any = [
            {"role": "user", "content": [{"type": kind, "file_id": file}]} for kind in ("input_file", "input_image")
        ]
        chat = {"role": "user", "content": [{"type": "file", "file": {"file_id": file}}]}
        refusals = [
            http.post("/responses", json={"model": "gpt-4o", "input": asked[:1]}),
            http.post("/responses", json={"model": "gpt-4o", "input": asked[1:]}),
            http.post(f"/conversations/{conversation}/items", json={"items": asked}),
            http.post("/chat/completions", json={"model": "gpt-4o", "messages": [chat]}),
        ]
        assert [heard.status_code for heard in refusals] == [status] * 4
    assert [heard.json()["error"]["param"] for heard in refusals] == ["input", "input", "items", "messages"]
