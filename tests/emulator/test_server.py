"""Starting and stopping a real server in a thread."""

from __future__ import annotations

import socket
import sys
import threading
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from antiphon.emulator import Emulator, Setting
from antiphon.emulator.house import House
from antiphon.emulator.server import address, listen

from .asking import Asking

KEY = {"Authorization": "Bearer k"}


def test_ready_when_entered_and_gone_when_left() -> None:
    with Emulator() as server:
        base_url = server.base_url
        assert base_url.endswith("/v1")
        assert base_url in repr(server)
        assert server.start() is server
        assert httpx.get(f"{base_url}/models", headers=KEY).status_code == 200
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{base_url}/models", headers=KEY)
    with pytest.raises(RuntimeError, match="not running"):
        _ = server.base_url
    assert "stopped" in repr(server)
    server.stop()


def test_starts_again() -> None:
    server = Emulator()
    for _ in range(2):
        with server:
            assert httpx.get(f"{server.base_url}/models", headers=KEY).status_code == 200


def test_a_server_that_cannot_start_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise OSError("no")

    server = Emulator()
    monkeypatch.setattr(House, "serve", broken)
    with pytest.raises(RuntimeError, match="did not start") as caught:
        server.start()
    assert isinstance(caught.value.__cause__, OSError)
    monkeypatch.undo()
    with server:
        assert httpx.get(f"{server.base_url}/models", headers=KEY).status_code == 200


def test_two_side_by_side_share_nothing() -> None:
    with Emulator() as one, Emulator() as other:
        made = httpx.post(f"{one.base_url}/responses", headers=KEY, json={"model": "gpt-4o", "input": "hi"}).json()
        assert httpx.get(f"{one.base_url}/responses/{made['id']}", headers=KEY).status_code == 200
        assert httpx.get(f"{other.base_url}/responses/{made['id']}", headers=KEY).status_code == 404


def test_a_taken_port_is_an_error() -> None:
    with Emulator() as server, pytest.raises(OSError, match=r"[Aa]ddress"):
        Emulator(port=urlsplit(server.base_url).port or 0).start()


def test_an_open_stream_does_not_hold_up_the_stop() -> None:
    server = Emulator().start()
    body = {"model": "gpt-4o", "stream": True, "messages": [{"role": "user", "content": "say a b c d e f g h"}]}
    headers = KEY | {"X-Antiphon-Fault": "pace=5"}
    with (
        httpx.Client() as http,
        http.stream("POST", f"{server.base_url}/chat/completions", json=body, headers=headers) as reply,
    ):
        assert next(reply.iter_raw())
        stopping = threading.Thread(target=server.stop)
        stopping.start()
        stopping.join(timeout=10)
        assert not stopping.is_alive()


def test_ipv6_where_there_is_some() -> None:
    try:
        sock = listen("::1", 0)
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    with sock:
        assert address(sock).startswith("http://[::1]:")


def test_temporary_files_go_and_named_folders_stay(tmp_path: Path) -> None:
    for setting in (Setting(), Setting(data=tmp_path / "data")):
        with Emulator(setting) as server:
            sent = {"file": ("a.txt", b"hello")}
            made = httpx.post(f"{server.base_url}/files", headers=KEY, data={"purpose": "user_data"}, files=sent).json()
            folder = server.app.world.folder()
            assert (folder / made["id"]).read_bytes() == b"hello"
        assert folder.exists() == (setting.data is not None)


def test_without_uvloop_it_serves_on_asyncio(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvloop", None)
    with Emulator() as server:
        assert httpx.get(f"{server.base_url}/models", headers=KEY).status_code == 200


def test_an_address_others_reach_is_said_twice() -> None:
    with pytest.raises(ValueError, match="allow_remote"):
        Emulator(host="0.0.0.0")
    with pytest.raises(ValueError, match="allow_remote"):
        Emulator(host="127.evil.example")
    with Emulator(Setting(allow_remote=True, api_keys=("k",)), host="0.0.0.0") as server:
        assert httpx.get(f"{server.base_url}/models", headers=KEY | {"Host": "elsewhere"}).status_code == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "127.0.0.1"])
def test_row_72_any_host_without_a_key_is_refused(host: str) -> None:
    with pytest.raises(ValueError, match="api_keys"):
        Emulator(Setting(allow_remote=True), host=host)


UNUSABLE: dict[str, dict[str, Any]] = {
    "host": {"host": "0.0.0.0"},
    "keys": {"setting": {"allow_remote": True}},
    "brain": {"setting": {"brain": "nobody"}},
    "scenario": {"setting": {"scenario": '{"rules": [{"faults": ["wobble=1"]}]}'}},
    "script": {"setting": {"script": "[1]"}},
    "json": {"setting": {"script": "["}},
    "journal": {"setting": {"journal": -1}},
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_what_cannot_be_set_up_is_said_and_holds_no_folder(name: str, tmp_path: Path) -> None:
    given = dict(UNUSABLE[name])
    setting = dict(given.pop("setting", {}))
    for field in {"scenario", "script"} & setting.keys():
        (tmp_path / "file.json").write_text(setting[field])
        setting[field] = tmp_path / "file.json"
    with pytest.raises(ValueError) as caught:
        Emulator(Setting(data=tmp_path / "data", **setting), **given)
    assert ("file.json" in str(caught.value)) == (name in ("scenario", "script", "json"))
    with Emulator(Setting(data=tmp_path / "data")):
        pass


def test_a_port_in_use_holds_no_folder(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        server = Emulator(Setting(data=tmp_path), port=other.getsockname()[1])
        with pytest.raises(OSError, match="in use"):
            server.start()
        with Emulator(Setting(data=tmp_path)):
            pass
    with server:
        assert server.base_url


def test_what_was_stopped_can_be_started_again(tmp_path: Path) -> None:
    server = Emulator(Setting(data=tmp_path))
    tokens: list[str] = []
    for number in (1, 2):
        with server:
            asking = Asking(server.base_url)
            assert asking("POST", "/v1/vaults", {"name": "x"}).status == 200
            assert len(asking("GET", "/v1/vaults").json["data"]) == number
            tokens.append(server.app.control_token)
            asking.close()
    assert tokens[0] == tokens[1]


@pytest.mark.parametrize(("faults", "status"), [(None, 200), (True, 500)])
def test_faults_are_off_for_others_unless_said(faults: bool | None, status: int) -> None:
    with Emulator(Setting(allow_remote=True, api_keys=("k",), faults=faults)) as server:
        headers = KEY | {"X-Antiphon-Fault": "status=500"}
        assert httpx.get(f"{server.base_url}/models", headers=headers).status_code == status


def test_listening_sockets_are_closed_on_failure() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OSError, match=r"[Aa]ddress"):
            listen("127.0.0.1", taken.getsockname()[1])
