"""Models: listed, found, deleted when fine-tuned."""

from __future__ import annotations

from tests.emulator.asking import Asking


def test_list_and_retrieve(ask: Asking) -> None:
    listed = ask("GET", "/v1/models").json
    assert listed["object"] == "list"
    names = [model["id"] for model in listed["data"]]
    assert {"gpt-4o", "gpt-5.5", "text-embedding-3-large", "ft:gpt-4o:house::1"} <= set(names)
    assert ask("GET", "/v1/models/gpt-4o").json == next(model for model in listed["data"] if model["id"] == "gpt-4o")


def test_only_fine_tuned_models_can_be_deleted(ask: Asking) -> None:
    name = "ft:gpt-4o:house::2"
    assert ask("DELETE", "/v1/models/gpt-4o").status == 403
    assert ask("DELETE", "/v1/models/none").status == 404
    deleted = ask("DELETE", f"/v1/models/{name.replace(':', '%3A')}")
    assert deleted.json == {"id": name, "object": "model", "deleted": True}
    assert ask("DELETE", f"/v1/models/{name}").status == 404
