"""`python -m soak.kill [--kills N] [--seed N]`: kill an emulator that keeps its data, again and again, in the midst of work.

Threads make, change and delete objects and files; whatever was acknowledged is remembered here. After each SIGKILL the
emulator is started again on the same folder, and every object must be as it was acknowledged, every file must have its
bytes, what was deleted must be gone, and the journal must hold every acknowledged request. A request that was under way
when the process died may have happened or not, and is held against nobody.
"""

from __future__ import annotations

import argparse
import hashlib
import http.client
import json
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

TOKEN = "soak"  # noqa: S105 - of a process of our own
WORKERS = 4
FILE = 20_000
KEY = {"Authorization": "Bearer sk-soak"}


class Server:
    """One life of the emulator."""

    def __init__(self, data: Path) -> None:
        options = ("--port", "0", "--data", str(data), "--control-token", TOKEN, "--journal", "1000000")
        command = [sys.executable, "-m", "antiphon.emulator", *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own program
        assert self.process.stdout is not None
        told = ""
        for line in self.process.stdout:
            told += line
            if "Ctrl-C" in line:
                break
        found = re.search(r"http://[^/\s]+", told)
        if found is None:
            raise RuntimeError(f"the emulator did not start: {told}")
        self.address = urlsplit(found[0]).netloc

    def kill(self) -> None:
        """As the system does when memory runs out."""
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


@dataclass
class Known:
    """What was acknowledged."""

    objects: dict[str, Any] = field(default_factory=dict[str, Any])
    files: dict[str, str] = field(default_factory=dict[str, str])
    gone: set[str] = field(default_factory=set[str])
    doubtful: set[str] = field(default_factory=set[str])
    requests: set[str] = field(default_factory=set[str])
    lock: threading.Lock = field(default_factory=threading.Lock)


class Worker(threading.Thread):
    """Works until the server is gone."""

    def __init__(self, address: str, known: Known, seed: int) -> None:
        super().__init__(daemon=True)
        self._connection = http.client.HTTPConnection(address, timeout=10)
        self._known = known
        self._random = random.Random(seed)  # noqa: S311
        self._mine: list[str] = []

    def run(self) -> None:
        """One request after the other."""
        try:
            while True:
                self._random.choice((self._make, self._make, self._upload, self._change, self._erase))()
        except (OSError, http.client.HTTPException):
            self._connection.close()

    def _make(self) -> None:
        made = self._ask(
            "POST", "/v1/vector_stores", {"name": f"n{self._random.random()}", "metadata": {"k": "x" * 400}}
        )
        self._note(made)
        self._mine.append(made["id"])

    def _change(self) -> None:
        if self._mine:
            self._touch(wanted := self._random.choice(self._mine))
            changed = self._ask("POST", f"/v1/vector_stores/{wanted}", {"name": f"m{self._random.random()}"})
            self._note(changed)

    def _erase(self) -> None:
        if len(self._mine) > 3:
            self._touch(wanted := self._mine.pop(self._random.randrange(len(self._mine))))
            self._ask("DELETE", f"/v1/vector_stores/{wanted}")
            with self._known.lock:
                self._known.doubtful.discard(wanted)
                self._known.objects.pop(wanted, None)
                self._known.gone.add(wanted)

    def _upload(self) -> None:
        content = self._random.randbytes(self._random.randrange(1, FILE))
        body = b'--b\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nuser_data\r\n--b\r\nContent-Disposition: '
        body += b'form-data; name="file"; filename="a.bin"\r\n\r\n' + content + b"\r\n--b--\r\n"
        made = self._ask("POST", "/v1/files", body, {"Content-Type": "multipart/form-data; boundary=b"})
        with self._known.lock:
            self._known.files[made["id"]] = hashlib.sha256(content).hexdigest()

    def _touch(self, wanted: str) -> None:
        """A request about this one is on its way: until it is acknowledged, nobody knows."""
        with self._known.lock:
            self._known.doubtful.add(wanted)

    def _note(self, made: dict[str, Any]) -> None:
        with self._known.lock:
            self._known.doubtful.discard(made["id"])
            self._known.objects[made["id"]] = made

    def _ask(self, verb: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
        raw = body if body is None or isinstance(body, bytes) else json.dumps(body)
        sent = {**KEY, "Content-Type": "application/json", **(headers or {})}
        self._connection.request(verb, path, raw, sent)
        reply = self._connection.getresponse()
        told = json.loads(reply.read())
        if reply.status != 200:
            raise RuntimeError(f"{verb} {path}: {reply.status} {told}")
        with self._known.lock:
            self._known.requests.add(reply.headers["x-request-id"])
        return told


def lost(address: str, known: Known) -> list[str]:
    """What an emulator does not have, or has otherwise than it was acknowledged."""
    connection = http.client.HTTPConnection(address, timeout=60)

    def ask(path: str, headers: dict[str, str]) -> tuple[int, bytes]:
        connection.request("GET", path, headers=headers)
        reply = connection.getresponse()
        return reply.status, reply.read()

    found: list[str] = []
    for wanted, made in known.objects.items():
        status, body = ask(f"/v1/vector_stores/{wanted}", KEY)
        if wanted not in known.doubtful and (status != 200 or json.loads(body) != made):
            found.append(f"{wanted}: {status} {body!r}, not {made}")
    for wanted, digest in known.files.items():
        status, body = ask(f"/v1/files/{wanted}/content", KEY)
        if status != 200 or hashlib.sha256(body).hexdigest() != digest:
            found.append(f"{wanted}: {status}, {len(body)} bytes")
    found += [f"{one} is back" for one in known.gone if ask(f"/v1/vector_stores/{one}", KEY)[0] != 404]
    status, body = ask("/__antiphon/journal", {"X-Antiphon-Token": TOKEN})
    entered = {line["id"] for line in json.loads(body)["data"]} if status == 200 else set[str]()
    found += [f"request {one} is not in the journal" for one in known.requests - entered]
    connection.close()
    return found


def drill(data: Path, kills: int, seed: int) -> Generator[tuple[int, list[str]], None, None]:
    """After each kill and restart: how much was acknowledged in that life, and what of everything is lost."""
    chance, everything = random.Random(seed), Known()  # noqa: S311
    for number in range(kills):
        server, known = Server(data), Known()
        workers = [Worker(server.address, known, seed + number * WORKERS + n) for n in range(WORKERS)]
        for worker in workers:
            worker.start()
        time.sleep(chance.uniform(0.05, 0.4))
        server.kill()
        for worker in workers:
            worker.join()
        server = Server(data)
        missing = lost(server.address, known)
        server.kill()
        for name in ("objects", "files"):
            getattr(everything, name).update(getattr(known, name))
        everything.gone |= known.gone
        everything.doubtful |= known.doubtful
        everything.requests |= known.requests
        yield len(known.requests), missing
    server = Server(data)
    yield len(everything.requests), lost(server.address, everything)
    server.process.terminate()
    server.process.communicate()


@contextmanager
def folder() -> Generator[Path, None, None]:
    """Somewhere to keep data for a while."""
    with tempfile.TemporaryDirectory(prefix="antiphon-soak-") as name:
        yield Path(name)


def main() -> int:
    """Print each life and the sum; 1 when anything is lost."""
    reading = argparse.ArgumentParser(prog="python -m soak.kill")
    reading.add_argument("--kills", type=int, default=50)
    reading.add_argument("--seed", type=int, default=1)
    options = reading.parse_args()
    missing: list[str] = []
    with folder() as data:
        for number, (acknowledged, found) in enumerate(drill(data, options.kills, options.seed), 1):
            missing += found
            name = f"kill {number}" if number <= options.kills else "all of it, once more"
            print(f"{name:24} {acknowledged:7,} acknowledged {len(found):4} lost", flush=True)
    print("\n".join(missing[:20]) if missing else "nothing that was acknowledged is lost")
    return 1 if missing else 0


if __name__ == "__main__":
    raise SystemExit(main())
