"""The control plane: who may ask, what it tells, and what it changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from antiphon.emulator import Emulator, Setting

from .asking import Asking, Heard, chat

CHAT = "/v1/chat/completions"
TOKEN = {"X-Antiphon-Token": "t0ken"}


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(Setting(control_token="t0ken", seed=3)) as running:
        yield running


@pytest.fixture
def asking(emulator: Emulator) -> Iterator[Asking]:
    made = Asking(emulator.base_url)
    yield made
    made.close()


@pytest.fixture
def control(asking: Asking) -> Any:
    def ask(verb: str, name: str, body: Any = None, **headers: str) -> Heard:
        return asking(verb, f"/__antiphon/{name}", body, key=None, headers={**TOKEN, **headers})

    return ask


@pytest.mark.parametrize("name", ["journal", "state", "clock", "metrics"])
def test_without_the_token_nothing_is_told(asking: Asking, name: str) -> None:
    for headers in ({}, {"X-Antiphon-Token": "wrong"}, {"Authorization": "Bearer sk-test"}):
        heard = asking("GET", f"/__antiphon/{name}", key=None, headers=headers)
        assert (heard.status, heard.error["code"]) == (401, "invalid_control_token")
    assert asking("GET", f"/__antiphon/{name}", key="t0ken").status == 200


def test_a_token_is_drawn_where_none_is_given() -> None:
    with Emulator() as one, Emulator() as other:
        assert len(one.app.control_token) >= 32
        assert one.app.control_token != other.app.control_token


def test_health_is_for_everybody(asking: Asking) -> None:
    assert asking("GET", "/__antiphon/health", key=None).json == {"status": "ok"}


def test_unknown_paths_and_verbs(control: Any) -> None:
    assert (control("GET", "nothing").status, control("GET", "nothing").error["code"]) == (404, "unknown_url")
    heard = control("DELETE", "clock")
    assert (heard.status, heard.headers["allow"]) == (405, "GET, POST")
    assert control("POST", "clock", [1]).status == 400


def test_the_guard_stands_before_it(control: Any) -> None:
    assert control("GET", "state", Host="evil.example").status == 403
    assert control("GET", "state", Origin="https://evil.example").status == 403


def test_the_journal_tells_of_requests_and_no_keys(asking: Asking, control: Any) -> None:
    heard = asking("POST", CHAT, chat("hi"), key="sk-secret-key")
    asking("POST", CHAT, {"model": "gpt-4o"})
    told = control("GET", "journal")
    first, second = told.json["data"]
    assert told.json["count"] == 2
    assert (first["operation"], first["status"], first["verb"]) == ("chat.completions.create", 200, "POST")
    assert first["id"] == heard.headers["x-request-id"]
    assert second["status"] == 400
    assert b"sk-secret" not in told.body
    assert control("DELETE", "journal").json == {"count": 2, "data": []}
    assert control("GET", "journal").json["data"] == []


def test_the_journal_is_bounded() -> None:
    with Emulator(Setting(control_token="t0ken", journal=3)) as running:
        asking = Asking(running.base_url)
        for _ in range(5):
            asking("GET", "/v1/models/gpt-4o")
        told = asking("GET", "/__antiphon/journal", key="t0ken").json
        asking.close()
    assert (told["count"], len(told["data"])) == (5, 3)


def test_state_and_reset(asking: Asking, control: Any) -> None:
    made = asking("POST", "/v1/vaults", {"name": "a"}).json
    assert control("GET", "state").json["shelves"]["beta.agents.vaults"] == 1
    assert control("GET", "state/beta.agents.vaults").json == {"data": [made]}
    assert control("GET", "state/nothing").status == 404
    assert control("POST", "reset").json == {"seed": 3}
    assert "beta.agents.vaults" not in control("GET", "state").json["shelves"]
    assert asking("GET", f"/v1/vaults/{made['id']}").status == 404


def test_a_reset_draws_the_same_again_and_a_seed_others(asking: Asking, control: Any) -> None:
    def vault() -> str:
        return asking("POST", "/v1/vaults", {"name": "a"}).json["id"]

    control("POST", "reset")
    first = vault()
    control("POST", "reset")
    assert vault() == first
    control("POST", "reset", {"seed": 8})
    other = vault()
    assert other != first
    control("POST", "seed", {"seed": 8})
    assert vault() == other
    assert control("POST", "seed", {"seed": "8"}).status == 400
    assert control("POST", "reset", {"seed": True}).status == 400


def test_the_clock_goes_forwards(asking: Asking, control: Any) -> None:
    before = control("GET", "clock").json["now"]
    assert control("POST", "clock", {"advance": 3600}).json["now"] - before >= 3600
    made = asking("POST", "/v1/vaults", {"name": "a"}).json
    assert made["created_at"] - before >= 3599
    assert control("POST", "clock", {"set": before + 7200}).json["moved"] > 7000
    for wrong in ({"advance": -1}, {"set": 0}, {"advance": "1"}, {}, {"advance": 1, "set": 2}, {"advance": 1e300}):
        assert control("POST", "clock", wrong).status == 400, wrong


def test_metrics_count(asking: Asking, control: Any) -> None:
    asking("GET", "/v1/models/gpt-4o")
    asking("GET", "/v1/models/nobody")
    told = control("GET", "metrics")
    assert told.headers["content-type"].startswith("text/plain")
    text = told.body.decode()
    assert 'antiphon_emulator_requests_total{operation="models.retrieve",status="200"} 1' in text
    assert 'antiphon_emulator_requests_total{operation="models.retrieve",status="404"} 1' in text
    assert "antiphon_emulator_request_seconds_count 2" in text


def test_scopes_do_not_meet(asking: Asking, control: Any) -> None:
    def vaults(scope: str | None) -> int:
        headers = {} if scope is None else {"X-Antiphon-Scope": scope}
        return len(asking("GET", "/v1/vaults", headers=headers).json["data"])

    asking("POST", "/v1/vaults", {"name": "a"}, headers={"X-Antiphon-Scope": "one"})
    assert [vaults(scope) for scope in ("one", "two", None)] == [1, 0, 0]
    control("POST", "clock", {"advance": 60}, **{"X-Antiphon-Scope": "two"})
    assert control("GET", "clock").json["moved"] == 0
    control("POST", "reset", **{"X-Antiphon-Scope": "one"})
    assert vaults("one") == 0


def test_scopes_are_bounded(emulator: Emulator, asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("antiphon.emulator.app.MOST_SCOPES", 3)
    for name in ("a", "b", "a", "c", "d"):
        asking("POST", "/v1/vaults", {"name": "x"}, headers={"X-Antiphon-Scope": name})
    assert list(emulator.app._scopes) == [b"a", b"c", b"d"]
    assert len(asking("GET", "/v1/vaults", headers={"X-Antiphon-Scope": "a"}).json["data"]) == 2


def test_a_shelf_is_asked_for_by_any_name(emulator: Emulator, control: Any) -> None:
    emulator.app.world.shelf("s/ft:gpt ü").put("a", {"id": "a"})
    assert control("GET", "state/s/ft%3Agpt%20%C3%BC").json == {"data": [{"id": "a"}]}


def test_the_clock_goes_no_further_than_dates_do(control: Any) -> None:
    century = 99 * 365 * 86_400
    assert control("POST", "clock", {"advance": century}).status == 200
    assert control("POST", "clock", {"advance": century}).status == 400
