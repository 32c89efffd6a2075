"""What assistants and their runs have in common: model, tools, format, sampling. Raises what a request got wrong."""

from __future__ import annotations

from typing import Any, Final

from .. import bound
from ..problem import Problem, invalid
from ..shape import is_object, part, rows
from ..world import World
from .chat_prompt import check_schemas
from .model import require_speaking

LENGTHS: Final = {"name": 256, "description": 512, "instructions": 256_000}
DEFAULTS: Final[dict[str, Any]] = {"temperature": 1.0, "top_p": 1.0, "response_format": "auto"}


def check_setting(world: World, body: dict[str, Any], most_tools: int) -> None:
    """Raise 400 or 404 for the first thing that an assistant, or a run, cannot have."""
    if body.get("model") is not None:
        require_speaking(world, body["model"])
    for name, most in LENGTHS.items():
        if len(body.get(name) or "") > most:
            message = f"Invalid '{name}': string too long. Expected at most {most} characters."
            raise Problem(400, message, param=name, code="string_above_max_length")
    _check_tools(body, most_tools)


def _check_tools(body: dict[str, Any], most: int) -> None:
    tools = rows(body, "tools")
    if len(tools) > most:
        message = f"Invalid 'tools': array too long. Expected at most {most}, but got {len(tools)} instead."
        raise Problem(400, message, param="tools", code="array_above_max_length")
    names = [tool["function"]["name"] if tool["type"] == "function" else tool["type"] for tool in tools]
    for index, name in enumerate(names):
        if name in names[:index]:
            raise invalid(f"tools[{index}]", f"The tool '{name}' is there twice; each needs a name of its own.")
    for index, tool in enumerate(tools):
        wanted = part(tool, "file_search").get("max_num_results")
        if wanted is not None:
            bound.within(f"tools[{index}].file_search.max_num_results", wanted, 1, 50)
    shape = body.get("response_format")
    check_schemas({"tools": tools, "response_format": shape if is_object(shape) else None})
