"""A Redis server of a test's own: on a free port or a Unix socket, in a folder that is thrown away."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

BINARY = shutil.which("redis-server") or shutil.which("valkey-server")


class Server:
    """Started, stopped, and held (so that it accepts but never answers)."""

    def __init__(self, folder: Path, *, host: str = "127.0.0.1") -> None:
        self.folder = folder
        self.host = host
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def url(self) -> str:
        return f"redis://{self.host}:{self.port}/0"

    def start(self) -> None:
        assert BINARY is not None
        command = [
            BINARY,
            "--port",
            str(self.port),
            "--bind",
            self.host,
            "--save",
            "",
            "--dir",
            str(self.folder),
        ]
        self.process = subprocess.Popen(
            [*command, "--protected-mode", "no"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        assert self.process.stdout is not None
        end = time.monotonic() + 10
        while b"eady to accept" not in (line := self.process.stdout.readline()):
            assert line, "the Redis server did not start"
            assert time.monotonic() < end, "the Redis server takes too long"

    def hold(self, held: bool) -> None:
        """Stop it in its tracks, or let it go on."""
        import signal

        assert self.process is not None
        os.kill(self.process.pid, signal.SIGSTOP if held else signal.SIGCONT)

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            assert self.process.stdout is not None
            self.process.stdout.close()
            self.process = None
