"""A test kit: an emulator of the API for each test, its clock, faults, fixtures and journal, and a pytest plugin.

    from antiphon.testing import TestServer

    with TestServer() as server:
        client = OpenAI(base_url=server.base_url, api_key=server.api_key)
        server.say("Hello.")
        assert client.responses.create(model="gpt-5.5", input="Hi").output_text == "Hello."

Under pytest the fixture `openai_server` is one of these, and nothing needs to be started.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .server import TestServer

__all__ = ["TestServer"]


def __getattr__(name: str) -> Any:
    if name != "TestServer":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from .server import TestServer

    return TestServer
