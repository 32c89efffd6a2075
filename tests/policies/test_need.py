"""What a request takes of a limit, and what its answer says that it took."""

from __future__ import annotations

from typing import Any

import pytest

from antiphon.core.call import Call, Operation
from antiphon.core.request import Request
from antiphon.operations import chat as chats
from antiphon.operations import embeddings, images
from antiphon.policies.need import family_of, need, too_large, total_of, total_tokens

from .stepping import reply, request


def asked(operation: Operation, **body: Any) -> Request:
    return request(call=Call(operation, body=body), content=b"{}")


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("gpt-4o-2024-08-06", "gpt-4o"),
        ("gpt-4o-latest", "gpt-4o"),
        ("gpt-4o-20240806", "gpt-4o"),
        ("ft:gpt-4o-mini-2024-07-18:org::id", "gpt-4o-mini"),
        ("gpt-4o", "gpt-4o"),
        ("gpt-4o-mini", "gpt-4o-mini"),
    ],
)
def test_models_that_share_a_limit_are_one_family(model: str, family: str) -> None:
    assert [family_of(model), family_of(model)] == [family, family]


@pytest.mark.parametrize(("n", "many"), [(None, 1.0), (3, 3.0), (1, 1.0), (0, 1.0), (-2, 1.0), ("4", 1.0)])
def test_pictures_are_counted(n: Any, many: float) -> None:
    requests, tokens, pictures, prompt = need(asked(images.GENERATE, prompt="a cat", n=n), 500.0)
    assert (requests, pictures) == (1.0, many)
    assert tokens == prompt > 0


def test_an_answer_counts_as_much_as_it_may_have_or_has_usually() -> None:
    body: dict[str, Any] = {"messages": [{"role": "user", "content": "hello there"}]}
    requests, tokens, pictures, prompt = need(asked(chats.COMPLETIONS_CREATE, **body), 500.0)
    assert (requests, pictures, tokens - prompt) == (1.0, 0.0, 500.0)
    assert prompt > 0
    bounded = need(asked(chats.COMPLETIONS_CREATE, **body, max_tokens=7), 500.0)
    assert bounded[1] - bounded[3] == 7.0
    silent = need(asked(embeddings.CREATE, input="hello there"), 500.0)
    assert silent[1] == silent[3] > 0


def test_a_request_without_a_body_is_a_request() -> None:
    assert need(request(method="GET", content=None), 500.0) == (1.0, 0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("content", "tokens"),
    [
        (b'"total_tokens": 12', 12.0),
        (b'{"usage":{"total_tokens":12}}', 12.0),
        (b'{"text":"\\"total_tokens\\": 3","usage":{"total_tokens" : 40}}', 40.0),
        (b'{"total_tokens": null}', None),
        (b"{}", None),
        (b"", None),
    ],
)
def test_what_an_answer_took_is_read_by_sight(content: bytes, tokens: float | None) -> None:
    assert total_tokens(reply(content=content)) == tokens


@pytest.mark.parametrize(
    ("total", "tokens"),
    [(0, 0.0), (1, 1.0), (7, 7.0), (10**12 - 1, 1e12 - 1), (10**12, None), (-1, None), (7.5, None), ("7", None)],
)
def test_what_a_stream_took_is_believed_within_reason(total: Any, tokens: float | None) -> None:
    assert total_of({"total_tokens": total}) == tokens
    assert total_of({}) is None
    assert total_of(None) is None


def test_what_is_larger_than_the_whole_limit_is_told_by_the_server() -> None:
    assert too_large(b"Request too large for m on tokens per min: Limit 100, Requested 250. Visit") == (250, 100)
    assert too_large(b"Rate limit reached: Limit 100, Used 90") is None
