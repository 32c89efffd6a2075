"""Pains 1, 3, 11, 14 and 21: what importing, constructing, calling and decoding cost.

Nothing is timed here (`bench/` does that): what is counted is modules, calls of Python functions, contexts and classes, which
are the same on every machine.
"""

from __future__ import annotations

import gc
import json
import weakref
from typing import Any

import pydantic
import pytest

import antiphon
from tests.client.colour import Colour
from tests.parity.official import openai
from tests.transports.rude import Rude, reply

from .conftest import told

PACKAGES = (openai, antiphon)
PARSED = {
    "id": "c",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": '{"a":1}'}}],
}


def parse(client: Any, kind: Any) -> Any:
    return client.chat.completions.parse(model="m", messages=[{"role": "user", "content": "x"}], response_format=kind)


def test_pain_1_importing_loads_few_modules() -> None:
    program = """
import sys
package = __import__(sys.argv[1])
package.OpenAI(api_key="sk-1").responses.create
print(len(sys.modules), sum(name.startswith(sys.argv[1]) for name in sys.modules))
"""
    (theirs, their_own), (ours, our_own) = (map(int, told(program, package.__name__).split()) for package in PACKAGES)
    assert their_own > 500
    assert our_own <= 70
    assert ours * 5 < theirs


def test_pain_3_a_call_among_many_is_little_work() -> None:
    program = """
import asyncio, sys
from tests.transports.rude import Rude
from tests.client.answer import ok
package = __import__(sys.argv[1])
calls = 0

def count(frame, event, argument):
    global calls
    calls += event == "call"

async def many(url):
    async with package.AsyncOpenAI(api_key="sk-1", base_url=url + "/v1", max_retries=0) as client:
        await asyncio.gather(*(client.models.retrieve("m") for _ in range(50)))
        sys.setprofile(count)
        await asyncio.gather(*(client.models.retrieve("m") for _ in range(50)))
        sys.setprofile(None)

with Rude(ok()) as server:
    asyncio.run(many(server.url))
print(calls // 50)
"""
    theirs, ours = (int(told(program, package.__name__)) for package in PACKAGES)
    assert ours * 8 < theirs


def test_pain_11_parsing_makes_no_classes() -> None:
    program = """
import json, sys
import pydantic
from pydantic._internal._model_construction import ModelMetaclass
from tests.parity.pains.test_cost import PARSED, parse
from tests.transports.rude import Rude, reply
package = __import__(sys.argv[1])
made = 0
real = ModelMetaclass.__new__

def counted(*arguments, **more):
    global made
    made += 1
    return real(*arguments, **more)

class Shapes:
    one, two = (pydantic.create_model("Shape", a=(int, ...)) for _ in range(2))

with Rude(reply(json.dumps(PARSED).encode())) as server:
    with package.OpenAI(api_key="sk-1", base_url=server.url + "/v1") as client:
        parse(client, Shapes.one)
        ModelMetaclass.__new__ = counted
        assert parse(client, Shapes.two).choices[0].message.parsed.a == 1
print(made)
"""
    theirs, ours = (int(told(program, package.__name__)) for package in PACKAGES)
    assert theirs == 0  # healed there by 3.52.0; older versions made one generic class after another
    assert ours == 0


def test_pain_11_models_that_come_and_go_are_remembered_in_bounded_number(colour: Colour) -> None:
    seen = []
    with Rude(reply(json.dumps(PARSED).encode())) as server, colour.client(server.url) as it:
        for number in range(300):
            kind = pydantic.create_model(f"Shape{number}", a=(int, ...))
            it(lambda client, kind=kind: parse(client, kind))
            seen.append(weakref.ref(kind))
            del kind
    gc.collect()
    assert sum(one() is not None for one in seen) <= 256


def test_pain_14_constructing_makes_no_tls_context() -> None:
    program = """
import ssl, sys
made = 0
real = ssl.SSLContext.__new__
def counted(cls, *a, **k):
    global made
    made += 1
    return real(cls, *a, **k)
ssl.SSLContext.__new__ = counted
package = __import__(sys.argv[1])
made = 0
clients = [package.OpenAI(api_key="sk-1") for _ in range(5)]
print(made)
"""
    assert [int(told(program, package.__name__)) for package in PACKAGES] == [5, 0]


def test_pain_14_clients_of_one_configuration_share_a_context() -> None:
    from antiphon.transports.tls import TLSConfig

    assert TLSConfig.of(True).context() is TLSConfig.of(True).context()


BIG = {
    **PARSED,
    "choices": [
        {
            "index": 0,
            "finish_reason": "stop",
            "message": {"role": "assistant", "content": "x"},
            "logprobs": {
                "content": [
                    {"token": "t", "logprob": -1.0, "bytes": [1], "top_logprobs": [{"token": "t", "logprob": -1.0, "bytes": [1]}] * 5}
                ]
                * 2000
            },
        }
    ],
}  # fmt: skip


def test_pain_21_a_large_completion_becomes_few_objects() -> None:
    program = """
import gc, json, sys
from tests.transports.rude import Rude, reply
from tests.parity.pains.test_cost import BIG
package = __import__(sys.argv[1])
with Rude(reply(json.dumps(BIG).encode())) as server, package.OpenAI(api_key="sk-1", base_url=server.url + "/v1") as client:
    made = client.chat.completions.create(model="m", messages=[])
    assert made.choices[0].message.content == "x"
    print(sum(issubclass(type(value), package.BaseModel) for value in gc.get_objects()))
    assert made.choices[0].logprobs.content[1999].top_logprobs[4].token == "t"
"""
    theirs, ours = (int(told(program, package.__name__)) for package in PACKAGES)
    assert theirs > 10_000
    assert ours < 10


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.__name__)
def test_pain_21_the_work_of_a_stream_grows_with_its_length(package: Any) -> None:
    program = """
import sys
from tests.transports.rude import Rude
from tests.client.answer import sse, delta
package = __import__(sys.argv[1])
calls = 0

def count(frame, event, argument):
    global calls
    calls += event == "call"

def work(many):
    global calls
    calls = 0
    with Rude(sse(*[delta("word ")] * many, delta("", "stop"))) as server:
        with package.OpenAI(api_key="sk-1", base_url=server.url + "/v1") as client:
            sys.setprofile(count)
            with client.chat.completions.stream(model="m", messages=[]) as stream:
                for event in stream:
                    pass
                assert len(stream.get_final_completion().choices[0].message.content) == 5 * many
            sys.setprofile(None)
    return calls

work(10)
print((work(800) - work(400)) // 400)
"""
    each = int(told(program, package.__name__))
    assert each < (2_000 if package is openai else 60)
