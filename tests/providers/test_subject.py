"""Sources of a workload's proof: what they ask the metadata services, side by side with the official ones, and what they answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import openai.auth
import pytest

from antiphon import auth
from antiphon.errors import SubjectTokenProviderError
from antiphon.providers import subject
from tests.client.answer import ok
from tests.transports.rude import Rude, reply, reset

AZURE = {
    "client_id": "c-1",
    "object_id": "o 1",
    "msi_res_id": "/r/1",
    "resource": "api://x",
    "api_version": "2020-01-01",
}


class Toward:
    """A blocking httpx2 client whose requests all go to one server."""

    def __new__(cls, url: str) -> Any:
        def hook(request: httpx2.Request) -> None:
            place = httpx2.URL(url)
            request.url = request.url.copy_with(scheme=place.scheme, host=place.host, port=place.port)

        return httpx2.Client(event_hooks={"request": [hook]}, trust_env=False)


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Callable[[Rude], None]:
    """Puts a server in the place of both metadata services."""

    def put(server: Rude) -> None:
        monkeypatch.setattr(subject, "AZURE_SERVICE", f"{server.url}/metadata/identity/oauth2/token")
        path = "/computeMetadata/v1/instance/service-accounts/default/identity"
        monkeypatch.setattr(subject, "GOOGLE_SERVICE", server.url + path)

    return put


@pytest.mark.parametrize("arguments", [{}, AZURE])
def test_azures_service_is_asked_as_officially(service: Any, arguments: dict[str, Any]) -> None:
    with Rude(ok({"access_token": "proof"})) as server:
        service(server)
        with Toward(server.url) as theirs:
            official = openai.auth.azure_managed_identity_token_provider(**arguments, http_client=theirs)
            assert official["get_token"]() == "proof"
        with Toward(server.url) as mine:
            borrowed = auth.azure_managed_identity_token_provider(**arguments, http_client=mine)
            assert borrowed["get_token"]() == "proof"
        own = auth.azure_managed_identity_token_provider(**arguments)
        assert own["get_token"]() == "proof"
    assert official["token_type"] == own["token_type"]
    first, *others = server.requests
    for got in others:
        assert sorted(got.target.replace("+", "%20").split("?")[1].split("&")) == sorted(
            first.target.replace("+", "%20").split("?")[1].split("&")
        ) or httpx2.QueryParams(got.target.split("?")[1]) == httpx2.QueryParams(first.target.split("?")[1])
        assert got.line.split("?")[0] == first.line.split("?")[0]
        assert got.headers["metadata"] == first.headers["metadata"] == "true"


@pytest.mark.parametrize("arguments", [{}, {"audience": "https://other.example/x y"}])
def test_googles_service_is_asked_as_officially(service: Any, arguments: dict[str, Any]) -> None:
    with Rude(reply(b" proof\n")) as server:
        service(server)
        with Toward(server.url) as theirs:
            official = openai.auth.gcp_id_token_provider(**arguments, http_client=theirs)
            assert official["get_token"]() == "proof"
        own = auth.gcp_id_token_provider(**arguments)
        assert own["get_token"]() == "proof"
    assert official["token_type"] == own["token_type"] == "id"
    first, got = server.requests
    assert httpx2.QueryParams(got.target.split("?")[1]) == httpx2.QueryParams(first.target.split("?")[1])
    assert got.line.split("?")[0] == first.line.split("?")[0]
    assert got.headers["metadata-flavor"] == first.headers["metadata-flavor"] == "Google"


def test_a_metadata_service_is_asked_past_any_proxy(service: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with Rude(reply(b"proof")) as server:
        service(server)
        assert auth.gcp_id_token_provider()["get_token"]() == "proof"


ANSWERS: dict[str, Any] = {
    "status": reply(b"{}", 404),
    "redirect": reply(b"", 302, "Location: http://127.0.0.1:1/"),
    "empty": reply(b""),
    "reset": reset,
}


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("source", ["azure", "google"])
def test_a_service_that_gives_no_token_is_told(service: Any, source: str, answer: str) -> None:
    make = auth.azure_managed_identity_token_provider if source == "azure" else auth.gcp_id_token_provider
    with Rude(ANSWERS[answer]) as server:
        service(server)
        with pytest.raises(SubjectTokenProviderError, match="metadata service") as caught:
            make()["get_token"]()
    assert (caught.value.response is None) == (answer == "reset")


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"{}", json.dumps({"access_token": 7}).encode()])
def test_an_azure_answer_without_a_token_is_told(service: Any, body: bytes) -> None:
    with Rude(reply(body)) as server:
        service(server)
        with pytest.raises(SubjectTokenProviderError, match="access_token"):
            auth.azure_managed_identity_token_provider()["get_token"]()


def test_a_file_is_read_anew_each_time(tmp_path: Path) -> None:
    path = tmp_path / "token"
    for make in (auth.k8s_service_account_token_provider, openai.auth.k8s_service_account_token_provider):
        source = make(path)
        assert source["token_type"] == "jwt"
        for text in ("one", " two\n"):
            path.write_text(text)
            assert source["get_token"]() == text.strip()


@pytest.mark.parametrize("flaw", ["missing", "empty", "folder", "bytes"])
def test_a_file_that_holds_no_token_is_told(tmp_path: Path, flaw: str) -> None:
    path = tmp_path if flaw == "folder" else tmp_path / "token"
    if flaw == "empty":
        path.write_text(" \n")
    elif flaw == "bytes":
        path.write_bytes(b"\xff\xfe")
    with pytest.raises(SubjectTokenProviderError, match="token file"):
        auth.k8s_service_account_token_provider(str(path))["get_token"]()
