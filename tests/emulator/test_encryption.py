"""TLS: certificates that are good and ones that are not, and handshakes that fail, as a raw socket and both clients see it."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import openai
import pytest

import antiphon
from antiphon.emulator import Emulator, Setting
from tests.program import read_until, running

from .asking import Asking


@pytest.fixture
def secure() -> Iterator[Emulator]:
    with Emulator(Setting(tls="trusted", control_token="t")) as running:
        yield running


def trusting(server: Emulator) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(server.authority))


def shake(server: Emulator, context: ssl.SSLContext, name: str = "localhost") -> str | None:
    """The protocol that was agreed on."""
    parts = urlsplit(server.base_url)
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as raw:
        with context.wrap_socket(raw, server_hostname=name) as sock:
            return sock.version()


def test_both_packages_speak_over_it(secure: Emulator) -> None:
    assert secure.base_url.startswith("https://127.0.0.1:")
    with antiphon.OpenAI(base_url=secure.base_url, api_key="k", verify=str(secure.authority)) as ours:
        assert ours.responses.create(model="gpt-5.5", input="What is 6 * 7?").output_text == "6 * 7 = 42"
        with ours.responses.create(model="gpt-5.5", input="Say: a b", stream=True) as events:
            assert [event.type for event in events][-1] == "response.completed"
    with httpx.Client(verify=trusting(secure)) as http:
        with openai.OpenAI(base_url=secure.base_url, api_key="k", http_client=http) as theirs:
            assert theirs.models.retrieve("gpt-4o").id == "gpt-4o"


@pytest.mark.parametrize(
    ("kind", "complaint"),
    [
        ("self-signed", "self.signed certificate|unable to get local issuer"),
        ("expired", "has expired"),
        ("wrong-host", "Hostname mismatch|not valid for 'localhost'"),
        # Some event loops close before the alert is out.
        ("old-protocol", "(?i)protocol|EOF|reset"),
    ],
)
def test_what_is_wrong_is_refused_by_who_looks(kind: str, complaint: str) -> None:
    with Emulator(Setting(tls=kind)) as server:
        with pytest.raises(OSError, match=complaint):
            shake(server, trusting(server))
        with antiphon.OpenAI(
            base_url=server.base_url, api_key="k", verify=str(server.authority), max_retries=0
        ) as client:
            with pytest.raises(antiphon.APIConnectionError):
                client.models.list()
        assert server.base_url


def test_certificates_are_made_anew_and_trusted_by_their_own_authority_only(secure: Emulator) -> None:
    assert shake(secure, trusting(secure)) in ("TLSv1.2", "TLSv1.3")
    assert shake(secure, trusting(secure), "127.0.0.1")
    with Emulator(Setting(tls="trusted")) as other:
        with pytest.raises(ssl.SSLCertVerificationError):
            shake(other, trusting(secure))
        gone = other.authority
    assert gone is not None
    assert not gone.exists()


def control(server: Emulator, verb: str, body: Any = None) -> tuple[int, Any]:
    parts = urlsplit(server.base_url)
    connection = http.client.HTTPSConnection(str(parts.hostname), parts.port, timeout=10, context=trusting(server))
    headers = {"X-Antiphon-Token": "t", "Content-Type": "application/json"}
    connection.request(verb, "/__antiphon/tls", None if body is None else json.dumps(body), headers)
    heard = connection.getresponse()
    told = json.loads(heard.read())
    connection.close()
    return heard.status, told


def test_handshakes_fail_on_demand_and_so_many_times(secure: Emulator) -> None:
    context = trusting(secure)
    for trouble, error in (
        ("reset", ConnectionResetError),
        ("close", ssl.SSLEOFError),
        ("plain", ssl.SSLError),
        ("alert", ssl.SSLError),
    ):
        assert control(secure, "PUT", {"trouble": trouble, "times": 1})[1] == {"trouble": trouble, "times": 1}
        with pytest.raises(error) as caught:
            shake(secure, context)
        if trouble == "alert":
            assert "HANDSHAKE_FAILURE" in str(caught.value)
        assert shake(secure, context)
    assert control(secure, "GET")[1] == {"trouble": None, "times": None}


def test_a_server_that_never_answers_the_greeting(secure: Emulator) -> None:
    control(secure, "PUT", {"trouble": "silent", "times": 1})
    parts = urlsplit(secure.base_url)
    with socket.create_connection((parts.hostname, parts.port), timeout=0.3) as raw:
        with pytest.raises(TimeoutError):
            trusting(secure).wrap_socket(raw, server_hostname="localhost")
    assert shake(secure, trusting(secure))


def test_a_client_that_says_no_hello_keeps_nobody_else_waiting(secure: Emulator) -> None:
    parts = urlsplit(secure.base_url)
    with socket.create_connection((parts.hostname, parts.port)), socket.create_connection((parts.hostname, parts.port)):
        assert shake(secure, trusting(secure))


def test_what_cannot_be_is_refused(secure: Emulator, ask: Asking) -> None:
    assert control(secure, "PUT", {"trouble": "wobble"})[0] == 400
    assert control(secure, "PUT", {"trouble": "reset", "times": 0})[0] == 400
    with pytest.raises(ValueError, match="tls is one of"):
        Emulator(Setting(tls="strong"))
    with Emulator(Setting(control_token="t")) as plain:
        asking = Asking(plain.base_url)
        heard = asking("GET", "/__antiphon/tls", key="t")
        asking.close()
    assert (heard.status, heard.error["code"]) == (409, "no_tls")


def test_the_command_says_what_to_trust(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "antiphon.emulator", "--port", "0", "--tls", "trusted"]
    with running(command, stdout=subprocess.PIPE, text=True) as process:
        told = read_until(process, "Ctrl-C")
        words = dict(
            line.strip().removeprefix("export ").split("=", 1) for line in told.splitlines() if "export" in line
        )
        context = ssl.create_default_context(cafile=words["SSL_CERT_FILE"])
        url = words["OPENAI_BASE_URL"] + "/models"
        assert httpx.get(url, headers={"Authorization": "Bearer k"}, verify=context).status_code == 200
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
    assert process.returncode == 0
    assert not Path(words["SSL_CERT_FILE"]).exists()
