"""An emulator in a process of its own, and what its control plane tells: the ledger that no client can deceive."""

from __future__ import annotations

import http.client
import json
import re
import subprocess
import sys
from contextlib import closing
from secrets import token_hex
from typing import Any, Self
from urllib.parse import urlsplit


class House:
    """A running emulator; a context manager.

    Args:
        options: of `antiphon serve`.

    Attributes:
        base_url: for clients.
        key: that it accepts.
    """

    def __init__(self, *options: str) -> None:
        self._token = token_hex(8)
        self.key = "sk-drill"
        command = [sys.executable, "-m", "antiphon.emulator", "--port", "0", "--control-token", self._token, *options]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own program
        told = ""
        for line in self._process.stdout or ():
            told += line
            if "Ctrl-C" in line:
                break
        found = re.search(r"http://[^/\s]+", told)
        if found is None:
            raise RuntimeError(f"the emulator did not start: {told}")
        self._address = urlsplit(found[0]).netloc
        self.base_url = f"{found[0]}/v1"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def break_with(self, plan: dict[str, Any] | None) -> None:
        """Follow a plan of faults from now on, or none."""
        self._ask("DELETE" if plan is None else "PUT", "faults", plan)

    def ledger(self) -> dict[str, dict[str, int]]:
        """What became of each key: attempts, faults, answers."""
        accounts: dict[str, dict[str, int]] = self._ask("GET", "ledger/all")["requests"]
        return accounts

    def _ask(self, verb: str, path: str, body: Any = None) -> Any:
        headers = {"X-Antiphon-Token": self._token, "Content-Type": "application/json"}
        with closing(http.client.HTTPConnection(self._address, timeout=120)) as connection:
            connection.request(verb, f"/__antiphon/{path}", None if body is None else json.dumps(body), headers)
            reply = connection.getresponse()
            told = json.loads(reply.read())
        if reply.status >= 400:
            raise RuntimeError(told["error"]["message"])
        return told
