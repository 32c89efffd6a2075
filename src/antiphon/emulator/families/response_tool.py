"""The tools that work inside the API, as far as a machine of one's own can do their work.

File search searches, the code interpreter works out sums in a container, image generation draws. The web, remote servers,
computers and shells are out of reach here: such tools are taken and not used.
"""

from __future__ import annotations

import re
from asyncio import to_thread
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any, Final

from ..brain import Prompt, Turn
from ..brain.arithmetic import find
from ..brain.simple import last_user
from ..brain.summary import summarise
from ..problem import invalid
from ..shape import is_object, rows
from ..world import World
from .response_record import Item

HOSTED: Final = frozenset({"file_search", "code_interpreter", "image_generation"})
MOST_RESULTS: Final = 10
MOST_PIXELS: Final = 4_096 * 4_096
_SIZE: Final = re.compile(r"(\d{1,4})x(\d{1,4})")
_DRAW: Final = re.compile(
    r"\b(?:draw|paint|sketch|illustrate)\b"
    r"|\b(?:generate|create|make|render|design)\b.{0,40}\b(?:image|picture|photo|drawing|logo|icon|illustration)\b",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(slots=True)
class Used:
    """The calls that were made, what a search found, pictures on their way by the id of their item, and what it cost."""

    items: list[Item] = field(default_factory=list[Item])
    hits: list[Any] = field(default_factory=list[Any])
    partials: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    costs: list[Item] = field(default_factory=list[Item])


def offered(body: dict[str, Any], prompt: Prompt) -> list[Item]:
    """The hosted tools that the request's tool choice and the state of the conversation leave open."""
    tools = [tool for tool in rows(body, "tools") if tool["type"] in HOSTED]
    if not tools or not prompt.turns or prompt.turns[-1].role == "tool":
        return []
    choice = body.get("tool_choice")
    if is_object(choice):
        allowed = rows(choice, "tools") if choice["type"] == "allowed_tools" else [choice]
        tools = [tool for tool in tools if any(tool["type"] == each.get("type") for each in allowed)]
    return [] if choice == "none" else tools[: body.get("max_tool_calls")]


async def use(world: World, tools: list[Item], body: dict[str, Any], prompt: Prompt, heard: list[Item]) -> Used:
    """Use each tool where the last thing the user said gives it something to do."""
    used, asked = Used(), last_user(prompt.turns)
    forced = is_object(body.get("tool_choice"))
    for tool in tools:
        match tool["type"]:
            case "file_search":
                await _search(world, tool, asked, used)
            case "code_interpreter":
                await _calculate(world, tool, asked, used, heard)
            case _:
                if forced or _DRAW.search(asked):
                    await _draw(world, tool, asked, used)
    return used


async def _search(world: World, tool: Item, asked: str, used: Used) -> None:
    from .retrieval import rewritten, search

    if not asked.strip():
        return
    most = tool.get("max_num_results") or MOST_RESULTS
    ranking = tool.get("ranking_options")
    hits = await search(world, tool["vector_store_ids"], asked, tool.get("filters"), most, ranking)
    used.hits += hits
    for store in tool["vector_store_ids"]:
        used.costs.append({"kind": "file_search_calls", "num_requests": 1, "vector_store_id": store})
    results = [
        {name: hit[name] for name in ("attributes", "file_id", "filename", "score")} | {"text": _text(hit)}
        for hit in hits
    ]
    used.items.append(
        {
            "id": world.identity.draw("fs_", 48),
            "type": "file_search_call",
            "status": "completed",
            "queries": [rewritten(asked)],
            "results": results,
        }
    )


def _text(hit: Any) -> str:
    return "\n".join(piece["text"] for piece in hit["content"])


def told(prompt: Prompt, used: Used) -> None:
    """Let the brain read what was found before the question."""
    if used.hits:
        last = max((n for n, turn in enumerate(prompt.turns) if turn.role == "user"), default=0)
        found = Turn("system", "\n".join(_text(hit) for hit in used.hits))
        prompt.turns = [*prompt.turns[:last], found, *prompt.turns[last:]]


def cited(text: str, used: Used) -> tuple[str, list[Item]]:
    """The text and the citations of the files that say so; where none does, what the best one says instead."""
    said = text.strip()
    saying = [hit for hit in used.hits if said and said in _text(hit)]
    if not saying and used.hits:
        saying, text = used.hits[:1], summarise(_text(used.hits[0]))
    sources = {hit["file_id"]: hit["filename"] for hit in saying}
    end = len(text)
    citations = [{"type": "file_citation", "file_id": f, "filename": n, "index": end} for f, n in sources.items()]
    return text, citations


async def _calculate(world: World, tool: Item, asked: str, used: Used, heard: list[Item]) -> None:
    _check_container(world, tool.get("container"))
    found = find(asked)
    if found is None:
        return
    container = await _container(world, tool.get("container"), heard, used)
    used.items.append(
        {
            "id": world.identity.draw("ci_", 48),
            "type": "code_interpreter_call",
            "status": "completed",
            "code": f"print({found[0].replace('^', '**')})",
            "container_id": container,
            "outputs": [{"type": "logs", "logs": f"{found[1]}\n"}],
        }
    )


def _check_container(world: World, asked: Any) -> None:
    """Raise 404 or 400 for a container or a file that is not there, also when there is nothing to run in it."""
    if isinstance(asked, str):
        from .container import active

        active(world, asked, "tools")
    elif is_object(asked):
        from .file import uploaded

        for file in rows(asked, "file_ids"):
            uploaded(world, file, "tools")


async def _container(world: World, asked: Any, heard: list[Item], used: Used) -> str:
    """The container a tool names, or the one this conversation has, or a new one."""
    from .container import CONTAINER, active
    from .internal import call

    if isinstance(asked, str):
        return asked
    for item in reversed(heard):
        if item["type"] == "code_interpreter_call":
            known = world.shelf(CONTAINER.home).get(item["container_id"])
            if known is not None and known["status"] == "running":
                return str(active(world, known["id"], "tools")["id"])
    given = ("file_ids", "memory_limit", "network_policy")
    wanted = {name: asked[name] for name in given if is_object(asked) and asked.get(name)}
    made = await call(world, "containers.create", {"name": "auto", **wanted})
    used.costs.append({"kind": "code_interpreter_sessions", "num_sessions": 1})
    return str(made["id"])


async def _draw(world: World, tool: Item, asked: str, used: Used) -> None:
    from .drawing import draw

    size, kind = _given(tool, "size", "1024x1024"), _given(tool, "output_format", "png")
    quality, ground = _given(tool, "quality", "medium"), _given(tool, "background", "opaque")
    width, height = _sides(size)
    made = world.identity.draw("ig_", 48)

    def drawn(finish: float) -> str:
        clear = ground == "transparent"
        picture = draw(asked, width, height, kind, transparent=clear, quality=quality, finish=finish)
        return b64encode(picture).decode()

    steps = tool.get("partial_images") or 0
    used.costs.append({"kind": "images", "model": tool.get("model") or "gpt-image-1", "images": 1, "size": size})
    used.partials[made] = [await to_thread(drawn, (step + 1) / (steps + 1)) for step in range(steps)]
    used.items.append(
        {
            "id": made,
            "type": "image_generation_call",
            "status": "completed",
            "action": "generate",
            "background": ground,
            "output_format": kind,
            "quality": quality,
            "result": await to_thread(drawn, 1.0),
            "revised_prompt": asked,
            "size": size,
        }
    )


def _sides(size: str) -> tuple[int, int]:
    """Width and height; raises 400 for what is no size, or too much to draw."""
    match = _SIZE.fullmatch(size)
    if match is None or not 0 < int(match[1]) * int(match[2]) <= MOST_PIXELS:
        raise invalid("tools", f"Invalid size '{size}' of an image: expected WIDTHxHEIGHT.")
    return int(match[1]), int(match[2])


def _given(tool: Item, name: str, usual: str) -> str:
    found = tool.get(name)
    return usual if found in (None, "auto") else str(found)
