"""Names of the official package's version 0: each is there, and says what replaced it when it is called."""

from __future__ import annotations

from typing import Any

from ..errors import OpenAIError

REPLACED = {
    "Audio": "client.audio.transcriptions.create(...), .translations.create(...) or .speech.create(...)",
    "ChatCompletion": "client.chat.completions.create(...)",
    "Completion": "client.completions.create(...)",
    "Customer": None,
    "Deployment": None,
    "Edit": None,
    "Embedding": "client.embeddings.create(...)",
    "Engine": "client.models.list() and .retrieve(...)",
    "ErrorObject": None,
    "File": "client.files.create(...), .list(), .retrieve(...) or .content(...)",
    "FineTune": "client.fine_tuning.jobs.create(...)",
    "FineTuningJob": "client.fine_tuning.jobs.create(...)",
    "Image": "client.images.generate(...), .edit(...) or .create_variation(...)",
    "Model": "client.models.list() and .retrieve(...)",
    "Moderation": "client.moderations.create(...)",
}
"""What stands for each name today; `None` where the API itself is gone."""


class APIRemovedInV1(OpenAIError):
    """A name that the official package dropped with its version 1 was called."""

    def __init__(self, *, symbol: str) -> None:
        self.symbol = symbol
        super().__init__(_advice(symbol))


def _advice(symbol: str) -> str:
    new = REPLACED.get(symbol)
    way = (
        f"Write `from antiphon import OpenAI; client = OpenAI()`, then {new}; or, without a client of your own, "
        f"{new.replace('client.', 'antiphon.', 1)}. `antiphon migrate` lists every such place in your code"
        if new
        else "The API behind it no longer exists"
    )
    return f"openai.{symbol} is from version 0 of the openai package and was removed in its version 1. {way}."


class Removed:
    """Stands for such a name: looking at it does no harm, calling it or anything on it raises.

    >>> Removed("ChatCompletion").create
    <openai.ChatCompletion, removed in version 1>
    """

    def __init__(self, symbol: str) -> None:
        self._symbol = symbol

    def __getattr__(self, name: str) -> Removed:
        if name.startswith("__"):  # what asks whether this can be copied, awaited, pickled …
            raise AttributeError(name)
        return self

    def __call__(self, *_: object, **__: object) -> Any:
        raise APIRemovedInV1(symbol=self._symbol)

    def __repr__(self) -> str:
        return f"<openai.{self._symbol}, removed in version 1>"
