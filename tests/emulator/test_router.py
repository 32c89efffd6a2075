"""Paths to targets."""

from __future__ import annotations

import pytest

from antiphon.emulator.problem import Problem
from antiphon.emulator.router import Router


@pytest.fixture
def router() -> Router[str]:
    made: Router[str] = Router("/v1")
    made.add("GET", "/models", "list")
    made.add("GET", "/models/{model}", "retrieve")
    made.add("DELETE", "/models/{model}", "delete")
    made.add("POST", "/responses/tokens", "count")
    made.add("GET", "/responses/{id}", "get")
    made.add("POST", "/responses/{id}/cancel", "cancel")
    return made


@pytest.mark.parametrize(
    ("verb", "path", "target", "values"),
    [
        ("GET", "/v1/models", "list", {}),
        ("GET", "/v1/models/", "list", {}),
        ("GET", "/v1/models/gpt-4o", "retrieve", {"model": "gpt-4o"}),
        ("DELETE", "/v1/models/ft%3Aa%2Fb", "delete", {"model": "ft:a/b"}),
        ("POST", "/v1/responses/tokens", "count", {}),
        ("POST", "/v1/responses/r1/cancel", "cancel", {"id": "r1"}),
    ],
)
def test_found(router: Router[str], verb: str, path: str, target: str, values: dict[str, str]) -> None:
    assert router.find(verb, path) == (target, values)


@pytest.mark.parametrize("path", ["/", "/v1", "/v2/models", "/v1/nothing", "/v1/models/a/b", "/v1//models", "/models"])
def test_unknown_path(router: Router[str], path: str) -> None:
    with pytest.raises(Problem) as caught:
        router.find("GET", path)
    assert (caught.value.status, caught.value.code) == (404, "unknown_url")


def test_unknown_verb_names_the_known_ones(router: Router[str]) -> None:
    with pytest.raises(Problem) as caught:
        router.find("PATCH", "/v1/models/x")
    assert caught.value.status == 405
    assert caught.value.headers == {"allow": "DELETE, GET"}
