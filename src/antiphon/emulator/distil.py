"""Makes `api.json.z`, the emulator's own reading of the API description: `python -m antiphon.emulator.distil API_DIR`.

Knows the description's annotation syntax; keeps what each REST operation accepts and answers. Never runs while serving.
"""

from __future__ import annotations

import ast
import json
import re
import sys
import zlib
from pathlib import Path
from typing import Any, Final, cast

VERBS: Final = frozenset({"GET", "POST", "DELETE", "PUT", "PATCH"})
MODEL_TYPES: Final = (
    "shared.responses_model:ResponsesModel",
    "embedding_model:EmbeddingModel",
    "moderation_model:ModerationModel",
    "image_model:ImageModel",
    "audio_model:AudioModel",
    "audio.speech_model:SpeechModel",
    "video_model:VideoModel",
)
EXTRA_MODELS: Final = ("gpt-3.5-turbo-instruct", "davinci-002", "babbage-002")
# Marked required by the description, yet the API answers requests that leave them out.
NOT_NEEDED: Final = {
    "responses.function_tool_param:FunctionToolParam": ("parameters", "strict"),
    "responses.response_input_image_param:ResponseInputImageParam": ("detail",),
    "responses.response_output_message_param:ResponseOutputMessageParam": ("id", "status"),
    "responses.response_output_text_param:ResponseOutputTextParam": ("annotations",),
}
# What answers hold and the API takes back with the next request, though the description does not say so. Chat completions
# overlook what a client's parser left on a message; responses do not: 'parsed' and 'parsed_arguments' are unknown to them.
_ANY: Final = ["any", False]
_STATUS: Final = [["enum", ["in_progress", "completed", "incomplete"]], False]
_ID: Final = ["str", False]
_GRADER: Final = ["ref", "graders.multi_grader_param:Graders"]
ALSO_TAKEN: Final[dict[str, dict[str, Any]]] = {
    "chat.chat_completion_assistant_message_param:Audio": {"data": _ANY, "expires_at": _ANY, "transcript": _ANY},
    "chat.chat_completion_assistant_message_param:ChatCompletionAssistantMessageParam": {
        "annotations": [["union", [["list", "any"], "null"]], False],
        "parsed": _ANY,
    },
    "chat.chat_completion_message_custom_tool_call_param:ChatCompletionMessageCustomToolCallParam": {"index": _ANY},
    "chat.chat_completion_message_function_tool_call_param:ChatCompletionMessageFunctionToolCallParam": {"index": _ANY},
    "chat.chat_completion_message_function_tool_call_param:Function": {"parsed_arguments": _ANY},
    # Said to be one grader; the API's own examples give several, listed or by name.
    "graders.multi_grader_param:MultiGraderParam": {
        "graders": [["union", [_GRADER, ["list", _GRADER], ["dict", _GRADER]]], True],
    },
    "responses.response_custom_tool_call_param:ResponseCustomToolCallParam": {"status": _STATUS},
    "responses.response_input_item_param:Message": {"id": _ID},
    "responses.response_input_param:Message": {"id": _ID},
}
# Answers whose empty fields come back as nulls when a client writes them all out.
NULLS_TAKEN: Final = frozenset(
    {
        *ALSO_TAKEN,
        "responses.response_function_tool_call_param:ResponseFunctionToolCallParam",
        "responses.response_input_file_param:ResponseInputFileParam",
        "responses.response_input_image_param:ResponseInputImageParam",
        "responses.response_input_text_param:ResponseInputTextParam",
        "responses.response_output_message_param:ResponseOutputMessageParam",
        "responses.response_output_text_param:ResponseOutputTextParam",
        "responses.response_reasoning_item_param:ResponseReasoningItemParam",
    }
)
TARGET: Final = Path(__file__).with_name("api.json.z")

_REFERENCE: Final = re.compile(r"'[^']*'|([A-Za-z_][\w.]*:\w+)")
_TYPE: Final = re.compile(r"[\w.]+(?::\w+)?")
# What a client keeps to itself.
CLIENT_SIDE: Final = frozenset({"output_type", "tool_handlers"})
_SCALARS: Final = {
    "str": "str",
    "StrictStr": "str",
    "StrictBool": "bool",
    "StrictInt": "int",
    "StrictFloat": "float",
    "int": "int",
    "float": "float",
    "bool": "bool",
    "object": "any",
    "None": "null",
    "FileTypes": "file",
    "HttpxBinaryResponseContent": "bytes",
}
_LISTS: Final = frozenset({"list", "Iterable", "Sequence", "List", "SequenceNotStr"})

Node = Any


def distil(folder: Path) -> dict[str, Any]:
    """The operations, the types they reach, and the models, from the description in `folder`."""
    files = [json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.json"))]
    described = [file for file in files if "namespace" in file]
    operations = {name: facts for file in described for name, facts in file.get("operations", {}).items()}
    types = {name: facts for file in described for name, facts in file.get("types", {}).items()}
    reading = Reading(types)
    rest = {name: facts for name, facts in operations.items() if facts.get("verb") in VERBS and not facts.get("helper")}
    bounds = json.loads((folder / "bounds.json").read_text("utf-8"))["bounds"]
    routes = {name: reading.operation(facts) | {"bounds": bounds.get(name, {})} for name, facts in sorted(rest.items())}
    return {"operations": routes, "types": reading.kept(), "models": models(types)}


class Reading:
    """Annotation expressions turned into nodes, with the set of types they name."""

    def __init__(self, types: dict[str, Any]) -> None:
        self._types = types
        self._done: dict[str, Node] = {}

    def operation(self, facts: dict[str, Any]) -> dict[str, Any]:
        params = {p["name"]: p for p in facts["params"]}
        query: set[str] = set(facts.get("query", ()))
        # Where the description names no fields, the body is whatever goes neither into the query nor into the path.
        rest = params.keys() - query - set(re.findall(r"{(\w+)}", facts["path"]))
        body: set[str] = set(facts.get("body_fields", rest if facts.get("body") else ()))
        route = {"verb": facts["verb"], "path": facts["path"], "body": facts.get("body"), "page": facts.get("page")}
        return route | {
            "query": {n: self._field(p) for n, p in params.items() if n in query},
            "fields": {n: self._field(p) for n, p in params.items() if n in body and n not in CLIENT_SIDE},
            "result": self.node(self._answered(facts)),
        }

    def _answered(self, facts: dict[str, Any]) -> str:
        """The type of a whole answer; of a page, its items'."""
        said: str = facts.get("item") or facts.get("response") or facts["returns"]
        if said == "NoneType":
            return "None"
        # Some clients choose the type at run time, or tell of what they make of a stream: what they may return is said too.
        answers = said if _TYPE.fullmatch(said) else facts["returns"]
        return " | ".join(option for option in answers.split(" | ") if "Stream[" not in option)

    def kept(self) -> dict[str, Node]:
        return dict(sorted(self._done.items()))

    def node(self, expression: str) -> Node:
        marked = _REFERENCE.sub(lambda m: f"ref['{m[1]}']" if m[1] else m[0], expression)
        return self._read(ast.parse(marked, mode="eval").body)

    def _field(self, facts: dict[str, Any]) -> list[Any]:
        return [self.node(facts["type"]), bool(facts["required"])]

    def _read(self, tree: ast.expr) -> Node:
        match tree:
            case ast.Constant(value=None):
                return "null"
            case ast.Name(id=name):
                return _SCALARS[name]
            case ast.BinOp(left=left, right=right):
                return _union([self._read(left), self._read(right)])
            case ast.Subscript(value=ast.Name(id="ref"), slice=ast.Constant(value=name)):
                return self._reference(str(name))
            case ast.Subscript(value=ast.Name(id="Literal"), slice=slice):
                values = slice.elts if isinstance(slice, ast.Tuple) else [slice]
                return ["enum", [cast("ast.Constant", v).value for v in values]]
            case ast.Subscript(value=ast.Name(id=name), slice=slice) if name in _LISTS:
                return ["list", self._read(slice)]
            case ast.Subscript(value=ast.Name(id="Union"), slice=ast.Tuple(elts=members)):
                return _union([self._read(member) for member in members])
            case ast.Subscript(value=ast.Name(id="dict" | "Dict" | "Mapping"), slice=ast.Tuple(elts=[_, value])):
                return ["dict", self._read(value)]
            case ast.Subscript(value=ast.Name(id="Annotated"), slice=ast.Tuple(elts=[inner, *_])):
                return self._read(inner)
            case _:
                raise ValueError(f"the description says {ast.unparse(tree)!r}, which this reading does not know")

    def _reference(self, name: str) -> Node:
        if name not in self._done:
            facts = self._types[name]
            self._done[name] = "any"  # ends the recursion of types that hold themselves
            self._done[name] = made = self._type(facts, NOT_NEEDED.get(name, ()))
            if name in ALSO_TAKEN:
                made[1].update(ALSO_TAKEN[name])
            if name in NULLS_TAKEN:
                made[1].update({n: [_or_null(node), False] for n, (node, needed) in made[1].items() if not needed})
        return ["ref", name]

    def _type(self, facts: dict[str, Any], not_needed: tuple[str, ...]) -> Node:
        if "fields" in facts:
            fields = self._fields(facts)
            return ["object", {n: [node, needed and n not in not_needed] for n, (node, needed) in fields.items()}]
        return self.node(facts["type"])

    def _fields(self, facts: dict[str, Any]) -> dict[str, list[Any]]:
        """Its own fields after those of its bases, which it may narrow."""
        fields: dict[str, list[Any]] = {}
        for base in facts.get("bases", ()):
            if base in self._types:
                fields |= self._fields(self._types[base])
        return fields | {f.get("alias") or f["name"]: self._field(f) for f in facts["fields"]}


def models(types: dict[str, Any]) -> list[str]:
    """Every model name the description spells out, in its order."""
    found: dict[str, None] = {}
    queue: list[str] = list(MODEL_TYPES)
    while queue:
        expression = types[queue.pop(0)]["type"]
        for match in _REFERENCE.finditer(expression):
            if match[1]:
                queue.append(match[1])
            else:
                found[match[0].strip("'")] = None
    return [*found, *EXTRA_MODELS]


def encoded(folder: Path) -> str:
    """The text that is packed: a megabyte of names said again and again, a tenth of that on the disk."""
    return _compact(distil(folder))


def _union(members: list[Node]) -> Node:
    flat: list[Node] = []
    for member in members:
        flat.extend(member[1] if member[0] == "union" else [member])
    return ["union", flat]


def _or_null(node: Node) -> Node:
    if node == "any" or (node[0] == "union" and "null" in node[1]):
        return node
    return _union([node, "null"])


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def main(arguments: list[str]) -> int:
    """Write the file beside this module; 2 when the folder is not named."""
    if len(arguments) != 1:
        print("usage: python -m antiphon.emulator.distil API_DIR", file=sys.stderr)
        return 2
    TARGET.write_bytes(zlib.compress(encoded(Path(arguments[0])).encode(), 9))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
