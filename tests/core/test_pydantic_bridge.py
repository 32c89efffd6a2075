"""Our models inside pydantic's and FastAPI's, and pydantic never loaded otherwise."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Annotated, Any

import pytest

pydantic = pytest.importorskip("pydantic")

from antiphon.core.model import BaseModel  # noqa: E402

from .sample_model import Call, Item, Message, Usage, reply  # noqa: E402


class Envelope(pydantic.BaseModel):
    item: Item
    usage: Usage | None = None
    calls: list[Call] = []


def message() -> dict[str, Any]:
    data: Any = reply()
    return data["output"][0]  # type: ignore[no-any-return]


def test_as_a_field_type() -> None:
    data = message()
    envelope = Envelope(
        item=data,
        usage={"input_tokens": 1, "output_tokens": 2},
        calls=[{"type": "call", "name": "n", "arguments": "", "async": True}],
    )
    assert type(envelope.item) is Message
    assert type(envelope.usage) is Usage
    assert envelope.calls[0].async_ is True
    envelope.item.content.clear()
    assert data == message()
    assert json.loads(envelope.model_dump_json())["item"]["type"] == "message"


# What pydantic's own models of the same shape write under each choice, told by themselves.
class OwnUsage(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="allow")

    input_tokens: int
    output_tokens: int
    cost: float | None = None


class OwnCall(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="allow")

    arguments: str
    name: str
    type: str
    async_: bool | None = pydantic.Field(default=None, alias="async")
    parent: Any = None


class OwnEnvelope(pydantic.BaseModel):
    usage: OwnUsage | None = None
    calls: list[OwnCall] = []
    anything: Any = None


class GuestEnvelope(pydantic.BaseModel):
    usage: Usage | None = None
    calls: list[Call] = []
    anything: Any = None


CHOICES: list[dict[str, Any]] = [
    {},
    {"exclude_unset": True},
    {"exclude_none": True},
    {"exclude_defaults": True},
    {"by_alias": True},
    {"by_alias": True, "exclude_unset": True},
    {"mode": "json"},
    {"round_trip": True},
    {"include": {"usage": {"cost", "new"}, "calls": {0: {"name"}}}},
    {"exclude": {"usage": {"cost"}, "calls": {"__all__": {"async_"}}}},
]


@pytest.mark.parametrize("choice", CHOICES)
def test_it_is_written_as_pydantics_own(choice: dict[str, Any]) -> None:
    usage: Any = {"input_tokens": 1, "output_tokens": 2, "new": [1]}
    calls = [
        {"arguments": "", "name": "n", "type": "call", "async": True},
        {"arguments": "", "name": "", "type": "call"},
    ]
    own = OwnEnvelope(usage=usage, calls=calls, anything=OwnCall.model_validate(calls[0]))
    guest = GuestEnvelope(usage=usage, calls=calls, anything=Call.model_validate(calls[0]))
    assert guest.model_dump(**choice) == own.model_dump(**choice)
    written = {name: value for name, value in choice.items() if name != "mode"}
    assert json.loads(guest.model_dump_json(**written)) == json.loads(own.model_dump_json(**written))


def test_where_pydantic_was_told_no_class() -> None:
    call = Call._view({"type": "call", "async": True, "__pydantic_serializer__": 1})
    known = {"arguments": None, "name": None, "type": "call", "async_": True, "parent": None}
    assert pydantic.TypeAdapter(Any).dump_python(call, mode="json") == {**known, "__pydantic_serializer__": 1}
    assert json.loads(pydantic.TypeAdapter(Any).dump_json([call], exclude_unset=True, by_alias=True)) == [
        call.to_dict()
    ]
    call.__pydantic_serializer__ = 2  # type: ignore[assignment]
    assert call.to_dict()["__pydantic_serializer__"] == 2


def test_a_union_names_the_member_that_does_not_fit() -> None:
    with pytest.raises(pydantic.ValidationError) as raised:
        pydantic.TypeAdapter(list[Call | Usage]).validate_python([{"type": "call", "name": 1, "arguments": ""}])
    places = [".".join(map(str, error["loc"])) for error in raised.value.errors()]
    assert [place for place in places if "Call" in place and place.endswith("name")]


def test_an_instance_stays_itself() -> None:
    call = Call._view({"type": "call"})
    assert Envelope(item=call).item is call
    assert pydantic.TypeAdapter(Usage).validate_json('{"input_tokens": 1, "output_tokens": 1, "new": []}').new == []


@pytest.mark.parametrize(
    "data",
    [
        {"item": {"type": "call"}},
        {"item": 5},
        {"item": {"type": "call", "name": 1, "arguments": ""}},
        {"item": {"type": "zz"}},
    ],
)
def test_pydantic_checks_it(data: Any) -> None:
    with pytest.raises(pydantic.ValidationError):
        Envelope(**data)


def test_its_json_schema() -> None:
    schema = Envelope.model_json_schema()
    assert set(schema["$defs"]) == {"Call", "Message", "Refusal", "Text", "Usage"}
    assert "async" in schema["$defs"]["Call"]["properties"]
    assert schema["$defs"]["Usage"]["required"] == ["input_tokens", "output_tokens"]
    assert Envelope.model_json_schema(mode="serialization")["$defs"].keys() == schema["$defs"].keys()


def test_other_values_are_written_as_they_are() -> None:
    envelope = Envelope.model_construct(item="odd", usage=None)
    assert envelope.model_dump()["item"] == "odd"


def test_fastapi() -> None:
    fastapi = pytest.importorskip("fastapi")
    client_room = pytest.importorskip("fastapi.testclient")
    app = fastapi.FastAPI()

    def show() -> Any:
        return Message._view(message())

    def take(call: Any) -> Any:
        return [call, Usage._view({"input_tokens": 1, "output_tokens": 2, "new": 1})]

    show.__annotations__ = {"return": Message}
    take.__annotations__ = {"call": Annotated[Call, fastapi.Body()], "return": list[BaseModel]}
    app.get("/message")(show)
    app.post("/call")(take)
    with client_room.TestClient(app) as client:
        assert client.get("/message").json() == Message._view(message()).model_dump()
        sent = {"type": "call", "name": "n", "arguments": "", "async": True}
        usage = {"input_tokens": 1, "output_tokens": 2, "cost": None, "new": 1}
        assert client.post("/call", json=sent).json() == [{**sent, "parent": None}, usage]
        assert client.post("/call", json={"type": "call"}).status_code == 422
        assert "Message" in client.get("/openapi.json").json()["components"]["schemas"]


def test_a_model_is_the_body_of_a_fastapi_route() -> None:
    fastapi = pytest.importorskip("fastapi")
    client_room = pytest.importorskip("fastapi.testclient")
    app = fastapi.FastAPI()

    def one(call: Any) -> Any:
        return [type(call).__name__, call.async_]

    def perhaps(call: Any = None) -> Any:
        return None if call is None else type(call).__name__

    def several(calls: Any) -> Any:
        return [type(call).__name__ for call in calls]

    one.__annotations__ = {"call": Call}
    perhaps.__annotations__ = {"call": Call | None}
    several.__annotations__ = {"calls": list[Call]}
    for route in (one, perhaps, several):
        app.post(f"/{route.__name__}")(route)
    sent = {"type": "call", "name": "n", "arguments": "", "async": True}
    with client_room.TestClient(app) as client:
        assert client.post("/one", json=sent).json() == ["Call", True]
        refused = client.post("/one", json={**sent, "name": 5})
        assert refused.status_code == 422
        assert [error["loc"] for error in refused.json()["detail"]] == [["body", "name"]]
        assert client.post("/perhaps").json() is None
        assert client.post("/perhaps", json=sent).json() == "Call"
        assert client.post("/several", json=[sent, sent]).json() == ["Call", "Call"]
        told = client.get("/openapi.json").json()
    route = told["paths"]["/one"]["post"]
    assert "parameters" not in route
    assert route["requestBody"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Call"}
    assert {"arguments", "name", "type", "async"} <= told["components"]["schemas"]["Call"]["properties"].keys()


def test_pydantic_is_not_loaded_by_models() -> None:
    code = (
        "import sys; from antiphon.core.model import BaseModel, caster; from antiphon.core.encode import encode_json\n"
        "class M(BaseModel):\n    a: int\n"
        "encode_json(M(a=1)); M(a=1).model_dump(); M.model_json_schema(); caster(M)({})\n"
        "assert not [name for name in sys.modules if name.startswith('pydantic')]"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
