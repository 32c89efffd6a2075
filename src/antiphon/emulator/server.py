"""The emulator on a real socket: in a thread beside the caller, or as the process's only work.

Knows event loops, threads and signals; the application knows none of them.
"""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Self

from .app import EmulatorApp
from .guard import is_loopback
from .house import House
from .setting import Setting


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
        sock.listen(2048)
    except BaseException:
        sock.close()
        raise
    sock.setblocking(False)
    return sock


def address(sock: socket.socket, *, secure: bool = False) -> str:
    """The base URL a client needs."""
    host, port = sock.getsockname()[:2]
    return f"http{'s' * secure}://{f'[{host}]' if ':' in host else host}:{port}/v1"


class Emulator:
    """A running emulator in a thread of this process.

        with Emulator() as server:
            client = OpenAI(base_url=server.base_url, api_key="sk-test")

    Port 0 takes a free port. Raises ValueError for an address others reach without `Setting(allow_remote=True)`, and for
    `allow_remote` without `api_keys`. It is ready when `start` (or entering) returns and gone when `stop` (or leaving) returns.
    """

    def __init__(self, setting: Setting | None = None, *, host: str = "127.0.0.1", port: int = 0) -> None:
        setting = setting or Setting()
        if not is_loopback(host) and not setting.allow_remote:
            raise ValueError(
                f"{host} is reachable from elsewhere: Setting(allow_remote=True, api_keys=...) if that is wanted"
            )
        if setting.allow_remote and not setting.api_keys:
            raise ValueError("allow_remote needs at least one key in api_keys")
        self.app = EmulatorApp(setting)
        self._host = host
        self._port = port
        self._house: House | None = None
        self._thread: threading.Thread | None = None
        self._base_url = ""
        self._failure: BaseException | None = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<Emulator {self._base_url or 'stopped'}>"

    @property
    def base_url(self) -> str:
        """Where it listens, with `/v1`; raises RuntimeError while it does not."""
        if not self._base_url:
            raise RuntimeError("the emulator is not running: use `with Emulator() as server:` or call start()")
        return self._base_url

    @property
    def authority(self) -> Path | None:
        """The certificate that a client has to trust, as a PEM file; None without TLS."""
        return None if self.app.encryption is None else self.app.encryption.authority

    def start(self) -> Self:
        """Listen, and return when requests are answered."""
        if self._thread is not None:
            return self
        if self.app.closed and self.app.world.chest is not None:  # its folder is another's until it is opened again
            self.app = EmulatorApp(replace(self.app.world.setting, control_token=self.app.control_token))
        try:
            sock = listen(self._host, self._port)
        except BaseException:
            self.app.close()
            raise
        base_url = address(sock, secure=self.app.encryption is not None)
        ready = threading.Event()
        self._failure = None
        self._thread = threading.Thread(target=self._run, args=(sock, ready), name="antiphon-emulator", daemon=True)
        self._thread.start()
        ready.wait()
        if self._failure is not None:
            self._thread.join()
            self._thread = self._house = None
            raise RuntimeError("the emulator's server did not start") from self._failure
        self._base_url = base_url
        return self

    def stop(self) -> None:
        """Stop listening, break off what is not answered in a moment, drop temporary files."""
        house, thread = self._house, self._thread
        self._house = self._thread = None
        self._base_url = ""
        if house is not None and thread is not None:
            with suppress(RuntimeError):  # its loop ended by itself
                house.loop.call_soon_threadsafe(house.stop)
            thread.join()
        self.app.close()

    def _run(self, sock: socket.socket, ready: threading.Event) -> None:
        def begun() -> None:
            self.app.world.set_alarm()  # for what an earlier life left to do
            ready.set()

        try:
            self._house = house = house_of(self.app)
            run(house, sock, begun)
        except BaseException as error:
            self._failure = error
        finally:
            ready.set()


def house_of(app: EmulatorApp) -> House:
    """The server's connections, set up as the application's world is."""
    return House(app, patience=app.world.setting.patience, encryption=app.encryption, rest=app.world.rest)


def run(house: House, sock: socket.socket, ready: Callable[[], None]) -> None:
    """Serve in a loop of its own until stopped."""
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(house.serve(sock, ready))
    finally:
        sock.close()


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop's where it is installed."""
    try:
        import uvloop
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


def serve(app: EmulatorApp, sock: socket.socket, ready: Callable[[], None]) -> None:
    """Serve until Ctrl-C or SIGTERM; returns after a clean stop."""
    house = house_of(app)

    def stop(*_: object) -> None:
        house.loop.call_soon_threadsafe(house.stop)

    def prepared() -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            try:
                house.loop.add_signal_handler(number, house.stop)
            except NotImplementedError:  # Windows
                signal.signal(number, stop)
        app.world.set_alarm()
        ready()

    try:
        run(house, sock, prepared)
    finally:
        app.close()
