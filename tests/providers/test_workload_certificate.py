"""Workload identity by certificate: what is exchanged and shown, and at which hosts."""

from __future__ import annotations

from typing import Any

import openai
import pytest

import antiphon
from antiphon import auth
from antiphon.errors import APIStatusError, CredentialScopeError, InvalidBaseURL, OpenAIError
from tests.client.answer import create, ok, retrieve, wrong
from tests.client.colour import KEY, failure_of
from tests.transports.rude import Rude, reply
from tests.transports.trust import authority, authority_file, good_tls, mutual_tls

from .beside import Kind, seen
from .workload_service import CERTIFIED, Service, bearers, granted


@pytest.fixture
def wiring(tmp_path: Any) -> dict[str, Any]:
    """A client's certificate, and whom it trusts."""
    path = tmp_path / "client.pem"
    authority().issue_cert("workload.example").private_key_and_cert_chain_pem.write_to_path(path)
    return {"verify": authority_file(tmp_path), "cert": str(path)}


def test_a_certificate_is_exchanged_and_shown(client: Kind, stand_in: Any, wiring: dict[str, Any]) -> None:
    assert "refresh_buffer_seconds" not in CERTIFIED
    patient = auth.x509_workload_identity(
        identity_provider_id="idp_1", service_account_id="sa_1", refresh_buffer_seconds=5
    )
    assert patient == {**CERTIFIED, "refresh_buffer_seconds": 5}
    with Service(granted("one"), granted("two"), tls=mutual_tls()) as service:
        with Rude(ok(), wrong(401), ok(), tls=mutual_tls()) as server:
            stand_in(service)
            options = {"base_url": "{url}/v1", "workload_identity": CERTIFIED, **wiring}
            with client.client(server.url, **options) as it:
                it(create)
                it(create)
                assert "Redirect" not in it.raw.explain()
    assert bearers(server) == ["Bearer one", "Bearer one", "Bearer two"]
    assert service.forms[0] == {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "subject_token_type": "urn:openai:params:oauth:token-type:x509",
        "identity_provider_id": "idp_1",
        "service_account_id": "sa_1",
    }


def test_a_certificates_exchange_is_the_official_one(
    client: Kind, stand_in: Any, wiring: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    import ssl

    import httpx2
    from openai.auth import _x509

    context = ssl.create_default_context(cafile=wiring["verify"])
    context.load_cert_chain(wiring["cert"])
    forms, requests = [], []
    for colour in (client, client._replace(official=True)):
        with Service(tls=mutual_tls()) as service, Rude(ok(), tls=mutual_tls()) as server:
            stand_in(service)
            monkeypatch.setattr(_x509, "_X509_TOKEN_EXCHANGE_URL", service.place)
            theirs = (httpx2.AsyncClient if client.is_async else httpx2.Client)(verify=context, trust_env=False)
            more = {"http_client": theirs} if colour.official else wiring
            with colour.client(server.url, base_url="{url}/v1", workload_identity=CERTIFIED, **more) as it:
                it(create)
            it.wait(None)
            forms.append((service.requests[0].line, service.forms[0]))
            requests.append(seen(server.requests[0]))
    assert forms[0] == forms[1]
    assert requests[0] == requests[1]


def test_a_certificate_is_shown_over_tls_and_at_its_own_origin_only(
    client: Kind, stand_in: Any, wiring: dict[str, Any]
) -> None:
    with pytest.raises(InvalidBaseURL, match="https"):
        client.kind(base_url="http://127.0.0.1:1/v1", workload_identity=CERTIFIED)
    with (
        Service(tls=mutual_tls()) as service,
        Rude(ok(), tls=good_tls()) as other,
        Rude(ok(), tls=mutual_tls()) as server,
    ):
        stand_in(service)
        options = {"base_url": "{url}/v1", "workload_identity": CERTIFIED, **wiring}
        with client.client(server.url, **options) as it:
            with pytest.raises(InvalidBaseURL):
                it.raw.base_url = "http://127.0.0.1:1/v1"
            assert isinstance(failure_of(it, lambda c: c.get(f"{other.url}/x", cast_to=object)), CredentialScopeError)
            own = {"Authorization": antiphon.omit}
            bare = failure_of(it, lambda c: c.get(f"{other.url}/x", cast_to=object, options={"headers": own}))
            assert isinstance(bare, CredentialScopeError)
            host = failure_of(it, lambda c: create(c, extra_headers={"Host": "elsewhere.example"}))
            assert isinstance(host, CredentialScopeError)
            for name in ("api-key", "X-Api-Key", "Proxy-Authorization", "API_KEY"):
                assert type(failure_of(it, lambda c, name=name: create(c, extra_headers={name: "x"}))) is OpenAIError
        assert not [*other.requests, *server.requests]


@pytest.mark.parametrize("status", [301, 307, 308])
def test_a_certificate_follows_no_redirect(client: Kind, stand_in: Any, wiring: dict[str, Any], status: int) -> None:
    with (
        Service(tls=mutual_tls()) as service,
        Rude(reply(b"", status, "Location: /v1/other"), tls=mutual_tls()) as server,
    ):
        stand_in(service)
        with client.client(server.url, base_url="{url}/v1", workload_identity=CERTIFIED, **wiring) as it:
            assert isinstance(failure_of(it, retrieve), APIStatusError)
    assert len(server.requests) == 1


HOSTS = {"global": "mtls.api.openai.com", "us": "mtls-us.api.openai.com", "eu": "mtls-eu.api.openai.com"}


@pytest.mark.parametrize("region", [None, *HOSTS])
def test_certificates_have_hosts_of_their_own(client: Kind, region: Any) -> None:
    for kind in (client, client._replace(official=True)):
        made = kind.kind(workload_identity=CERTIFIED, data_residency=region)
        assert str(made.base_url) == f"https://{HOSTS[region or 'global']}/v1/"
        plain = made.copy(api_key=KEY)
        official = "api.openai.com" if region in (None, "global") else f"{region}.api.openai.com"
        assert str(plain.base_url) == f"https://{official}/v1/"
        assert str(plain.copy(workload_identity=CERTIFIED).base_url) == str(made.base_url)


@pytest.mark.parametrize("region", ["ae", "au", "in", "jp"])
def test_regions_without_such_a_host_are_refused(client: Kind, region: Any) -> None:
    for kind in (client, client._replace(official=True)):
        with pytest.raises((OpenAIError, openai.OpenAIError)):
            kind.kind(workload_identity=CERTIFIED, data_residency=region)


def test_places_that_contradict_each_other_are_refused(client: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="data_residency"):
        client.kind(workload_identity=CERTIFIED, data_residency="eu", base_url="https://x/v1")
    monkeypatch.setenv("OPENAI_BASE_URL", "https://gateway.example/v1")
    assert client.kind(workload_identity=CERTIFIED).base_url.host == "gateway.example"
    assert client.kind(workload_identity=CERTIFIED, data_residency="us").base_url.host == HOSTS["us"]


def test_an_ambient_authorization_does_not_go_with_a_certificate(client: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "Authorization: Bearer ambient\nX-Env: 1")
    made = client.kind(workload_identity=CERTIFIED)
    assert made.settings.default_headers == {"X-Env": "1"}
    assert made.copy(timeout=1).settings.default_headers == {"X-Env": "1"}
    given = client.kind(workload_identity=CERTIFIED, default_headers={"Authorization": "Bearer given"})
    assert given.settings.default_headers["Authorization"] == "Bearer given"
