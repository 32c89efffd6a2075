"""Embeddings travel as base64, a third of the size of their decimal text, and arrive as lists of floats."""

# `_view` is how this package makes views; users do not.
# pyright: reportPrivateUsage=false

from __future__ import annotations

import base64
import sys
from array import array
from typing import TYPE_CHECKING, Any, cast

from ..core.call import Call
from ..errors import NoEmbedding
from .reading import built, entries_of

if TYPE_CHECKING:
    from ..core.reply import Reply
    from ..types import CreateEmbeddingResponse


def prepare(call: Call[Any]) -> Call[Any]:
    """The call as it is when the caller chose an encoding, else one that asks for base64 and decodes it on arrival."""
    if "encoding_format" in call.body:
        return call
    call.body = {**call.body, "encoding_format": "base64"}
    call.result = _Floats
    return call


def floats_from(text: str) -> list[float]:
    """The vector in a base64 text of little-endian 32-bit floats.

    >>> floats_from("AACAPwAAAMA=")
    [1.0, -2.0]
    """
    vector = array("f", base64.b64decode(text))
    if sys.byteorder == "big":
        vector.byteswap()
    return vector.tolist()


class _Floats:
    """What a call for embeddings decodes to."""

    @staticmethod
    def build(*, response: Reply, data: Any) -> CreateEmbeddingResponse:
        """The reply with its vectors decoded; a server that sent floats all the same is taken at its word.

        Raises:
            NoEmbedding: there is none in it, or one is not base64 of 32-bit floats.
            MalformedResponse: it is no list of embeddings.
        """
        from ..types import CreateEmbeddingResponse

        def decoded(data: dict[str, Any]) -> CreateEmbeddingResponse:
            entries = entries_of(data.get("data"))
            if not entries:
                raise NoEmbedding(response, data, message="No embedding data received")
            for at, entry in enumerate(entries):
                if isinstance(entry.get("embedding"), str):
                    entry["embedding"] = _vector(entry["embedding"], at, response, data)
            return CreateEmbeddingResponse._view(data)

        return cast("CreateEmbeddingResponse", built(decoded, response, data, CreateEmbeddingResponse))


def _vector(text: str, at: int, reply: Reply, data: Any) -> list[float]:
    try:
        return floats_from(text)
    except ValueError as problem:
        message = f"data[{at}].embedding is not base64 of 32-bit floats: {problem}"
        raise NoEmbedding(reply, data, message=message) from problem
