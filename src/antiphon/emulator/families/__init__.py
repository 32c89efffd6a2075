"""One file for each resource family, imported when it is first asked. Verbs, paths and checks are data, elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Final

from ..exchange import Handler

_HOMES: Final = {
    "model": ("models.list", "models.retrieve", "models.delete"),
    "chat": (
        "chat.completions.create",
        "chat.completions.list",
        "chat.completions.retrieve",
        "chat.completions.update",
        "chat.completions.delete",
        "chat.completions.messages.list",
    ),
    "response": (
        "responses.create",
        "responses.retrieve",
        "responses.delete",
        "responses.cancel",
        "responses.input_items.list",
        "responses.input_tokens.count",
    ),
    "embedding": ("embeddings.create",),
    "file": ("files.create", "files.list", "files.retrieve", "files.content", "files.delete"),
    "completion": ("completions.create",),
}


class Handlers(Mapping[str, Handler]):
    """The handlers of all operations by name; looking one up imports its family."""

    def __init__(self, homes: Mapping[str, tuple[str, ...]]) -> None:
        self._homes = {name: home for home, names in homes.items() for name in names}
        self._found: dict[str, Handler] = {}

    def __getitem__(self, name: str) -> Handler:
        if name not in self._found:
            self._found |= import_module(f".{self._homes[name]}", __name__).HANDLERS
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._homes)

    def __len__(self) -> int:
        return len(self._homes)


HANDLERS: Final = Handlers(_HOMES)
