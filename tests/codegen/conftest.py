"""A description small enough to read, on disk as `api/` is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

FACTS: dict[str, Any] = {
    "namespace": "pets",
    "operations": {
        "pets.create": {
            "class": "Pets",
            "module": "pets.pets",
            "params": [
                {"name": "name", "type": "str", "required": True},
                {"name": "kind", "type": "pets.pet:Kind", "required": False},
                {"name": "stream", "type": "Literal[False] | Literal[True] | None", "required": False},
            ],
            "returns": "pets.pet:Pet | Stream[pets.pet_event:PetEvent]",
            "variants": [
                {"required": ["name"], "stream": "Literal[False] | Omit | None", "returns": "pets.pet:Pet"},
                {
                    "required": ["name", "stream"],
                    "stream": "Literal[True]",
                    "returns": "Stream[pets.pet_event:PetEvent]",
                },
            ],
            "verb": "POST",
            "path": "/pets",
            "body": "json",
            "body_fields": ["name", "kind", "stream"],
            "security": "{'bearer_auth': True}",
            "response": "pets.pet:Pet",
            "event": "pets.pet_event:PetEvent",
        },
        "pets.list": {
            "class": "Pets",
            "module": "pets.pets",
            "params": [{"name": "limit", "type": "int", "required": False}],
            "returns": "SyncPage[pets.pet:Pet]",
            "page": "SyncPage",
            "item": "pets.pet:Pet",
            "verb": "GET",
            "path": "/pets",
            "query": ["limit"],
            "security": "{'admin_api_key_auth': True}",
        },
        "pets.delete": {
            "class": "Pets",
            "module": "pets.pets",
            "params": [{"name": "pet_id", "type": "str", "required": True, "positional": True}],
            "returns": "None",
            "verb": "DELETE",
            "path": "/pets/{pet_id}",
            "security": "{'bearer_auth': True}",
            "response": "NoneType",
            "deprecated": True,
        },
    },
    "types": {
        "pets.pet:Kind": {"kind": "alias", "type": "str | Literal['cat', 'dog']"},
        "pets.pet:Pet": {
            "kind": "model",
            "fields": [
                {"name": "id", "type": "str", "required": True},
                {"name": "object", "type": "Literal['pet']", "required": True},
                {"name": "data", "type": "dict[str, object] | None", "required": False},
                {"name": "async_", "type": "bool", "required": False, "alias": "async"},
                {"name": "kind", "type": "pets.pet:Kind | None", "required": False},
            ],
        },
        "pets.pet_event:PetEvent": {
            "kind": "alias",
            "type": "pets.pet_event:Born | pets.pet:Pet",
            "discriminator": "object",
        },
        "pets.pet_event:Born": {
            "kind": "model",
            "bases": ["pets.pet:Pet"],
            "fields": [{"name": "at", "type": "int", "required": True}],
        },
        "pets.pet_create_params:Kind": {
            "kind": "params",
            "fields": [
                {"name": "name", "type": "str", "required": True},
                {"name": "pets", "type": "Iterable[pets.pet:Kind]", "required": False},
            ],
        },
        "pets.pet_create_params:Owner": {
            "kind": "params",
            "fields": [{"name": "name", "type": "str", "required": True}],
        },
        "pets.pet_create_params:_Reserved": {
            "kind": "params",
            "fields": [{"name": "async", "type": "bool", "required": False}],
        },
    },
}

OVERLAY: dict[str, Any] = {
    "operations": {"pets.delete": {"deprecation": "pets are for ever", "reason": "our words"}},
    "types": {},
    "resources": {},
    "packages": {},
    "variables": {},
    "pages": {},
    "reference": {"pets": "pets"},
    "names": {
        "Stream": {"module": "streaming", "async": "AsyncStream"},
        "SyncPage": {"module": "pagination", "async": "AsyncPage"},
        "AsyncPaginator": {"module": "pagination"},
        "Headers": {"module": "core.argument"},
        "Query": {"module": "core.argument"},
        "Body": {"module": "core.argument"},
        "Omit": {"module": "core.omit"},
        "NotGiven": {"module": "core.omit"},
        "Timeout": {"module": "core.timeout"},
        "Iterable": {"module": "collections.abc"},
    },
}

EXPORTS = {"pets": {"Pet": "pets.pet:Pet", "PetEvent": "pets.pet_event:PetEvent"}}


class Api:
    """The folder, and a way to change what it says."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.facts, self.overlay, self.exports = (json.loads(json.dumps(x)) for x in (FACTS, OVERLAY, EXPORTS))
        self.save()

    def save(self) -> Path:
        """Write it down."""
        for name, content in (("pets", self.facts), ("overlay", self.overlay), ("exports", self.exports)):
            (self.folder / f"{name}.json").write_text(json.dumps(content))
        return self.folder


@pytest.fixture
def api(tmp_path: Path) -> Api:
    """A small description on disk."""
    folder = tmp_path / "api"
    folder.mkdir()
    return Api(folder)
