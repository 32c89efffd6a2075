"""Hosts, regions and partitions, as tables; the hosts beside the official package's."""

from __future__ import annotations

import pytest
from openai.providers.bedrock import _default_bedrock_base_url, _parse_bedrock_endpoint_hostname

from antiphon.core.url import URL
from antiphon.errors import InvalidBaseURL, OpenAIError
from antiphon.providers.bedrock_endpoint import agree, checked_region, default_url, given_url, place_of

REGIONS = ["us-east-1", "eu-central-1", "us-gov-west-1", "cn-north-1", "eusc-de-east-1", "us-iso-east-1", "us-isob-east-1",
           "eu-isoe-west-1", "us-isof-south-1", "ap-southeast-2", "mx-central-1"]  # fmt: skip
HOSTS = [
    "bedrock-mantle.us-east-1.api.aws",
    "BEDROCK-MANTLE.us-east-1.api.aws.",
    "bedrock-mantle.us-east-1.amazonaws.com",
    "bedrock-runtime.us-east-1.amazonaws.com",
    "bedrock-runtime.us-east-1.api.aws",
    "bedrock-runtime-fips.us-gov-west-1.amazonaws.com",
    "bedrock-mantle-fips.us-gov-west-1.api.aws",
    "bedrock-runtime.cn-north-1.amazonaws.com.cn",
    "bedrock-runtime.cn-north-1.api.amazonwebservices.com.cn",
    "bedrock-runtime.cn-north-1.amazonaws.com",
    "bedrock-runtime.us-iso-east-1.c2s.ic.gov",
    "bedrock-runtime.us-isob-east-1.sc2s.sgov.gov",
    "bedrock-runtime.us-isob-east-1.c2s.ic.gov",
    "bedrock-runtime.us-isof-south-1.api.aws.hci.ic.gov",
    "bedrock-runtime.eu-isoe-west-1.cloud.adc-e.uk",
    "bedrock-runtime.eusc-de-east-1.amazonaws.eu",
    "bedrock-runtime.nowhere.amazonaws.com",
    "bedrock.us-east-1.amazonaws.com",
    "vpce-1.bedrock-runtime.us-east-1.vpce.amazonaws.com",
    "evil-bedrock-mantle.us-east-1.api.aws",
    "bedrock-mantle.us-east-1.api.aws.evil.example",
    "localhost",
    "127.0.0.1",
]


@pytest.mark.parametrize("host", HOSTS)
def test_a_host_says_the_same_as_in_the_official_package(host: str) -> None:
    assert place_of(host) == _parse_bedrock_endpoint_hostname(host)


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("endpoint", ["mantle", "runtime"])
def test_a_region_has_the_official_base_url_and_knows_it_again(endpoint: str, region: str) -> None:
    url = default_url(endpoint, region)  # type: ignore[arg-type]
    assert str(url).rstrip("/") == str(_default_bedrock_base_url(endpoint, region)).rstrip("/")  # type: ignore[arg-type]
    assert place_of(url.host) == (endpoint, region)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("http://localhost:1/openai/v1", "http://localhost:1/openai/v1/"),
        ("http://localhost:1/openai/v1/responses", "http://localhost:1/openai/v1/"),
        ("http://localhost:1/openai/v1/responses/resp_1/cancel", "http://localhost:1/openai/v1/"),
        ("http://localhost:1/responses", "http://localhost:1/"),
        ("http://localhost:1/my-responses/v1", "http://localhost:1/my-responses/v1/"),
        ("http://localhost:1", "http://localhost:1/"),
        ("https://bedrock-runtime.us-east-1.amazonaws.com", "https://bedrock-runtime.us-east-1.amazonaws.com/"),
    ],
)
def test_a_base_url_ends_before_the_resource(given: str, kept: str) -> None:
    assert str(given_url(given)) == kept


@pytest.mark.parametrize(
    "wrong",
    ["http://bedrock-mantle.us-east-1.api.aws/openai/v1", "localhost", "https://u:p@h/", "wss://h/", "https://h/../x"],
)
def test_a_base_url_that_cannot_be_right_is_refused(wrong: str) -> None:
    with pytest.raises(InvalidBaseURL):
        given_url(wrong)


@pytest.mark.parametrize(
    "wrong",
    ["", " ", "nowhere", "us-east", "US-EAST-1", "us-east-1.evil.example", "us-east-1/", "us-east-1\nx", "u-e-1"],
)
def test_a_region_that_cannot_be_one_is_refused(wrong: str) -> None:
    with pytest.raises(OpenAIError, match="us-east-1"):
        checked_region(wrong)


def test_a_region_loses_the_space_around_it() -> None:
    assert checked_region(" us-east-1\n") == "us-east-1"
    assert checked_region(None) is None


@pytest.mark.parametrize(
    ("host", "endpoint", "region", "complaint"),
    [
        ("bedrock-mantle.us-east-1.api.aws", "mantle", "us-east-1", None),
        ("bedrock-mantle.us-east-1.api.aws", "mantle", None, None),
        ("bedrock-mantle.us-east-1.api.aws", "mantle", "eu-west-1", "is in us-east-1"),
        ("bedrock-mantle.us-east-1.api.aws", "runtime", "us-east-1", "mantle endpoint"),
        ("localhost", "runtime", "eu-west-1", None),
    ],
)
def test_host_endpoint_and_region_agree(host: str, endpoint: str, region: str | None, complaint: str | None) -> None:
    url = URL(f"https://{host}/openai/v1/")
    if complaint is None:
        agree(url, endpoint, region)  # type: ignore[arg-type]
    else:
        with pytest.raises(OpenAIError, match=complaint):
            agree(url, endpoint, region)  # type: ignore[arg-type]
