"""Signing for gateways: once per attempt, over what is sent, with keys from anywhere."""

from __future__ import annotations

import hmac
import re
import traceback
from base64 import b64decode
from hashlib import sha256
from typing import Any

import pytest

from antiphon.core.effects import Outside, Wall
from antiphon.core.headers import Headers
from antiphon.core.request import Request
from antiphon.credentials import EnvKey
from antiphon.errors import BodyNotReplayable, InvalidCredential, OpenAIError
from antiphon.policies.chain import fold
from antiphon.policies.http_signature import HTTPSignature
from antiphon.policies.machines.http_signature import content_digest
from antiphon.policies.retry import Retry
from antiphon.policies.sign_hmac import SignHMAC, canonical

from .machines.test_http_signature import ED25519, SHARED, pem
from .stepping import Script, reply, request

SECRET = "a shared secret"
NOW = 1_000_000_000


class Signing(Script):
    """Answers what a signature asks for."""

    def answer(self, effect: Any) -> Any:
        if isinstance(effect, Outside):
            return effect.function(*effect.arguments)
        return float(NOW) + 0.9 if isinstance(effect, Wall) else super().answer(effect)


def sent(policy: Any, asked: Request | None = None, **options: Any) -> Headers:
    script = Signing([reply()], **options)
    script.run(fold([policy])(asked or request()))
    return script.sent[0].headers


def test_what_is_covered_where_nobody_chose() -> None:
    headers = sent(HTTPSignature(SECRET, key_id="team-7", nonce=False))
    params = '("@method" "@target-uri" "content-digest" "authorization");created=1000000000;keyid="team-7"'
    assert headers["Signature-Input"] == f"sig1={params}"
    assert headers["Content-Digest"] == content_digest(b"{}")
    signed = "\n".join(
        [
            '"@method": POST',
            '"@target-uri": https://api.openai.com/v1/responses',
            f'"content-digest": {content_digest(b"{}")}',
            '"authorization": Bearer sk-1',
            f'"@signature-params": {params}',
        ]
    )
    expected = hmac.digest(SECRET.encode(), signed.encode(), "sha256")
    assert b64decode(headers["Signature"].removeprefix("sig1=:").removesuffix(":")) == expected


def test_the_rfcs_own_request() -> None:
    asked = request()
    asked.origin = asked.origin._replace(host="example.com")
    asked.headers = Headers({"Date": "Tue, 20 Apr 2021 02:07:55 GMT", "Content-Type": "application/json"})
    policy = HTTPSignature(
        SHARED,
        key_id="test-shared-secret",
        components=["date", "@authority", "content-type"],
        nonce=False,
        label="sig-b25",
    )

    class Then(Signing):
        def answer(self, effect: Any) -> Any:
            return 1618884473.2 if isinstance(effect, Wall) else super().answer(effect)

    script = Then([reply()])
    script.run(fold([policy])(asked))
    assert script.sent[0].headers["Signature"] == "sig-b25=:pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=:"
    assert "Content-Digest" not in script.sent[0].headers, "it is not covered"


def test_a_body_that_is_not_there_has_no_digest() -> None:
    headers = sent(HTTPSignature(SECRET, key_id="k", nonce=False), request(method="GET", content=None))
    assert "Content-Digest" not in headers
    assert '("@method" "@target-uri" "authorization")' in headers["Signature-Input"]


def test_end_nonce_and_tag() -> None:
    headers = sent(HTTPSignature(SECRET, key_id="k", expires=300, tag="app", label="mine"), dice=0.5)
    assert re.fullmatch(
        r'mine=\(.*\);created=1000000000;expires=1000000300;nonce="(8000000000000){2}";keyid="k";tag="app"',
        headers["Signature-Input"],
    )


def test_each_attempt_is_signed_anew() -> None:
    script = Signing([reply(503), reply()])
    script.run(fold([Retry(1), HTTPSignature(SECRET, key_id="k", components=["x-stainless-retry-count"])])(request()))
    one, two = (each.headers["Signature"] for each in script.sent)
    assert one != two


@pytest.mark.parametrize("algorithm", ["ed25519", "ecdsa-p256-sha256", "rsa-pss-sha512", "rsa-v1_5-sha256"])
def test_private_keys(algorithm: str) -> None:
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    made: Any = {
        "ed25519": ed25519.Ed25519PrivateKey.generate,
        "ecdsa-p256-sha256": lambda: ec.generate_private_key(ec.SECP256R1()),
    }.get(algorithm, lambda: rsa.generate_private_key(65537, 2048))()
    key = made.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    headers = sent(HTTPSignature(key, key_id="k", algorithm=algorithm, components=["@method"], nonce=False))
    params = headers["Signature-Input"].removeprefix("sig1=")
    data = f'"@method": POST\n"@signature-params": {params}'.encode()
    signature = b64decode(headers["Signature"].removeprefix("sig1=:").removesuffix(":"))
    public = made.public_key()
    match algorithm:
        case "ed25519":
            public.verify(signature, data)
        case "ecdsa-p256-sha256":
            pair = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
            public.verify(encode_dss_signature(*pair), data, ec.ECDSA(hashes.SHA256()))
        case "rsa-pss-sha512":
            public.verify(signature, data, padding.PSS(padding.MGF1(hashes.SHA512()), 64), hashes.SHA512())
        case _:
            public.verify(signature, data, padding.PKCS1v15(), hashes.SHA256())


def test_a_private_key_is_read_once() -> None:
    policy = HTTPSignature(pem(ED25519), key_id="k", algorithm="ed25519")
    sent(policy)
    known = policy._signer
    sent(policy)
    assert policy._signer is known


def test_a_private_key_that_is_replaced_signs_from_then_on() -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    other = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    keys = iter([pem(ED25519), pem(ED25519), other])
    policy = HTTPSignature(lambda: next(keys), key_id="k", algorithm="ed25519", nonce=False)
    one, two, three = (sent(policy)["Signature"] for _ in range(3))
    assert one == two != three


@pytest.mark.parametrize("make", [lambda key: HTTPSignature(key, key_id="k", nonce=False), SignHMAC])
def test_a_key_may_come_from_a_source(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY", "a-shared-secret")
    plain, asked, from_source = (
        sent(make(key)) for key in ("a-shared-secret", lambda: b"a-shared-secret", EnvKey("GATEWAY"))
    )
    name = "Signature" if "Signature" in plain else "X-Signature"
    assert plain[name] == asked[name] == from_source[name]
    assert sent(make(b"\xff\x00another"))[name] != plain[name]


@pytest.mark.parametrize("make", [lambda key: HTTPSignature(key, key_id="k"), SignHMAC])
@pytest.mark.parametrize("key", ["", b"", "  ", 5, None, [1]])
def test_keys_that_can_be_none(make: Any, key: Any) -> None:
    with pytest.raises(InvalidCredential, match="not empty"):
        make(key)


@pytest.mark.parametrize("policy", [HTTPSignature(SECRET, key_id="k"), SignHMAC(SECRET)])
def test_a_stream_cannot_be_signed(policy: Any) -> None:
    class Stream:
        length = None

        def __iter__(self) -> Any:
            return iter([b"x"])

        def rewind(self) -> bool:
            return True

    with pytest.raises(BodyNotReplayable):
        sent(policy, request(content=Stream()))


@pytest.mark.parametrize(
    "options",
    [
        {"algorithm": "md5"},
        {"digest": "md5"},
        {"components": ["@nothing"]},
        {"expires": -1},
        {"label": "X"},
        {"keyid": "k"},
    ],
)
def test_signatures_that_cannot_be(options: dict[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError)):
        HTTPSignature(SECRET, key_id="k", **options)


@pytest.mark.parametrize("make", [HTTPSignature, SignHMAC])
@pytest.mark.parametrize("named", [False, True])
def test_a_key_beside_a_wrong_argument_is_not_shown(make: Any, named: bool) -> None:
    given: Any = {"key": "sk-canary-0123"} if named else {}
    with pytest.raises((ValueError, TypeError)) as caught:
        make(*([] if named else ["sk-canary-0123"]), **given, key_id="k", algorithm="md5")
    told = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    ours = [frame for frame in told.stack if "src/antiphon" in frame.filename or "antiphon/policies" in frame.filename]
    assert ours
    assert not [frame for frame in ours if "test_" not in frame.filename and "sk-canary" in str(frame.locals)]


def test_a_misspelt_argument_is_named() -> None:
    with pytest.raises(TypeError, match="did you mean 'key_id'"):
        HTTPSignature(SECRET, keyid="k")  # type: ignore[call-arg]


def test_a_field_that_is_not_sent_cannot_be_covered() -> None:
    with pytest.raises(OpenAIError, match="no field 'date'"):
        sent(HTTPSignature(SECRET, key_id="k", components=["date"]))


def test_a_plain_hmac() -> None:
    asked = request()
    headers = sent(SignHMAC(SECRET, key_id="team-7"), asked)
    said = f"{NOW}\nPOST\napi.openai.com\n/v1/responses\n{sha256(b'{}').hexdigest()}".encode()
    assert canonical(asked, NOW) == said
    assert headers["X-Signature"] == "v1=" + hmac.digest(SECRET.encode(), said, "sha256").hex()
    assert (headers["X-Signature-Time"], headers["X-Signature-Key"]) == (str(NOW), "team-7")


def test_a_plain_hmac_as_a_gateway_wants_it() -> None:
    policy = SignHMAC(
        SECRET,
        field="X-GW-Sig",
        time_field="X-GW-Time",
        algorithm="sha512",
        message=lambda request, now: f"{now}:{request.method}".encode(),
    )
    headers = sent(policy)
    assert headers["X-GW-Sig"] == "v1=" + hmac.digest(SECRET.encode(), f"{NOW}:POST".encode(), "sha512").hex()
    assert headers["X-GW-Time"] == str(NOW)
    assert "X-Signature-Key" not in headers
    with pytest.raises(ValueError, match="algorithm"):
        SignHMAC(SECRET, algorithm="md5")


def test_no_key_in_a_repr_and_its_place_is_the_innermost() -> None:
    for policy in (
        HTTPSignature(SECRET, key_id="k"),
        SignHMAC(SECRET),
        HTTPSignature(pem(ED25519), key_id="k", algorithm="ed25519"),
    ):
        assert SECRET not in repr(policy) + repr(vars(policy))
        assert ED25519 not in repr(policy) + repr(vars(policy))
        assert policy.place > Retry.place
