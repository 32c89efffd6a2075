"""Webhooks: delivered to a local receiver when a response and a batch are done, and unwrapped by the package."""

from __future__ import annotations

import json
from typing import Any

import openai

from ..receiver import Receiver, receiving
from ..tour import Tour


def walk(t: Tour) -> None:
    """The chapter."""
    with receiving() as receiver:
        _lived(t, receiver)
        _delivered(t, receiver)
        _rotated(t, receiver)


def _lived(t: Tour, receiver: Receiver) -> None:
    webhooks = t.client.webhooks
    types = webhooks.event_types.list().data
    t.true({"response.completed", "batch.completed", "video.failed"} <= set(types))
    made = webhooks.create(name="all", url=receiver.url, event_types=["video.failed"])
    t.true(made.signing_secret.startswith("whsec_"))
    t.true("signing_secret" not in webhooks.retrieve(made.id).to_dict())
    t.same(webhooks.update(made.id, name="every").name, "every")
    t.same([each.id for each in webhooks.list()], [made.id])
    for kind in types:
        tested = webhooks.test(made.id, event_type=kind)
        t.same((tested.event_type, tested.status_code), (kind, 200))
        told = receiver.next()
        t.same(webhooks.unwrap(told.body, told.headers, secret=made.signing_secret).type, kind)
    t.same(webhooks.delete(made.id).deleted, True)
    t.gone(webhooks.retrieve, made.id)
    wrong: Any = {"name": "x", "url": "ftp://127.0.0.1/", "event_types": ["video.failed"]}
    t.same(t.refused(openai.BadRequestError, webhooks.create, **wrong).param, "url")


def _delivered(t: Tour, receiver: Receiver) -> None:
    webhooks = t.client.webhooks
    kinds: Any = ["response.completed", "batch.completed"]
    made = webhooks.create(name="done", url=receiver.url, event_types=kinds)

    def told() -> tuple[str, str]:
        came = receiver.next()
        event = webhooks.unwrap(came.body, came.headers, secret=made.signing_secret)
        t.same(event.id, came.headers["webhook-id"])
        return event.type, event.data.id

    response = t.client.responses.create(model="gpt-4o", input="Say: hi", background=True)
    t.same(told(), ("response.completed", response.id))
    body = {"model": "gpt-4o", "input": "hi"}
    line = {"custom_id": "a", "method": "POST", "url": "/v1/responses", "body": body}
    batch = t.client.batches.create(
        input_file_id=t.upload("in.jsonl", json.dumps(line), "batch"), endpoint="/v1/responses",
        completion_window="24h",
    )  # fmt: skip
    t.same(told(), ("batch.completed", batch.id))
    webhooks.delete(made.id)


def _rotated(t: Tour, receiver: Receiver) -> None:
    webhooks = t.client.webhooks
    made = webhooks.create(name="turning", url=receiver.url, event_types=["response.completed"])
    turned = webhooks.rotate_secret(made.id, keep_old_secret_active_for_24_hours=True)
    t.true(turned.signing_secret != made.signing_secret)
    t.client.responses.create(model="gpt-4o", input="Say: hi", background=True)
    told = receiver.next()
    for secret in (made.signing_secret, turned.signing_secret):
        t.same(webhooks.unwrap(told.body, told.headers, secret=secret).type, "response.completed")
    t.count += 1
    try:
        webhooks.verify_signature(told.body + b" ", told.headers, secret=turned.signing_secret)
    except openai.InvalidWebhookSignatureError:
        pass
    else:
        raise AssertionError("a changed body was taken")
    webhooks.delete(made.id)
