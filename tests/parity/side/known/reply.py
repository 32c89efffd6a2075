"""What is known to differ in what replies become."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..difference import Known, each, place, raised, result

JSON = '{"id":"m","object":"model","created":1,"owned_by":"o"}'
MODEL = {"class": "Model", "id": "m"}
NO_MODEL = (
    "what is no JSON object cannot be the model that was promised; theirs hands it out, and the caller fails later"
)
BARE = "what a server sends wrong is an error of the API, with the reply on it; theirs lets a bare ValueError out"
NOT_A_NUMBER = "NaN is no JSON, and no other reader would take it; theirs lets it through as a number"
SAID = "an error object under a success status is that error (the issue's row 30); theirs makes a hollow model of it"
LINES = "lines end at LF, CR and CRLF, as in HTTP and event streams; theirs splits at U+2028 too, which stands in JSON texts"
READ = (
    "the body was read, or its reader left: an error of the package, `StreamAlreadyConsumed`; theirs is one of httpx2's"
)


def unfit(body: Any) -> dict[str, Any]:
    """How ours refuses a reply."""
    return raised("APIResponseValidationError", status_code=200, body=body)


OTHERS: dict[str, Any] = {"list": [1, 2], "text": "x", "number": 5, "fraction": 1.5, "true": True, "null": None}
WORDS = {"list": [1, 2], "number": 5, "text": "x"}
SHOWN = {"to": JSON, "a list to": "[1,2]", "text to": '"x"'}
ERROR = raised("APIError", says="m", body={"message": "m"})


def ordered(*names: str) -> Callable[[Any], bool]:
    """A JSON text whose members stand in this order."""

    def fits(text: Any) -> bool:
        places = [text.index(f'"{name}"') for name in names]
        return places == sorted(places)

    return fits


def empty(ours: Any) -> bool:
    """An error that says that nothing came."""
    return ours["raises"] == ["APIStatusError", "APIError", "OpenAIError"] and ours["status_code"] == 204


KNOWN: dict[str, Known] = {
    **{f"text {name}": result(NO_MODEL, body, unfit(body)) for name, body in OTHERS.items()},
    "text null, strict": result(NO_MODEL, None, unfit(None)),
    **{
        f"cast {words} to model": result(NO_MODEL, WORDS[name], unfit(WORDS[name]))
        for name, words in (("list", "a list"), ("number", "a number"), ("text", "text"))
    },
    **each(
        ["text nothing", "text nothing, raw", "text nothing, strict"], result(BARE, raised("ValueError"), unfit(None))
    ),
    **each(
        ["text broken", "text broken, raw", "text broken, strict"], result(BARE, raised("ValueError"), unfit(b'{"id":'))
    ),
    **{
        f"cast {words} {kind}": result(BARE, raised("ValueError"), unfit(text))
        for words, text in SHOWN.items()
        for kind in ("int", "float")
    },
    **{f"raw as {kind}": result(BARE, raised("ValueError"), unfit(JSON)) for kind in ("int", "float")},
    "text error": result(SAID, {"class": "Model", "error": {"message": "m"}}, ERROR),
    "text error, raw": result(SAID, {"error": {"message": "m"}}, ERROR),
    "text error, strict": result(SAID, unfit({"error": {"message": "m"}}), ERROR),
    "text nan": result(NOT_A_NUMBER, {**MODEL, "x": float("nan")}, unfit(b'{"id":"m","x":NaN}')),
    "text nan, raw": result(NOT_A_NUMBER, {"id": "m", "x": float("nan")}, unfit(b'{"id":"m","x":NaN}')),
    "text nan, strict": place(NOT_A_NUMBER, "result.body", {"id": "m", "x": float("nan")}, b'{"id":"m","x":NaN}'),
    "raw as bytes": result(
        "bytes are a target of plain calls in both; theirs refuses them in raw responses alone",
        raised("RuntimeError"),
        JSON.encode(),
    ),
    "status 204": result(
        "a result was promised, and there is none; theirs gives an empty text where the type says a model",
        "",
        empty,
    ),
    "streamed lines of all kinds": place(
        LINES, "result.0", ["é one", "two", "three", "four", "five"], ["é one", "two", "three", "four\u2028five"]
    ),
    "binary words": place(
        LINES, "result.lines", ["é one", "two", "three", "four", "five"], ["é one", "two", "three", "four\u2028five"]
    ),
    "streamed twice": place(READ, "result.1.0.raises", ["RuntimeError"], ["OpenAIError"]),
    "streamed after": place(READ, "result.raises", ["RuntimeError"], ["OpenAIError"]),
    "dumps": Known(
        "members keep the order in which the server sent them; theirs brings them into that of the class",
        dict.fromkeys(("result.0", "result.1"), ordered("id", "created", "object", "owned_by", "extra")),
        dict.fromkeys(("result.0", "result.1"), ordered("id", "object", "created", "owned_by", "extra")),
    ),
    "embeddings of an error": result(SAID, raised("ValueError"), ERROR),
    **each(
        ["embeddings of floats", "embeddings asked as floats"],
        place("a number is what the server wrote, 2 or 2.0, and equal; nothing is converted", "result.0.0.1", 2.0, 2),
    ),
    "transcription in words unasked": result(
        "a model was promised; theirs hands out a text, whose `.text` then fails", "hi\n", unfit(b"hi\n")
    ),
}
