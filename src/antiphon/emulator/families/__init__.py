"""One file for each resource family. A family says which operations it answers; verbs, paths and checks are data."""

from __future__ import annotations

from ..exchange import Handler
from . import chat, completion, embedding, file, model, response

HANDLERS: dict[str, Handler] = {
    **model.HANDLERS,
    **chat.HANDLERS,
    **response.HANDLERS,
    **embedding.HANDLERS,
    **file.HANDLERS,
    **completion.HANDLERS,
}
