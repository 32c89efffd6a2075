"""Assistants: kept settings, their bounds, their pages."""

from __future__ import annotations

from typing import Any

import pytest

from antiphon.emulator import Emulator, Setting
from tests.emulator.asking import Asking

FUNCTION = {"type": "function", "function": {"name": "add", "parameters": {"type": "object", "properties": {}}}}


def made(ask: Asking, **more: Any) -> Any:
    heard = ask("POST", "/v1/assistants", {"model": "gpt-4o", **more})
    assert heard.status == 200, heard.body
    return heard.json


@pytest.mark.operation("beta.assistants.create", "beta.assistants.retrieve")
def test_an_assistant_keeps_what_it_was_given_and_has_defaults_for_the_rest(ask: Asking) -> None:
    plain = made(ask)
    assert plain["id"].startswith("asst_")
    assert plain | {"id": "", "created_at": 0} == {
        "id": "",
        "object": "assistant",
        "created_at": 0,
        "name": None,
        "description": None,
        "model": "gpt-4o",
        "instructions": None,
        "tools": [],
        "tool_resources": {},
        "metadata": {},
        "temperature": 1.0,
        "top_p": 1.0,
        "response_format": "auto",
    }
    full = made(ask, name="Ada", instructions="Be brief.", tools=[FUNCTION], temperature=0.3, metadata={"a": "b"})
    assert ask("GET", f"/v1/assistants/{full['id']}").json == full
    assert (full["name"], full["temperature"], full["tools"][0]["function"]["name"]) == ("Ada", 0.3, "add")


@pytest.mark.operation("beta.assistants.update", "beta.assistants.delete")
def test_a_change_keeps_the_rest_and_a_deleted_one_is_gone(ask: Asking) -> None:
    known = made(ask, name="Ada", temperature=0.3)
    path = f"/v1/assistants/{known['id']}"
    changed = ask("POST", path, {"name": "Bea", "temperature": None}).json
    assert changed == known | {"name": "Bea", "temperature": 1.0}
    assert ask("GET", path).json == changed
    gone = ask("DELETE", path).json
    assert gone == {"id": known["id"], "object": "assistant.deleted", "deleted": True}
    assert [ask(verb, path, {} if verb == "POST" else None).status for verb in ("GET", "POST", "DELETE")] == [404] * 3


@pytest.mark.operation("beta.assistants.list")
def test_pages_go_forth_and_back() -> None:
    with Emulator(Setting(seed=3)) as emulator:
        ask = Asking(emulator.base_url)
        ids = [made(ask, name=str(number))["id"] for number in range(5)][::-1]

        def page(query: str) -> tuple[list[str], bool]:
            found = ask("GET", f"/v1/assistants?{query}").json
            listed = [item["id"] for item in found["data"]]
            assert (found["first_id"], found["last_id"]) == (listed[0], listed[-1])
            return listed, found["has_more"]

        assert page("limit=2") == (ids[:2], True)
        assert page(f"limit=3&after={ids[1]}") == (ids[2:], False)
        assert page(f"limit=2&before={ids[3]}") == (ids[1:3], True)
        assert page("order=asc&limit=5") == (ids[::-1], False)
        assert ask("GET", "/v1/assistants?limit=101").error["code"] == "integer_above_max_value"
        ask.close()


@pytest.mark.operation("beta.assistants.create")
@pytest.mark.parametrize(
    ("wrong", "status", "param"),
    [
        ({"model": "gpt-none"}, 404, "model"),
        ({"tools": [{"type": "function", "function": {"name": f"f{n}"}} for n in range(129)]}, 400, "tools"),
        ({"tools": [FUNCTION, FUNCTION]}, 400, "tools[1]"),
        ({"tools": [{"type": "file_search", "file_search": {"max_num_results": 51}}]}, 400, None),
        ({"temperature": 2.1}, 400, "temperature"),
        ({"name": "x" * 257}, 400, "name"),
        ({"metadata": {str(n): "" for n in range(17)}}, 400, "metadata"),
        ({"response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": 1}}}}, 400, None),
        ({"tool_resources": {"code_interpreter": {"file_ids": ["file-none"]}}}, 404, None),
        ({"tool_resources": {"file_search": {"vector_store_ids": ["vs_none"]}}}, 404, None),
        ({"tool_resources": {"file_search": {"vector_store_ids": ["vs_a", "vs_b"]}}}, 400, None),
    ],
)
def test_what_cannot_be_is_refused(ask: Asking, wrong: dict[str, Any], status: int, param: str | None) -> None:
    heard = ask("POST", "/v1/assistants", {"model": "gpt-4o", **wrong})
    assert heard.status == status, heard.body
    assert param is None or heard.error["param"] == param
