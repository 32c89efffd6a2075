"""The signatures of Bedrock clients: what each attempt carries, that it verifies, and that it is the official one."""

from __future__ import annotations

import datetime
from typing import Any

import botocore.auth
import httpx2
import openai
import pytest

import antiphon
from antiphon.errors import BodyNotReplayable
from tests.client.answer import CHAT, chat, create, ok, retrieve, wrong
from tests.client.colour import failure_of
from tests.transports.rude import Rude

from .house import KEYS, SESSION, TOKEN, House, assert_signed, signed_names
from .signer_setting import EAST, STS

CALLS: dict[str, Any] = {
    "post": lambda client: create(client, metadata={"ü": "日本語"}),
    "get": retrieve,
    "query": lambda client: client.responses.retrieve("resp_1", include=["a b", "c&d=é"], extra_query={"~": "/?*'+"}),
    "path": lambda client: client.models.retrieve("ft:gpt-4o:org/x y%é"),
    "delete": lambda client: client.responses.delete("resp_1"),
    "empty post": lambda client: client.responses.cancel("resp_1"),
    "raw": lambda client: client.post("/x//y?b=2&a=1&a=0", cast_to=object, body={"a": 1}),
    "fields": lambda client: client.models.retrieve("m", extra_headers={"X-Odd": "  two   blanks ", "Host": "other.example"}),
    "form": lambda client: client.files.create(file=("a.txt", b"abc"), purpose="batch"),
}  # fmt: skip


@pytest.mark.parametrize("call", CALLS)
def test_every_kind_of_request_verifies(house: House, call: str) -> None:
    with Rude(ok()) as server, house.client(server.url, **EAST) as it:
        it(CALLS[call])
    assert_signed(server.requests[0])


def test_a_session_token_is_sent_and_signed(house: House) -> None:
    with Rude(ok()) as server, house.client(server.url, **STS) as it:
        it(create)
    assert_signed(server.requests[0], session=SESSION)
    assert "x-amz-security-token" in signed_names(server.requests[0])


def test_region_and_endpoint_are_in_the_signature(house: House) -> None:
    with Rude(ok()) as server, house.client(server.url, **KEYS, aws_region="eu-west-1", endpoint="runtime") as it:
        it(create)
        it.raw.aws_region = "ap-south-1"
        it(create)
        it(lambda client: create(client.with_options(aws_region="us-east-1", endpoint="mantle")))
    assert_signed(server.requests[0], region="eu-west-1", service="bedrock")
    assert_signed(server.requests[1], region="ap-south-1", service="bedrock")
    assert_signed(server.requests[2])


def test_each_attempt_is_signed_anew_after_all_else(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter(datetime.datetime(2026, 7, 1, 12, 0, second) for second in range(9))  # noqa: DTZ001
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda *_: next(moments))
    with (
        Rude(wrong(503), wrong(429), ok()) as server,
        house.client(server.url, **EAST, policies=[antiphon.Retry(3)]) as it,
    ):
        it(create)
    assert [got.headers["x-amz-date"] for got in server.requests] == [f"20260701T12000{n}Z" for n in range(3)]
    assert [got.headers["x-stainless-retry-count"] for got in server.requests] == ["0", "1", "2"]
    assert "x-stainless-retry-count" in signed_names(server.requests[2])
    for got in server.requests:
        assert_signed(got)


def test_a_stream_is_signed_and_read(house: House) -> None:
    with Rude(CHAT) as server, house.client(server.url, **EAST) as it:
        chunks = it(chat)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "Hello"
    assert_signed(server.requests[0])


def test_it_verifies_through_a_borrowed_client(house: House) -> None:
    http_client = (httpx2.AsyncClient if house.is_async else httpx2.Client)(trust_env=False)
    with Rude(ok()) as server, house.client(server.url, **STS, http_client=http_client) as it:
        it(create)
        it(CALLS["query"])
        it.wait(http_client.aclose() if house.is_async else http_client.close())
    for got in server.requests:
        assert_signed(got, session=SESSION)


def test_a_body_that_is_a_stream_is_not_signed(house: House, tmp_path: Any) -> None:
    path = tmp_path / "big.jsonl"
    path.write_bytes(b"x" * 2_000_000)
    with Rude(ok()) as server, house.client(server.url, **EAST) as it:
        error = failure_of(it, lambda client: client.files.create(file=path, purpose="batch"))
        assert isinstance(error, BodyNotReplayable)
        assert "bytes" in str(error)
        assert not server.requests
        it(lambda client: client.with_options(api_key=TOKEN).files.create(file=path, purpose="batch"))
    assert len(server.requests[0].body) > 2_000_000


# -- side by side with the official package ----------------------------------------------------------------------------


@pytest.mark.parametrize("call", ["post", "get", "delete", "query"])
@pytest.mark.parametrize("arguments", [EAST, STS], ids=["keys", "session"])
def test_the_signature_is_the_official_one(
    house: House, call: str, arguments: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.datetime(2026, 7, 1, 12, 0, 0)  # noqa: DTZ001
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda *_: now)
    # What the two packages say of themselves is made equal; the body, the target and all else must be by themselves.
    ours = {"X-Stainless-Package-Version": openai.__version__, "Accept-Encoding": "gzip, deflate"}
    do = CALLS[call]
    with Rude(ok()) as server:
        with house.client(server.url, **arguments, default_headers=ours) as it:
            it(do)
        theirs = getattr(openai, house.kind.__name__)(base_url=f"{server.url}/openai/v1", **arguments)
        with house.client(server.url, **arguments) as it:
            it.raw = theirs
            it(do)
    mine, other = server.requests
    assert (mine.line, mine.body) == (other.line, other.body)
    assert mine.headers["authorization"] == other.headers["authorization"]
    assert_signed(other, session=arguments.get("aws_session_token"))
