"""Programs in processes of their own: signals, exits and forks as users meet them."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).parents[2]
HEADER = """
import asyncio, os, signal, sys, threading, time
import antiphon
COLOUR, TRANSPORT, URL = sys.argv[1:4]
from tests.client.colour import Colour
from tests.client.answer import chat, retrieve
client = Colour(COLOUR, TRANSPORT).make(URL, max_retries=int(os.environ.get("RETRIES", "0")))

async def drain(stream):
    return [item async for item in stream]

def say(*words):
    print(*words, flush=True)
"""


def start(program: str, *arguments: str, strict: bool = True, **environment: str) -> subprocess.Popen[str]:
    """A Python program with a client of the colour, transport and URL given; strict, warnings are errors there too."""
    flags = ["-W", "error"] if strict else []
    return subprocess.Popen(
        [sys.executable, *flags, "-c", HEADER + textwrap.dedent(program), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}", **environment},
    )


def ended(process: subprocess.Popen[str], seconds: float = 20) -> tuple[int, str, str]:
    """Exit status and output of a program that must come to its end."""
    try:
        out, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        raise AssertionError(f"it hangs; it said:\n{out}\n{err}") from None
    return process.returncode, out, err
