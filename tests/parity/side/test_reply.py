"""1.5: what replies become: models, plain values, text, bytes, and everything a raw response tells."""

from __future__ import annotations

import base64
import json
import struct
from typing import Any, Union

import pytest

from tests.client.answer import MODEL, ok, retrieve
from tests.transports.rude import chunked, reply

from .duet import Row, check_known, compare, entered, every, got, plain
from .known.reply import KNOWN

JSON = b'{"id":"m","object":"model","created":1,"owned_by":"o"}'


def asked(client: Any, _: Any) -> Any:
    return retrieve(client)


def cast(to: Any) -> Any:
    return lambda c, p: c.get("/x", cast_to=to(p) if getattr(to, "__name__", "") == "<lambda>" else to)


TEXTS: dict[str, bytes] = {
    "model": JSON,
    "extra": b'{"id":"m","more":{"a":[1,{"b":null}]},"object":"model"}',
    "wrong types": b'{"id":5,"created":"soon","object":["x"]}',
    "missing": b"{}",
    "blanks": b" \n" + JSON + b"\n ",
    "BOM": b"\xef\xbb\xbf" + JSON,
    "list": b"[1,2]",
    "text": b'"x"',
    "number": b"5",
    "fraction": b"1.50",
    "true": b"true",
    "null": b"null",
    "nothing": b"",
    "broken": b'{"id":',
    "error": b'{"error":{"message":"m"}}',
    "error of null": b'{"error":null,"id":"m"}',
    "twice": b'{"id":"a","id":"b"}',
    "large": b'{"id":"m","created":123456789012345678901234567890}',
    "exponent": b'{"id":"m","created":1e3}',
    "escapes": b'{"id":"\\u00e9\\ud83d\\ude00\\n\\/"}',
    "surrogate": b'{"id":"\\ud800"}',
    "keywords": b'{"id":"m","class":1,"def":2,"_x":3,"model_x":4,"self":5,"to_dict":6}',
    "nan": b'{"id":"m","x":NaN}',
}
CASTS: dict[str, Any] = {
    "dict": dict,
    "dict of": dict[str, object],
    "dict of ints": dict[str, int],
    "list": list,
    "list of": list[int],
    "str": str,
    "int": int,
    "float": float,
    "bool": bool,
    "bytes": bytes,
    "object": object,
    "nothing": type(None),
    "union": Union[int, str],  # noqa: UP007 - what programs have
    "union of models": lambda p: Union[p.types.Model, p.types.FileObject],  # noqa: UP007
    "model": lambda p: p.types.Model,
    "list of models": lambda p: list[p.types.Model],
    "NoneType": lambda p: p.NoneType,
    "tuple": tuple,
    "set": set,
    "class": complex,
}
LABELS: dict[str, tuple[str, ...]] = {
    "plain": ("Content-Type: text/plain",),
    "html": ("Content-Type: text/html",),
    "charset": ("Content-Type: application/json; charset=latin-1",),
    "vendor": ("Content-Type: application/vnd.openai+json",),
    "capitals": ("Content-Type: APPLICATION/JSON",),
    "empty": ("Content-Type: ",),
    "lines": ("Content-Type: application/jsonl",),
    "odd": ("Content-Type: nonsense",),
}


async def raw(client: Any, package: Any) -> Any:
    response = await got(client.models.with_raw_response.retrieve("m"))
    return {
        "type": type(response).__name__,
        "status": response.status_code,
        "url": str(response.url),
        "method": response.method,
        "id": response.request_id,
        "taken": response.retries_taken,
        "version": response.http_version,
        "closed": response.is_closed,
        "text": response.text,
        "content": response.content,
        "field": response.headers.get("X-MINE"),
        "fields": sorted(name.lower() for name in response.headers),
        "parsed": plain(response.parse()),
        "same": response.parse() is response.parse(),
        "elapsed": response.elapsed.total_seconds() >= 0,
        "as dict": plain(response.parse(to=dict)),
        "as object": plain(response.parse(to=object)),
        "request": response.http_request.method,
        "asked": response.http_request.headers.get("accept"),
        "reply": response.http_response.status_code,
        "json": response.http_response.json(),
    }


async def raw_as(client: Any, package: Any, to: Any) -> Any:
    response = await got(client.models.with_raw_response.retrieve("m"))
    return response.parse(to=to(package) if getattr(to, "__name__", "") == "<lambda>" else to)


async def streamed(client: Any, read: Any) -> Any:
    async with entered(client.models.with_streaming_response.retrieve("m")) as response:
        found = read(response)
        found = await every(found) if hasattr(found, "__iter__") or hasattr(found, "__aiter__") else await got(found)
        return [
            plain(found),
            response.is_closed,
            response.status_code,
            response.headers.get("x-mine"),
            response.request_id,
        ]


async def streamed_twice(client: Any, _: Any) -> Any:
    async with entered(client.models.with_streaming_response.retrieve("m")) as response:
        first = await every(response.iter_bytes())
        return first, await every(response.iter_bytes())


async def streamed_after(client: Any, _: Any) -> Any:
    async with entered(client.models.with_streaming_response.retrieve("m")) as response:
        pass
    return response.is_closed, await got(response.read())


async def binary(client: Any, _: Any) -> Any:
    response = await got(client.files.content("f"))
    return {
        "type": type(response).__name__,
        "content": response.content,
        "text": response.text,
        "read": response.read(),
        "bytes": b"".join(response.iter_bytes(3)),
        "lines": list(response.iter_lines()),
        "texts": "".join(response.iter_text()),
        "encoding": response.encoding,
        "charset": response.charset_encoding,
        "json": response.json() if response.content.startswith(b"{") else None,
    }


async def request_ids(client: Any, _: Any) -> Any:
    found = await got(retrieve(client))
    return [
        found._request_id,
        "_request_id" in found.to_dict(),
        plain(found.model_dump()),
        found.model_extra,
        repr(found),
    ]


async def dumps(client: Any, package: Any) -> Any:
    found = await got(retrieve(client))
    return [
        found.to_json(),
        found.to_json(indent=None),
        found.to_dict(exclude_none=True),
        found.to_dict(exclude_unset=False),
        found.to_dict(exclude_defaults=True),
        found.model_dump_json(),
        found.model_dump(mode="json", exclude={"id"}),
        found.model_dump(include={"id"}),
        sorted(found.model_fields_set),
        plain(found.model_copy(update={"id": "z"}).to_dict()),
        found == found.model_copy(),
        plain(type(found).model_validate(found.model_dump()).to_dict()),
        plain(type(found).construct(id="q", odd=1).to_dict()),
    ]


def embedded(**options: Any) -> Any:
    async def do(client: Any, _: Any) -> Any:
        found = await got(client.embeddings.create(model="m", input="x", **options))
        return [
            [list(item.embedding) if not isinstance(item.embedding, str) else item.embedding, item.index]
            for item in found.data
        ]

    return do


def vector(*numbers: float) -> str:
    return base64.b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode()


def vectors(*found: Any) -> bytes:
    return ok(
        {"object": "list", "model": "m", "data": [{"object": "embedding", "index": 0, "embedding": e} for e in found]}
    )


def transcribed(kind: Any) -> Any:
    return lambda c, p: c.audio.transcriptions.create(
        model="m", file=("a.wav", b"x"), **({} if kind is None else {"response_format": kind})
    )


STREAMED: dict[str, Any] = {
    "parse": lambda r: r.parse(),
    "read": lambda r: r.read(),
    "text": lambda r: r.text(),
    "json": lambda r: r.json(),
    "bytes": lambda r: r.iter_bytes(),
    "bytes by 3": lambda r: r.iter_bytes(3),
    "texts": lambda r: r.iter_text(),
    "lines": lambda r: r.iter_lines(),
    "close": lambda r: r.close(),
    "dict": lambda r: r.parse(to=dict),
}
WORDS = "é one\r\ntwo\rthree\nfour\u2028five\n".encode()
STRICT = {"_strict_response_validation": True}

ROWS: dict[str, Row] = {
    **{f"text {name}": Row([reply(text)], asked) for name, text in TEXTS.items()},
    **{f"text {name}, raw": Row([reply(text)], lambda c, p: raw_as(c, p, object)) for name, text in TEXTS.items()},
    **{f"text {name}, strict": Row([reply(text)], asked, STRICT) for name, text in TEXTS.items()},
    **{f"label {name}": Row([reply(JSON, 200, *lines)], asked) for name, lines in LABELS.items()},
    **{f"label {name}, strict": Row([reply(JSON, 200, *lines)], asked, STRICT) for name, lines in LABELS.items()},
    **{f"label {name} of text": Row([reply(b"hello", 200, *lines)], cast(str)) for name, lines in LABELS.items()},
    **{f"cast to {name}": Row([reply(JSON)], cast(to)) for name, to in CASTS.items()},
    **{f"cast a list to {name}": Row([reply(b"[1,2]")], cast(to)) for name, to in CASTS.items()},
    **{f"cast a number to {name}": Row([reply(b"5")], cast(to)) for name, to in CASTS.items()},
    **{f"cast text to {name}": Row([reply(b'"x"')], cast(to)) for name, to in CASTS.items()},
    **{f"raw as {name}": Row([reply(JSON)], lambda c, p, to=to: raw_as(c, p, to)) for name, to in CASTS.items()},
    **{f"status {s}": Row([reply(JSON, s)], asked) for s in (200, 201, 202, 203, 206, 207, 226, 299)},
    "status 204": Row([b"HTTP/1.1 204 No Content\r\n\r\n"], asked),
    "status 204 of a delete": Row([b"HTTP/1.1 204 No Content\r\n\r\n"], lambda c, p: c.responses.delete("r")),
    "delete": Row([ok({"id": "m", "deleted": True, "object": "model"})], lambda c, p: c.models.delete("m")),
    "delete of nothing": Row([reply(b"")], lambda c, p: c.responses.delete("r")),
    "raw": Row([reply(JSON, 200, "X-Mine: 1", "x-request-id: req_1")], raw),
    "raw of 201": Row([reply(JSON, 201)], raw),
    **{
        f"streamed {n}": Row([reply(JSON, 200, "X-Mine: 1", "x-request-id: q")], lambda c, p, r=r: streamed(c, r))
        for n, r in STREAMED.items()
    },
    "streamed lines of all kinds": Row(
        [reply(WORDS, 200, "Content-Type: text/plain; charset=utf-8")],
        lambda c, p: streamed(c, lambda r: r.iter_lines()),
    ),
    "streamed in chunks": Row([chunked(JSON[:9], JSON[9:])], lambda c, p: streamed(c, lambda r: r.json())),
    "streamed twice": Row([reply(JSON)], streamed_twice),
    "streamed after": Row([reply(JSON)], streamed_after),
    "binary": Row([reply(b"\x00\xffabc", 200, "Content-Type: application/octet-stream")], binary),
    "binary words": Row([reply(WORDS, 200, "Content-Type: text/plain")], binary),
    "binary json": Row([reply(JSON)], binary),
    "binary latin": Row([reply(b"\xe9", 200, "Content-Type: text/plain; charset=latin-1")], binary),
    "request id": Row([reply(JSON, 200, "x-request-id: req_1")], request_ids),
    "no request id": Row([reply(JSON)], request_ids),
    "dumps": Row([ok({**MODEL, "extra": {"a": None}})], dumps),
    "embeddings": Row([vectors(vector(1.0, -2.5, 0.1))], embedded()),
    "embeddings of floats": Row([vectors([1.0, 2])], embedded()),
    "embeddings asked as floats": Row([vectors([1.0, 2])], embedded(encoding_format="float")),
    "embeddings asked as base64": Row([vectors(vector(1.0))], embedded(encoding_format="base64")),
    "embeddings of none": Row([vectors()], embedded()),
    "embeddings of an error": Row([ok({"error": {"message": "m"}})], embedded()),
    "embeddings of bad base64": Row([vectors("!!!")], embedded()),
    **{
        f"transcription {kind}": Row([reply(b'{"text":"hi"}')], transcribed(kind))
        for kind in (None, "json", "verbose_json", "diarized_json", "text", "srt", "vtt")
    },
    "transcription in words": Row([reply(b"hi\n", 200, "Content-Type: text/plain")], transcribed("text")),
    "transcription in words unasked": Row([reply(b"hi\n", 200, "Content-Type: text/plain")], transcribed(None)),
    "speech": Row([reply(b"\x01\x02", 200, "Content-Type: audio/mpeg")], lambda c, p: got_content(c)),
    "output text": Row(
        [
            ok(
                {
                    "id": "r",
                    "output": [
                        {"type": "message", "content": [{"type": "output_text", "text": t}]} for t in ("a", "b")
                    ],
                }
            )
        ],
        lambda c, p: output_text(c),
    ),
}


async def got_content(client: Any) -> Any:
    return (await got(client.audio.speech.create(model="m", voice="alloy", input="x"))).content


async def output_text(client: Any) -> Any:
    found = await got(client.responses.create(model="m", input="x"))
    return found.output_text, json.loads(found.to_json())


@pytest.mark.parametrize("name", ROWS)
def test_replies(name: str, colour: str) -> None:
    compare(name, ROWS[name], colour, KNOWN)


def test_known_differences_are_of_rows() -> None:
    check_known(KNOWN, ROWS)
