"""Uploads: parts joined in the order named, their sum checked, cancelled, expired."""

from __future__ import annotations

import hashlib
from typing import Any

import openai

from ..tour import Tour

PARTS = (b"first,", b"second,", b"third")
WHOLE = b"".join(PARTS)


def walk(t: Tour) -> None:
    """The chapter."""
    _joined(t)
    _ended(t)
    _in_chunks(t)


def _begun(t: Tour, size: int = len(WHOLE)) -> Any:
    return t.client.uploads.create(bytes=size, filename="a.csv", mime_type="text/csv", purpose="user_data")


def _joined(t: Tour) -> None:
    uploads, md5 = t.client.uploads, hashlib.md5(WHOLE, usedforsecurity=False).hexdigest()
    made = _begun(t)
    t.same((made.status, made.bytes, made.expires_at), ("pending", len(WHOLE), made.created_at + 3600))
    third, first, second = (uploads.parts.create(made.id, data=PARTS[place]) for place in (2, 0, 1))
    t.same((first.object, first.upload_id), ("upload.part", made.id))
    refused = [([third.id], md5, "bytes_mismatch"), ([third.id, first.id, second.id], md5, "md5_mismatch")]
    for ids, sum_, code in refused:
        t.same(t.refused(openai.BadRequestError, uploads.complete, made.id, part_ids=ids, md5=sum_).code, code)
    done = uploads.complete(made.id, part_ids=[first.id, second.id, third.id], md5=md5)
    t.same((done.status, done.file.filename, done.file.bytes), ("completed", "a.csv", len(WHOLE)))
    t.same(t.client.files.content(done.file.id).content, WHOLE)
    t.refused(openai.BadRequestError, uploads.parts.create, made.id, data=b"more")


def _ended(t: Tour) -> None:
    uploads = t.client.uploads
    stopped, late = _begun(t), _begun(t)
    part = uploads.parts.create(stopped.id, data=WHOLE)
    t.same(uploads.cancel(stopped.id).status, "cancelled")
    t.refused(openai.BadRequestError, uploads.complete, stopped.id, part_ids=[part.id])
    t.house.wait(3601)
    t.refused(openai.BadRequestError, uploads.parts.create, late.id, data=WHOLE)
    t.gone(uploads.cancel, "upload_none")


def _in_chunks(t: Tour) -> None:
    data = bytes(range(256)) * 8192
    done = t.client.uploads.upload_file_chunked(
        file=data, filename="big.csv", bytes=len(data), mime_type="text/csv", purpose="user_data", part_size=500_000
    )
    t.same((done.status, done.file.bytes), ("completed", len(data)))
    t.same(t.client.files.content(done.file.id).content, data)
