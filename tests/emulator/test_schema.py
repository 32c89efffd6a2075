"""Checks against type nodes: what is accepted, and where a complaint points."""

from __future__ import annotations

from typing import Any

import pytest

from antiphon.emulator.schema import Schema, spelled

TYPES: dict[str, Any] = {
    "Text": ["object", {"type": [["enum", ["text"]], True], "text": ["str", True]}],
    "Image": ["object", {"type": [["enum", ["image"]], True], "url": ["str", True]}],
    "Part": ["union", [["ref", "Text"], ["ref", "Image"]]],
    "Tree": ["object", {"name": ["str", True], "kids": [["list", ["ref", "Tree"]], False]}],
    "Easy": ["object", {"content": ["str", True], "type": [["enum", ["message"]], False]}],
    "Full": [
        "object",
        {"content": [["list", ["ref", "Part"]], True], "type": [["enum", ["message"]], False], "id": ["str", True]},
    ],
    "Item": ["union", [["ref", "Easy"], ["ref", "Full"], ["ref", "Text"]]],
    "Alias": ["ref", "Part"],
}
NULLABLE = ["union", ["float", "null"]]
VECTORS = ["union", ["str", ["list", "str"], ["list", "int"], ["list", ["list", "int"]]]]


def complaint(node: Any, value: Any) -> tuple[str, str] | None:
    found = Schema(TYPES).check(node)(value)
    return None if found is None else (found.code, spelled(found.path))


@pytest.mark.parametrize(
    ("node", "value"),
    [
        ("str", "x"),
        ("int", 3),
        ("float", 3),
        ("float", 0.5),
        ("bool", True),
        ("null", None),
        ("any", object()),
        (NULLABLE, None),
        (NULLABLE, 1),
        (["enum", ["a", "b"]], "b"),
        (["dict", "str"], {"k": "v"}),
        (["ref", "Part"], {"type": "image", "url": "u"}),
        (["ref", "Alias"], {"type": "text", "text": "t"}),
        (["ref", "Tree"], {"name": "a", "kids": [{"name": "b", "kids": []}]}),
        (VECTORS, "a"),
        (VECTORS, ["a"]),
        (VECTORS, [1, 2]),
        (VECTORS, [[1], [2]]),
        (["ref", "Item"], {"content": "easy"}),
        (["ref", "Item"], {"content": [], "type": "message", "id": "1"}),
        (["union", ["str", ["enum", ["auto"]]]], "anything"),
    ],
)
def test_accepts(node: Any, value: Any) -> None:
    assert complaint(node, value) is None


@pytest.mark.parametrize(
    ("node", "value", "expected"),
    [
        ("str", 1, ("invalid_type", "")),
        ("int", True, ("invalid_type", "")),
        ("int", 1.5, ("invalid_type", "")),
        ("float", "1", ("invalid_type", "")),
        ("bool", 0, ("invalid_type", "")),
        (NULLABLE, "x", ("invalid_type", "")),
        (["enum", ["a"]], "b", ("invalid_value", "")),
        (["enum", ["a"]], [], ("invalid_type", "")),
        (["list", "str"], "x", ("invalid_type", "")),
        (["list", "str"], ["x", 1], ("invalid_type", "[1]")),
        (["dict", "str"], {"k": 1}, ("invalid_type", "k")),
        (["dict", "str"], [], ("invalid_type", "")),
        (["ref", "Text"], [], ("invalid_type", "")),
        (["ref", "Text"], {"type": "text"}, ("missing_required_parameter", "text")),
        (["ref", "Text"], {"type": "text", "text": "t", "x": 1}, ("unknown_parameter", "x")),
        (["ref", "Part"], {"text": "t"}, ("missing_required_parameter", "type")),
        (["ref", "Part"], {"type": "video"}, ("invalid_value", "type")),
        (["ref", "Part"], {"type": ["text"]}, ("invalid_value", "type")),
        (["ref", "Tree"], {"name": "a", "kids": [{"name": 1}]}, ("invalid_type", "kids[0].name")),
        (VECTORS, [["a"]], ("invalid_type", "[0][0]")),
        (VECTORS, {}, ("invalid_type", "")),
        (
            ["ref", "Item"],
            {"content": [{"type": "x"}], "type": "message", "id": "1"},
            ("invalid_value", "content[0].type"),
        ),
    ],
)
def test_complains(node: Any, value: Any, expected: tuple[str, str]) -> None:
    assert complaint(node, value) == expected


def test_messages_name_the_place_and_the_choices() -> None:
    found = Schema(TYPES).check(["list", ["ref", "Part"]])([{"type": "video"}])
    assert found is not None
    problem = found.under("input").problem()
    assert (problem.status, problem.param) == (400, "input[0].type")
    assert problem.message == "Invalid value: 'video'. Supported values are: 'text' and 'image'."
    wrong = Schema(TYPES).check(NULLABLE)("hot")
    assert wrong is not None
    assert wrong.under("temperature").problem().message == (
        "Invalid type for 'temperature': expected a decimal, but got a string instead."
    )


def test_unknown_node_is_refused() -> None:
    with pytest.raises(ValueError, match="no check"):
        Schema({}).check(["tuple"])
