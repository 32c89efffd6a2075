"""`TestServer`: one test's own world in a running emulator, and what the test may do with it.

Knows the control plane; refuses to know which client is tested.
"""

from __future__ import annotations

import http.client
import json
from contextlib import closing
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote, urlsplit

from ..emulator.server import Emulator
from ..emulator.setting import Setting


class TestServer:
    """A server that speaks the API, with a state, a clock and a journal of its own.

    >>> with TestServer() as server:
    ...     server.base_url  # doctest: +SKIP
    'http://127.0.0.1:49152/v1'

    Args:
        emulator: a running emulator in which to live apart from others; None starts one, which ends with this.
        scope: the name of the world in that emulator; letters, digits, `-`, `_` and `.` are best.
        setting: how a started emulator is set up.

    Raises:
        OSError: no free port, or no right to listen.
    """

    __test__ = False  # pytest collects classes of such names

    def __init__(
        self, emulator: Emulator | None = None, *, scope: str | None = None, setting: Setting | None = None
    ) -> None:
        self._own = emulator is None
        self._emulator = emulator or Emulator(setting)
        self._scope = scope

    def __enter__(self) -> Self:
        self._emulator.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<TestServer {self.base_url}>"

    @property
    def base_url(self) -> str:
        """What a client needs as `base_url`."""
        return f"{self._origin}/v1"

    @property
    def api_key(self) -> str:
        """A key that the server accepts."""
        keys = self._emulator.app.world.setting.api_keys
        return keys[0] if keys else "sk-test"

    def close(self) -> None:
        """Forget this world, and stop the emulator if it was started for it."""
        if self._own:
            self._emulator.stop()
        elif self._scope is not None:
            self._ask("POST", "reset")

    def say(self, *fixtures: str | dict[str, Any] | Path) -> None:
        """Let these be the answers, before all that were given earlier.

        Args:
            fixtures: each a text that answers everything, a fixture (`{"match": …, "answer": …}`), or a file of them.

        Raises:
            ValueError: one of them is none.
        """
        listed: list[Any] = []
        for fixture in fixtures:
            if isinstance(fixture, Path):
                told: Any = json.loads(fixture.read_text("utf-8"))
                listed += told if type(told) is list else told["fixtures"]
            else:
                listed.append({"answer": {"text": fixture}} if isinstance(fixture, str) else fixture)
        self._ask("POST", "fixtures", {"fixtures": listed})

    def break_with(self, *faults: str, **rule: Any) -> None:
        """Break requests from now on, in the first of these ways, or where `rate` is below 1 in all of them in turn.

        Args:
            faults: such as `"status=429;retry_after=1"`, `"reset=0"`, `"truncate_sse=3"`.
            rule: `rate` (share, 0 to 1), `times`, `after` (counts), `once`, `match` (`{"operation": "chat.*"}`).

        Raises:
            ValueError: a fault or a rule cannot be read.
        """
        self._ask("POST", "faults", {"rules": [{"faults": list(faults), **rule}]})

    def mend(self) -> None:
        """Break nothing any more."""
        self._ask("DELETE", "faults")

    def advance(self, seconds: float) -> float:
        """Move the clock forwards and do all that became due; gives the time, in seconds since 1970.

        Args:
            seconds: from 0 up.
        """
        now: float = self._ask("POST", "clock", {"advance": seconds})["now"]
        return now

    def reset(self, seed: int | None = None) -> None:
        """Forget everything, as if it had just begun."""
        self._ask("POST", "reset", {} if seed is None else {"seed": seed})

    @property
    def journal(self) -> list[dict[str, Any]]:
        """The requests so far, oldest first: `operation`, `path`, `status`, `usage` and more."""
        lines: list[dict[str, Any]] = self._ask("GET", "journal")["data"]
        return lines

    def state(self, shelf: str) -> list[dict[str, Any]]:
        """What is kept on a shelf, such as `files` or `vector_stores`; nothing when there is no such shelf.

        Args:
            shelf: a name that the control plane's `state` lists.
        """
        if shelf not in self._ask("GET", "state")["shelves"]:
            return []
        kept: list[dict[str, Any]] = self._ask("GET", f"state/{quote(shelf)}")["data"]
        return kept

    @property
    def _origin(self) -> str:
        origin = self._emulator.base_url.removesuffix("/v1")
        return origin if self._scope is None else f"{origin}/~{quote(self._scope, safe='')}"

    def _ask(self, verb: str, path: str, body: Any = None) -> Any:
        parts = urlsplit(self._origin)
        headers = {"X-Antiphon-Token": self._emulator.app.control_token, "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body)
        with closing(http.client.HTTPConnection(parts.netloc, timeout=60)) as connection:
            connection.request(verb, f"{parts.path}/__antiphon/{path}", data, headers)
            reply = connection.getresponse()
            told = json.loads(reply.read())
        if reply.status >= 400:
            raise ValueError(told["error"]["message"])
        return told
