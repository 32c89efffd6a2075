"""Deltas of messages: texts are appended, objects merged, list entries found by index."""

from __future__ import annotations

import pytest

from antiphon.core.model import BaseModel
from antiphon.helpers.merging import Merged


def merged(*deltas):
    whole = Merged()
    for delta in deltas:
        whole.add(delta)
    whole.settle()
    return whole.data


@pytest.mark.parametrize(
    ("deltas", "whole"),
    [
        ([{"content": "a"}, {"content": "b"}], {"content": "ab"}),
        ([{"content": ""}, {"content": None}, {"content": "b"}], {"content": "b"}),
        ([{"content": None}, {"content": "b"}], {"content": "b"}),
        ([{"role": "assistant"}, {"role": "assistant"}], {"role": "assistant"}),
        ([{"function_call": {"name": "f", "arguments": ""}}, {"function_call": {"arguments": "{}"}}], {"function_call": {"name": "f", "arguments": "{}"}}),
        ([{"n": 1}, {"n": 2}], {"n": 2}),
        ([{"audio": {"id": "a", "data": "AA"}}, {"audio": {"data": "BB", "expires_at": 3}}], {"audio": {"id": "a", "data": "AABB", "expires_at": 3}}),
        ([{"tags": ["a"]}, {"tags": ["b", 1]}], {"tags": ["a", "b", 1]}),
        ([{"annotations": [{"type": "x", "at": 1}]}, {"annotations": [{"type": "x", "at": 2}]}], {"annotations": [{"type": "x", "at": 1}, {"type": "x", "at": 2}]}),
        ([{"empty": []}], {"empty": []}),
        ([{"reasoning_content": "h"}, {"reasoning_content": "m"}], {"reasoning_content": "hm"}),
    ],
)  # fmt: skip
def test_rules(deltas, whole):
    assert merged(*deltas) == whole


def call(index, arguments, **more):
    return {"index": index, **more, "function": {"arguments": arguments}}


def test_tool_calls_by_index():
    whole = merged(
        {"tool_calls": [call(0, "{", id="a", type="function"), call(0, '"x"')]},
        {"tool_calls": [call(2, "[", id="c", type="function"), call(0, "}")]},
        {"tool_calls": [call(1, "1", id="b", type="function"), call(2, "]", id="c")]},
    )
    assert [(one["id"], one["function"]["arguments"]) for one in whole["tool_calls"]] == [
        ("a", '{"x"}'),
        ("b", "1"),
        ("c", "[]"),
    ]


def test_tool_calls_without_an_index_are_taken_by_position():
    whole = merged(
        {"tool_calls": [{"id": "a", "function": {"arguments": "1"}}]},
        {"tool_calls": [{"function": {"arguments": "2"}}]},
    )
    assert whole["tool_calls"] == [{"id": "a", "function": {"arguments": "12"}}]


class Message(BaseModel):
    tool_calls: list[Call] | None = None


class Call(BaseModel):
    id: str
    index: int


def test_views_over_the_data_see_what_comes_later():
    whole = Merged()
    whole.add({"tool_calls": [call(0, "a", id="x")]})
    view = Message._view(whole.data)
    assert [type(one) for one in view.tool_calls] == [Call]
    whole.add({"tool_calls": [call(1, "b", id="y")], "content": "hi"})
    whole.settle()
    assert [(type(one), one.id) for one in view.tool_calls] == [(Call, "x"), (Call, "y")]
    assert view.content == "hi"


def test_deltas_are_neither_changed_nor_kept():
    delta = {"tool_calls": [call(0, "a", id="x")], "function_call": {"name": "f"}}
    whole = Merged()
    whole.add(delta)
    whole.add({"tool_calls": [call(0, "b")], "function_call": {"name": "g"}})
    whole.settle()
    assert delta == {"tool_calls": [call(0, "a", id="x")], "function_call": {"name": "f"}}


def test_deltas_may_be_views():
    whole = Merged()
    whole.add({"tool_calls": [Call._view({"id": "x", "index": 0})]})
    assert whole.data == {"tool_calls": [{"id": "x", "index": 0}]}
