"""Webhooks are taken only where id, time, body and signature are exactly right."""

from __future__ import annotations

import base64
import hashlib
import hmac
import threading
import time
import traceback

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

import antiphon
from antiphon.core.secret import Secret
from antiphon.errors import InvalidWebhookSignatureError, UnreadableWebhook
from antiphon.helpers.webhook import ReplayCache, Webhook, key_from, unwrap, verify_signature

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NOW = 1_700_000_000

# Made with the reference implementation, standardwebhooks 1.1.0.
VECTORS = [
    (
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        '{"test": 2432232314}',
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    ),
    (
        "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W",
        1674087231,
        '{"type": "contact.created","timestamp":"2022-11-03T20:26:10.344522Z"}',
        "v1,EhzGa3keMbNa4Qemah85jHN1GJinBMVkhq6B1yCsyGI=",
    ),
    ("wh_x", 1700000000, '{"text":"grüße, 日本 \\ud83d"}', "v1,QT7Vjsst7cbMwNaLlHc+5s1vh5t6ko8iGfTMIhtOxNM="),
    ("wh_empty", 0, "", "v1,CySFHPJpoYpTyvwkPbp14WY3/w3rwR4qMEyXdPiak0s="),
]


def sign(body: bytes, *, id: str = "wh_1", at: int | str = NOW, secret: str = SECRET) -> str:
    digest = hmac.new(key_from(secret), b".".join((id.encode(), str(at).encode(), body)), hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def fields(
    body: bytes = b"{}", *, id: str = "wh_1", at: int | str = NOW, signature: str | None = None
) -> dict[str, str]:
    return {
        "webhook-id": id,
        "webhook-timestamp": str(at),
        "webhook-signature": signature if signature is not None else sign(body, id=id, at=at),
    }


def hook(*secrets: str, now: float = NOW, **options) -> Webhook:
    return Webhook(secrets or (SECRET,), clock=lambda: now, **options)


@pytest.mark.parametrize(("id", "at", "body", "signature"), VECTORS)
@pytest.mark.parametrize("kind", [str, bytes])
def test_reference_vectors(id, at, body, signature, kind):
    payload = body if kind is str else body.encode()
    hook(now=at).verify(payload, fields(id=id, at=at, signature=signature))


@pytest.mark.parametrize(
    ("off", "message"),
    [(0, None), (300, None), (301, "too old"), (-300, None), (-301, "future")],
)
def test_the_window_is_inclusive_on_both_sides(off, message):
    head = fields(at=NOW - off)
    if message is None:
        hook().verify(b"{}", head)
    else:
        with pytest.raises(InvalidWebhookSignatureError, match=message):
            hook().verify(b"{}", head)


@pytest.mark.parametrize(
    "at", ["nan", "1e3", "", "-1", "+1700000000", "1700000000.0", " 1700000000", "١٧٠٠", "9" * 13, "0x10"]
)
def test_a_timestamp_is_digits_and_nothing_else(at):
    with pytest.raises(InvalidWebhookSignatureError, match="number of seconds"):
        hook().verify(b"{}", fields(at=at))


@given(st.data())
def test_any_changed_byte_is_refused(data):
    body = data.draw(st.binary(min_size=1, max_size=64))
    at = data.draw(st.integers(0, len(body) - 1))
    changed = bytearray(body)
    changed[at] ^= data.draw(st.integers(1, 255))
    hook().verify(body, fields(body))
    with pytest.raises(InvalidWebhookSignatureError, match="no signature"):
        hook().verify(bytes(changed), fields(body))


@given(st.text(max_size=80))
def test_row_68_any_signature_text_is_refused_or_right_and_never_crashes(text):
    with pytest.raises(InvalidWebhookSignatureError):
        hook().verify(b"{}", fields(signature=text))


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "v1",
        "v1,",
        "v2," + sign(b"{}")[3:],
        sign(b"{}")[3:],
        sign(b"{}")[:-1],
        sign(b"{}") + "=",
        sign(b"{}").replace("v1,", "v1, "),
        "v1," + base64.b64encode(b"x" * 31).decode(),
        "v1,ünïcode",
        sign(b"{}").replace(",", ";"),
    ],
)
def test_row_68_only_v1_and_only_exact_base64(signature):
    with pytest.raises(InvalidWebhookSignatureError):
        hook().verify(b"{}", fields(signature=signature))


def test_row_68_one_good_signature_among_several_is_enough_and_ten_are_the_most():
    other = "v1," + base64.b64encode(b"x" * 32).decode()
    hook().verify(b"{}", fields(signature=" ".join([other] * 4 + ["v1a,zzz", sign(b"{}")])))
    hook().verify(b"{}", fields(signature=" ".join([other] * 9 + [sign(b"{}")])))
    with pytest.raises(InvalidWebhookSignatureError, match="more than 10"):
        hook().verify(b"{}", fields(signature=" ".join([sign(b"{}")] * 11)))


def test_either_secret_is_good_while_one_is_replaced():
    old, new = SECRET, "whsec_" + base64.b64encode(b"the new secret").decode()
    for secret in (old, new):
        hook(old, new).verify(b"{}", fields(signature=sign(b"{}", secret=secret)))
    with pytest.raises(InvalidWebhookSignatureError):
        hook(new).verify(b"{}", fields(signature=sign(b"{}", secret=old)))


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_each_field_must_come_exactly_once(name):
    head = fields()
    without = {key: value for key, value in head.items() if key != name}
    with pytest.raises(InvalidWebhookSignatureError, match=f"no {name}"):
        hook().verify(b"{}", without)
    twice = [*head.items(), (name.upper(), head[name])]
    with pytest.raises(InvalidWebhookSignatureError, match=f"more than one {name}"):
        hook().verify(b"{}", twice)


def test_header_fields_in_every_shape_frameworks_have():
    import httpx

    from antiphon.core.headers import Headers

    head = fields()
    shouted = {name.upper(): value for name, value in head.items()}
    raw = [(name.encode(), value.encode()) for name, value in head.items()]
    for shape in (head, shouted, Headers(head), httpx.Headers(head), list(head.items()), raw):
        hook().verify(b"{}", shape)
    doubled = httpx.Headers([*head.items(), ("webhook-id", "wh_2")])
    with pytest.raises(InvalidWebhookSignatureError, match="more than one webhook-id"):
        hook().verify(b"{}", doubled)


@pytest.mark.parametrize("id", ["", "a.b", "ünï"])
def test_an_id_that_could_blur_its_border_is_refused(id):
    with pytest.raises(InvalidWebhookSignatureError, match="id"):
        hook().verify(b"{}", fields(id=id))


def test_the_border_between_id_and_time_cannot_be_moved():
    body = b"1700000000.{}"
    signature = sign(body, id="wh", at=1700000000)
    hook().verify(body, fields(id="wh", at=1700000000, signature=signature))
    with pytest.raises(InvalidWebhookSignatureError):
        hook().verify(b"{}", fields(id="wh.1700000000", at=1700000000, signature=signature))


def test_a_body_is_bounded_and_must_be_text():
    with pytest.raises(InvalidWebhookSignatureError, match="larger"):
        hook().verify(bytes(20 * 1024 * 1024 + 1), fields())
    with pytest.raises(InvalidWebhookSignatureError, match="not text"):
        hook().verify("\ud800", fields())


def test_row_68_a_webhook_comes_once():
    clock = [0.0]
    watched = hook(replay=ReplayCache(2, ttl=600, clock=lambda: clock[0]))
    forged = fields(id="a", signature="v1," + base64.b64encode(b"x" * 32).decode())
    with pytest.raises(InvalidWebhookSignatureError, match="no signature"):
        watched.verify(b"{}", forged)
    watched.verify(b"{}", fields(id="a"))  # the forged one did not use the id up
    with pytest.raises(InvalidWebhookSignatureError, match="before"):
        watched.verify(b"{}", fields(id="a"))
    clock[0] = 601.0
    watched.verify(b"{}", fields(id="a"))


def test_the_replay_cache_forgets_the_oldest_and_counts_once_between_threads():
    cache = ReplayCache(2, clock=lambda: 0.0)
    assert [cache.first(one) for one in ("a", "b", "c", "a", "c")] == [True, True, True, True, False]
    shared, taken = ReplayCache(), []
    threads = [threading.Thread(target=lambda: taken.append(shared.first("x"))) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert taken.count(True) == 1
    with pytest.raises(ValueError, match="size"):
        ReplayCache(0)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_!!!"])
def test_an_impossible_secret_is_refused_and_not_shown(secret):
    with pytest.raises(ValueError, match="secret") as refused:
        Webhook([secret])
    assert "!!!" not in str(refused.value)
    assert not isinstance(refused.value, InvalidWebhookSignatureError)


def test_secrets_are_a_list_and_never_printed():
    for wrong in ([], SECRET):
        with pytest.raises(ValueError, match="list"):
            Webhook(wrong)
    assert "MfKQ9" not in repr(vars(Webhook([SECRET])))


def test_plain_secrets_and_unpadded_base64():
    assert key_from("plain") == b"plain"
    assert key_from(Secret("plain")) == b"plain"
    assert key_from("whsec_YWI") == b"ab"


@pytest.mark.parametrize("secret", [SECRET, Secret(SECRET)])
def test_verify_signature_needs_the_secret(secret):
    now = int(time.time())
    body = b'{"type": "response.completed"}'
    head = fields(body, at=now)
    verify_signature(body, head, secret)
    with pytest.raises(InvalidWebhookSignatureError):
        verify_signature(body, head, "other")
    with pytest.raises(ValueError, match="OPENAI_WEBHOOK_SECRET"):
        verify_signature(body, head, None)
    with pytest.raises(InvalidWebhookSignatureError, match="too old"):
        old = fields(body, at=now - 100)
        verify_signature(body, old, SECRET, tolerance=50)


def test_the_official_package_agrees_on_what_it_takes():
    import openai

    official = openai.OpenAI(api_key="k", webhook_secret=SECRET)
    body = b'{"type": "response.completed", "data": {"id": "resp_1"}}'
    head = fields(body, at=int(time.time()))
    official.webhooks.verify_signature(body, head)
    verify_signature(body, head, SECRET)


def test_unwrap_gives_the_typed_event():
    body = b'{"type": "response.completed", "id": "evt_1", "created_at": 1, "object": "event", "data": {"id": "resp_1"}, "new": 1}'
    event = unwrap(body, fields(body, at=int(time.time())), SECRET)
    assert type(event).__name__ == "ResponseCompletedWebhookEvent"
    assert event.data.id == "resp_1"
    assert event.new == 1


def test_unwrap_keeps_an_unknown_event_and_refuses_what_is_not_json():
    body = b'{"type": "moon.risen", "phase": "full"}'
    event = unwrap(body.decode(), fields(body, at=int(time.time())), SECRET)
    assert event.phase == "full"
    for broken in (b"not json", b"\xff"):
        with pytest.raises(ValueError, match="not JSON"):
            unwrap(broken, fields(broken, at=int(time.time())), SECRET)
    with pytest.raises(InvalidWebhookSignatureError):
        unwrap(b"not json", fields(b"{}", at=int(time.time())), SECRET)


@pytest.mark.parametrize("package", ["antiphon", "openai"])
@pytest.mark.parametrize("name", ["OpenAI", "AsyncOpenAI"])
def test_through_the_client(package, name):
    import importlib

    client = getattr(importlib.import_module(package), name)(api_key="sk-1", webhook_secret=SECRET)
    body = b'{"type": "batch.completed", "id": "evt_1", "created_at": 1, "object": "event", "data": {"id": "batch_1"}}'
    head = fields(body, at=int(time.time()))
    event = client.webhooks.unwrap(body, head)
    assert type(event).__name__ == "BatchCompletedWebhookEvent"
    assert client.webhooks.verify_signature(body, head) is None
    with pytest.raises(ValueError, match="signature"):
        client.webhooks.unwrap(body + b" ", head)
    bare = getattr(importlib.import_module(package), name)(api_key="sk-1")
    with pytest.raises(ValueError, match="OPENAI_WEBHOOK_SECRET"):
        bare.webhooks.unwrap(body, head)


@pytest.mark.parametrize(
    "headers",
    [None, 7, "text", [None], [("webhook-id",)], {"webhook-id": None}, {"webhook-id": ["wh_1"]}, {7: "x"}, [1, 2]],
)
def test_headers_that_are_none(headers):
    with pytest.raises(InvalidWebhookSignatureError, match="neither a mapping of texts nor pairs"):
        unwrap(b"{}", headers, SECRET)


@pytest.mark.parametrize("body", [None, 7, {"id": "evt_1"}, [1], 1.5])
def test_a_body_that_was_parsed_cannot_be_verified(body):
    with pytest.raises(InvalidWebhookSignatureError, match="exactly as it came"):
        Webhook([SECRET], clock=lambda: NOW).verify(body, fields())


@pytest.mark.parametrize("body", [b"[]", b"7", b'"text"', b"null", b"{", b"\xff", b"[" * 5000])
def test_a_genuine_webhook_that_is_no_event(body):
    with pytest.raises(UnreadableWebhook, match="genuine") as told:
        unwrap(body, fields(body, at=int(time.time())), SECRET)
    assert isinstance(told.value, ValueError)
    assert isinstance(told.value, antiphon.OpenAIError)


def locals_of(error):
    """What a traceback with locals shows of antiphon's own frames."""
    frames = traceback.StackSummary.extract(traceback.walk_tb(error.__traceback__), capture_locals=True)
    own = [frame for frame in frames if "antiphon" in frame.filename and "tests" not in frame.filename]
    return {frame.name for frame in own}, "".join(traceback.StackSummary.from_list(own).format())


ODD_SECRETS = {
    "right": SECRET,
    "plain": "canary-plain",
    "not base64": "whsec_canary*",
    "no text": "canary\ud800",
    "bytes": b"canary",
}


@pytest.mark.parametrize("name", ["OpenAI", "AsyncOpenAI"])
@pytest.mark.parametrize("secret", ODD_SECRETS.values(), ids=ODD_SECRETS)
@pytest.mark.parametrize("body", [b"{}", b"not json"])
def test_no_frame_shows_the_secret(name, secret, body):
    client = getattr(antiphon, name)(api_key="sk-1", webhook_secret=secret)
    genuine = fields(body, at=int(time.time()))
    seen = set()
    for head in ({}, {**genuine, "webhook-signature": "v1,aa"}, {**genuine, "webhook-timestamp": "1"}):
        for check in (client.webhooks.unwrap, client.webhooks.verify_signature):
            with pytest.raises(ValueError) as raised:
                check(body, head)
            names, text = locals_of(raised.value)
            seen |= names
            assert raised.value.__context__ is None
            assert not [part for part in (SECRET[6:], repr(key_from(SECRET))[2:-1], "canary") if part in text]
    assert {"unwrap", "verify_signature"} <= seen


@pytest.mark.parametrize("name", ["OpenAI", "AsyncOpenAI"])
def test_nor_when_the_body_is_no_event(name):
    client = getattr(antiphon, name)(api_key="sk-1", webhook_secret=SECRET)
    with pytest.raises(UnreadableWebhook) as raised:
        client.webhooks.unwrap(b"not json", fields(b"not json", at=int(time.time())))
    names, text = locals_of(raised.value)
    assert "unwrap" in names
    assert SECRET[6:] not in text


def test_nor_those_of_several_secrets():
    for secrets in ([SECRET, "whsec_canary*"], [SECRET, ""], SECRET):
        with pytest.raises(ValueError) as raised:
            Webhook(secrets)
        names, text = locals_of(raised.value)
        assert "__init__" in names
        assert SECRET[6:] not in text
        assert "canary" not in text


def test_a_secret_that_is_no_text_is_told():
    with pytest.raises(ValueError, match="must be text; got int"):
        Webhook([5])
    with pytest.raises(ValueError, match="UTF-8"):
        key_from("\ud800")
    hidden = pydantic.SecretStr("whsec_YWI")
    assert key_from(hidden) == b"ab"


@pytest.mark.parametrize("check", [unwrap, verify_signature])
def test_nor_when_it_is_given_as_text(check):
    for head in ({}, {**fields(), "webhook-signature": "v1,aa"}):
        for secret in (SECRET, "whsec_canary*", ""):
            with pytest.raises(ValueError) as raised:
                check(b"{}", head, secret)
            names, text = locals_of(raised.value)
            assert check.__name__ in names
            assert not [part for part in (SECRET[6:], "canary") if part in text]
