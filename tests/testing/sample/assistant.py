"""The program under test: it makes its own client, as programs do."""

from __future__ import annotations

import importlib
import os
from typing import Any


def client() -> Any:
    return importlib.import_module(os.environ.get("PACKAGE", "antiphon")).OpenAI(max_retries=2)


def greet(name: str) -> str:
    with client() as openai:
        return openai.responses.create(model="gpt-5.5", input=f"Greet {name}").output_text


def remember(text: str) -> list[str]:
    """Every note so far, this one last."""
    with client() as openai:
        openai.vector_stores.create(name=text)
        return [store.name for store in openai.vector_stores.list(order="asc").data]
