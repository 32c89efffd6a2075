"""Uploads: parts joined in order, sizes and sums checked, cancelled, expired, kept through a restart."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from antiphon.emulator import Emulator, Setting

KEY = {"Authorization": "Bearer k"}
PARTS = (b"first,", b"second,", b"third")
WHOLE = b"".join(PARTS)


def begin(client: openai.OpenAI, size: int = len(WHOLE), **more: Any) -> openai.types.Upload:
    given: dict[str, Any] = {"filename": "a.csv", "mime_type": "text/csv", "purpose": "user_data"}
    return client.uploads.create(bytes=size, **given | more)


def add(client: openai.OpenAI, upload: str, data: bytes) -> str:
    part = client.uploads.parts.create(upload, data=data)
    assert (part.object, part.upload_id) == ("upload.part", upload)
    return part.id


def connected(server: Emulator) -> openai.OpenAI:
    return openai.OpenAI(base_url=server.base_url, api_key="k", max_retries=0)


def folder(server: Emulator) -> list[str]:
    return sorted(path.name for path in server.app.world.folder().iterdir())


@pytest.mark.operation("uploads.create", "uploads.parts.create", "uploads.complete")
def test_parts_are_joined_in_the_order_named() -> None:
    with Emulator() as server, connected(server) as client:
        upload = begin(client)
        assert (upload.status, upload.file, upload.bytes) == ("pending", None, len(WHOLE))
        assert upload.expires_at == upload.created_at + 3600
        third, first, second = (add(client, upload.id, PARTS[place]) for place in (2, 0, 1))
        sum_ = hashlib.md5(WHOLE, usedforsecurity=False).hexdigest()
        done = client.uploads.complete(upload.id, part_ids=[first, second, third], md5=sum_)
        assert done.status == "completed"
        assert done.file is not None
        assert (done.file.filename, done.file.bytes, done.file.purpose) == ("a.csv", len(WHOLE), "user_data")
        assert client.files.content(done.file.id).content == WHOLE
        assert client.files.retrieve(done.file.id) == done.file
        assert folder(server) == [done.file.id], "the parts are gone"
        with pytest.raises(openai.BadRequestError, match="completed"):
            add(client, upload.id, b"more")


@pytest.mark.operation("uploads.complete")
def test_what_does_not_fit_is_refused_and_can_be_tried_again(client: openai.OpenAI) -> None:
    upload, other = begin(client), begin(client)
    ids = [add(client, upload.id, data) for data in PARTS]
    foreign = add(client, other.id, PARTS[0])
    sum_ = hashlib.md5(WHOLE, usedforsecurity=False).hexdigest()
    refused: list[tuple[list[str], str, str]] = [
        ([], sum_, "empty_array"),
        (ids[:2], sum_, "bytes_mismatch"),
        ([*ids, ids[0]], sum_, "duplicate_part_id"),
        ([foreign, *ids[1:]], sum_, "part_not_found"),
        ([*ids[:2], "part_none"], sum_, "part_not_found"),
        (ids[::-1], sum_, "md5_mismatch"),
        (ids, "0" * 32, "md5_mismatch"),
    ]
    for part_ids, md5, code in refused:
        with pytest.raises(openai.BadRequestError) as caught:
            client.uploads.complete(upload.id, part_ids=part_ids, md5=md5)
        assert caught.value.code == code
    assert client.uploads.complete(upload.id, part_ids=ids, md5=sum_.upper()).status == "completed"


@pytest.mark.operation("uploads.cancel", "uploads.parts.create")
def test_a_cancelled_one_takes_its_parts_with_it() -> None:
    with Emulator() as server, connected(server) as client:
        upload = begin(client)
        part = add(client, upload.id, WHOLE)
        assert folder(server) == [part]
        assert client.uploads.cancel(upload.id).status == "cancelled"
        assert folder(server) == []
        for again in (
            lambda: client.uploads.cancel(upload.id),
            lambda: client.uploads.complete(upload.id, part_ids=[part]),
            lambda: client.uploads.parts.create(upload.id, data=b"x"),
        ):
            with pytest.raises(openai.BadRequestError, match="cancelled"):
                again()
        with pytest.raises(openai.NotFoundError):
            client.uploads.cancel("upload_none")


@pytest.mark.operation("uploads.create")
def test_an_hour_later_it_has_expired() -> None:
    with Emulator() as server, connected(server) as client:
        upload = begin(client)
        add(client, upload.id, WHOLE)
        server.app.world.skew += 3599
        add(client, upload.id, WHOLE)
        server.app.world.skew += 2
        client.models.list()  # whatever is asked next
        assert folder(server) == []
        with pytest.raises(openai.BadRequestError, match="expired"):
            client.uploads.cancel(upload.id)


@pytest.mark.operation("uploads.create")
@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"bytes": 0}, "bytes"),
        ({"bytes": 8 * 1024**3 + 1}, "bytes"),
        ({"purpose": "batch"}, "filename"),
        ({"filename": ""}, "filename"),
        ({"purpose": "nonsense"}, "purpose"),
        ({"expires_after": {"anchor": "created_at", "seconds": 5}}, "expires_after.seconds"),
    ],
)
def test_refusals(client: openai.OpenAI, more: dict[str, Any], param: str) -> None:
    given: dict[str, Any] = {"bytes": 5, "filename": "a", "mime_type": "text/plain", "purpose": "user_data"} | more
    with pytest.raises(openai.BadRequestError) as caught:
        client.uploads.create(**given)
    assert caught.value.param == param


@pytest.mark.operation("uploads.complete")
def test_large_parts_and_an_expiry_of_the_file() -> None:
    piece = bytes(range(256)) * 8192
    with Emulator() as server, connected(server) as client:
        upload = begin(client, 3 * len(piece), expires_after={"anchor": "created_at", "seconds": 7200})
        ids = [add(client, upload.id, piece) for _ in range(3)]
        done = client.uploads.complete(upload.id, part_ids=ids)
        assert done.file is not None
        assert done.file.expires_at == done.file.created_at + 7200
        assert client.files.content(done.file.id).content == piece * 3
        server.app.world.skew += 7201
        with pytest.raises(openai.NotFoundError):
            client.files.retrieve(done.file.id)
        assert folder(server) == []


@pytest.mark.operation("uploads.parts.create", "uploads.complete")
def test_a_restart_loses_no_part(tmp_path: Path) -> None:
    with Emulator(Setting(data=tmp_path)) as server, connected(server) as client:
        upload = begin(client)
        ids = [add(client, upload.id, data) for data in PARTS[:2]]
        left = begin(client)
    with Emulator(Setting(data=tmp_path)) as server, connected(server) as client:
        ids.append(add(client, upload.id, PARTS[2]))
        done = client.uploads.complete(upload.id, part_ids=ids)
        assert done.file is not None
        assert client.files.content(done.file.id).content == WHOLE
        server.app.world.skew += 3601
        with pytest.raises(openai.BadRequestError, match="expired"):
            client.uploads.cancel(left.id)


@pytest.mark.operation("uploads.parts.create")
def test_a_part_must_hold_something(server: Emulator, client: openai.OpenAI) -> None:
    upload = begin(client)
    with httpx.Client(base_url=server.base_url, headers=KEY) as http:
        empty = http.post(f"/uploads/{upload.id}/parts", files={"data": ("blob", b"")})
        assert (empty.status_code, empty.json()["error"]["param"]) == (400, "data")
        nowhere = http.post("/uploads/upload_none/parts", files={"data": ("blob", b"x")})
        assert nowhere.status_code == 404
