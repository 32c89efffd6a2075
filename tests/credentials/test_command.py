"""Keys that a command prints, and keys of the system's keyring."""

from __future__ import annotations

import asyncio
import sys
import time
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import antiphon
from antiphon.core.secret import Secret
from antiphon.credentials import CommandKey, CredentialNotFound, KeyringKey
from antiphon.errors import InvalidCredential, OpenAIError
from tests.client.answer import retrieve
from tests.client.colour import Colour

from .gate import Gate

KEY = "sk-canary-0123456789"
PRINT = [sys.executable, "-S", "-c"]


def counting(path: Path, program: str) -> list[str]:
    """A command that leaves a mark each time it is run."""
    return [*PRINT, f"open({str(path)!r}, 'a').write('x'); {program}"]


def test_a_command_is_run_once_for_all_and_again_after_a_refusal(own_colour: Colour, tmp_path: Path) -> None:
    runs, key = tmp_path / "runs", tmp_path / "key"
    key.write_text("sk-old-0123456789")
    source = CommandKey(counting(runs, f"print(open({str(key)!r}).read())"))
    with Gate("sk-old-0123456789") as gate, own_colour.client(gate.url, api_key=source) as it:
        it(retrieve)
        it(retrieve)
        assert runs.read_text() == "x"
        key.write_text("sk-new-0123456789")
        gate.taken = {"sk-new-0123456789"}
        it(retrieve)
        assert runs.read_text() == "xx"
        assert [status for _, status in gate.seen] == [200, 200, 401, 200]


def test_a_slow_command_does_not_hold_up_the_event_loop() -> None:
    source = CommandKey([*PRINT, f"import time; time.sleep(0.4); print({KEY!r})"])

    async def main() -> tuple[int, float]:
        with Gate(KEY) as gate:
            async with antiphon.AsyncOpenAI(api_key=source, base_url=f"{gate.url}/v1") as client:
                call = asyncio.create_task(retrieve(client))
                beats, longest = 0, 0.0
                while not call.done():
                    began = time.monotonic()
                    await asyncio.sleep(0.005)
                    beats, longest = beats + 1, max(longest, time.monotonic() - began)
                await call
                return beats, longest

    beats, longest = asyncio.run(main())
    assert beats > 10
    assert longest < 0.35, "the loop goes on while the command runs"


def test_many_who_ask_at_once_have_it_run_once(tmp_path: Path) -> None:
    source = CommandKey(counting(tmp_path / "runs", f"print({KEY!r})"))

    async def main() -> None:
        with Gate(KEY) as gate:
            async with antiphon.AsyncOpenAI(api_key=source, base_url=f"{gate.url}/v1") as client:
                await asyncio.gather(*(retrieve(client) for _ in range(40)))

    asyncio.run(main())
    assert (tmp_path / "runs").read_text() == "x"


@pytest.mark.parametrize(
    ("program", "kind", "said"),
    [
        ("import sys; print({KEY!r}); sys.exit(3)", OpenAIError, "ended with exit code 3"),
        ("pass", CredentialNotFound, "printed nothing"),
        ("import sys; sys.stdout.buffer.write(bytes([255, 254]))", OpenAIError, "not UTF-8"),
        ("print({KEY!r} + chr(10) + {KEY!r})", InvalidCredential, "line break"),
        ("import time; print({KEY!r}, flush=True); time.sleep(30)", OpenAIError, r"did not end within 0\.5 s"),
    ],
)
def test_what_goes_wrong_names_the_program_and_no_key(program: str, kind: type[Exception], said: str) -> None:
    source = CommandKey(
        [*PRINT, program.replace("{KEY!r}", repr(KEY)), "--token", KEY], timeout=0.5 if "sleep" in program else 20
    )
    began = time.monotonic()
    with pytest.raises(kind, match=said) as caught:
        source()
    assert time.monotonic() - began < 15
    assert "python" in str(caught.value)
    told = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    ours = told.split("credentials/source.py", 1)[-1]
    assert KEY not in ours.replace(f"--token', '{KEY}'", "")
    assert caught.value.__cause__ is caught.value.__context__ is None


def test_a_program_that_is_not_there() -> None:
    with pytest.raises(OpenAIError, match="CommandKey\\('no-such-program'\\) cannot be run: No such file"):
        CommandKey(["/nowhere/no-such-program", KEY])()


@pytest.mark.parametrize("command", ["op read x", b"op", [], (), None])
def test_a_command_is_a_list_for_no_shell_runs_it(command: Any) -> None:
    with pytest.raises(TypeError, match="must be a list"):
        CommandKey(command)


def test_nothing_of_a_command_is_a_shells() -> None:
    assert CommandKey([*PRINT, "import sys; print(sys.argv[1])", "$(echo-x);`x`"])() == Secret("$(echo-x);`x`")


class Ring(ModuleType):
    """A keyring."""

    def __init__(self) -> None:
        super().__init__("keyring")
        self.asked: list[tuple[str, str]] = []
        self.key: str | None = KEY
        self.failure: Exception | None = None

    def get_password(self, service: str, user: str) -> str | None:
        self.asked.append((service, user))
        if self.failure is not None:
            raise self.failure
        return self.key


@pytest.fixture
def ring(monkeypatch: pytest.MonkeyPatch) -> Ring:
    ring = Ring()
    monkeypatch.setitem(sys.modules, "keyring", ring)
    return ring


def test_a_keyring_is_asked_once_and_again_after_a_refusal(own_colour: Colour, ring: Ring) -> None:
    with Gate(KEY) as gate, own_colour.client(gate.url, api_key=KeyringKey("openai", "work")) as it:
        it(retrieve)
        it(retrieve)
        assert ring.asked == [("openai", "work")]
        gate.taken, ring.key = {"sk-new-0123456789"}, "sk-new-0123456789"
        it(retrieve)
        assert ring.asked == [("openai", "work")] * 2


def test_a_keyring_that_has_no_key_or_is_closed(ring: Ring) -> None:
    ring.key = None
    with pytest.raises(CredentialNotFound, match="the keyring holds no 'openai' for 'work'"):
        KeyringKey("openai", "work")()
    ring.failure = RuntimeError(f"locked, and here is {KEY}")
    with pytest.raises(OpenAIError, match=r"cannot be read \(RuntimeError\)") as caught:
        KeyringKey("openai", "work")()
    assert caught.value.__cause__ is caught.value.__context__ is None


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(OpenAIError, match=r"pip install antiphon\[keyring\]"):
        KeyringKey("openai", "work")()


def test_the_real_package_is_called_as_it_wants(monkeypatch: pytest.MonkeyPatch) -> None:
    keyring = pytest.importorskip("keyring")
    from keyring.backend import KeyringBackend

    class Memory(KeyringBackend):
        priority = 1

        def get_password(self, service: str, username: str) -> str | None:
            return KEY if (service, username) == ("openai", "work") else None

        def set_password(self, service: str, username: str, password: str) -> None:
            raise AssertionError("nothing is stored")

    monkeypatch.setattr(keyring.core, "_keyring_backend", Memory())
    assert KeyringKey("openai", "work")() == Secret(KEY)
    with pytest.raises(CredentialNotFound):
        KeyringKey("openai", "home")()
