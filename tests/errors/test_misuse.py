"""What a caller got wrong travels: by pickle and by copy, with all that was noted on it."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable

import pytest

from antiphon import errors
from antiphon.errors import misuse
from antiphon.module_client.loading import _AmbiguousModuleClientUsageError

MADE: list[BaseException] = [
    misuse.MissingStreamClassError(),
    misuse.StreamAlreadyConsumed(),
    misuse.InvalidBody("a set has no JSON form", "metadata.when"),
    misuse.LengthFinishReasonError(completion={"id": "c"}),
    misuse.ContentFilterFinishReasonError(completion={"id": "c"}),
    misuse.SubjectTokenProviderError("no token", response={"status": 500}),
    misuse.InvalidWebhookSignatureError("too old"),
    misuse.WebSocketConnectionClosedError("gone", unsent_messages=["a"], code=1011, reason="why"),
    _AmbiguousModuleClientUsageError(),
    *(
        getattr(errors, name)("what happened")
        for name in ("ClientClosed", "InvalidCredential", "InvalidBaseURL", "CredentialScopeError", "NoResult")
    ),
]
WAYS: dict[str, Callable[[BaseException], BaseException]] = {
    "pickle": lambda error: pickle.loads(pickle.dumps(error)),
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("error", MADE, ids=lambda error: type(error).__name__)
def test_it_travels_with_its_notes(error: BaseException, way: str) -> None:
    noted = copy.copy(error)
    noted.add_note("in a worker")
    other = WAYS[way](noted)
    assert (type(other), str(other), other.args) == (type(error), str(error), error.args)
    assert other.__notes__ == ["in a worker"]
    assert vars(other) == vars(noted)
    assert not hasattr(error, "__notes__")
