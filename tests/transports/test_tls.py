"""TLS configurations: one context each, made late."""

from __future__ import annotations

import os
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import antiphon
from antiphon.core.secret import Secret
from antiphon.errors import TLSError
from antiphon.transports.tls import TLSConfig

from .trust import authority, authority_file


def test_equal_configurations_share_one_context(tmp_path: Path) -> None:
    ca = authority_file(tmp_path)
    assert TLSConfig(ca_bundle=ca).context() is TLSConfig(ca_bundle=ca).context()
    assert TLSConfig().context() is TLSConfig().context()
    assert TLSConfig().context() is not TLSConfig(ca_bundle=ca).context()


def test_what_a_context_demands(tmp_path: Path) -> None:
    context = TLSConfig(verify=authority_file(tmp_path)).context()
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert len(context.get_ca_certs()) == 1


def test_a_folder_of_certificates(tmp_path: Path) -> None:
    authority_file(tmp_path)
    assert TLSConfig(ca_bundle=tmp_path).context().verify_mode is ssl.CERT_REQUIRED


def test_an_encrypted_key(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives import serialization

    leaf = authority().issue_cert("client@example.org")
    key = serialization.load_pem_private_key(leaf.private_key_pem.bytes(), None)
    sealed = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"canary"),
    )
    chain, path = tmp_path / "chain.pem", tmp_path / "key.pem"
    chain.write_bytes(leaf.cert_chain_pems[0].bytes())
    path.write_bytes(sealed)
    config = TLSConfig.of(cert=(str(chain), str(path), "canary"))
    assert config.context() is not None
    assert "canary" not in repr(config)
    with pytest.raises(TLSError, match="cannot load"):
        TLSConfig(cert=chain, key=path, password=Secret("wrong")).context()


@pytest.mark.parametrize(
    "config",
    [
        TLSConfig(ca_bundle="/no/such/file"),
        TLSConfig(cert="/no/such/file"),
        TLSConfig(verify=__file__),
        TLSConfig(cert=__file__),
    ],
)
def test_files_that_do_not_load(config: TLSConfig) -> None:
    with pytest.raises(TLSError, match="cannot load") as caught:
        config.context()
    assert (caught.value.phase, caught.value.sent) == ("tls", "no")


def test_shorthands() -> None:
    assert TLSConfig.of() == TLSConfig()
    assert TLSConfig.of(False, "c") == TLSConfig(verify=False, cert="c")
    assert TLSConfig.of("ca", ("c", "k")) == TLSConfig(verify="ca", cert="c", key="k")
    assert TLSConfig().minimum == "TLSv1.2"


@pytest.mark.parametrize("module", ["sockets", "proxy", "tls"])
def test_ssl_is_not_imported_before_it_is_needed(module: str) -> None:
    code = f"import sys, antiphon.transports.{module} as m; m and sys.exit('ssl' in sys.modules)"
    environment: dict[str, Any] = {**os.environ, "PYTHONPATH": str(Path(antiphon.__file__).parents[1])}
    assert subprocess.run([sys.executable, "-c", code], env=environment, check=False).returncode == 0
