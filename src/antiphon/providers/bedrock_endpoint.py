"""Where Amazon Bedrock serves this API: hosts, regions and what must agree between them.

Bedrock has two endpoints. *Mantle* is at `bedrock-mantle.{region}.api.aws`; *runtime* at `bedrock-runtime.{region}.` and a
suffix that depends on the partition the region is in. Any other host (a proxy, a private endpoint, a test server) is taken
as it is. Refuses to know credentials.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from ..core.url import URL
from ..errors import InvalidBaseURL, OpenAIError
from ..settings import base_url_from

BedrockEndpoint = Literal["mantle", "runtime"]

_REGION = re.compile(r"[a-z]{2,8}(?:-[a-z0-9]+)+-[0-9]+")
_MANTLE_SUFFIX = "api.aws"
# By the beginning of the region's name: the suffix by which a host is made, and the other one that is its.
_PARTITIONS = {
    "cn-": ("amazonaws.com.cn", "api.amazonwebservices.com.cn"),
    "eusc-": ("amazonaws.eu", "api.amazonwebservices.eu"),
    "us-iso-": ("c2s.ic.gov", "api.aws.ic.gov"),
    "us-isob-": ("sc2s.sgov.gov", "api.aws.scloud"),
    "eu-isoe-": ("cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"),
    "us-isof-": ("csp.hci.ic.gov", "api.aws.hci.ic.gov"),
}
_COMMERCIAL = ("amazonaws.com", "api.aws")
_PATH = "/openai/v1"
SERVICES: dict[BedrockEndpoint, str] = {"mantle": "bedrock-mantle", "runtime": "bedrock"}
"""The service's name in a signature."""


class Place(NamedTuple):
    """What a host of Amazon's says about itself."""

    endpoint: BedrockEndpoint
    region: str


def place_of(host: str) -> Place | None:
    """The endpoint and region of one of Amazon's own hosts; `None` for any other host.

    >>> place_of("bedrock-mantle.eu-west-1.api.aws")
    Place(endpoint='mantle', region='eu-west-1')
    """
    service, _, rest = host.lower().removesuffix(".").partition(".")
    region, _, suffix = rest.partition(".")
    if not _REGION.fullmatch(region):
        return None
    if service == "bedrock-mantle" and suffix == _MANTLE_SUFFIX:
        return Place("mantle", region)
    if service in ("bedrock-runtime", "bedrock-runtime-fips") and suffix in _suffixes(region):
        return Place("runtime", region)
    return None


def default_url(endpoint: BedrockEndpoint, region: str) -> URL:
    """The base URL of an endpoint in a region.

    >>> str(default_url("runtime", "cn-north-1"))
    'https://bedrock-runtime.cn-north-1.amazonaws.com.cn/openai/v1/'
    """
    suffix = _MANTLE_SUFFIX if endpoint == "mantle" else _suffixes(region)[0]
    return base_url_from(f"https://bedrock-{endpoint}.{region}.{suffix}{_PATH}")


def given_url(value: object) -> URL:
    """A base URL as a user gave it; what stands behind `/responses` in it, and that, is taken off.

    Raises:
        InvalidBaseURL: it cannot be right.
    """
    url = base_url_from(value)
    if place_of(url.host) is not None and url.scheme != "https":
        raise InvalidBaseURL(f"{url.host} is Amazon's and takes https:// only")
    path = re.sub(r"/responses(?:/.*)?$", "/", url.path)
    return url if path == url.path else url.with_path(path)


def checked_region(region: str | None) -> str | None:
    """A region's name without white space around it; `None` stays `None`.

    Raises:
        OpenAIError: it cannot be the name of a region.
    """
    if region is None:
        return None
    name = region.strip()
    if not _REGION.fullmatch(name):
        raise OpenAIError(f"{region!r} is not an AWS region; write it like us-east-1")
    return name


def agree(url: URL, endpoint: BedrockEndpoint, region: str | None) -> None:
    """Refuse one of Amazon's hosts that is another endpoint's or region's than the one that was chosen.

    Raises:
        OpenAIError: they contradict each other.
    """
    place = place_of(url.host)
    if place is None:
        return
    if place.endpoint != endpoint:
        raise OpenAIError(f"{url.host} is Bedrock's {place.endpoint} endpoint, but endpoint={endpoint!r} was chosen")
    if region is not None and place.region != region:
        raise OpenAIError(f"{url.host} is in {place.region}, but the AWS region is {region}; change one of them")


def _suffixes(region: str) -> tuple[str, str]:
    return next((both for start, both in _PARTITIONS.items() if region.startswith(start)), _COMMERCIAL)
