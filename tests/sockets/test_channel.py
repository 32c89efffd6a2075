"""Every event the API description lists for clients can be sent by the part it is named after, in both colours."""

import asyncio
import importlib
import inspect
import json
import subprocess
import sys

import pytest

from codegen.channel import channels, client_events
from tests.parity.sample import description

DESCRIPTION = description()
CASES = [(channel, event) for channel in channels(DESCRIPTION) for event in client_events(DESCRIPTION, channel)]


class Sink:
    """A connection that keeps what is sent."""

    def __init__(self):
        self.sent = []

    def send(self, event):
        self.sent.append(event)


class AsyncSink(Sink):
    async def send(self, event):
        super().send(event)


def connected(endpoint, colour, sink):
    prefix = "async_" if colour else ""
    module = importlib.import_module(f"antiphon.sockets.channel.{prefix}{endpoint.file}")
    kind = getattr(module, f"{colour}{endpoint.prefix}Connection")
    return type("Bare", (kind,), {"send": sink.send})(None, None)


def method_of(connection, event_type):
    part = connection
    *places, verb = event_type.split(".")
    for place in places:
        part = getattr(part, place)
    return getattr(part, verb)


@pytest.mark.parametrize(("endpoint", "event"), CASES, ids=lambda case: getattr(case, "file", None) or case.type)
def test_an_event_is_sent_with_all_its_fields(endpoint, event):
    values = {field.name: f"the {field.name}" for field in event.fields}
    expected = {"type": event.type, **values}

    sink = Sink()
    method_of(connected(endpoint, "", sink), event.type)(**values)
    assert sink.sent == [expected]

    sink = AsyncSink()

    async def work():
        await method_of(connected(endpoint, "Async", sink), event.type)(**values)

    asyncio.run(work())
    assert sink.sent == [expected]


@pytest.mark.parametrize(("endpoint", "event"), CASES, ids=lambda case: getattr(case, "file", None) or case.type)
def test_required_fields_are_required_keywords(endpoint, event):
    for colour in ("", "Async"):
        method = method_of(connected(endpoint, colour, Sink()), event.type)
        parameters = inspect.signature(method).parameters.values()
        assert all(parameter.kind is parameter.KEYWORD_ONLY for parameter in parameters)
        needed = {parameter.name: parameter.default is parameter.empty for parameter in parameters}
        assert needed == {field.name: field.required for field in event.fields}


OFFICIAL = {
    "realtime": "realtime.realtime",
    "translations": "realtime.translations.translations",
    "responses": "responses.responses",
    "beta_responses": "beta.responses.responses",
    "beta_realtime": "beta.realtime.realtime",
    "live": "live.live",
    "forks": "live.forks",
    "sideband": "live.sideband",
}


def test_the_signatures_are_those_of_the_official_package():
    """Run apart, because importing that package is slow and leaves much behind."""
    code = f"""
import importlib, inspect, json
found = {{}}
for file, path in {OFFICIAL!r}.items():
    module = importlib.import_module("openai.resources." + path)
    for name, kind in vars(module).items():
        if inspect.isclass(kind) and kind.__module__ == module.__name__ and name.endswith("Resource"):
            for verb, function in vars(kind).items():
                if inspect.isfunction(function) and not verb.startswith("_"):
                    parameters = list(inspect.signature(function).parameters.values())[1:]
                    found[f"{{file}}:{{name}}.{{verb}}"] = [[p.name, p.default is p.empty] for p in parameters]
print(json.dumps(found))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    theirs = {key: value for key, value in json.loads(done.stdout).items() if ":Base" not in key}
    ours = {}
    for endpoint in channels(DESCRIPTION):
        for prefix in ("", "async_"):
            module = importlib.import_module(f"antiphon.sockets.channel.{prefix}{endpoint.file}")
            for name, kind in vars(module).items():
                if inspect.isclass(kind) and name.endswith("Resource"):
                    for verb, function in vars(kind).items():
                        if inspect.isfunction(function) and not verb.startswith("_"):
                            parameters = list(inspect.signature(function).parameters.values())[1:]
                            ours[f"{endpoint.file}:{name}.{verb}"] = [
                                [p.name, p.default is p.empty] for p in parameters
                            ]
    missing = {key: value for key, value in theirs.items() if ours.get(key) != value}
    assert missing == {}
