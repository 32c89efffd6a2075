"""An emulator whose clock a test moves, and the requests that tests of long lives need: assistants, threads, calls."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from antiphon.emulator import Emulator, Setting
from tests.emulator.asking import Asking, Heard

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}

OFFER = """v=0
o=- 46117317 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0 1 2
m=audio 9 UDP/TLS/RTP/SAVPF 0 111
c=IN IP4 0.0.0.0
a=mid:0
a=setup:actpass
a=sendonly
a=rtpmap:0 PCMU/8000
a=rtpmap:111 opus/48000/2
m=video 9 UDP/TLS/RTP/SAVPF 96
a=mid:1
m=application 9 UDP/DTLS/SCTP webrtc-datachannel
a=mid:2
a=setup:actpass
""".replace("\n", "\r\n")


class Stage:
    """One emulator, and the requests that runs need. Work in the background takes 100 seconds of its own clock."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.ask = Asking(emulator.base_url)

    def post(self, path: str, body: Any = None) -> Any:
        heard = self.ask("POST", f"/v1{path}", body if body is not None else {})
        assert heard.status == 200, heard.body
        return heard.json

    def get(self, path: str) -> Any:
        heard = self.ask("GET", f"/v1{path}")
        assert heard.status == 200, heard.body
        return heard.json

    def refused(self, path: str, body: Any = None) -> Heard:
        heard = self.ask("POST", f"/v1{path}", body if body is not None else {})
        assert heard.status >= 400, heard.body
        return heard

    def wait(self, seconds: float) -> None:
        """Let time pass, and what is due then be done; a request alone waits for no more than a little of it."""
        world = self.emulator.app.world
        world.skew += seconds
        for _ in range(1_000):
            if not world.is_behind():
                break
            self.ask("GET", "/v1/models/gpt-4o")

    def assistant(self, **more: Any) -> str:
        return str(self.post("/assistants", {"model": "gpt-4o", **more})["id"])

    def thread(self, *texts: str) -> str:
        messages = [{"role": "user", "content": text} for text in texts]
        return str(self.post("/threads", {"messages": messages})["id"])

    def run(self, thread: str, assistant: str, **more: Any) -> str:
        """The path of a new run."""
        made = self.post(f"/threads/{thread}/runs", {"assistant_id": assistant, **more})
        assert made["status"] == "queued"
        return f"/threads/{thread}/runs/{made['id']}"

    def ended(self, thread: str, assistant: str, **more: Any) -> Any:
        """A run that went as far as it goes by itself."""
        path = self.run(thread, assistant, **more)
        self.wait(101)
        return self.get(path)

    def steps(self, run: Any, query: str = "") -> list[Any]:
        """What it did, in order."""
        path = f"/threads/{run['thread_id']}/runs/{run['id']}/steps?order=asc{query}"
        return list(self.get(path)["data"])

    def said(self, thread: str) -> list[tuple[str, str]]:
        data = self.get(f"/threads/{thread}/messages?order=asc")["data"]
        return [(m["role"], m["content"][0]["text"]["value"] if m["content"] else "") for m in data]


@contextmanager
def stage(data: Path | None = None, brain: Any = None, seconds: float = 100.0) -> Iterator[Stage]:
    """A stage of one's own."""
    with Emulator(Setting(data=data, background_seconds=seconds)) as emulator:
        if brain is not None:
            emulator.app.world.brain = brain
        made = Stage(emulator)
        yield made
        made.ask.close()
