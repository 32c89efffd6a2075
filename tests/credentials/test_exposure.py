"""The exposure audit: counts, places, ids, and not a trace of it where it is off."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import antiphon
from antiphon.core.secret import Secret
from antiphon.credentials import ExposureAudit
from tests.client.answer import ok, retrieve
from tests.transports.rude import Rude

KEY = "sk-canary-0123456789"


def shown(secret: Secret) -> str:
    return secret.reveal()


def test_who_reveals_what_and_how_often() -> None:
    one, two = Secret(KEY), Secret(f"{KEY}-2")
    with ExposureAudit() as audit:
        for _ in range(3):
            shown(one)
        two.reveal()
    shown(one)
    first, second = audit.exposures
    assert (first.secret, first.times) == (one.id, 3)
    assert (second.secret, second.times) == (two.id, 1)
    assert first.site[0].startswith(f"{__name__}.shown:")
    assert first.site[1].startswith(f"{__name__}.test_who_reveals_what_and_how_often:")
    assert audit.total == 4
    assert str(audit).startswith(f"{one.id} revealed 3 times in {__name__}.shown:")
    assert repr(audit) == "<ExposureAudit 4 exposures in 2 places>"
    assert KEY not in str(audit) + repr(vars(audit))


def test_off_it_is_not_there() -> None:
    plain = Secret.reveal
    with ExposureAudit(), ExposureAudit() as inner:
        assert Secret.reveal is not plain
        inner.stop()
        assert Secret.reveal is not plain, "another one still counts"
    assert Secret.reveal is plain


def test_it_tells_how_a_client_uses_a_key() -> None:
    with Rude(ok()) as server, antiphon.OpenAI(api_key=KEY, base_url=f"{server.url}/v1") as client:
        with ExposureAudit(depth=1) as audit:
            client.models.retrieve("m")
            retrieve(client)
    sites = {each.site[0].rpartition(":")[0] for each in audit.exposures}
    assert sites == {"antiphon.core.endpoint.Endpoint._block"}, "once, where it goes on the wire"


def test_threads_are_all_counted() -> None:
    secret = Secret(KEY)
    with ExposureAudit() as audit, ThreadPoolExecutor(8) as threads:
        for _ in range(800):
            threads.submit(shown, secret)
    assert audit.total == 800
