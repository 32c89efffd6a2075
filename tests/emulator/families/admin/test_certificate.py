"""Certificates: what is read of them, and where they are active."""

from __future__ import annotations

import datetime
import ssl
from typing import Any

import openai
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from antiphon.emulator.families.admin.x509 import validity

BEGIN = datetime.datetime(2024, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)


def issued(days: int = 365) -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number()).not_valid_before(BEGIN)
    signed = made.not_valid_after(BEGIN + datetime.timedelta(days=days)).sign(key, hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.PEM).decode()


@pytest.mark.operation(
    "admin.organization.certificates.create",
    "admin.organization.certificates.retrieve",
    "admin.organization.certificates.update",
    "admin.organization.certificates.list",
    "admin.organization.certificates.delete",
    "admin.organization.certificates.activate",
    "admin.organization.certificates.deactivate",
)
def test_from_upload_to_removal(org: Any) -> None:
    pem = issued()
    made = org.certificates.create(certificate=pem, name="mine")
    details = made.certificate_details
    assert (details.valid_at, details.expires_at) == (int(BEGIN.timestamp()), int(BEGIN.timestamp()) + 365 * 86400)
    assert details.content is None
    assert org.certificates.retrieve(made.id, include=["content"]).certificate_details.content == pem
    assert org.certificates.update(made.id, name="ours").name == "ours"
    assert [(c.id, c.active) for c in org.certificates.list()] == [(made.id, False)]
    assert [c.active for c in org.certificates.activate(certificate_ids=[made.id]).data] == [True]
    assert [c.active for c in org.certificates.activate(certificate_ids=[made.id]).data] == [True]
    with pytest.raises(openai.BadRequestError):
        org.certificates.delete(made.id)
    assert [c.active for c in org.certificates.deactivate(certificate_ids=[made.id]).data] == [False]
    assert org.certificates.delete(made.id).id == made.id
    with pytest.raises(openai.NotFoundError):
        org.certificates.retrieve(made.id)


@pytest.mark.operation(
    "admin.organization.projects.certificates.list",
    "admin.organization.projects.certificates.activate",
    "admin.organization.projects.certificates.deactivate",
)
def test_projects_have_switches_of_their_own(org: Any) -> None:
    project = org.projects.create(name="Alpha").id
    made = org.certificates.create(certificate=issued())
    (on,) = org.projects.certificates.activate(project, certificate_ids=[made.id]).data
    assert (on.active, on.object) == (True, "organization.project.certificate")
    assert [c.active for c in org.certificates.list()] == [False]
    assert [c.active for c in org.projects.certificates.list(project)] == [True]
    with pytest.raises(openai.BadRequestError):
        org.certificates.delete(made.id)
    assert not org.projects.certificates.deactivate(project, certificate_ids=[made.id]).data[0].active
    org.certificates.delete(made.id)


@pytest.mark.operation(
    "admin.organization.certificates.create",
    "admin.organization.certificates.activate",
)
def test_all_or_none_and_what_is_no_certificate(org: Any) -> None:
    pem = issued()
    made = org.certificates.create(certificate=pem)
    with pytest.raises(openai.NotFoundError):
        org.certificates.activate(certificate_ids=[made.id, "cert_none"])
    assert [c.active for c in org.certificates.list()] == [False]
    with pytest.raises(openai.BadRequestError):
        org.certificates.activate(certificate_ids=[f"cert_{n}" for n in range(11)])
    for wrong in (pem, "nothing", pem + pem, pem.replace("CERTIFICATE", "PRIVATE KEY"), pem.replace("M", "!", 1)):
        with pytest.raises(openai.BadRequestError) as caught:
            org.certificates.create(certificate=wrong)
        assert caught.value.param == "certificate"


def test_every_cut_of_a_certificate_is_refused_not_a_crash() -> None:
    der = ssl.PEM_cert_to_DER_cert(issued())
    for end in range(len(der)):
        with pytest.raises(ValueError, match=r".+"):
            validity(ssl.DER_cert_to_PEM_cert(der[:end]))


def test_dates_past_2049_are_told_in_four_digits() -> None:
    _, begin, end = validity(issued(days=365 * 60))
    assert end - begin == 365 * 60 * 86400
