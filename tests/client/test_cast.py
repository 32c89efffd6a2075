"""What a caller may name as `cast_to`, and what it makes of a reply; with the official package where it knows the target."""

from __future__ import annotations

import dataclasses
import enum
import gzip
import json
from typing import Annotated, Any, Literal, NotRequired, TypedDict

import httpx
import httpx2
import msgspec
import openai
import pydantic
import pytest

import antiphon
from antiphon.core.reply import Reply
from tests.client.answer import MODEL, body, ok
from tests.client.colour import Colour
from tests.transports.rude import Rude, reply


class Own(antiphon.BaseModel):
    id: str


class Foreign(pydantic.BaseModel):
    id: str
    created: float


class Nested(pydantic.BaseModel):
    model: Foreign
    note: str | None = None


@dataclasses.dataclass
class Plain:
    id: str
    created: int


@dataclasses.dataclass
class Other:
    name: str


@pydantic.dataclasses.dataclass
class Checked:
    id: str
    created: float


class Struct(msgspec.Struct):
    id: str
    created: int


class Typed(TypedDict):
    id: str
    more: NotRequired[int]


class Level(enum.Enum):
    LOW = "low"


class Unknown:
    def __init__(self, **fields: Any) -> None:
        self.__dict__.update(fields)


class Subclass(httpx2.Response):
    pass


def get(server: Rude, colour: Colour, target: Any, **options: Any) -> Any:
    with colour.client(server.url, max_retries=0, **options) as it:
        return it(lambda client: client.get("/x", cast_to=target))


@pytest.mark.parametrize(
    ("target", "made"),
    [
        (Foreign, Foreign(id="m", created=1)),
        (Plain, Plain("m", 1)),
        (Checked, Checked("m", 1.0)),
        (Struct, Struct("m", 1)),
        (Typed, MODEL),
        (dict, MODEL),
        (dict[str, Any], MODEL),
        (object, MODEL),
        (Any, MODEL),
        (Plain | None, Plain("m", 1)),
        (Other | Plain, Plain("m", 1)),
        (Annotated[Plain, "of mine"], Plain("m", 1)),
        (Own | Plain, Own.model_validate(MODEL)),
    ],
)
def test_an_object_becomes_what_was_named(colour: Colour, target: Any, made: Any) -> None:
    with Rude(ok()) as server:
        value = get(server, colour, target)
    assert value == made
    assert type(value) is type(made)


@pytest.mark.parametrize(
    ("target", "sent", "made"),
    [
        (list[Plain], [MODEL], [Plain("m", 1)]),
        (list[Foreign], [MODEL], [Foreign(id="m", created=1)]),
        (dict[str, Struct], {"a": MODEL}, {"a": Struct("m", 1)}),
        (Nested, {"model": MODEL}, Nested(model=Foreign(id="m", created=1))),
        (list[Level], ["low"], ["low"]),
        (Plain | None, None, None),
        (Literal["a"], "a", "a"),
        (int, 5, 5),
        (bool, True, True),
        (float, 2.5, 2.5),
    ],
)
def test_other_json_becomes_what_was_named(colour: Colour, target: Any, sent: Any, made: Any) -> None:
    with Rude(ok(sent)) as server:
        assert get(server, colour, target) == made


@pytest.mark.parametrize("target", [Foreign, Plain, Checked, Struct, Nested, Plain | Other, list[Struct]])
def test_what_does_not_fit_is_told_with_its_place(colour: Colour, target: Any) -> None:
    sent: Any = {"id": 7}
    with (
        Rude(ok([sent] if target == list[Struct] else sent)) as server,
        pytest.raises(antiphon.APIResponseValidationError, match=r"does not fit") as raised,
    ):
        get(server, colour, target)
    assert raised.value.status_code == 200
    assert isinstance(raised.value.__cause__, ValueError)


@pytest.mark.parametrize("target", [Unknown, list[Unknown], Unknown | None, dict[str, Unknown], Rude])
def test_an_unknown_class_is_refused_with_what_there_is(colour: Colour, target: Any) -> None:
    with Rude(ok()) as server, pytest.raises(TypeError, match=r"cannot be cast to .*pass a class derived from"):
        get(server, colour, target)


@pytest.mark.parametrize("library", [httpx, httpx2])
def test_the_response_of_httpx(colour: Colour, library: Any) -> None:
    zipped = gzip.compress(body(MODEL))
    headers = ["Content-Encoding: gzip", "Content-Type: application/json", "X-Twice: 1", "X-Twice: 2"]
    with Rude(reply(zipped, 201, *headers)) as server:
        response = get(server, colour, library.Response)
    assert type(response) is library.Response
    assert (response.status_code, response.reason_phrase, response.http_version) == (201, "Created", "HTTP/1.1")
    assert response.json() == MODEL
    assert response.headers["content-encoding"] == "gzip"
    assert response.headers.get_list("x-twice") == ["1", "2"]
    assert (response.request.method, str(response.url)) == ("GET", f"{server.url}/v1/x")
    assert response.request.headers["authorization"].startswith("Bearer ")
    assert response.is_success
    assert response.is_closed
    assert response.elapsed.total_seconds() >= 0
    response.raise_for_status()


def test_the_response_of_httpx_from_a_raw_reply_with_a_body(colour: Colour) -> None:
    with Rude(ok()) as server, colour.client(server.url) as it:
        raw = it(lambda client: client.completions.with_raw_response.create(model="m", prompt="p"))
        response = raw.parse(to=httpx2.Response)
    assert response.json() == MODEL == raw.parse(to=dict)
    assert json.loads(response.request.content) == {"model": "m", "prompt": "p"}


def test_a_response_class_of_ones_own_is_refused_as_the_official_package_does(colour: Colour) -> None:
    with Rude(ok(), ok()) as server:
        with pytest.raises(ValueError, match="derived from it"):
            get(server, colour, Subclass)
        with openai.OpenAI(api_key="sk-1", base_url=server.url) as client, pytest.raises(ValueError, match="cast_to"):
            client.get("/x", cast_to=Subclass)


def test_binary_content_and_replies(colour: Colour) -> None:
    class Clip(antiphon.HttpxBinaryResponseContent):
        pass

    with Rude(reply(b"\x00\xff")) as server:
        assert get(server, colour, antiphon.HttpxBinaryResponseContent).content == b"\x00\xff"
        clip = get(server, colour, Clip)
        assert (type(clip), clip.read()) == (Clip, b"\x00\xff")
        assert get(server, colour, Reply).content == b"\x00\xff"


def test_strict_clients_check_dataclasses_too(colour: Colour) -> None:
    with Rude(ok({"id": 7, "created": 1})) as server:
        with pytest.raises(antiphon.APIResponseValidationError):
            get(server, colour, Plain, _strict_response_validation=True)
        with pytest.raises(antiphon.APIResponseValidationError):
            get(server, colour, Own, _strict_response_validation=True)
        assert get(server, colour, Own).id == 7
