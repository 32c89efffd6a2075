"""Where a credential may go."""

from __future__ import annotations

from typing import Any

import pytest

from antiphon.core.url import URL
from antiphon.credentials.binding import Binding
from antiphon.errors import CredentialScopeError, InvalidBaseURL


@pytest.mark.parametrize(
    "url",
    ["https://api.openai.com/v1", "https://any.example", "http://localhost:8000", "http://127.0.0.1:1", "http://127.9.9.9",
     "http://[::1]:80", "http://api.localhost", "wss://any.example", "ws://localhost"],
)  # fmt: skip
def test_row_57_unbound_it_goes_over_tls_and_to_this_machine(url: str) -> None:
    Binding(None).check(URL(url).origin, "a key")


@pytest.mark.parametrize(
    "url",
    ["http://api.openai.com", "http://192.168.0.5", "ws://any.example", "http://localhost.evil.example", "http://127.0.0.1.nip.io",
     "http://evil-localhost", "http://1270.0.1"],
)  # fmt: skip
def test_row_57_but_not_in_the_open(url: str) -> None:
    with pytest.raises(CredentialScopeError, match=r"^a key was not sent to"):
        Binding(None).check(URL(url).origin, "a key")


def test_row_57_bound_it_goes_nowhere_else() -> None:
    binding = Binding(["https://api.openai.com/v1", "http://vllm:8000"])
    for url in (
        "https://api.openai.com",
        "https://API.openai.com:443/x",
        "http://vllm:8000/v1",
        "wss://api.openai.com",
        "ws://vllm:8000",
    ):
        binding.check(URL(url).origin, "a key")
    for url in (
        "https://api.openai.com:444",
        "http://api.openai.com",
        "https://vllm:8000",
        "https://localhost",
        "https://eu.api.openai.com",
    ):
        with pytest.raises(
            CredentialScopeError, match=r"bound to http://vllm:8000, https://api\.openai\.com and was not"
        ):
            binding.check(URL(url).origin, "a key")
    with pytest.raises(CredentialScopeError, match="no origin"):
        Binding([]).check(URL("https://api.openai.com").origin, "a key")


@pytest.mark.parametrize(
    ("origins", "kind"), [("https://x", TypeError), (["x"], InvalidBaseURL), (["ftp://x"], InvalidBaseURL)]
)
def test_origins_that_cannot_be(origins: Any, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        Binding(origins)
