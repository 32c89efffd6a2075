"""An Azure client of either colour beside the official one, and the credentials that must not be seen."""

from __future__ import annotations

from typing import Any

from tests.client.answer import chat, create, retrieve

KEY = "azure-canary-key-not-to-be-seen"
TOKEN = "azure-canary-token-not-to-be-seen"
VERSION = "2024-10-21"
PLAIN: dict[str, Any] = {"azure_endpoint": "{url}", "api_version": VERSION, "api_key": KEY}


def give_token() -> str:
    return TOKEN


CALLS: dict[str, Any] = {
    "chat": lambda c: c.chat.completions.create(model="gpt 4o/é", messages=[{"role": "user", "content": "hi"}]),
    "chat stream": chat,
    "completions": lambda c: c.completions.create(model="m", prompt="p"),
    "embeddings": lambda c: c.embeddings.create(model="m", input="x", encoding_format="float"),
    "speech": lambda c: c.audio.speech.create(model="m", voice="alloy", input="hi"),
    "transcriptions": lambda c: c.audio.transcriptions.create(model="m", file=("a.wav", b"abc")),
    "translations": lambda c: c.audio.translations.create(model="m", file=("a.wav", b"abc")),
    "images": lambda c: c.images.generate(model="m", prompt="p"),
    "images without model": lambda c: c.images.generate(prompt="p"),
    "images edit": lambda c: c.images.edit(model="m", prompt="p", image=("a.png", b"abc")),
    "responses": create,
    "response": lambda c: c.responses.retrieve("resp_1", include=["a"]),
    "models": lambda c: c.models.list(),
    "model": retrieve,
    "files": lambda c: c.files.create(file=("a.txt", b"abc"), purpose="batch"),
    "file": lambda c: c.files.retrieve("file_1"),
    "batches": lambda c: c.batches.create(input_file_id="f", endpoint="/v1/responses", completion_window="24h"),
    "assistants": lambda c: c.beta.assistants.create(model="m"),
    "runs": lambda c: c.beta.threads.runs.retrieve("run_1", thread_id="thread_1"),
    "fine tuning": lambda c: c.fine_tuning.jobs.list(limit=3),
    "vector stores": lambda c: c.vector_stores.create(name="n"),
    "moderations": lambda c: c.moderations.create(input="x", model="m"),
    "raw deployed": lambda c: c.post("/chat/completions", cast_to=object, body={"model": "m"}),
    "raw": lambda c: c.get("/x?b=1", cast_to=object, options={"params": {"c": 2}}),
    "raw absolute": lambda c: c.get(f"{c.base_url}y", cast_to=object),
    "extra": lambda c: create(c, extra_headers={"X-Own": "1"}, extra_query={"q": "1"}, extra_body={"e": 1}),
    "extra version": lambda c: create(c, extra_query={"api-version": "other"}),
    "other key": lambda c: create(c, extra_headers={"Api-Key": "another"}),
    "other token": lambda c: create(c, extra_headers={"Authorization": "Bearer another"}),
    "with options": lambda c: create(c.with_options(api_version="2025-01-01", timeout=7, default_headers={"X-D": "d"})),
    "copied deployment": lambda c: c.copy(max_retries=0).models.list(),
}


# -- no credential leaves its place ------------------------------------------------------------------------------------


MODES: dict[str, dict[str, Any]] = {
    "key": PLAIN,
    "key from a function": {**PLAIN, "api_key": lambda: KEY},
    "token": {"azure_endpoint": "{url}", "api_version": VERSION, "azure_ad_token": TOKEN},
    "token from a function": {"azure_endpoint": "{url}", "api_version": VERSION, "azure_ad_token_provider": give_token},
}
