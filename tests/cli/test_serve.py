"""`antiphon serve` as a process: it starts, prints where, answers, and ends by a signal."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from antiphon.cli import main
from tests import program

ROOT = Path(__file__).parents[2]
ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])}


@contextmanager
def process(*arguments: str, module: str = "antiphon.cli") -> Generator[subprocess.Popen[str]]:
    words = ["serve", *arguments] if module == "antiphon.cli" else arguments
    with spawned([sys.executable, "-m", module, *words]) as running:
        yield running


@contextmanager
def spawned(command: list[str]) -> Generator[subprocess.Popen[str]]:
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with program.running(command, env=ENVIRONMENT, text=True, **pipes) as running:
        yield running


def told_by(running: subprocess.Popen[str]) -> tuple[str, str]:
    """The URL, and all that is printed at the start; read whole, for what stays in this reader's buffer is lost to others."""
    text = program.read_until(running, "Ctrl-C")
    found = re.search(r"http://\S+/v1", text)
    assert found, text + (running.stderr.read() if running.stderr else "")
    return found[0], text


@pytest.mark.parametrize("module", ["antiphon.cli", "antiphon.emulator"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_starts_answers_and_stops(module: str, number: signal.Signals) -> None:
    started = time.perf_counter()
    with process("--port", "0", module=module) as running:
        base_url, told = told_by(running)
        with httpx.Client(base_url=base_url, headers={"Authorization": "Bearer k"}) as http:
            assert http.get("/models").status_code == 200
            print(f"\nstart to first answer: {time.perf_counter() - started:.3f} s")
            running.send_signal(number)
            _, errors = running.communicate(timeout=20)
        assert f"export OPENAI_BASE_URL={base_url}" in told
        assert "export OPENAI_API_KEY=" in told
        assert errors == ""
        assert running.returncode == 0


def test_temporary_files_are_gone_after_a_signal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ENVIRONMENT, "TMPDIR", str(tmp_path))
    for number in (signal.SIGINT, signal.SIGTERM):
        with process("--port", "0") as running:
            base_url, _ = told_by(running)
            sent = {"file": ("a.txt", b"x")}
            headers = {"Authorization": "Bearer k"}
            made = httpx.post(f"{base_url}/files", headers=headers, data={"purpose": "user_data"}, files=sent)
            assert made.status_code == 200
            assert len(list(tmp_path.iterdir())) == 1
            running.send_signal(number)
            running.communicate(timeout=20)
        assert list(tmp_path.iterdir()) == []


def test_options_arrive(tmp_path: Path) -> None:
    options = [
        "--port",
        "0",
        "--api-key",
        "sk-a",
        "--api-key",
        "sk-b",
        "--data",
        str(tmp_path / "d"),
        "--model",
        "mine",
    ]
    with process(*options, "--seed", "5", "--rpm", "60", "--tpm", "1000", "--no-faults") as running:
        base_url, _ = told_by(running)
        assert httpx.get(f"{base_url}/models", headers={"Authorization": "Bearer sk-c"}).status_code == 401
        for key in ("sk-a", "sk-b"):
            headers = {"Authorization": f"Bearer {key}", "X-Antiphon-Fault": "status=500"}
            heard = httpx.get(f"{base_url}/models/mine", headers=headers)
            assert heard.status_code == 200
            assert (heard.headers["x-ratelimit-limit-requests"], heard.headers["x-ratelimit-limit-tokens"]) == (
                "60",
                "1000",
            )
        sent = {"file": ("a.txt", b"x")}
        made = httpx.post(f"{base_url}/files", headers=headers, data={"purpose": "user_data"}, files=sent).json()
        assert (tmp_path / "d" / "files" / made["id"]).read_bytes() == b"x"


def test_what_answers_and_what_breaks_comes_from_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "script").write_text('{"fixtures": [{"answer": {"text": "as written"}}]}')
    (tmp_path / "plan").write_text('{"rules": [{"match": {"path": "/v1/models"}, "faults": ["status=503"]}]}')
    files = ["--script", str(tmp_path / "script"), "--scenario", str(tmp_path / "plan")]
    headers = {"Authorization": "Bearer k"}
    with process("--port", "0", "--control-token", "mine", "--lenient", *files) as running:
        base_url, told = told_by(running)
        assert "mine" not in told
        asked = {"model": "gpt-4o", "input": "x", "nonsense": 1}
        answer = httpx.post(f"{base_url}/responses", headers=headers, json=asked).json()
        assert answer["output"][0]["content"][0]["text"] == "as written"
        assert httpx.get(f"{base_url}/models", headers=headers).status_code == 503
        control = base_url.replace("/v1", "/__antiphon")
        assert httpx.get(f"{control}/state", headers={"X-Antiphon-Token": "mine"}).status_code == 200
        monkeypatch.setitem(ENVIRONMENT, "UPSTREAM", "k")
        tape = tmp_path / "tape"
        proxy = ["--proxy", base_url, "--proxy-key-from", "UPSTREAM", "--record", str(tape)]
        with process("--port", "0", *proxy) as asking:
            other, _ = told_by(asking)
            del asked["nonsense"]
            assert httpx.post(f"{other}/responses", headers=headers, json=asked).json()["output"]
    assert "as written" in tape.read_text()


@pytest.mark.parametrize(
    "words",
    [
        ["--record", "x"],
        ["--brain", "replay"],
        ["--brain", "proxy"],
        ["--brain", "clever"],
        ["--jitter", "2"],
        ["--first-token", "-1"],
        ["--tokens-per-second", "x"],
        ["--proxy-key-from", "NOBODY_SET_THIS"],
    ],
)
def test_options_that_make_no_sense(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["serve", "--port", "0", *words])
    assert caught.value.code == 2
    assert words[0] in capsys.readouterr().err


def test_a_script_that_is_none_is_said(tmp_path: Path) -> None:
    (tmp_path / "script").write_text("{")
    with process("--port", "0", "--script", str(tmp_path / "script")) as running:
        _, errors = running.communicate(timeout=20)
    assert running.returncode == 1
    assert errors.startswith(f"antiphon serve: {tmp_path / 'script'} is no JSON")


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ([], 500),
        (["--no-faults"], 200),
        (["--allow-remote", "--api-key", "k"], 200),
        (["--allow-remote", "--api-key", "k", "--faults"], 500),
    ],
)
def test_faults_are_obeyed_on_loopback_only_unless_said(words: list[str], status: int) -> None:
    with process("--port", "0", *words) as running:
        base_url, _ = told_by(running)
        headers = {"Authorization": "Bearer k", "X-Antiphon-Fault": "status=500"}
        assert httpx.get(f"{base_url}/models", headers=headers).status_code == status


def test_what_is_printed_can_be_pasted_into_a_shell() -> None:
    with process("--port", "0", "--host", "localhost") as running:
        base_url, told = told_by(running)
        lines = [line for line in told.splitlines() if line.startswith("  ")]
        script = "\n".join([*lines, 'printf "%s %s" "$OPENAI_BASE_URL" "$OPENAI_API_KEY"'])
        shell = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=True)
        assert shell.stdout == f"{base_url} sk-local"
        assert "\x1b" not in told


def test_a_key_of_ones_own_is_not_shown() -> None:
    with process("--port", "0", "--api-key", "sk-own") as running:
        base_url, told = told_by(running)
        assert httpx.get(f"{base_url}/models", headers={"Authorization": "Bearer sk-own"}).status_code == 200
        running.send_signal(signal.SIGINT)
        rest, errors = running.communicate(timeout=20)
    assert "sk-own" not in told + rest + errors
    assert "  # and OPENAI_API_KEY is a key you gave with --api-key\n" in told


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_what_is_under_way_without_a_word(number: signal.Signals) -> None:
    with process("--port", "0") as running:
        base_url, _ = told_by(running)
        headers = {"Authorization": "Bearer k", "X-Antiphon-Fault": "pace=9"}
        body = {"model": "gpt-4o", "stream": True, "messages": [{"role": "user", "content": "Say: a b c"}]}
        url = f"{base_url}/chat/completions"
        with httpx.Client() as http, http.stream("POST", url, json=body, headers=headers) as reply:
            pieces = reply.iter_raw()
            assert next(pieces)
            running.send_signal(number)
            assert running.communicate(timeout=20) == ("", "")
            with pytest.raises(httpx.TransportError):
                list(pieces)
    assert running.returncode == 0


def answered(base_url: str) -> httpx.Response:
    """The first answer; uvloop drops connections while it is short of files, so those that broke are asked again."""
    end = time.monotonic() + 60
    while True:
        try:
            return httpx.get(f"{base_url}/models", headers={"Authorization": "Bearer k"}, timeout=30)
        except (httpx.NetworkError, httpx.RemoteProtocolError):
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


@pytest.mark.parametrize("without", ["", "uvloop"])
def test_more_connections_than_it_may_open_files(without: str) -> None:
    pytest.importorskip("resource")
    code = (
        f"import resource, sys; sys.modules[{without!r} or 'none'] = None\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (48, 48))\n"
        "from antiphon.cli import main; raise SystemExit(main(['serve', '--port', '0']))"
    )
    with spawned([sys.executable, "-c", code]) as running:
        base_url, _ = told_by(running)
        address = ("127.0.0.1", httpx.URL(base_url).port or 0)
        socks = [socket.create_connection(address, timeout=20) for _ in range(100)]
        for sock in socks:
            sock.close()
        assert answered(base_url).status_code == 200
        running.send_signal(signal.SIGTERM)
        assert running.communicate(timeout=20) == ("", "")
        assert running.returncode == 0


def test_ctrl_c_before_it_listens_is_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("antiphon.cli.serve.main", interrupted)
    assert main(["serve"]) == 130


def test_an_address_others_reach_is_warned_of() -> None:
    with process("--port", "0", "--host", "0.0.0.0", "--allow-remote", "--api-key", "k") as running:
        told_by(running)
        running.send_signal(signal.SIGTERM)
        _, errors = running.communicate(timeout=20)
    assert errors.startswith("antiphon serve: warning: other machines may reach this")


def test_a_folder_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with process("--port", "0", "--data", str(tmp_path / "file" / "below")) as running:
        _, errors = running.communicate(timeout=20)
    assert running.returncode == 1
    assert errors == f"antiphon serve: {tmp_path / 'file' / 'below'} cannot be used: Not a directory\n"


def test_a_taken_port_is_said() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with process("--port", str(taken.getsockname()[1])) as running:
            _, errors = running.communicate(timeout=20)
    assert running.returncode == 1
    assert re.fullmatch(r"antiphon serve: port \d+ of 127.0.0.1 is in use: give another with --port .*\n", errors)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--host", "0.0.0.0"], "--allow-remote"),
        (["--host", "0.0.0.0", "--allow-remote"], "--api-key"),
        (["--port", "99999"], "not a port"),
        (["--port", "x"], "not a port"),
        (["--rpm", "0"], "not a positive number"),
        (["--colour"], "unrecognized"),
    ],
)
def test_wrong_options(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["serve", *arguments])
    assert ended.value.code == 2
    assert said in capsys.readouterr().err
