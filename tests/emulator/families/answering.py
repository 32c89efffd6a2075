"""An emulator of one's own whose clock a test moves, and the requests that tests of responses make of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from antiphon.emulator import Emulator, Setting
from tests.emulator.asking import Asking, Heard

TOOK = 100.0
"""Seconds of its own clock that work in the background takes."""


class Scene:
    """One running emulator."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.world = emulator.app.world
        self.ask = Asking(emulator.base_url)

    def post(self, path: str, /, **body: Any) -> Any:
        heard = self.ask("POST", f"/v1{path}", body)
        assert heard.status == 200, heard.body
        return heard.json

    def get(self, path: str) -> Any:
        heard = self.ask("GET", f"/v1{path}")
        assert heard.status == 200, heard.body
        return heard.json

    def delete(self, path: str) -> Any:
        heard = self.ask("DELETE", f"/v1{path}")
        assert heard.status == 200, heard.body
        return heard.json

    def refused(self, path: str, /, **body: Any) -> tuple[int, str | None, str | None]:
        """Status, param and code of a refusal."""
        heard = self.ask("POST", f"/v1{path}", body)
        return heard.status, heard.error["param"], heard.error["code"]

    def respond(self, given: Any, /, **more: Any) -> Any:
        """A response, whole."""
        return self.post("/responses", model="gpt-4o", input=given, **more)

    def stream(self, given: Any, /, **more: Any) -> list[Any]:
        """The events of a response."""
        heard = self.ask("POST", "/v1/responses", {"model": "gpt-4o", "input": given, "stream": True, **more})
        assert heard.status == 200, heard.body
        return heard.events

    def follow(self, id: str, after: int | None = None) -> list[Any]:
        """The events of a response that is kept, behind one of them."""
        behind = "" if after is None else f"&starting_after={after}"
        heard: Heard = self.ask("GET", f"/v1/responses/{id}?stream=true{behind}")
        assert heard.status == 200, heard.body
        return heard.events

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.world.skew += seconds


@contextmanager
def scene(**setting: Any) -> Iterator[Scene]:
    """A scene; the settings are the emulator's."""
    with Emulator(Setting(**{"seed": 5, "background_seconds": TOOK, **setting})) as emulator:
        made = Scene(emulator)
        yield made
        made.ask.close()


def text_of(response: Any) -> str:
    """What the response's messages say."""
    messages = [item for item in response["output"] if item["type"] == "message"]
    return "".join(part["text"] for item in messages for part in item["content"])


def kinds(response: Any) -> list[str]:
    """The types of the output items."""
    return [item["type"] for item in response["output"]]


def wait_for(done: Any) -> None:
    """Wait until it is so, which takes a moment."""
    for _ in range(2_000):
        if done():
            return
        time.sleep(0.005)
    raise AssertionError("it never came")
