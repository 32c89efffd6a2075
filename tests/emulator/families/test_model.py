"""Models: listed, found, deleted when fine-tuned."""

from __future__ import annotations

from tests.emulator.asking import Asking


def test_list_and_retrieve(ask: Asking) -> None:
    listed = ask("GET", "/v1/models").json
    assert listed["object"] == "list"
    names = [model["id"] for model in listed["data"]]
    assert {"gpt-4o", "gpt-5.5", "text-embedding-3-large", "ft:gpt-4o:house::1"} <= set(names)
    assert ask("GET", "/v1/models/gpt-4o").json == next(model for model in listed["data"] if model["id"] == "gpt-4o")


def test_models_that_do_something_else_are_known_and_do_not_answer(ask: Asking) -> None:
    for name in ("omni-moderation-latest", "gpt-image-1", "whisper-1", "tts-1", "sora-2", "text-embedding-3-small"):
        assert ask("GET", f"/v1/models/{name}").json["id"] == name
        body = {"model": name, "messages": [{"role": "user", "content": "Hi"}]}
        assert ask("POST", "/v1/chat/completions", body).status == 404


def test_only_fine_tuned_models_can_be_deleted(ask: Asking) -> None:
    name = "ft:gpt-4o:house::2"
    assert ask("DELETE", "/v1/models/gpt-4o").status == 403
    assert ask("DELETE", "/v1/models/none").status == 404
    deleted = ask("DELETE", f"/v1/models/{name.replace(':', '%3A')}")
    assert deleted.json == {"id": name, "object": "model", "deleted": True}
    assert ask("DELETE", f"/v1/models/{name}").status == 404
