"""Two processes, and two machines (network namespaces), that keep one limit together."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from .fleet import Counting, excess, run, shares
from .server import BINARY, Server

RPM, RATE, BURST, SECONDS = 6000, 100.0, 20.0, 1.5


def check(server: Counting, asked: list[int]) -> None:
    """One limit was seen, both used it, and the store was asked for leases and not for requests."""
    assert excess(server, RATE, BURST) <= 1.02
    assert len(server.came) >= 0.3 * RATE * SECONDS, "a crowded machine is late, but the limit is no standstill"
    assert len(shares(server)) == len(asked)
    assert min(shares(server)) > 0.1
    assert max(asked) <= len(server.came) / 4, f"{len(server.came)} requests took {asked} questions"


def test_two_processes_share_a_limit_through_a_file(tmp_path: Path) -> None:
    with Counting() as server:
        check(server, run(server, str(tmp_path / "shared.db"), RPM, SECONDS, [[], []]))


def test_two_clients_share_a_limit_through_redis(redis_server: Server) -> None:
    with Counting() as server:
        check(server, run(server, redis_server.url, RPM, SECONDS, [[], []]))


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, timeout=10)


@pytest.fixture
def namespaces() -> Iterator[tuple[str, list[str]]]:
    """The address of this side, and the names of two namespaces that reach it, each by a cable of its own."""
    if shutil.which("ip") is None or not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("network namespaces need root and the command ip")
    mark = f"an{os.getpid()}"
    net = f"10.213.{os.getpid() % 250}"
    names = [f"{mark}a", f"{mark}b"]
    try:
        ip("netns", "add", names[0])
    except subprocess.CalledProcessError as failure:
        pytest.skip(f"no network namespaces here: {failure.stderr.decode().strip()}")
    try:
        ip("netns", "add", names[1])
        for n, name in enumerate(names):
            near, far, gate = f"{name}0", f"{name}1", f"{net}.{4 * n + 1}"
            ip("link", "add", near, "type", "veth", "peer", "name", far, "netns", name)
            ip("addr", "add", f"{gate}/30", "dev", near)
            ip("link", "set", near, "up")
            ip("-n", name, "addr", "add", f"{net}.{4 * n + 2}/30", "dev", far)
            ip("-n", name, "link", "set", far, "up")
            ip("-n", name, "route", "add", "default", "via", gate)
        yield f"{net}.1", names
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True, timeout=10)


def test_two_machines_share_a_limit_through_redis(namespaces: tuple[str, list[str]], tmp_path: Path) -> None:
    pytest.importorskip("redis", reason="the library redis is not installed")
    if BINARY is None:
        pytest.skip("no redis-server is installed")
    host, names = namespaces
    store = Server(tmp_path, host=host)
    try:
        with Counting(host) as server:
            within = [["ip", "netns", "exec", name] for name in names]
            check(server, run(server, store.url, RPM, SECONDS, within))
    finally:
        store.stop()
