"""RFC 9421 and RFC 9530 by their own examples: signature bases, signatures that are the same each time, digests."""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from typing import Any

import pytest

from antiphon.core.secret import Secret
from antiphon.errors import InvalidCredential, OpenAIError
from antiphon.policies.machines.http_signature import (
    Message,
    base,
    checked_components,
    checked_label,
    content_digest,
    parameters,
)
from antiphon.policies.machines.private_key import signer_for

CREATED = 1618884473
SHARED = b64decode("uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==")
# The RFC's own example keys, which everybody knows.
ED25519 = "MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF"
DIGEST = "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:"
REQUEST = Message(
    "POST",
    "https",
    "example.com",
    "/foo?param=Value&Pet=dog",
    {
        "date": "Tue, 20 Apr 2021 02:07:55 GMT",
        "content-type": "application/json",
        "content-digest": DIGEST,
        "content-length": "18",
    },
)


def pem(body: str) -> str:
    """A private key as files hold it."""
    kind = "PRIVATE KEY"
    return f"-----BEGIN {kind}-----\n{body}\n-----END {kind}-----\n"


def signed(components: list[str], **values: Any) -> tuple[str, bytes]:
    params = parameters(components, values)
    return params, base(REQUEST, checked_components(components), params)


def test_b_2_5_a_request_signed_with_a_shared_secret() -> None:
    params, data = signed(["date", "@authority", "content-type"], created=CREATED, keyid="test-shared-secret")
    assert params == f'("date" "@authority" "content-type");created={CREATED};keyid="test-shared-secret"'
    assert data.decode().splitlines() == [
        '"date": Tue, 20 Apr 2021 02:07:55 GMT',
        '"@authority": example.com',
        '"content-type": application/json',
        f'"@signature-params": {params}',
    ]
    assert b64encode(hmac.digest(SHARED, data, "sha256")) == b"pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8="


def test_b_2_6_a_request_signed_with_ed25519() -> None:
    covered = ["date", "@method", "@path", "@authority", "content-type", "content-length"]
    _, data = signed(covered, created=CREATED, keyid="test-key-ed25519")
    signature = signer_for(Secret(pem(ED25519)), "ed25519")(data)
    assert b64encode(signature).decode() == (
        "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw=="
    )


def test_b_2_2_and_b_2_3_what_is_covered() -> None:
    covered = ["date", "@method", "@path", "@query", "@authority", "content-type", "content-digest", "content-length"]
    _, data = signed(covered, created=CREATED, keyid="test-key-rsa-pss")
    assert data.decode().splitlines()[:-1] == [
        '"date": Tue, 20 Apr 2021 02:07:55 GMT',
        '"@method": POST',
        '"@path": /foo',
        '"@query": ?param=Value&Pet=dog',
        '"@authority": example.com',
        '"content-type": application/json',
        f'"content-digest": {DIGEST}',
        '"content-length": 18',
    ]
    _, data = signed(['@query-param;name="Pet"', "@target-uri", "@request-target", "@scheme"])
    assert data.decode().splitlines()[:-1] == [
        '"@query-param";name="Pet": dog',
        '"@target-uri": https://example.com/foo?param=Value&Pet=dog',
        '"@request-target": /foo?param=Value&Pet=dog',
        '"@scheme": https',
    ]


def test_section_2_2_8_arguments_of_the_query() -> None:
    target = "/parameters?var=this%20is%20a%20big%0Amultiline%20value&bar=with+plus+whitespace&fa%C3%A7ade%22%3A%20=something&~=~*"
    message = REQUEST._replace(target=target)
    for name, value in (
        ("var", "this%20is%20a%20big%0Amultiline%20value"),
        ("bar", "with%20plus%20whitespace"),
        ("fa%C3%A7ade%22%3A%20", "something"),
        ("~", "%7E*"),
    ):
        component = f'@query-param;name="{name}"'
        assert base(message, [component], "()").decode().splitlines()[0] == f'"@query-param";name="{name}": {value}'


@pytest.mark.parametrize("target", ["/foo?a=1&a=2", "/foo?b=1", "/foo"])
def test_an_argument_that_is_not_there_once_cannot_be_covered(target: str) -> None:
    with pytest.raises(OpenAIError, match="exactly one"):
        base(REQUEST._replace(target=target), ['@query-param;name="a"'], "()")


def test_rfc_9530_digests() -> None:
    assert content_digest(b'{"hello": "world"}', "sha-512") == DIGEST
    assert content_digest(b'{"hello": "world"}') == "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:"


def test_a_query_that_is_empty_and_an_authority_in_capitals() -> None:
    message = REQUEST._replace(target="/foo", authority="Example.com:8443")
    lines = base(message, ["@query", "@authority"], "()").decode().splitlines()
    assert lines[:2] == ['"@query": ?', '"@authority": example.com:8443']


def test_parameters_are_escaped_and_left_out() -> None:
    assert parameters([], {"created": 1, "keyid": 'a"b\\c', "tag": None}) == r'();created=1;keyid="a\"b\\c"'


@pytest.mark.parametrize(
    "components", [["@status"], ["Date"], ["da te"], [""], ["date", "date"], ["@query-param"], ["x;sf"]]
)
def test_components_that_cannot_be(components: list[str]) -> None:
    with pytest.raises(ValueError, match=r"covered|covers"):
        checked_components(components)


@pytest.mark.parametrize("label", ["", "Sig", "1", "a b", "a=1"])
def test_labels_that_cannot_be(label: str) -> None:
    with pytest.raises(ValueError, match="label"):
        checked_label(label)


@pytest.mark.parametrize("value", ["é", "a\nb", 'x\r\n"@method": GET'])
def test_what_would_make_two_bases_alike_is_refused(value: str) -> None:
    message = REQUEST._replace(fields={"x-mine": value})
    with pytest.raises(OpenAIError, match="printable ASCII"):
        base(message, ["x-mine"], "()")


def test_a_field_that_is_not_there() -> None:
    with pytest.raises(OpenAIError, match="no field 'x-mine'"):
        base(REQUEST, ["x-mine"], "()")


@pytest.mark.parametrize(
    ("key", "algorithm"), [("nonsense", "ed25519"), (pem(ED25519), "rsa-pss-sha512"), (pem("AAAA"), "ed25519")]
)
def test_private_keys_that_cannot_be(key: str, algorithm: str) -> None:
    with pytest.raises(InvalidCredential, match=f"private key for {algorithm}") as caught:
        signer_for(Secret(key), algorithm)
    assert caught.value.__context__ is None
