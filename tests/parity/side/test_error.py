"""1.8: failures of every shape become the same classes with the same facts and the same text."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.client.answer import create, retrieve
from tests.transports.rude import reply

from .duet import Row, check_known, compare, entered, got
from .known.error import KNOWN

TEXTS: dict[str, bytes] = {
    "whole": b'{"error":{"message":"no","type":"t","param":"p","code":"c"}}',
    "message only": b'{"error":{"message":"no"}}',
    "without a message": b'{"error":{"type":"t","code":"c"}}',
    "a message of None": b'{"error":{"message":null,"code":"c"}}',
    "a message that is a list": b'{"error":{"message":["a","b"],"code":"c"}}',
    "a message that is empty": b'{"error":{"message":"","code":"c"}}',
    "a message that is an object": b'{"error":{"message":{"a":1}}}',
    "a code that is a number": b'{"error":{"message":"no","code":429,"param":1,"type":2}}',
    "extra members": b'{"error":{"message":"no","inner":{"a":[1]}},"more":1}',
    "error is text": b'{"error":"no"}',
    "error is empty text": b'{"error":""}',
    "error is null": b'{"error":null}',
    "error is a list": b'{"error":[1,2]}',
    "error is a number": b'{"error":5}',
    "error is an empty object": b'{"error":{}}',
    "errors": b'{"errors":[{"message":"no"}]}',
    "detail": b'{"detail":"Not Found"}',
    "detail list": b'{"detail":[{"loc":["body"],"msg":"bad"}]}',
    "flat": b'{"message":"no","code":"c","type":"t","param":"p"}',
    "empty object": b"{}",
    "empty list": b"[]",
    "list": b'[{"error":{"message":"no"}}]',
    "text": b'"no"',
    "number": b"5",
    "null": b"null",
    "true": b"true",
    "nothing": b"",
    "blanks": b"  \n ",
    "html": b"<html><body>502 Bad Gateway</body></html>",
    "broken": b'{"error":{"message":"no"',
    "letters": '{"error":{"message":"né ☃ \\u00e9"}}'.encode(),
    "not UTF-8": b'{"error":{"message":"\xff\xfe"}}',
    "lone surrogate": b'{"error":{"message":"\\ud800"}}',
    "with a BOM": b'\xef\xbb\xbf{"error":{"message":"no"}}',
    "NaN": b'{"error":{"message":"no","code":NaN}}',
    "twice": b'{"error":{"message":"a","message":"b"}}',
    "deep": b'{"error":{"message":"no","deep":' + b"[" * 50 + b"]" * 50 + b"}}",
    "long": b'{"error":{"message":"' + b"x" * 5000 + b'"}}',
    "lines": b'{"error":{"message":"a\\nb\\tc"}}',
    "blanks around": b'\n\n {"error":{"message":"no"}} \n',
}
LABELS = {
    "json with a charset": "application/json; charset=utf-8",
    "problem": "application/problem+json",
    "html": "text/html",
    "plain": "text/plain; charset=latin-1",
    "octets": "application/octet-stream",
    "empty": "",
    "events": "text/event-stream",
}
STATUSES = [*range(400, 432), 451, 499, 500, 501, 502, 503, 504, 505, 511, 529, 599, 600, 700, 999]


def posted(client: Any, _: Any) -> Any:
    return create(client)


async def raw(client: Any, _: Any) -> Any:
    return (await got(client.models.with_raw_response.retrieve("m"))).status_code


async def raw_streamed(client: Any, _: Any) -> Any:
    async with entered(client.models.with_streaming_response.retrieve("m")) as response:
        return response.status_code


async def of_response(client: Any, package: Any) -> Any:
    try:
        await got(retrieve(client))
    except package.APIStatusError as problem:
        found = problem.response
        return {
            "status": found.status_code,
            "text": found.text,
            "url": str(found.url),
            "content": found.content,
            "x": found.headers.get("x-mine"),
            "verb": problem.request.method,
            "asked": str(problem.request.url),
            "same": problem.response.request.url == problem.request.url,
            "retry": found.headers.get("Retry-After"),
            "args": problem.args,
            "is_error": found.is_error,
        }


SIMPLE = {"max_retries": 0}
ROWS: dict[str, Row] = {
    **{f"text {name}": Row([reply(text, 400)], posted, SIMPLE) for name, text in TEXTS.items()},
    **{f"text {name}, 429": Row([reply(text, 429)], posted, SIMPLE) for name, text in TEXTS.items()},
    **{
        f"label {name}": Row([reply(TEXTS["whole"], 418, f"Content-Type: {label}")], posted, SIMPLE)
        for name, label in LABELS.items()
    },
    **{f"status {status}": Row([reply(TEXTS["whole"], status)], posted, SIMPLE) for status in STATUSES},
    **{
        f"status {status} of nothing": Row([reply(b"", status)], posted, SIMPLE) for status in (400, 404, 422, 500, 503)
    },
    "request id": Row([reply(TEXTS["whole"], 400, "x-request-id: req_1")], posted),
    "request id in capitals": Row([reply(TEXTS["whole"], 400, "X-REQUEST-ID: req_1")], posted),
    "request id twice": Row([reply(TEXTS["whole"], 400, "x-request-id: a", "x-request-id: b")], posted),
    "request id empty": Row([reply(TEXTS["whole"], 400, "x-request-id: ")], posted),
    "of its response": Row([reply(TEXTS["whole"], 404, "X-Mine: 1")], of_response),
    "of a raw call": Row([reply(TEXTS["whole"], 404)], raw),
    "of a streamed raw call": Row([reply(TEXTS["whole"], 404)], raw_streamed),
    "of a streamed raw call, html": Row([reply(TEXTS["html"], 404, "Content-Type: text/html")], raw_streamed),
    "of a stream": Row([reply(TEXTS["whole"], 404)], lambda c, p: create(c, stream=True)),
    "of text": Row([reply(TEXTS["whole"], 404)], lambda c, p: c.files.content("f")),
    "of a page": Row([reply(TEXTS["whole"], 404)], lambda c, p: c.files.list()),
    "of an upload": Row([reply(TEXTS["whole"], 413)], lambda c, p: c.files.create(file=b"x", purpose="assistants")),
    "of a get of dict": Row([reply(TEXTS["whole"], 404)], lambda c, p: c.get("/x", cast_to=dict)),
    "packed": Row(
        [reply(json.dumps({"error": {"message": "no"}}).encode(), 404, "Content-Encoding: identity")], posted
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_errors(name: str, colour: str) -> None:
    compare(name, ROWS[name], colour, KNOWN)


def test_known_differences_are_of_rows() -> None:
    check_known(KNOWN, ROWS)
