"""No secret in eight encodings in any log, repr, pickle, traceback, database or record, however it was given; and a leak is found."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.client.script import ROOT

from .canary_program import WAYS, canary

KEPT = {"in"}
"""Where the program's secrets were put in."""


def encodings(secret: str) -> Iterator[tuple[str, bytes]]:
    """Eight ways to write a secret, worked out apart from the scrubber."""
    data = secret.encode()
    yield "raw", data
    yield "URL", urllib.parse.quote(secret, safe="").encode()
    for skipped in range(3):
        whole = base64.b64encode(b"\0" * skipped + data + b"\0" * ((-skipped - len(data)) % 3))
        inside = whole[4 if skipped else 0 : -4 or None]
        yield "base64", inside
        yield "base64 for URLs", inside.replace(b"+", b"-").replace(b"/", b"_")
    yield "hexadecimal", data.hex().encode()
    yield "hexadecimal in capitals", data.hex().upper().encode()
    yield "backwards", secret[::-1].encode()
    yield "UTF-16", secret.encode("utf-16-le")
    yield "JSON", "".join(f"\\u{ord(letter):04x}" for letter in secret).encode()


def hits(folder: Path) -> list[str]:
    """Where a secret is found: way, encoding, file and what stands around it."""
    found: list[str] = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not KEPT & set(path.relative_to(folder).parts):
            content = path.read_bytes()
            for way in WAYS:
                for name, needle in encodings(canary(way)):
                    at = content.find(needle)
                    if at >= 0:
                        line = content[max(content.rfind(b"\n", 0, at), at - 300) : at + 60]
                        found.append(f"{way}, {name}, {path.name}: …{line!r}")
    return found


def played(colour: str, transport: str, folder: Path, leak: str = "") -> list[str]:
    """Run the program; what it let out."""
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    environment |= {"PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}", "COMMAND": canary("command")}
    command = [
        sys.executable,
        "-m",
        "tests.credentials.canary_program",
        colour,
        transport,
        str(folder),
        *([leak] if leak else []),
    ]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)
    (folder / "output.txt").write_text(done.stdout + done.stderr)
    assert done.returncode == 0, done.stderr[-3000:]
    return hits(folder)


@pytest.mark.parametrize(("colour", "transport"), [("sync", "own"), ("async", "httpx2")])
def test_row_59_no_secret_is_found_anywhere(colour: str, transport: str, tmp_path: Path) -> None:
    found = played(colour, transport, tmp_path)
    assert not found, "\n".join(found[:40])
    told = (tmp_path / "traceback.txt").read_text()
    for kind in (
        "AuthenticationError",
        "InternalServerError",
        "UnexpectedContentType",
        "CredentialScopeError",
        "InvalidCredential",
    ):
        assert kind in told, "the program failed in all the ways it was to"
    assert "<redacted>" in told
    assert len(list(tmp_path.glob("*.pickle"))) > 50
    assert (tmp_path / "cache.sqlite").stat().st_size > 0
    assert (tmp_path / "audit.jsonl").stat().st_size > 0
    assert len((tmp_path / "walk.txt").read_text().splitlines()) > 1000


@pytest.mark.parametrize("leak", ["log", "pickle", "base64", "utf-16", "locals"])
def test_a_leak_is_found(leak: str, tmp_path: Path) -> None:
    from . import canary_program

    (tmp_path / "log.txt").touch()
    program = (
        "import logging, sys; from pathlib import Path; from tests.credentials.canary_program import plant;"
        "logging.basicConfig(filename=Path(sys.argv[1]) / 'log.txt', level=logging.DEBUG); plant(sys.argv[2], Path(sys.argv[1]))"
    )
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
    subprocess.run([sys.executable, "-c", program, str(tmp_path), leak], cwd=ROOT, env=environment, check=True)
    assert hits(tmp_path)
    assert canary_program.WAYS
