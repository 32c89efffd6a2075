"""The emulator on a real socket: in a thread beside the caller, or as the process's only work.

Knows uvicorn and threads; the application knows neither. uvicorn is imported when a server starts.
"""

from __future__ import annotations

import signal
import socket
import threading
from typing import TYPE_CHECKING, Self

from .app import EmulatorApp
from .setting import Setting

if TYPE_CHECKING:
    import uvicorn

HINT = "the emulator's server needs uvicorn: pip install antiphon[emulator]"


class EmulatorUnavailable(ImportError):
    """The extra that brings the server is not installed."""


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


def address(sock: socket.socket) -> str:
    """The base URL a client needs."""
    host, port = sock.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/v1"


def make(app: EmulatorApp) -> uvicorn.Server:
    """A uvicorn server for the application, set up for speed and quiet."""
    try:
        import uvicorn
    except ImportError as error:
        raise EmulatorUnavailable(HINT) from error
    config = uvicorn.Config(
        app,
        http="httptools",
        loop="auto",
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=1,
        limit_concurrency=None,
        backlog=2048,
    )
    return uvicorn.Server(config)


class Emulator:
    """A running emulator in a thread of this process.

        with Emulator() as server:
            client = OpenAI(base_url=server.base_url, api_key="sk-test")

    Port 0 takes a free port. It is ready when `start` (or entering) returns and gone when `stop` (or leaving) returns.
    """

    def __init__(self, setting: Setting | None = None, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self.app = EmulatorApp(setting)
        self._host = host
        self._port = port
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        self._base_url = ""

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

    def start(self) -> Self:
        """Listen, and return when requests are answered."""
        if self._thread is not None:
            return self
        server = make(self.app)
        sock = listen(self._host, self._port)
        ready = threading.Event()
        self._thread = threading.Thread(target=_run, args=(server, sock, ready), name="antiphon-emulator", daemon=True)
        self._server = server
        self._thread.start()
        ready.wait()
        if not server.started:
            self._thread.join()
            self._thread = self._server = None
            raise RuntimeError("the emulator's server did not start; its log says why")
        self._base_url = address(sock)
        return self

    def stop(self) -> None:
        """Stop listening, end open streams after a second at most, drop temporary files."""
        server, thread = self._server, self._thread
        self._server = self._thread = None
        self._base_url = ""
        if server is not None and thread is not None:
            server.should_exit = True
            thread.join()
        self.app.world.close()


def _run(server: uvicorn.Server, sock: socket.socket, ready: threading.Event) -> None:
    startup = server.startup

    async def announced(sockets: list[socket.socket] | None = None) -> None:
        try:
            await startup(sockets)
        finally:
            ready.set()

    setattr(server, "startup", announced)  # noqa: B010
    try:
        server.run([sock])
    finally:
        ready.set()
        sock.close()


def serve(server: uvicorn.Server, sock: socket.socket, app: EmulatorApp) -> None:
    """Serve until Ctrl-C or SIGTERM; returns after a clean stop."""
    # uvicorn stops on a signal and then raises it again for whoever listened before: without this, SIGTERM would kill here.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        server.run([sock])
    except KeyboardInterrupt:
        pass
    finally:
        signal.signal(signal.SIGTERM, before)
        sock.close()
        app.world.close()
