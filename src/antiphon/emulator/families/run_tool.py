"""The tools a run uses by itself: search in its files, and sums done as code. Gives tool calls as steps show them."""

from __future__ import annotations

from typing import Any, Final

from ..brain import Prompt, Turn
from ..brain.arithmetic import find
from ..world import World
from .crud import Object
from .run_prompt import asked

RANKER: Final = "default_2024_08_21"
MOST_RESULTS: Final = 20


def wanted_tools(run: Object) -> list[Object]:
    """The built-in tools of a run that its tool choice leaves open."""
    choice = run["tool_choice"]
    own = [tool for tool in run["tools"] if tool["type"] != "function"]
    if isinstance(choice, dict):
        return [tool for tool in own if tool["type"] == choice["type"]]
    return [] if choice == "none" else own


def is_waiting(world: World, stores: list[str]) -> bool:
    """Whether a store still takes its files in."""
    from .retrieval import FILES

    return any(file["status"] == "in_progress" for name in stores for file in world.shelf(f"{FILES}/{name}"))


async def use(world: World, tool: Object, run: Object, stores: list[str], prompt: Prompt) -> Object | None:
    """The call of a built-in tool with what came out, or None where there is nothing to use it on."""
    question = asked(prompt)
    if tool["type"] == "code_interpreter":
        return _computed(world, question, forced=isinstance(run["tool_choice"], dict))
    known = [name for name in stores if world.shelf("vector_stores").get(name) is not None]
    return await _searched(world, tool, known, question) if known and question else None


def _computed(world: World, question: str, *, forced: bool) -> Object | None:
    found = find(question)
    if found is not None:
        code, logs = f"print({found[0].replace('^', '**')})", found[1]
    elif forced:
        code, logs = f"print(len({question!r}.split()))", str(len(question.split()))
    else:
        return None
    outputs = [{"type": "logs", "logs": logs}]
    return {
        "id": world.identity.draw("call_", 24),
        "type": "code_interpreter",
        "code_interpreter": {"input": code, "outputs": outputs},
    }


async def _searched(world: World, tool: Object, stores: list[str], question: str) -> Object:
    from .retrieval import search

    options: dict[str, Any] = tool.get("file_search") or {}
    ranking: Object = {"ranker": RANKER, "score_threshold": 0.0, **(options.get("ranking_options") or {})}
    most = options.get("max_num_results") or MOST_RESULTS
    asked_of_store = {"score_threshold": ranking["score_threshold"]}
    found = await search(world, stores, question, limit=most, ranking=asked_of_store)
    results = [
        {
            "file_id": hit["file_id"],
            "file_name": hit["filename"],
            "score": hit["score"],
            "content": [{"type": "text", "text": piece["text"]} for piece in hit["content"]],
        }
        for hit in found
    ]
    call = {"ranking_options": ranking, "results": results}
    return {"id": world.identity.draw("call_", 24), "type": "file_search", "file_search": call}


def told(call: Object, prompt: Prompt) -> None:
    """Let the brain read what a search found, before the question."""
    passages = [piece["text"] for result in _results(call) for piece in result["content"]]
    if passages:
        prompt.turns.insert(1, Turn("system", "\n".join(passages)))


def cited(text: str, call: Object, number: int) -> tuple[str, list[Object]]:
    """The text with a mark behind it and the citation, when it says what a file says; as it is otherwise."""
    for index, result in enumerate(_results(call)):
        if text.strip() and any(text.strip() in piece["text"] for piece in result["content"]):
            mark = f"【{number}:{index}†{result['file_name']}】"
            annotation = {
                "type": "file_citation",
                "text": mark,
                "start_index": len(text),
                "end_index": len(text) + len(mark),
                "file_citation": {"file_id": result["file_id"]},
            }
            return text + mark, [annotation]
    return text, []


def _results(call: Object) -> list[Object]:
    found: list[Object] = call["file_search"]["results"] if call["type"] == "file_search" else []
    return found
