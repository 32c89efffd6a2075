"""Files: any bytes come back as they were, lists go by purpose, and what shall expire does."""

from __future__ import annotations

import io

import openai

from ..tour import Tour


def walk(t: Tour) -> None:
    """The chapter."""
    files = t.client.files
    data = bytes(range(256)) * 4096
    made = files.create(file=("data.bin", io.BytesIO(data)), purpose="user_data")
    t.same((made.bytes, made.filename, made.purpose, made.status), (len(data), "data.bin", "user_data", "processed"))
    t.same(files.retrieve(made.id), made)
    t.same(files.content(made.id).content, data)
    more = [t.upload(f"{n}.txt", f"text {n}", "assistants") for n in range(3)]
    t.same([file.id for file in files.list(purpose="assistants", limit=2, order="asc")][-3:], more)
    t.true(made.id in [file.id for file in files.list(purpose="user_data", limit=1)])
    t.same(files.wait_for_processing(made.id).status, "processed")
    short = files.create(
        file=("a.jsonl", b"{}\n"), purpose="batch", expires_after={"anchor": "created_at", "seconds": 3600}
    )
    t.same(short.expires_at, short.created_at + 3600)
    t.house.wait(3601)
    t.gone(files.retrieve, short.id)
    t.same(files.delete(made.id).deleted, True)
    t.gone(files.content, made.id)
    t.refused(openai.BadRequestError, files.create, file=("a.txt", b"x"), purpose="nonsense")
