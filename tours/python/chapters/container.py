"""Containers: files in them, and what is left when nobody used them for long."""

from __future__ import annotations

import openai

from ..tour import Tour


def walk(t: Tour) -> None:
    """The chapter."""
    containers = t.client.containers
    made = containers.create(name="box-1", memory_limit="4g", file_ids=[t.upload("data.csv", "a,b\n")])
    t.same((made.status, made.memory_limit, made.expires_after.minutes), ("running", "4g", 20))
    t.same(containers.retrieve(made.id).name, "box-1")
    t.same([each.id for each in containers.list(name="box-1")], [made.id])
    (copied,) = containers.files.list(made.id)
    t.same((copied.path, copied.bytes), ("/mnt/data/data.csv", 4))
    sent = containers.files.create(made.id, file=("new.txt", b"new"))
    t.same(containers.files.retrieve(sent.id, container_id=made.id).path, "/mnt/data/new.txt")
    t.same(containers.files.content.retrieve(sent.id, container_id=made.id).content, b"new")
    by_id = containers.files.create(made.id, file_id=t.upload("other.csv", "c\n"))
    t.same({file.id for file in containers.files.list(made.id, limit=1)}, {copied.id, sent.id, by_id.id})
    containers.files.delete(copied.id, container_id=made.id)
    t.gone(containers.files.retrieve, copied.id, container_id=made.id)
    t.house.wait(21 * 60)
    t.same(containers.retrieve(made.id).status, "expired")
    t.same(t.refused(openai.BadRequestError, containers.files.list, made.id).code, "container_expired")
    containers.delete(made.id)
    t.gone(containers.retrieve, made.id)
