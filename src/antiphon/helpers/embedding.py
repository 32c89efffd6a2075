"""Embeddings travel as base64, a third of the size of their decimal text, and arrive as lists of floats."""

# `_view` is how this package makes views; users do not.
# pyright: reportPrivateUsage=false

from __future__ import annotations

import base64
import sys
from array import array
from typing import TYPE_CHECKING, Any, cast

from ..core.call import Call
from ..core.shape import is_dict
from .reading import entries_of, of_reply

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
            ValueError: there is no embedding in it.
        """
        from ..types import CreateEmbeddingResponse

        entries = entries_of(data.get("data")) if is_dict(data) else []
        if not entries:
            raise ValueError("No embedding data received")
        for entry in entries:
            if isinstance(entry.get("embedding"), str):
                entry["embedding"] = floats_from(entry["embedding"])
        return cast("CreateEmbeddingResponse", of_reply(CreateEmbeddingResponse._view(data), response))
