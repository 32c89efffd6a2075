"""The program of the canary drill: takes secrets in every way, goes wrong in many, and writes down all that can be seen of it.

    python -m antiphon.drill.canary_program sync|asyncio FOLDER BASE_URL

No frame of its own holds a secret: each is worked out where it is passed.
"""

from __future__ import annotations

import asyncio
import faulthandler
import gc
import hashlib
import logging
import pickle
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ..client import AsyncOpenAI, OpenAI
from ..core.headers import Headers
from ..drivers.clock import SystemClock
from ..errors import OpenAIError
from ..policies import Failover, Policy, Target, Trace

WAYS = (
    *("environment", "argument", "function", "admin", "webhook", "header", "call header", "query", "proxy"),
    *("userinfo", "target"),
)
"""How a client is given a secret."""


def secret_of(way: str) -> str:
    """The secret that is given in a way; whoever searches for it works it out as well."""
    return "sk-canary-" + hashlib.sha256(way.encode()).hexdigest()[:24]


def main(driver: str, folder: Path, base_url: str) -> None:
    """Make the clients, have each do everything, and write down what is seen."""
    logging.basicConfig(filename=folder / "log.txt", level=logging.DEBUG, format="%(name)s %(message)s %(args)s")
    logging.getLogger("asyncio").setLevel(logging.INFO)
    scribe = _Scribe(folder)
    with asyncio.Runner() as runner:
        for make in _clients(OpenAI if driver == "sync" else AsyncOpenAI, base_url):
            scribe.try_out(make, runner)
    scribe.walk()
    with (folder / "stacks.txt").open("w") as file:
        faulthandler.dump_traceback(file)


def _clients(kind: Any, base_url: str) -> Iterator[Callable[[], Any]]:
    bare: dict[str, Any] = {"base_url": base_url, "proxy": None, "_clock": _Hasty()}
    yield lambda: kind(**bare)
    yield lambda: kind(api_key=secret_of("argument"), policies=Policy.interactive(), **bare)
    yield lambda: kind(api_key=lambda: secret_of("function"), **bare)
    yield lambda: kind(admin_api_key=secret_of("admin"), webhook_secret=secret_of("webhook"), **bare)
    yield lambda: kind(default_headers={"X-Api-Key": secret_of("header")}, **bare)
    yield lambda: kind(default_query={"api-key": secret_of("query")}, **bare)
    yield lambda: kind(**{**bare, "proxy": f"http://user:{secret_of('proxy')}@127.0.0.1:9"})
    yield lambda: kind(**{**bare, "base_url": f"http://user:{secret_of('userinfo')}@127.0.0.1:9/v1"})
    yield lambda: kind(
        base_url="http://127.0.0.1:9/v1",
        proxy=None,
        _clock=_Hasty(),
        policies=[Failover([Target(base_url, api_key=secret_of("target"))], cross_provider=True)],
    )


class _Hasty(SystemClock):
    """The machine's clock, but nobody waits between two attempts."""

    def sleep(self, seconds: float) -> None:
        """Go on."""

    async def asleep(self, seconds: float) -> None:
        """Go on."""


_DEEDS: tuple[Callable[[Any], Any], ...] = (
    lambda client: client.models.list(),
    lambda client: client.models.retrieve("none", extra_headers=Headers({"X-Api-Key": secret_of("call header")})),
    lambda client: client.models.retrieve("x", extra_headers={"X-Antiphon-Fault": "status=500"}),
    lambda client: client.models.retrieve("x", extra_headers={"X-Antiphon-Fault": "reset=5"}),
    lambda client: client.models.retrieve("x", extra_headers={"X-Antiphon-Fault": "html=1"}),
    lambda client: client.models.retrieve("x", extra_headers={"X-Antiphon-Fault": "redirect=http://127.0.0.1:9/"}),
    lambda client: client.get("http://elsewhere.invalid/x", cast_to=object),
    lambda client: client.responses.create(model="gpt-4.1", input="Hi", stream=True),
    lambda client: client.with_options(base_url="http://127.0.0.1:9/v1").models.list(),
    lambda client: client.organization,
)


class _Scribe:
    """Writes down whatever can be seen of clients, results and errors."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kept: list[Any] = []
        self._count = 0

    def try_out(self, make: Callable[[], Any], runner: asyncio.Runner) -> None:
        """Make a client and have it do everything."""
        try:
            client = make()
        except (OpenAIError, ValueError, TypeError) as failure:
            self._failed(failure)
            return
        self._shown(client, client.settings, client.explain(), client.default_headers, client.default_query)
        self._packed(client)
        for deed in _DEEDS:
            try:
                self._shown(runner.run(_awaited(deed, client)))
            except (OpenAIError, ValueError, TypeError) as failure:
                self._failed(failure)
        self._kept.append(client)

    def walk(self) -> None:
        """The text of every object of ours that is alive."""
        gc.collect()
        with (self._folder / "walk.txt").open("w") as file:
            for value in gc.get_objects():
                if str(type(value).__module__).partition(".")[0] == "antiphon" and not isinstance(value, _Scribe):
                    print(_text(value), file=file)

    def _shown(self, *values: Any) -> None:
        with (self._folder / "shown.txt").open("a") as file:
            for value in values:
                print(_text(value), file=file)
        self._kept += values

    def _failed(self, failure: BaseException) -> None:
        told = traceback.TracebackException.from_exception(failure, capture_locals=True)
        for part in (told, told.__cause__, told.__context__):
            for frame in part.stack if part is not None else ():
                if frame.filename == __file__:
                    frame.locals = None  # whoever passes a secret has it
        with (self._folder / "tracebacks.txt").open("a") as file:
            print("".join(told.format()), _text(failure), _text(getattr(failure, "trace", None)), file=file)
        logging.getLogger("drill").error("it failed: %s", failure, exc_info=failure)
        self._packed(failure)
        self._kept.append(failure)

    def _packed(self, value: Any) -> None:
        self._count += 1
        try:
            data = pickle.dumps(value)
        except (TypeError, AttributeError, pickle.PicklingError) as refusal:
            data = str(refusal).encode()
        (self._folder / f"{self._count}.pickle").write_bytes(data)


async def _awaited(deed: Callable[[Any], Any], client: Any) -> Any:
    value = deed(client)
    return await value if hasattr(value, "__await__") else value


def _text(value: Any) -> str:
    told = str(value) if isinstance(value, (BaseException, Trace)) else ""
    try:
        return f"{value!r} {told} {getattr(value, '__dict__', '')!r}"
    except Exception as problem:  # half made, or dead by now
        return f"{type(value).__name__}: {type(problem).__name__}"


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
