"""Side by side with the official package: the same JSON through its classes and through ours, over all its types."""

from __future__ import annotations

import copy
import importlib
import inspect
import pkgutil
import random
import warnings
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

openai = pytest.importorskip("openai")

import openai._models as official  # noqa: E402
from openai import types  # noqa: E402
from openai.types import FileObject  # noqa: E402
from openai.types.chat import ChatCompletion, ChatCompletionChunk  # noqa: E402
from openai.types.responses import Response, ResponseStreamEvent  # noqa: E402

from antiphon.core.model import BaseModel, caster  # noqa: E402

from .twin import annotation, sample_model, twin  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")
SHARDS = 8


@cache
def official_classes() -> list[Any]:
    found: dict[type, None] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for info in pkgutil.walk_packages(types.__path__, "openai.types."):
            module = importlib.import_module(info.name)
            for cls in vars(module).values():
                if inspect.isclass(cls) and issubclass(cls, official.BaseModel) and cls.__module__ == module.__name__:
                    found[cls] = None
    return [cls for cls in found if not cls.__pydantic_generic_metadata__["parameters"]]


def renames(cls: Any, seen: set[Any]) -> bool:
    """Whether any field below has an alias: there, the official package shows a value twice."""
    if cls in seen:
        return False
    seen.add(cls)
    fields = cls.model_fields.values()
    return any(info.alias or any(renames(inner, seen) for inner in models_in(info.annotation)) for info in fields)


def models_in(kind: Any) -> list[Any]:
    if inspect.isclass(kind) and issubclass(kind, official.BaseModel):
        return [kind]
    return [model for argument in getattr(kind, "__args__", ()) for model in models_in(argument)]


def generated(cls: Any) -> Any:
    """The generated class of the same name and place."""
    return getattr(importlib.import_module(cls.__module__.replace("openai.", "antiphon.", 1)), cls.__name__)


def compare(cls: Any, ours_of: Callable[[Any], Any], payload: dict[str, Any]) -> None:
    theirs = cls.construct(**copy.deepcopy(payload))
    ours = ours_of(cls)._view(copy.deepcopy(payload))
    assert ours.to_dict() == payload
    if not renames(cls, set()):
        assert theirs.to_dict() == ours.to_dict()
        assert repr(theirs) == repr(ours)
        assert theirs.model_dump_json() == ours.model_dump_json()
        assert theirs.model_extra == ours.model_extra
        for options in (
            {},
            {"by_alias": True, "exclude_none": True},
            {"exclude_defaults": True},
            {"exclude_unset": True},
        ):
            assert theirs.model_dump(**options) == ours.model_dump(**options), options
        assert [name for name, _ in theirs] == [name for name, _ in ours]
    assert theirs.model_fields_set == ours.model_fields_set
    assert ours.to_dict() == payload


@pytest.mark.parametrize("ours_of", [twin, generated])
@pytest.mark.parametrize("shard", range(SHARDS))
def test_every_type(shard: int, ours_of: Callable[[Any], Any]) -> None:
    rng = random.Random(shard)
    for cls in official_classes()[shard::SHARDS]:
        payload = sample_model(cls, rng)
        compare(cls, ours_of, payload)
        assert agreed(cls, ours_of, payload) == "taken"
        ours_of(cls)._view(copy.deepcopy(payload)).validate()
        if payload:
            broken = copy.deepcopy(payload)
            broken[rng.choice(list(broken))] = rng.choice([[], {}, "zz", 5, None, [1], {"type": "zz"}, 1.5, True])
            agreed(cls, ours_of, broken)
            view = ours_of(cls)._view(copy.deepcopy(broken))
            repr(view)
            assert view.to_dict() == broken


def agreed(cls: Any, ours_of: Callable[[Any], Any], payload: dict[str, Any]) -> str:
    """What both constructors say to a payload."""
    theirs = outcome(cls, payload)
    assert outcome(ours_of(cls), payload) == theirs, (cls, payload)
    return theirs


def outcome(cls: Any, payload: dict[str, Any]) -> str:
    try:
        cls(**copy.deepcopy(payload))
    except ValueError:
        return "refused"
    return "taken"


COMPLETION = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1763000000,
    "model": "gpt-4.1",
    "service_tier": "default",
    "choices": [
        {
            "index": 0,
            "finish_reason": "tool_calls",
            "message": {
                "role": "assistant",
                "content": None,
                "refusal": None,
                "annotations": [],
                "tool_calls": [
                    {
                        "id": "call_1",
                        "type": "function",
                        "function": {"name": "weather", "arguments": '{"city":"Wien"}'},
                    },
                    {"id": "call_2", "type": "custom", "custom": {"name": "run", "input": "x"}},
                ],
            },
            "logprobs": {
                "content": [
                    {
                        "token": "Hi",
                        "bytes": [72, 105],
                        "logprob": -0.25,
                        "top_logprobs": [{"token": "Hi", "bytes": None, "logprob": -0.25}],
                    }
                ],
                "refusal": None,
            },
        }
    ],
    "usage": {
        "prompt_tokens": 1,
        "completion_tokens": 2,
        "total_tokens": 3,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
    },
    "provider_extra": {"anything": [1, {"x": None}]},
}


@pytest.mark.parametrize(
    ("cls", "payload"),
    [
        (ChatCompletion, COMPLETION),
        (ChatCompletion, {"error": {"message": "no", "type": "invalid_request_error", "param": None, "code": None}}),
        (ChatCompletion, {}),
        (
            ChatCompletionChunk,
            {"id": "c", "choices": [], "created": 1, "model": "m", "object": "chat.completion.chunk"},
        ),
        (
            FileObject,
            {"id": "file-1", "bytes": 3, "created_at": 1, "filename": "a.txt", "object": "file", "purpose": "batch"},
        ),
    ],
)
def test_payloads_as_servers_send_them(cls: Any, payload: dict[str, Any]) -> None:
    compare(cls, twin, payload)
    compare(cls, generated, payload)


def test_the_classes_chosen_inside_are_the_same() -> None:
    rng = random.Random(5)
    for _ in range(60):
        payload = sample_model(Response, rng, full=0.4)
        theirs, ours = Response.construct(**copy.deepcopy(payload)), twin(Response)._view(copy.deepcopy(payload))
        for item, twin_item in zip(theirs.output, ours.output, strict=True):
            assert type(item).__name__ == type(twin_item).__name__


def test_events() -> None:
    cast = caster(annotation(ResponseStreamEvent))
    rng = random.Random(9)
    variants = ResponseStreamEvent.__args__[0].__args__  # type: ignore[attr-defined]
    assert len(variants) > 40
    for variant in variants:
        payload = sample_model(variant, rng, full=0.3)
        event = cast(payload)
        assert type(event).__name__ == variant.__name__
        assert event.__dict__ is payload
    unknown = cast({"type": "response.from_the_future", "x": 1})
    assert type(unknown) is BaseModel
    assert unknown.x == 1
