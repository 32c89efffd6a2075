"""What a hostile or careless caller puts into paths, bodies and parameters: each is refused, and the store stays whole."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from antiphon.emulator import Emulator, Setting
from antiphon.emulator.families import HANDLERS
from tests.emulator.asking import Asking, chat, response

KEY = {"Authorization": "Bearer k"}
CHAT, RESPONSES, EMBEDDINGS = "/v1/chat/completions", "/v1/responses", "/v1/embeddings"
JSON = {"Content-Type": "application/json"}


def shaped(schema: dict[str, Any]) -> dict[str, Any]:
    return response("hi", text={"format": {"type": "json_schema", "name": "x", "schema": schema}})


@pytest.mark.parametrize(
    ("path", "body", "param"),
    [
        (CHAT, chat("x", n=-1), "n"),
        (CHAT, chat("x", n=10**20), "n"),
        (CHAT, chat("x", n=True), "n"),
        (CHAT, chat("x", max_tokens=-1), "max_tokens"),
        (CHAT, chat("x", max_tokens=10**12), "max_tokens"),
        (RESPONSES, response("x", max_output_tokens=10**400), "max_output_tokens"),
        (EMBEDDINGS, {"model": "text-embedding-3-small", "input": "x", "dimensions": 10**23}, "dimensions"),
        (EMBEDDINGS, {"model": "text-embedding-3-small", "input": "x", "dimensions": -1}, "dimensions"),
        (RESPONSES, shaped({"type": "array", "minItems": 9999, "items": {"type": "array", "minItems": 9999}}), None),
        (RESPONSES, shaped({"type": "array", "minItems": 999, "items": {"type": "string", "minLength": 99999}}), None),
    ],
)
def test_numbers_beyond_reason(ask: Asking, path: str, body: dict[str, Any], param: str | None) -> None:
    heard = ask("POST", path, body)
    assert (heard.status, heard.error["param"]) == (400, param)
    assert set(heard.error) == {"message", "type", "param", "code"}


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b'{"model": oops}', "byte 10"),
        (b'{"model": "gpt-4o"} x', "(byte "),
        ('{"model": "\xe9"}'.encode("latin-1"), "byte 11"),
        (b'{"temperature": NaN}', "(byte "),
        (b"\xef\xbb\xbf{}", "byte 0"),
        (b"[" * 1_000_000, "recursion"),
    ],
)
def test_json_that_cannot_be_read_is_pointed_at(ask: Asking, body: bytes, place: str) -> None:
    heard = ask("POST", RESPONSES, body, headers=JSON)
    assert (heard.status, heard.error["code"]) == (400, "invalid_json")
    assert place in heard.error["message"]


@pytest.mark.parametrize(
    "query", ["limit=-1", "limit=0", "limit=10001", "limit=" + "9" * 30, "limit=1e2", "after=../x"]
)
def test_pages_nobody_has(ask: Asking, query: str) -> None:
    assert ask("GET", f"/v1/files?{query}").status == 400


def uploaded(base_url: str, name: str = "a.txt", data: bytes = b"x") -> httpx.Response:
    form = {"purpose": "user_data"}
    return httpx.post(f"{base_url}/files", headers=KEY, data=form, files={"file": (name, data)}, timeout=30)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("/etc/passwd", "passwd"),
        ("..", "upload"),
        ("C:\\\\x\\\\y.txt", "y.txt"),
        ("a" * 999, "a" * 255),
    ],
)
def test_names_of_files_are_only_shown(tmp_path: Path, name: str, kept: str) -> None:
    with Emulator(Setting(data=tmp_path / "data")) as server:
        made = uploaded(server.base_url, name).json()
        assert made["filename"] == kept
        assert [path.name for path in (tmp_path / "data" / "files").iterdir()] == [made["id"]]
        assert [path.name for path in tmp_path.iterdir()] == ["data"]


@pytest.mark.parametrize("id", ["..%2f..%2fsecret", "%2e%2e", ".", "%00", "a" * 3000, "../../secret"])
def test_ids_are_no_paths(tmp_path: Path, id: str) -> None:
    (tmp_path / "secret").write_text("s")
    with Emulator(Setting(data=tmp_path / "a" / "b")) as server:
        asking = Asking(server.base_url)
        assert asking("GET", f"/v1/files/{id}/content").status == 404
        assert asking("DELETE", f"/v1/files/{id}").status == 404
        asking.close()
    assert (tmp_path / "secret").exists()


def test_deleted_twice_and_gone_from_the_folder(tmp_path: Path) -> None:
    with Emulator(Setting(data=tmp_path)) as server:
        first, second = (uploaded(server.base_url).json()["id"] for _ in "ab")
        told = [httpx.delete(f"{server.base_url}/files/{first}", headers=KEY).status_code for _ in "ab"]
        assert told == [200, 404]
        (tmp_path / "files" / second).unlink()
        assert httpx.get(f"{server.base_url}/files/{second}/content", headers=KEY).status_code == 404


def test_files_from_many_sides_and_the_oldest_leave(tmp_path: Path) -> None:
    with Emulator(Setting(data=tmp_path, keep=500)) as server:

        def some(_: int) -> list[str]:
            with httpx.Client(base_url=server.base_url, headers=KEY, timeout=60) as http:
                form, file = {"purpose": "user_data"}, {"file": ("a.txt", b"x")}
                return [http.post("/files", data=form, files=file).json()["id"] for _ in range(150)]

        with ThreadPoolExecutor(4) as pool:
            made = [one for ids in pool.map(some, range(4)) for one in ids]
        assert len(set(made)) == 600
        listed = httpx.get(f"{server.base_url}/files", headers=KEY).json()["data"]
        assert len(listed) == 500
        assert {file["id"] for file in listed} <= set(made)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device here")
def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    with Emulator(Setting(data=tmp_path)) as server:
        (tmp_path / "files").mkdir(exist_ok=True)
        (tmp_path / "files" / "incoming-1").symlink_to("/dev/full")
        heard = uploaded(server.base_url, data=b"x" * 100_000)
        assert (heard.status_code, heard.json()["error"]["code"]) == (507, "storage_failed")
        assert os.listdir(tmp_path / "files") == []
        assert uploaded(server.base_url).status_code == 200


def test_a_folder_that_went_away_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(OSError, match="file"):
        Emulator(Setting(data=tmp_path / "file"))
    with Emulator(Setting(data=tmp_path / "data")) as server:
        (tmp_path / "data" / "files").write_text("x")
        heard = uploaded(server.base_url)
    assert (heard.status_code, heard.json()["error"]["code"]) == (500, "storage_failed")


@pytest.mark.parametrize(
    ("parts", "size", "status"), [(2, 600, 413), (5_001, 0, 413), (1, 900, 200)], ids=["sum", "many", "fits"]
)
def test_an_upload_is_bounded_as_a_whole(parts: int, size: int, status: int, tmp_path: Path) -> None:
    head = 'Content-Disposition: form-data; name="{}"{}\r\n\r\n'
    body = f"--b\r\n{head.format('purpose', '')}assistants\r\n"
    body += f"--b\r\n{head.format('file', '; filename=x')}{'x' * size}\r\n" * parts + "--b--\r\n"
    with Emulator(Setting(max_upload=1_000, data=tmp_path)) as server:
        asking = Asking(server.base_url)
        heard = asking("POST", "/v1/files", body.encode(), headers={"Content-Type": "multipart/form-data; boundary=b"})
        asking.close()
        assert heard.status == status
        assert len(os.listdir(tmp_path / "files")) == (status == 200)


def test_every_family_answers_for_what_is_its_own() -> None:
    assert all(callable(HANDLERS[name]) for name in HANDLERS)
    assert len(HANDLERS) == len(set(HANDLERS)) == len(HANDLERS._found)


def test_numbers_no_encoder_writes_are_the_callers_fault(ask: Asking) -> None:
    raw = json.dumps(chat("x", store=True, seed=10**30)).encode()
    assert ask("POST", CHAT, raw, headers=JSON).status == 400
