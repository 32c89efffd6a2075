"""Faults on demand: the package sees the error of each status, and gets over those that it tries again after."""

from __future__ import annotations

from typing import Any

import openai

from ..tour import Tour


def walk(t: Tour) -> None:
    """The chapter."""

    def answer(client: Any, fault: str) -> Any:
        return client.responses.create(model="gpt-5", input="Say: ok", extra_headers={"X-Antiphon-Fault": fault})

    statuses = {
        409: openai.ConflictError,
        422: openai.UnprocessableEntityError,
        429: openai.RateLimitError,
        500: openai.InternalServerError,
    }
    for status, kind in statuses.items():
        t.same(t.refused(kind, answer, t.client, f"status={status}").status_code, status)
    again = t.client.with_options(max_retries=2)
    for number, fault in enumerate(("status=503;retry_after=0.01", "status=429;retry_after=0.01", "reset=0")):
        t.same(answer(again, f"{fault};times=1;id=tour-{number}").output_text, "ok")
    t.count += 1
    try:
        answer(t.client, "reset=0")
    except openai.APIConnectionError:
        return
    raise AssertionError("a connection that was reset gave an answer")
