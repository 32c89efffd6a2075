"""An emulator in a process of its own, as a user starts it, and its control plane."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Self
from urllib.request import Request, urlopen

TOKEN = "tour-control"  # noqa: S105 - of a server on loopback that lives as long as the tour


class House:
    """`antiphon serve --port 0`, from the moment it listens to the end of the block."""

    def __enter__(self) -> Self:
        serve = Path(sys.executable).with_name("antiphon")
        command = [serve, "serve", "--port", "0", "--control-token", TOKEN, "--journal", "100000"]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603
        assert self._process.stdout is not None
        found = re.search(r"http://\S+(?=/v1)", self._process.stdout.readline())
        if found is None:
            self._process.kill()
            raise SystemExit("FAILED: the emulator did not start.")
        self.root = found[0]
        self.began = int(self.now())
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(10)

    @property
    def base_url(self) -> str:
        """What clients take."""
        return f"{self.root}/v1"

    def control(self, verb: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """What the control plane answers."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"X-Antiphon-Token": TOKEN, "Content-Type": "application/json"}
        asked = Request(f"{self.root}/__antiphon/{path}", data, headers, method=verb)  # noqa: S310
        with urlopen(asked, timeout=60) as reply:  # noqa: S310
            return json.load(reply)

    def now(self) -> float:
        """Its time."""
        now: float = self.control("GET", "clock")["now"]
        return now

    def wait(self, seconds: float) -> None:
        """Let its time pass, and all that becomes due be done."""
        self.control("POST", "clock", {"advance": seconds})

    def call(self) -> Any:
        """Let a telephone call come in; gives its ids."""
        return self.control("POST", "call", {})

    def write(self, user: str, text: str, **more: str) -> Any:
        """Let somebody write in ChatKit's widget; gives the thread and what was answered."""
        return self.control("POST", "widget", {"user": user, "text": text, **more})

    def operations(self) -> set[str]:
        """The operations it carried out."""
        return {line["operation"] for line in self.control("GET", "journal")["data"] if line["status"] < 400}

    def state(self, shelf: str) -> list[Any]:
        """What it keeps on a shelf."""
        found: list[Any] = self.control("GET", f"state/{shelf}")["data"]
        return found


def until(done: Any, seconds: float = 20) -> Any:
    """What `done` gives once it gives something; it is asked again and again."""
    end = time.monotonic() + seconds
    while not (found := done()):
        if time.monotonic() > end:
            raise AssertionError("it never came")
        time.sleep(0.02)
    return found
