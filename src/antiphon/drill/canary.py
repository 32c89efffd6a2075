"""Canary: secrets are planted in every way a client takes one, everything that can be seen is written down, and searched."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
import tempfile
import urllib.parse
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from .canary_program import WAYS, secret_of
from .figure import Figure, Result
from .house import House


def drill(*, drivers: Sequence[str] = ("sync", "asyncio")) -> list[Result]:
    """The figures.

    Args:
        drivers: which of "sync" and "asyncio".
    """
    return [_run(driver) for driver in drivers if driver != "virtual"]


def encodings(secret: str) -> Iterator[tuple[str, bytes]]:
    """Eight ways to write a secret; base64 at each of the three places where it may begin."""
    data = secret.encode()
    yield "as it is", data
    yield "for a URL", urllib.parse.quote(secret, safe="").encode()
    for skipped in range(3):
        whole = base64.b64encode(b"\0" * skipped + data + b"\0" * (-(skipped + len(data)) % 3))
        inside = whole[4 if skipped else 0 : -4]
        yield "in base64", inside
        yield "in base64 for URLs", inside.replace(b"+", b"-").replace(b"/", b"_")
    yield "in hexadecimal", data.hex().encode()
    yield "backwards", secret[::-1].encode()
    yield "in UTF-16", secret.encode("utf-16-le")
    yield "in JSON's escapes", "".join(f"\\u{ord(letter):04x}" for letter in secret).encode()


def found_in(folder: Path) -> Counter[str]:
    """How often each secret is found, by its way and encoding."""
    found: Counter[str] = Counter()
    for path in folder.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        for way in WAYS:
            for name, needle in encodings(secret_of(way)):
                if needle in content:
                    found[f"{way}, {name}, in {path.name}"] += content.count(needle)
    return found


def _run(driver: str) -> Result:
    with tempfile.TemporaryDirectory() as name, House() as house:
        folder = Path(name)
        environment = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}
        environment["OPENAI_API_KEY"] = secret_of("environment")
        command = [sys.executable, "-m", "antiphon.drill.canary_program", driver, str(folder), house.base_url]
        done = subprocess.run(command, env=environment, capture_output=True, check=False)  # noqa: S603 - our own
        (folder / "output.txt").write_bytes(done.stdout + done.stderr)
        found = found_in(folder)
        written = sum(path.stat().st_size for path in folder.rglob("*"))
        return Result(
            f"{driver}: {len(WAYS)} secrets, planted in as many ways",
            [
                Figure.exactly("the program's exit code", done.returncode, 0),
                Figure("bytes that were searched", written),
                Figure("encodings", len({name for name, _ in encodings("x" * 9)})),
                Figure.exactly("secrets found", sum(found.values()), 0),
                *(Figure(where, count) for where, count in found.most_common(5)),
            ],
        )
