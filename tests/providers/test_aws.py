"""Where AWS credentials are found, how failures to find them read, and that nothing found shows."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.credentials import Credentials, ReadOnlyCredentials, RefreshableCredentials

from antiphon.core.headers import Headers
from antiphon.core.request import Request
from antiphon.core.timeout import Timeout
from antiphon.core.url import Origin
from antiphon.errors import OpenAIError
from antiphon.providers.aws import AwsCredential, BlockingSigV4
from tests.client.answer import create, ok, retrieve, wrong
from tests.client.colour import failure_of
from tests.client.test_credential import shown
from tests.transports.rude import Rude

from .house import ACCESS, SECRET, SESSION, House, assert_signed

EAST: dict[str, Any] = {"aws_region": "us-east-1"}


def profile(tmp_path: Path, *, region: str | None = None, token: str = SESSION) -> None:
    lines = [
        "[work]",
        f"aws_access_key_id = {ACCESS}",
        f"aws_secret_access_key = {SECRET}",
        f"aws_session_token = {token}",
    ]
    (tmp_path / "credentials").write_text("\n".join(lines) + "\n")
    (tmp_path / "config").write_text(f"[profile work]\nregion = {region}\n" if region else "")


def test_a_profile_gives_keys_and_region(house: House, tmp_path: Path) -> None:
    profile(tmp_path, region="ap-south-1")
    with Rude(ok()) as server, house.client(server.url, aws_profile=" work ") as it:
        assert it.raw.aws_region == "ap-south-1"
        it(create)
    assert_signed(server.requests[0], region="ap-south-1", session=SESSION)


def test_the_default_chain_reads_the_environment(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    with Rude(ok()) as server, house.client(server.url, **EAST) as it:
        it(create)
        assert SECRET not in repr(vars(it.raw))
    assert_signed(server.requests[0])


def test_the_default_chain_is_asked_once_for_a_client_and_its_copies(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    import botocore.session

    asked: list[int] = []

    def load(session: Any) -> Any:
        asked.append(1)
        return Credentials(ACCESS, SECRET)

    found: dict[int, Any] = {}
    monkeypatch.setattr(
        botocore.session.Session, "get_credentials", lambda self: found.setdefault(id(self), None) or found.update({id(self): load(self)}) or found[id(self)]
    )  # fmt: skip
    with Rude(ok()) as server, house.client(server.url, **EAST) as it:
        for client in (it.raw, it.raw.with_options(timeout=1), it.raw.with_options(aws_region="eu-west-1")):
            it(lambda _, client=client: retrieve(client))
    assert len(asked) == 1
    assert len(server.requests) == 3


def test_no_credentials_anywhere_is_said_so(house: House) -> None:
    with Rude(ok()) as server, house.client(server.url, **EAST) as it:
        assert "no AWS credentials were found" in str(failure_of(it, create))
        assert not server.requests


def test_an_unknown_profile_is_named(house: House) -> None:
    with Rude(ok()) as server, house.client(server.url, aws_profile="nobody", **EAST) as it:
        assert "nobody" in str(failure_of(it, create))
    with pytest.raises(OpenAIError, match="nobody"):
        house.kind(aws_profile="nobody")


# -- a function of the user's ------------------------------------------------------------------------------------------


KINDS: dict[str, Any] = {
    "botocore": Credentials(ACCESS, SECRET, SESSION),
    "frozen": ReadOnlyCredentials(ACCESS, SECRET, SESSION),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_function_gives_credentials_for_each_attempt(house: House, kind: str) -> None:
    asked: list[str] = []

    def give() -> object:
        asked.append(threading.current_thread().name)
        return KINDS[kind]

    with Rude(wrong(503), ok()) as server, house.client(server.url, aws_credentials_provider=give, **EAST) as it:
        it(create)
    assert len(asked) == 2
    assert (asked[0] == "MainThread") == (not house.is_async)  # looking for credentials does not hold up a loop
    for got in server.requests:
        assert_signed(got, session=SESSION)


def test_an_async_function_is_awaited_where_it_can_be(house: House) -> None:
    async def give() -> object:
        return KINDS["frozen"]

    with Rude(ok()) as server, house.client(server.url, aws_credentials_provider=give, **EAST) as it:
        if house.is_async:
            it(create)
            assert_signed(server.requests[0], session=SESSION)
        else:
            assert "plain function" in str(failure_of(it, create))
            assert not server.requests


def test_credentials_that_renew_themselves_are_renewed(house: House) -> None:
    import datetime

    now = datetime.datetime.now(datetime.UTC)
    renewed: list[int] = []

    def renew() -> dict[str, str]:
        renewed.append(1)
        later = (now + datetime.timedelta(hours=1)).isoformat()
        return {"access_key": ACCESS, "secret_key": SECRET, "token": SESSION, "expiry_time": later}

    old = RefreshableCredentials("old", "old", "old", now - datetime.timedelta(seconds=1), renew, "test")
    with Rude(ok()) as server, house.client(server.url, aws_credentials_provider=lambda: old, **EAST) as it:
        it(create)
        it(create)
    assert renewed == [1]
    assert_signed(server.requests[1], session=SESSION)


def test_a_function_that_fails_keeps_its_cause(house: House) -> None:
    def fail() -> object:
        raise KeyError("vault")

    def refuse() -> object:
        raise OpenAIError("as it is")

    with Rude(ok()) as server, house.client(server.url, aws_credentials_provider=fail, **EAST) as it:
        error = failure_of(it, create)
        assert isinstance(error, OpenAIError)
        assert isinstance(error.__cause__, KeyError)
        assert str(failure_of(it, lambda client: create(client.copy(aws_credentials_provider=refuse)))) == "as it is"
        assert not server.requests


class Half:
    """Looks like credentials, and is not."""

    access_key = ACCESS
    secret_key = None
    token = SESSION


BAD: dict[str, Any] = {
    "nothing": None,
    "half": Half(),
    "text": "no credentials",
    "frozen": ReadOnlyCredentials(ACCESS, None, SESSION),
    "no text": ReadOnlyCredentials(ACCESS, f"{SECRET}\ud800", SESSION),  # fails deep inside botocore
}


@pytest.mark.parametrize("kind", BAD)
def test_what_cannot_sign_is_an_error_that_shows_nothing(house: House, kind: str) -> None:
    with (
        Rude(ok()) as server,
        house.client(server.url, aws_credentials_provider=lambda: BAD[kind], **EAST) as it,
    ):
        error = failure_of(it, create)
    assert type(error) is OpenAIError
    assert "AWS credentials" in str(error)
    assert not server.requests
    text = shown(error)
    assert not [secret for secret in (ACCESS, SECRET, SESSION) if secret in text]


# -- botocore ----------------------------------------------------------------------------------------------------------


def test_without_botocore_the_extra_is_named_at_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "botocore", None)
    for arguments in ({"aws_access_key_id": "a", "aws_secret_access_key": "s"}, {"aws_profile": "p"}, {}):
        with pytest.raises(OpenAIError, match=r"pip install antiphon\[bedrock\]"):
            house.kind(**arguments, **EAST)
    with Rude(ok()) as server, house.client(server.url, api_key="needs none") as it:
        it(create)


def test_one_session_serves_many_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    import botocore.session

    made: list[int] = []
    real = botocore.session.Session.__init__

    def init(self: Any, *args: Any, **options: Any) -> None:
        made.append(1)
        real(self, *args, **options)

    monkeypatch.setattr(botocore.session.Session, "__init__", init)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    signer = BlockingSigV4(AwsCredential(), "bedrock", "us-east-1")

    def sign(_: int) -> Headers:
        return signer(Request("GET", Origin("https", "h", 443), "/", Headers({"A": "1"}), None, Timeout(1.0)))

    with ThreadPoolExecutor(8) as threads:
        signed = list(threads.map(sign, range(32)))
    assert len(made) == 1
    assert all(headers["a"] == "1" and "Signature=" in headers["authorization"] for headers in signed)


def test_a_repeated_field_is_signed_value_by_value() -> None:
    from .house import KEYS

    fields = [("X-Tag", "a"), ("X-Tag", "b")]
    with Rude(ok()) as server:
        import antiphon

        async def tagged(request: Any, forward: Any) -> Any:
            return await forward(request.replace(headers=Headers([*request.headers.fields, *fields])))

        base = f"{server.url}/openai/v1"
        with antiphon.BedrockOpenAI(**KEYS, **EAST, base_url=base, policies=[tagged]) as client:
            create(client)
    assert server.requests[0].raw_head.count(b"X-Tag: ") == 2
    assert_signed(server.requests[0])
