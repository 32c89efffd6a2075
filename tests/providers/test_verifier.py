"""The stand-in servers judge signatures as AWS does: by the signatures that AWS published for its examples."""

from __future__ import annotations

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from .house import signature_of

TIMESTAMP = "20150830T123600Z"
HOST = [("Host", "example.amazonaws.com"), ("X-Amz-Date", TIMESTAMP)]
FORM = ("Content-Type", "application/x-www-form-urlencoded")


@pytest.mark.parametrize(
    ("verb", "query", "fields", "body", "published"),
    [
        ("GET", "", HOST, b"", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        ("POST", "", HOST, b"", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
        (
            "GET",
            "?Param2=value2&Param1=value1",
            HOST,
            b"",
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
        ),
        (
            "POST",
            "",
            [FORM, *HOST],
            b"Param1=value1",
            "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
        ),
    ],
    ids=["get", "post", "order of a query", "form"],
)
def test_published_signatures(
    verb: str, query: str, fields: list[tuple[str, str]], body: bytes, published: str
) -> None:
    signer = SigV4Auth(Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), "service", "us-east-1")
    request = AWSRequest(verb, f"http://example.amazonaws.com/{query}", data=body)
    assert signature_of(request, fields, signer, TIMESTAMP) == published
