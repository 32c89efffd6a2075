"""What `parse` does beyond the official package: types without pydantic, clean dumps, no classes per call."""

from __future__ import annotations

import asyncio
import copy
import dataclasses
import gc
import logging
import pickle
from typing import TypedDict

import httpx
import msgspec
import pydantic
import pytest

import antiphon
from antiphon.errors import ContentFilterFinishReasonError, InvalidBody, LengthFinishReasonError
from antiphon.helpers.completion_parser import CompletionParser
from antiphon.helpers.response_parser import ResponseParser

from .conftest import plain
from .recorded import call, choice, completion, message, response, tool_call


@dataclasses.dataclass
class Plain:
    a: int


class Typed(TypedDict):
    a: int


class Struct(msgspec.Struct):
    a: int


class Model(pydantic.BaseModel):
    a: int


class View(antiphon.BaseModel):
    a: int


@pytest.fixture
def client(server):
    with antiphon.OpenAI(api_key="sk-1", base_url=server.url, max_retries=0) as made:
        yield made


@pytest.mark.parametrize("kind", [Plain, Typed, Struct, Model, View])
def test_every_kind_of_type(server, client, kind):
    server.answers = [plain(response([message('{"a": 3}')], id="resp_9"), x_request_id="req_1")]
    parsed = client.responses.parse(model="m", input="hi", text_format=kind)
    value = {"a": 3} if kind is Typed else kind(a=3)
    assert parsed.output_parsed == value
    assert parsed._request_id == "req_1"
    schema = server.asked[0].json["text"]["format"]["schema"]
    assert (schema["required"], schema["additionalProperties"]) == (["a"], False)

    server.answers = [plain(completion(choice('{"a": 3}')))]
    said = client.chat.completions.parse(model="m", messages=[], response_format=kind)
    assert said.choices[0].message.parsed == value


@pytest.mark.parametrize("kind", [Plain, Typed, Struct, Model, View])
def test_parsed_values_dump_clean(kind):
    parsed = ResponseParser(kind).parse(response([message('{"a": 3}')]))
    for dump in (parsed.to_dict(mode="json"), parsed.model_dump(mode="json")):
        assert dump["output"][0]["content"][0]["parsed"] == {"a": 3}
    assert '"parsed":{"a":3}' in parsed.to_json(indent=None)
    said = CompletionParser(kind).parse(completion(choice('{"a": 3}')))
    assert said.to_dict(mode="json")["choices"][0]["message"]["parsed"] == {"a": 3}


def test_parsed_values_pickle_and_copy():
    parsed = ResponseParser(Model).parse(response([message('{"a": 3}')]))
    for twin in (pickle.loads(pickle.dumps(parsed)), copy.deepcopy(parsed)):
        assert twin.output_parsed == Model(a=3)
        assert twin == parsed


STRICT = [
    "https://api.openai.com/v1",
    "https://eu.api.openai.com/v1",
    "https://mine.openai.azure.com/openai/v1",
    "https://mine.cognitiveservices.azure.com/openai/v1",
]


@pytest.mark.parametrize("base_url", STRICT)
def test_what_openai_and_azure_would_refuse_is_refused_before_anything_is_sent(base_url):
    free = pydantic.create_model("Free", bad=(dict[str, int], ...))
    tool = antiphon.pydantic_function_tool(free)

    def nothing_is_sent(request):
        raise AssertionError(request)

    async def alike(made, **asked):
        with pytest.raises(InvalidBody, match=r"Free\.bad"):
            await made.responses.parse(model="m", input="hi", **asked)

    transport = httpx.MockTransport(nothing_is_sent)
    with antiphon.OpenAI(api_key="sk-1", base_url=base_url, http_client=httpx.Client(transport=transport)) as made:
        with pytest.raises(InvalidBody, match=r"Free\.bad"):
            made.responses.parse(model="m", input="hi", text_format=free)
        with pytest.raises(InvalidBody, match=r"Free\.bad"):
            made.responses.parse(model="m", input="hi", tools=[tool])
        with pytest.raises(InvalidBody, match=r"Free\.bad"):
            made.chat.completions.parse(model="m", messages=[], response_format=free)
        with pytest.raises(InvalidBody, match=r"Free\.bad"):
            made.chat.completions.parse(model="m", messages=[], tools=[tool])
    slow = antiphon.AsyncOpenAI(
        api_key="sk-1", base_url=base_url, http_client=httpx.AsyncClient(transport=httpx.MockTransport(nothing_is_sent))
    )
    asyncio.run(alike(slow, text_format=free))


def test_other_servers_judge_for_themselves(server, client):
    free = pydantic.create_model("Free", bad=(dict[str, int], ...))
    server.answers = [plain(response([message('{"bad": {"x": 1}}')])), plain(completion(choice('{"bad": {}}')))]
    assert client.responses.parse(model="m", input="hi", text_format=free).output_parsed.bad == {"x": 1}
    said = client.chat.completions.parse(
        model="m", messages=[], response_format=free, tools=[antiphon.pydantic_function_tool(free)]
    )
    assert said.choices[0].message.parsed.bad == {}
    sent = [
        server.asked[0].json["text"]["format"]["schema"],
        server.asked[1].json["response_format"]["json_schema"]["schema"],
    ]
    assert [schema["properties"]["bad"]["additionalProperties"] for schema in sent] == [{"type": "integer"}] * 2


def test_no_class_is_made():
    text = '{"a": 3}'

    def classes(kind):
        return {kind}.union(*(classes(one) for one in kind.__subclasses__()))

    def use():
        parsed = ResponseParser(Model).parse(response([message(text)]))
        assert parsed.output_parsed.a == 3
        said = CompletionParser(Model).parse(completion(choice(text)))
        assert said.choices[0].message.parsed.a == 3

    use()
    before = classes(antiphon.BaseModel) | classes(pydantic.BaseModel)
    for _ in range(500):
        use()
    gc.collect()
    assert classes(antiphon.BaseModel) | classes(pydantic.BaseModel) == before


@pytest.mark.parametrize(
    ("finish", "error"), [("length", LengthFinishReasonError), ("content_filter", ContentFilterFinishReasonError)]
)
def test_the_cut_completion_is_on_the_error(finish, error):
    with pytest.raises(error) as cut:
        CompletionParser(Model).parse(completion(choice('{"a"', finish=finish)))
    assert cut.value.completion.choices[0].message.content == '{"a"'


def test_custom_calls_are_left_out_and_told(caplog):
    calls = [{"id": "c", "type": "custom", "custom": {"name": "n", "input": "i"}}, tool_call("f", "{}")]
    with caplog.at_level(logging.WARNING, "antiphon.parsing"):
        said = CompletionParser().parse(completion(choice(tool_calls=calls)))
    assert [one.id for one in said.choices[0].message.tool_calls] == ["call_1"]
    assert "custom" in caplog.text


def test_odd_replies_do_not_crash():
    assert ResponseParser(Model).parse(response(None)).output_parsed is None
    assert ResponseParser(Model).parse({"id": "r"}).output is None
    assert CompletionParser(Model).parse({"choices": None}).choices is None
    empty = ResponseParser(Model).parse(response([{"type": "message", "content": None}, call("f", "")]))
    assert empty.output_parsed is None


def test_raw_responses_parse_too(server, client):
    server.answers = [plain(response([message('{"a": 3}')]), x_request_id="req_1")]
    raw = client.responses.with_raw_response.parse(model="m", input="hi", text_format=Model)
    assert raw.headers["x-request-id"] == "req_1"
    assert raw.parse().output_parsed == Model(a=3)
    server.answers = [plain(completion(choice('{"a": 3}')))]
    said = client.chat.completions.with_raw_response.parse(model="m", messages=[], response_format=Model)
    assert said.parse().choices[0].message.parsed == Model(a=3)


def test_chat_shaped_functions_need_their_type(client):
    with pytest.raises(TypeError, match="pydantic_function_tool"):
        client.responses.parse(model="m", input="hi", tools=[{"type": "function", "function": {"name": "f"}}])


def test_a_refusal_is_not_parsed():
    said = CompletionParser(Model).parse(completion(choice("not json", refusal="no")))
    assert said.choices[0].message.parsed is None


def test_tools_with_types_copy_and_pickle():
    tool = antiphon.pydantic_function_tool(Model)
    for twin in (copy.deepcopy(tool), pickle.loads(pickle.dumps(tool)), copy.copy(tool)):
        assert twin == tool
        assert twin["function"].model is Model


def test_untyped_items_stay_as_they_came():
    output = [message("hello"), call("f", "{}")]
    sent = copy.deepcopy(output)
    parsed = ResponseParser().parse(response(output))
    assert [item.to_dict() for item in parsed.output] == sent
    assert parsed.output[0].content[0].parsed is None
    assert parsed.output[1].parsed_arguments is None


def test_streaming_responses_parse_too(server, client):
    server.answers = [plain(response([message('{"a": 3}')]))]
    with client.responses.with_streaming_response.parse(model="m", input="hi", text_format=Model) as reply:
        assert reply.status_code == 200
        assert reply.parse().output_parsed == Model(a=3)
