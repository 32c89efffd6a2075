"""The engine: what a kind of objects does without any code of its own."""

from __future__ import annotations

import httpx
import pytest

from antiphon.emulator import Emulator
from antiphon.emulator.description import description
from antiphon.emulator.least import filled, least

from ..asking import Asking


@pytest.fixture
def http(server: Emulator) -> httpx.Client:
    return httpx.Client(base_url=server.base_url, headers={"Authorization": "Bearer k", "X-Antiphon-Scope": "crud"})


def vaults(ask: Asking, scope: str, names: str) -> list[str]:
    headers = {"X-Antiphon-Scope": scope}
    return [ask("POST", "/v1/vaults", {"name": name}, headers=headers).json["id"] for name in names]


def test_pages_forwards_and_backwards(ask: Asking) -> None:
    scope = {"X-Antiphon-Scope": "crud-pages"}
    a, b, c, d = vaults(ask, "crud-pages", "abcd")

    def page(query: str) -> tuple[list[str], bool]:
        told = ask("GET", f"/v1/vaults?{query}", headers=scope).json
        ids = [vault["id"] for vault in told["data"]]
        assert (told["first_id"], told["last_id"]) == ((ids[0], ids[-1]) if ids else (None, None))
        return ids, told["has_more"]

    assert page("limit=3") == ([d, c, b], True)
    assert page(f"limit=3&after={b}") == ([a], False)
    assert page("limit=2&order=asc") == ([a, b], True)
    assert page(f"order=asc&after={d}") == ([], False)


def test_what_is_changed_and_what_stays(ask: Asking) -> None:
    made = ask("POST", "/v1/vaults", {"name": "a", "metadata": {"k": "v"}}).json
    changed = ask("POST", f"/v1/vaults/{made['id']}", {"name": "b"}).json
    assert changed == made | {"name": "b"}
    assert ask("GET", f"/v1/vaults/{made['id']}").json == changed


def test_what_belonged_to_an_object_goes_with_it(ask: Asking) -> None:
    made = ask("POST", "/v1/vaults", {"name": "a"}).json["id"]
    auth = {"type": "static_bearer", "token": "secret", "mcp_server_url": "https://example.com/mcp"}
    credential = ask("POST", f"/v1/vaults/{made}/credentials", {"auth": auth, "name": "c"})
    assert credential.status == 200, credential.body
    assert len(ask("GET", f"/v1/vaults/{made}/credentials").json["data"]) == 1
    assert ask("DELETE", f"/v1/vaults/{made}").json == {"id": made, "object": "vault.deleted", "deleted": True}
    assert ask("DELETE", f"/v1/vaults/{made}").status == 404
    heard = ask("GET", f"/v1/vaults/{made}/credentials")
    assert (heard.status, heard.error["param"]) == (404, "vault_id")


def test_metadata_is_bounded(ask: Asking) -> None:
    heard = ask("POST", "/v1/vaults", {"metadata": {str(n): "x" for n in range(17)}})
    assert (heard.status, heard.error["param"]) == (400, "metadata")


def test_the_least_value_of_every_result_passes_its_own_check() -> None:
    for operation in description().operations.values():
        value = least(operation.schema, operation.result)
        if operation.result != "bytes":
            assert operation.schema.check(operation.result)(value) is None, operation


def test_known_values_stay_and_times_are_now() -> None:
    operation = description().operations["vector_stores.create"]
    made = filled(operation.schema, operation.result, {"id": "vs_1", "more": 1}, 77)
    assert (made["id"], made["more"], made["created_at"], made["object"]) == ("vs_1", 1, 77, "vector_store")
    assert made["file_counts"] == {"cancelled": 0, "completed": 0, "failed": 0, "in_progress": 0, "total": 0}
