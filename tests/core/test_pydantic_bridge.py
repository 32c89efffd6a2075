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
    dumped = envelope.model_dump()
    assert dumped["usage"] == {"input_tokens": 1, "output_tokens": 2}
    assert dumped["calls"][0]["async"] is True
    assert json.loads(envelope.model_dump_json())["item"]["type"] == "message"
    assert envelope.model_dump(exclude_none=True, by_alias=False)["calls"][0]["async_"] is True


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
        assert client.get("/message").json() == message()
        sent = {"type": "call", "name": "n", "arguments": "", "async": True}
        assert client.post("/call", json=sent).json() == [sent, {"input_tokens": 1, "output_tokens": 2, "new": 1}]
        assert client.post("/call", json={"type": "call"}).status_code == 422
        assert "Message" in client.get("/openapi.json").json()["components"]["schemas"]


def test_pydantic_is_not_loaded_by_models() -> None:
    code = (
        "import sys; from antiphon.core.model import BaseModel, caster; from antiphon.core.encode import encode_json\n"
        "class M(BaseModel):\n    a: int\n"
        "encode_json(M(a=1)); M(a=1).model_dump(); M.model_json_schema(); caster(M)({})\n"
        "assert not [name for name in sys.modules if name.startswith('pydantic')]"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
