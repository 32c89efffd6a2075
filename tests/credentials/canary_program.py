"""A program that is given secrets in every way there is, fails in every way there is, and writes down all that can be seen of it.

    python -m tests.credentials.canary_program COLOUR TRANSPORT FOLDER [LEAK]

No frame of its own holds a secret: each is worked out where it is passed. LEAK plants one on purpose, for the test that the
search finds it.
"""

from __future__ import annotations

import asyncio
import faulthandler
import gc
import hashlib
import logging
import os
import pickle
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

WAYS = (
    *("argument", "environment", "file", "dotenv", "command", "token", "rotation", "pool", "admin", "webhook"),
    *(
        "header",
        "call header",
        "query",
        "base url query",
        "proxy",
        "userinfo",
        "target",
        "target header",
        "signature",
        "cert",
    ),
    *("azure", "azure token", "cipher"),
)


def canary(way: str) -> str:
    """The secret of a way; the search works it out as well."""
    return "sk-cnry-" + hashlib.sha256(way.encode()).hexdigest()[:24]


def main(colour: str, transport: str, folder: Path, leak: str = "") -> None:
    """Do it all, and write it down."""
    logging.basicConfig(filename=folder / "log.txt", level=logging.DEBUG, format="%(name)s %(message)s %(args)s")
    os.environ.update(OPENAI_API_KEY=canary("environment"), CANARY=canary("environment"))
    (folder / "in").mkdir()
    for name, text in (("key", canary("file")), (".env", f"export CANARY='{canary('dotenv')}'")):
        (folder / "in" / name).write_text(text)
        (folder / "in" / name).chmod(0o600)
    from .canary_stage import Stage

    stage = Stage(colour, transport, folder)
    if transport != "own":
        from antiphon.credentials import scrub_logs

        scrub_logs()  # httpx2 writes whole URLs down
    seen = Seen(folder)
    if colour == "sync":
        for make in stage.clients():
            seen.made(make, lambda client, do: do(client))
    else:
        with asyncio.Runner() as runner:
            for make in stage.clients():
                seen.made(make, lambda client, do: runner.run(awaited(do, client)))
    seen.walk()
    plant(leak, folder)
    with (folder / "fault.txt").open("w") as file:
        faulthandler.dump_traceback(file)
    stage.close()


async def awaited(do: Callable[[Any], Any], client: Any) -> Any:
    """What an async client's call gives."""
    value = do(client)
    return await value if hasattr(value, "__await__") else value


class Seen:
    """Everything that can be seen of clients, results and errors, in files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.kept: list[Any] = []
        self.count = 0

    def made(self, make: Callable[[], Any], run: Callable[[Any, Callable[[Any], Any]], Any]) -> None:
        """Make a client, have it do everything, and write down what it shows."""
        from .canary_stage import DEEDS

        try:
            client = make()
        except Exception as failure:
            self.failed(failure)
            return
        self.shown(client, client.settings, client.explain(), client.default_headers, client.default_query)
        self.packed(client)
        for deed in DEEDS:
            try:
                self.shown(run(client, deed))
            except Exception as failure:
                self.failed(failure)
        self.kept.append(client)

    def shown(self, *values: Any) -> None:
        """Reprs, texts and attributes."""
        with (self.folder / "repr.txt").open("a") as file:
            for value in values:
                print(repr(value), str(value), repr(getattr(value, "__dict__", "")), file=file)

    def failed(self, failure: BaseException) -> None:
        """An error, with all that hangs on it."""
        self.shown(
            failure, getattr(failure, "trace", None), getattr(failure, "body", None), getattr(failure, "request", None)
        )
        told = traceback.TracebackException.from_exception(failure, capture_locals=True)
        for part in (told, told.__cause__, told.__context__):
            for frame in part.stack if part is not None else ():
                if frame.filename.endswith("canary_stage.py"):
                    frame.locals = None  # whoever passes a secret has it
        with (self.folder / "traceback.txt").open("a") as file:
            print("".join(told.format()), file=file)
        logging.getLogger("canary.program").error("it failed: %s", failure, exc_info=failure)
        self.packed(failure)
        self.kept.append(failure)

    def packed(self, value: Any) -> None:
        """What travels to another process, where anything does."""
        self.count += 1
        try:
            data = pickle.dumps(value)
        except (TypeError, AttributeError, pickle.PicklingError) as refusal:
            self.shown(str(refusal))
            return
        (self.folder / f"{self.count}.pickle").write_bytes(data)

    def walk(self) -> None:
        """The repr of every object of ours that the collector knows, and of what it holds."""
        gc.collect()
        with (self.folder / "walk.txt").open("w") as file:
            for value in gc.get_objects():
                if str(type(value).__module__).partition(".")[0] == "antiphon":
                    try:
                        print(type(value).__qualname__, repr(value), repr(getattr(value, "__dict__", "")), file=file)
                    except Exception as problem:  # half made, or dead by now
                        print(type(value).__qualname__, type(problem).__name__, file=file)


def plant(leak: str, folder: Path) -> None:
    """Leak on purpose."""
    if leak == "log":
        logging.getLogger("anybody").debug("%s", canary("argument"))
    elif leak == "pickle":
        (folder / "leak.pickle").write_bytes(pickle.dumps({"k": canary("argument")}))
    elif leak == "base64":
        from base64 import b64encode

        (folder / "leak.txt").write_bytes(b64encode(f"u:{canary('proxy')}".encode()))
    elif leak == "utf-16":
        (folder / "leak.bin").write_bytes(canary("cipher").encode("utf-16"))
    elif leak == "locals":
        secret = canary("token")
        try:
            raise ValueError(len(secret))
        except ValueError as failure:
            Seen(folder).failed(failure)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), *sys.argv[4:])
