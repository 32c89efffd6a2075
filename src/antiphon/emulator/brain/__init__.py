"""Where answers come from. A brain reads a `Prompt` and gives an `Answer`; it knows no routes and no wire.

`Brain` is the whole contract: another way to answer is another class with one method.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(slots=True, frozen=True)
class Invocation:
    """A call of a tool: its id, the tool's name, and the arguments as JSON text (or plain text for a custom tool)."""

    id: str
    name: str
    arguments: str
    custom: bool = False


@dataclass(slots=True)
class Turn:
    """One message, whichever API it came through. `role`: system, user, assistant or tool."""

    role: str
    text: str
    images: int = 0
    audios: int = 0
    files: int = 0
    calls: tuple[Invocation, ...] = ()
    answers: str | None = None


@dataclass(slots=True, frozen=True)
class Tool:
    """A function the model may call; `parameters` is its JSON schema (None for a custom tool that takes text)."""

    name: str
    description: str = ""
    parameters: dict[str, Any] | None = None


@dataclass(slots=True)
class Prompt:
    """What a model is asked. `tool_choice`: none, auto, required, or the name of a tool after `=`."""

    model: str
    turns: list[Turn]
    tools: list[Tool] = field(default_factory=list[Tool])
    tool_choice: str = "auto"
    parallel: bool = True
    json: bool = False
    schema: dict[str, Any] | None = None
    reasoning: bool = False
    seed: int = 0
    choice: int = 0


@dataclass(slots=True)
class ToolRequest:
    """A tool call the brain wants made."""

    tool: Tool
    arguments: str


@dataclass(slots=True)
class Answer:
    """What a model says: a text, tool calls, or both; `thought` sums up the reasoning when it was asked for."""

    text: str = ""
    requests: list[ToolRequest] = field(default_factory=list[ToolRequest])
    thought: str = ""


class Brain(Protocol):
    """Something that answers."""

    def answer(self, prompt: Prompt) -> Answer:
        """The answer to a prompt; the same prompt and seed give the same answer."""
        ...
