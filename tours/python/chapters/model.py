"""Models: listed, looked up, and not everybody's to delete; errors as the package knows them."""

from __future__ import annotations

import openai

from ..tour import Tour


def walk(t: Tour) -> None:
    """The chapter."""
    models = t.client.models
    names = [model.id for model in models.list()]
    t.true({"gpt-4o", "gpt-5", "text-embedding-3-small"} <= set(names))
    t.same(len(set(names)), len(names))
    known = models.retrieve("gpt-4o")
    t.same((known.id, known.object, known.owned_by), ("gpt-4o", "model", "openai"))
    error = t.refused(openai.NotFoundError, models.retrieve, "gpt-none")
    t.same((error.code, error.type, error.status_code), ("model_not_found", "invalid_request_error", 404))
    t.true(error.request_id)
    t.refused(openai.PermissionDeniedError, models.delete, "gpt-4o")
    denied = t.refused(openai.AuthenticationError, t.make("sk-invalid").models.list)
    t.same(denied.code, "invalid_api_key")
