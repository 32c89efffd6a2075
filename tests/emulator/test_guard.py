"""Host and Origin before anything else."""

from __future__ import annotations

import pytest

from antiphon.emulator.guard import Guard, is_loopback
from antiphon.emulator.problem import Problem


@pytest.mark.parametrize(
    "host",
    ["localhost", "localhost:80", "LOCALHOST:8080", "127.0.0.1:1", "127.0.0.1", "[::1]:8080", "[::1]", "127.0.0.2:80"],
)
def test_loopback_hosts_pass(host: str) -> None:
    Guard(False).judge([(b"host", host.encode())])


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "localhost.evil",
        "127.0.0.1.nip.io",
        "127.0.0.1@evil",
        "",
        "localhost:",
        "localhost:x",
        "localhost:\xb2",
        "127.evil.example",
        "[127.0.0.1]",
        "[::1",
        "testserver",
        "0.0.0.0:80",
    ],
)
def test_row_69_other_hosts_do_not(host: str) -> None:
    with pytest.raises(Problem) as caught:
        Guard(False).judge([(b"host", host.encode("latin-1"))], ("127.0.0.1", 80))
    assert caught.value.status == 403
    Guard(True).judge([(b"host", host.encode("latin-1"))], ("127.0.0.1", 80))


@pytest.mark.parametrize("host", ["localhost:81", "127.0.0.1:81", "[::1]:81"])
def test_row_69_another_port_is_another_server(host: str) -> None:
    headers = [(b"host", host.encode())]
    Guard(False).judge(headers, ("127.0.0.1", 81))
    Guard(False).judge(headers, ("/a/socket", None))
    with pytest.raises(Problem) as caught:
        Guard(False).judge(headers, ("127.0.0.1", 80))
    assert caught.value.status == 421


def test_a_test_clients_name_passes_only_without_a_socket() -> None:
    Guard(False).judge([(b"host", b"testserver")], ("testserver", 80))
    for server in (("127.0.0.1", 80), None):
        with pytest.raises(Problem) as caught:
            Guard(False).judge([(b"host", b"testserver")], server)
        assert caught.value.status == 403


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("127.evil.example", False),
        ("127.", False),
        ("0.0.0.0", False),
        ("::", False),
        ("", False),
        ("10.0.0.1", False),
    ],
)
def test_only_addresses_that_are_loopback_are(address: str, expected: bool) -> None:
    assert is_loopback(address) is expected


def test_row_69_exactly_one_host() -> None:
    for headers in ([], [(b"host", b"localhost")] * 2):
        with pytest.raises(Problem) as caught:
            Guard(False).judge(headers)
        assert caught.value.status == 400


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://testserver", "http://localhost.evil", "http://[bad"]
)
def test_row_70_foreign_origins_are_refused(origin: str) -> None:
    for guard in (Guard(False), Guard(True)):
        with pytest.raises(Problem) as caught:
            guard.judge([(b"host", b"localhost"), (b"origin", origin.encode())])
        assert caught.value.status == 403


def test_row_70_own_origin_passes_and_cross_site_does_not() -> None:
    Guard(False).judge(
        [(b"host", b"localhost"), (b"origin", b"http://127.0.0.1:3000"), (b"sec-fetch-site", b"same-origin")]
    )
    with pytest.raises(Problem):
        Guard(False).judge([(b"host", b"localhost"), (b"sec-fetch-site", b"cross-site")])
