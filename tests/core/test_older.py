"""Older names and pydantic's marks, compared with the official package's models."""

from __future__ import annotations

import json
from typing import Any

import pytest
from openai.types import Batch as OfficialBatch
from openai.types import Model as OfficialModel
from openai.types.chat import ChatCompletionMessage as OfficialMessage

from antiphon.core.model import BaseModel, ValidationError
from antiphon.types import Batch, Model
from antiphon.types.chat import ChatCompletionMessage

PAIRS: list[tuple[Any, Any, dict[str, Any]]] = [
    (Model, OfficialModel, {"id": "m", "object": "model", "created": 1, "owned_by": "me", "new": [1]}),
    (ChatCompletionMessage, OfficialMessage, {"role": "assistant", "content": "hi", "new": {"a": 1}}),
    (
        Batch,
        OfficialBatch,
        {
            "id": "b",
            "completion_window": "24h",
            "created_at": 1,
            "endpoint": "/v1/responses",
            "input_file_id": "f",
            "object": "batch",
            "status": "failed",
            "errors": {"data": [{"code": "c"}]},
        },
    ),
]
pytestmark = [
    pytest.mark.parametrize(("ours", "official", "data"), PAIRS),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


@pytest.mark.parametrize(
    "made",
    [
        lambda kind, data: kind.parse_obj(data),
        lambda kind, data: kind.validate(data),
        lambda kind, data: kind.parse_raw(json.dumps(data)),
        lambda kind, data: kind.model_validate(kind.construct(**data), from_attributes=True),
        lambda kind, data: kind.model_validate_json(json.dumps(data)),
    ],
)
def test_ways_to_make_one(ours: Any, official: Any, data: dict[str, Any], made: Any) -> None:
    mine = made(ours, data)
    assert type(mine) is ours
    assert mine.model_dump() == made(official, data).model_dump()
    with pytest.raises(ValidationError):
        ours.validate({})


def test_marks(ours: Any, official: Any, data: dict[str, Any]) -> None:
    mine, theirs = ours.construct(**data), official.construct(**data)
    assert list(ours.__fields__) == list(official.__fields__)
    assert mine.__fields_set__ == mine.__pydantic_fields_set__ == theirs.__pydantic_fields_set__
    assert mine.__pydantic_extra__ == theirs.__pydantic_extra__
    assert ours.model_computed_fields == official.model_computed_fields == {}
    assert ours.model_config["extra"] == official.model_config["extra"]
    assert {"properties", "title", "type"} <= json.loads(ours.schema_json()).keys()
    with pytest.raises(AttributeError, match="cannot be set"):
        mine.__pydantic_extra__ = {}


def test_an_instance_is_checked_by_the_method_of_the_same_name(ours: Any, official: Any, data: dict[str, Any]) -> None:
    del official
    assert ours._view(dict(data)).validate().to_dict() == data
    with pytest.raises(ValidationError):
        ours._view({}).validate()


def test_after_making_one(ours: Any, official: Any, data: dict[str, Any]) -> None:
    seen: list[tuple[str, Any]] = []

    def hooked(base: Any) -> Any:
        def model_post_init(self: Any, context: Any, /) -> None:
            seen.append((base.__module__.partition(".")[0], context))

        return type("Hooked", (base,), {"model_post_init": model_post_init, "__module__": __name__})

    for base in (ours, official):
        kind = hooked(base)
        kind(**data)
        kind.model_validate(data, context={"a": 1})
        kind.construct(**data)
    assert [context for name, context in seen if name == "antiphon"] == [None, {"a": 1}]
    assert [context for name, context in seen if name == "openai"] == [None, {"a": 1}]
    assert isinstance(ours(**data, model_post_init=5), BaseModel)
    assert ours.model_validate_strings(data).model_dump() == ours.parse_obj(data).model_dump()
    assert ours.from_orm(ours.construct(**data)) == ours.construct(**data)
