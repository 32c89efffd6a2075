"""A server that is vouched for, but has another key than the one that was named, is not spoken to."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from antiphon.errors import TLSError
from antiphon.transports.pinning import key_of
from antiphon.transports.tls import TLSConfig
from tests.client.answer import ok, retrieve
from tests.client.colour import Colour, failure_of
from tests.transports.rude import Rude

from .trust import authority_file, good_tls

OTHER = "sha256/" + "A" * 43 + "="
COLOURS = [Colour("sync", "own"), Colour("async", "own")]


@pytest.fixture(params=COLOURS, ids=lambda colour: colour.colour)
def colour(request: pytest.FixtureRequest) -> Colour:
    return request.param


def pin_of(server: Rude) -> str:
    host, port = server.url.partition("//")[2].split(":")
    return key_of(ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate((host, int(port)))))


def config(folder: Path, *pins: str) -> TLSConfig:
    return TLSConfig(ca_bundle=authority_file(folder), pins=pins)


def test_the_key_that_was_named_is_spoken_to(colour: Colour, tmp_path: Path) -> None:
    with Rude(ok(), tls=good_tls()) as server:
        trusted = config(tmp_path, OTHER, pin_of(server))
        with colour.client(server.url, verify=trusted) as it:
            assert it(retrieve).id == "m"


def test_row_3_another_key_is_not_though_it_is_vouched_for(colour: Colour, tmp_path: Path) -> None:
    with Rude(ok(), tls=good_tls()) as server, colour.client(server.url, verify=config(tmp_path, OTHER)) as it:
        failure = failure_of(it, retrieve)
        assert isinstance(failure, TLSError)
        assert "pinned" in str(failure)
        assert not server.requests, "nothing was asked, and no key shown"


def test_a_pinned_key_does_not_replace_what_is_verified(colour: Colour) -> None:
    with Rude(ok(), tls=good_tls()) as server:
        unvouched = TLSConfig(pins=[pin_of(server)])
        with colour.client(server.url, verify=unvouched) as it:
            assert isinstance(failure_of(it, retrieve), TLSError)


@pytest.mark.parametrize("pin", ["", "sha256/abc", "sha1/" + "A" * 43 + "=", "A" * 44])
def test_what_is_no_pin_is_refused(pin: str) -> None:
    with pytest.raises(ValueError, match="a pin is sha256/"):
        TLSConfig(pins=[pin]).context()


def test_what_contradicts_itself_is_refused(colour: Colour) -> None:
    with pytest.raises(TypeError, match="of your own"):
        TLSConfig(verify=ssl.create_default_context(), pins=[OTHER]).context()
    with colour.client("https://127.0.0.1:9", verify=TLSConfig(), cert="x.pem") as it:
        with pytest.raises(TypeError, match="leave cert out"):
            it(retrieve)
