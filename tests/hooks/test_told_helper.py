"""`on_error` is told of what the chat stream helper makes of the events."""

from __future__ import annotations

from typing import Any

import pydantic
import pytest

from antiphon import ErrorInfo, Hooks
from antiphon.errors import LengthFinishReasonError, StreamTruncated
from tests.client.answer import delta, sse
from tests.client.colour import Colour
from tests.transports.rude import Rude


class Sum(pydantic.BaseModel):
    """What is asked for."""

    value: int


@pytest.mark.parametrize("colour", [Colour("sync", "own"), Colour("async", "own")], ids=["sync", "async"])
@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (sse(delta("x", "length")), LengthFinishReasonError),
        (sse(delta("x", "stop")), pydantic.ValidationError),
        (sse(delta("x"), done=False), StreamTruncated),
    ],
)
def test_a_helper_that_fails_is_told_of_once(answer: bytes, kind: type[Exception], colour: Colour) -> None:
    told: list[ErrorInfo] = []

    def read(client: Any) -> Any:
        manager = client.chat.completions.stream(model="m", messages=[], response_format=Sum)
        if not colour.is_async:
            with manager as stream:
                return stream.get_final_completion()

        async def later() -> Any:
            async with manager as stream:
                return await stream.get_final_completion()

        return later()

    with Rude(answer) as server, colour.client(server.url, hooks=Hooks(on_error=told.append)) as it:
        with pytest.raises(kind) as caught:
            it(read)
    (info,) = told
    assert info.error is caught.value
    assert info.response is not None
