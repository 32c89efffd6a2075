"""What two descriptions do not share is listed, each side by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from codegen.__main__ import main
from codegen.description import load
from codegen.drift import drift

from .conftest import Api

PET = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "object": {"const": "pet"},
        "data": {"type": "object"},
        "async": {"type": "boolean"},
        "kind": {"anyOf": [{"$ref": "#/components/schemas/Kind"}, {"type": "null"}]},
    },
}
BORN = {
    "allOf": [
        {"$ref": "#/components/schemas/Pet"},
        {"type": "object", "properties": {"object": {"const": "pet"}, "at": {"type": "integer"}}},
    ]
}


@pytest.fixture
def document() -> dict[str, Any]:
    """An OpenAPI document that says the same as the small description."""
    pet = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}}}
    event = {"schema": {"oneOf": [{"$ref": "#/components/schemas/Born"}, {"$ref": "#/components/schemas/Pet"}]}}
    body = {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "kind": {"$ref": "#/components/schemas/Kind"},
            "stream": {"type": "boolean"},
        },
    }
    both = {"content": {**pet["content"], "text/event-stream": event}}
    whole = {
        "paths": {
            "/pets": {
                "post": {
                    "requestBody": {"content": {"application/json": {"schema": body}}},
                    "responses": {"200": both},
                },
                "get": {"parameters": [{"name": "limit", "in": "query", "schema": {"type": "integer"}}]},
            },
            "/pets/{id}": {"delete": {}},
        },
        "components": {"schemas": {"Pet": PET, "Born": BORN, "Kind": {"type": "string", "enum": ["cat", "dog"]}}},
    }
    copied: dict[str, Any] = json.loads(json.dumps(whole))
    return copied


def test_the_same(api: Api, document: dict[str, Any]) -> None:
    assert drift(load(api.folder), document) == []


def test_operations(api: Api, document: dict[str, Any]) -> None:
    document["paths"]["/pets/{id}"] = {"get": {}}
    assert drift(load(api.folder), document) == [
        "GET /pets/{}: api lacks the operation",
        "DELETE /pets/{}: document lacks the operation",
    ]


def test_arguments(api: Api, document: dict[str, Any]) -> None:
    document["paths"]["/pets"]["get"]["parameters"].append({"name": "after", "in": "query", "schema": {}})
    body = document["paths"]["/pets"]["post"]["requestBody"]["content"]["application/json"]["schema"]["properties"]
    del body["stream"]
    assert drift(load(api.folder), document) == [
        "pets.list query: api lacks the field 'after'",
        "pets.create body: document lacks the field 'stream'",
    ]


def test_fields_by_their_api_names(api: Api, document: dict[str, Any]) -> None:
    fields = document["components"]["schemas"]["Pet"]["properties"]
    fields["colour"] = {"type": "string"}
    del fields["async"]
    assert drift(load(api.folder), document)[:2] == [
        "pets.pet:Pet: api lacks the field 'colour'",
        "pets.pet:Pet: document lacks the field 'async'",
    ]


def test_constant_values(api: Api, document: dict[str, Any]) -> None:
    document["components"]["schemas"]["Kind"]["enum"] = ["cat", "fish"]
    assert drift(load(api.folder), document) == [
        "pets.pet:Kind: api lacks the value 'fish'",
        "pets.pet:Kind: document lacks the value 'dog'",
        "pets.pet:Pet.kind: api lacks the value 'fish'",
        "pets.pet:Pet.kind: document lacks the value 'dog'",
    ]


def test_variants_of_a_union(api: Api, document: dict[str, Any]) -> None:
    document["components"]["schemas"]["Ghost"] = {"type": "object", "properties": {"object": {"const": "ghost"}}}
    events = document["paths"]["/pets"]["post"]["responses"]["200"]["content"]["text/event-stream"]["schema"]
    events["oneOf"].append({"$ref": "#/components/schemas/Ghost"})
    assert drift(load(api.folder), document) == ["pets.pet_event:PetEvent: api lacks the variant 'ghost'"]


def test_the_command(api: Api, document: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(document))
    assert main(["--api", str(api.folder), "drift", str(path)]) == 0
    assert capsys.readouterr().out == "0 differences\n"
    document["paths"]["/cats"] = {"get": {}}
    path.write_text(json.dumps(document))
    assert main(["--api", str(api.folder), "drift", str(path)]) == 1
    assert capsys.readouterr().out == "GET /cats: api lacks the operation\n1 differences\n"
