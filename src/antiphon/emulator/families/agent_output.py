"""What an agent's turn puts out: its items kept, and told bit by bit to whoever follows. Decides nothing."""

from __future__ import annotations

from typing import Any, Final

from .. import token
from ..world import World
from .agent_event import publish
from .crud import Object

ITEMS: Final = "beta.agents.sessions.items"
SUBAGENT_ITEMS: Final = "beta.agents.sessions.subagents.items"
_PREFIXES: Final = {"message": "msg_", "reasoning": "rs_", "function_call": "fc_", "function_call_output": "fco_"}


class Output:
    """The output of one turn, root's or subagent's."""

    def __init__(self, world: World, turn: Object) -> None:
        self._world = world
        self._turn = turn
        self.session: str = turn["session_id"]
        owner = "" if turn["subagent_id"] is None else f"/{turn['subagent_id']}"
        self._shelf = world.shelf(f"{SUBAGENT_ITEMS if owner else ITEMS}/{self.session}{owner}")

    def item(self, kind: str, **facts: Any) -> Object:
        """A new item of the turn, kept."""
        made = self._world.identity.draw(_PREFIXES.get(kind, "item_"), 32)
        item = {"id": made, "type": kind, "turn_id": self._turn["id"], **facts}
        self._shelf.put(made, item)
        return item

    def given(self, kind: str, **facts: Any) -> Object:
        """An item that came from outside, told."""
        item = self.item(kind, **facts)
        self._tell("turn.item.added", item=item, output_index=None)
        return item

    def message(self, text: str, phase: str = "final_answer") -> Object:
        """What the agent says, told piece by piece."""
        part = {"type": "output_text", "text": text}
        item = self.item("message", role="assistant", phase=phase, status="completed", content=[part])
        index = self._added(item | {"status": "in_progress", "content": []})
        where = {"item_id": item["id"], "output_index": index, "content_index": 0}
        self._tell("turn.content_part.added", **where, part=part | {"text": ""})
        self._tell_pieces("turn.output_text.delta", text, where)
        self._tell("turn.output_text.done", **where, text=text)
        self._tell("turn.content_part.done", **where, part=part)
        self._tell("turn.item.done", item=item, output_index=index)
        return item

    def thought(self, text: str) -> None:
        """The summary of what it thought."""
        part = {"type": "summary_text", "text": text}
        item = self.item("reasoning", status="completed", summary=[part])
        index = self._added(item | {"status": "in_progress", "summary": []})
        where = {"item_id": item["id"], "output_index": index, "summary_index": 0}
        stem = "turn.reasoning_summary"
        self._tell(f"{stem}_part.added", **where, part=part | {"text": ""})
        self._tell_pieces(f"{stem}_text.delta", text, where)
        self._tell(f"{stem}_text.done", **where, text=text)
        self._tell(f"{stem}_part.done", **where, part=part)
        self._tell("turn.item.done", item=item, output_index=index)

    def began(self, kind: str, **facts: Any) -> Object:
        """A call that is under way."""
        item = self.item(kind, status="in_progress", **facts)
        self._added(item)
        return item

    def ended(self, item: Object, status: str = "completed", **facts: Any) -> None:
        """A call that was under way is over."""
        done = item | {"status": status, **facts}
        self._shelf.put(item["id"], done)
        self._tell("turn.item.done", item=done, output_index=self._place(item["id"]))

    def did(self, kind: str, *, begun: Object | None = None, **facts: Any) -> Object:
        """A call that is over at once; `begun` is how it looked before."""
        item = self.began(kind, **(facts | (begun or {})))
        self.ended(item, **facts)
        return item | {"status": "completed", **facts}

    def abandon(self) -> None:
        """Leave what is under way as it is."""
        for item in self._shelf:
            if item["turn_id"] == self._turn["id"] and item.get("status") == "in_progress":
                self.ended(item, "incomplete")

    def found(self, call_id: str) -> Object:
        """The call with this id."""
        return next(item for item in self._shelf if item.get("call_id") == call_id and item["type"] == "function_call")

    def _added(self, item: Object) -> int:
        index = self._place(item["id"])
        self._tell("turn.item.added", item=item, output_index=index)
        return index

    def _place(self, id: str) -> int:
        """An item's index among what the turn put out."""
        made = [item["id"] for item in self._shelf if item["turn_id"] == self._turn["id"] and _is_output(item)]
        return made.index(id)

    def _tell_pieces(self, kind: str, text: str, where: Object) -> None:
        if self.session in self._world.listeners:
            for piece in token.pieces(text):
                self._tell(kind, **where, delta=piece)

    def _tell(self, kind: str, **facts: Any) -> None:
        publish(self._world, self.session, kind, session_id=self.session, turn_id=self._turn["id"], **facts)


def _is_output(item: Object) -> bool:
    return item["type"] != "function_call_output" and item.get("role") != "user"
