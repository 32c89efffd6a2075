"""Programs that move over file by file hand the official package's sentinels to antiphon's methods."""

from __future__ import annotations

import json
from typing import Any

import openai
import pytest

from tests.client.colour import Colour
from tests.transports.rude import Rude, reply

CHAT = json.dumps({"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": []}).encode()
ASKED: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "x"}]}


@pytest.mark.parametrize("sentinel", [openai.NOT_GIVEN, openai.omit], ids=["NOT_GIVEN", "omit"])
def test_they_leave_an_argument_out(colour: Colour, sentinel: Any) -> None:
    more = {"temperature": sentinel, "stream": sentinel, "stop": sentinel, "timeout": sentinel}
    with Rude(reply(CHAT)) as server, colour.client(server.url) as it:
        assert it(lambda client: client.chat.completions.create(**ASKED, **more)).id == "c"
    assert json.loads(server.requests[0].body) == ASKED
