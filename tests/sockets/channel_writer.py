"""Writes `antiphon/sockets/channel/*.py` from the API description: one module per WebSocket endpoint and colour.

    python -m tests.sockets.channel_writer           # write
    python -m tests.sockets.channel_writer --check   # fail where a file is stale

An event's type is its place: `conversation.item.create` is sent by `connection.conversation.item.create(...)`, with the
event's fields as keywords, the required ones first.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

from codegen.description import load
from codegen.emit.source import Source
from codegen.name import places

ROOT = Path(__file__).resolve().parents[2]
API = ROOT / "api"
TARGET = ROOT / "src" / "antiphon" / "sockets" / "channel"


class Endpoint(NamedTuple):
    file: str
    prefix: str
    """The public classes' names begin with it, e.g. RealtimeConnection."""
    path: str
    client: str
    """Reference of the union of what the client sends, without the suffix of its parameter form."""
    server: str
    arguments: tuple[tuple[str, str, bool, str], ...] = ()
    """Name, annotation, required, and where it goes: "path", "query", or "pinned" (a query entry above the extras)."""
    headers: tuple[tuple[str, str], ...] = ()
    queue: int = 1_048_576
    reconnects: bool = True


SESSION = ("session_id", "str", True, "path")
MODEL = ("model", "str", True, "query")
LIVE = 2_097_152

ENDPOINTS = (
    Endpoint(
        "realtime",
        "Realtime",
        "/realtime",
        "realtime.realtime_client_event_param:RealtimeClientEventParam",
        "realtime.realtime_server_event:RealtimeServerEvent",
        (("call_id", "str | Omit | NotGiven", False, "pinned"), ("model", "str | Omit | NotGiven", False, "query")),
    ),
    Endpoint(
        "translations",
        "Translations",
        "/realtime/translations",
        "realtime.realtime_translation_client_event_param:RealtimeTranslationClientEventParam",
        "realtime.realtime_translation_server_event:RealtimeTranslationServerEvent",
        (MODEL,),
    ),
    Endpoint(
        "responses",
        "Responses",
        "/responses",
        "responses.responses_client_event_param:ResponsesClientEventParam",
        "responses.responses_server_event:ResponsesServerEvent",
    ),
    Endpoint(
        "beta_responses",
        "Responses",
        "/responses",
        "beta.beta_responses_client_event_param:BetaResponsesClientEventParam",
        "beta.beta_responses_server_event:BetaResponsesServerEvent",
    ),
    Endpoint(
        "beta_realtime",
        "Realtime",
        "/realtime",
        "beta.realtime.realtime_client_event_param:RealtimeClientEventParam",
        "beta.realtime.realtime_server_event:RealtimeServerEvent",
        (MODEL,),
        headers=(("OpenAI-Beta", "realtime=v1"),),
        reconnects=False,
    ),
    Endpoint(
        "live",
        "Live",
        "/live/sessions",
        "live.client_event_param:ClientEventParam",
        "live.server_event:ServerEvent",
        queue=LIVE,
    ),
    Endpoint(
        "forks",
        "Forks",
        "/live/sessions/{session_id}/fork",
        "live.fork_client_event_param:ForkClientEventParam",
        "live.fork_server_event:ForkServerEvent",
        (SESSION,),
        queue=LIVE,
    ),
    Endpoint(
        "sideband",
        "Sideband",
        "/live/sessions/{session_id}/attach",
        "live.connect_client_event_param:ConnectClientEventParam",
        "live.connect_server_event:ConnectServerEvent",
        (SESSION, ("graceful_close", "bool | Omit | NotGiven", False, "query")),
        queue=LIVE,
    ),
)


def described() -> dict[str, Any]:
    """Every type of the API description, by reference."""
    types: dict[str, Any] = {}
    for file in sorted(API.glob("*.json")):
        if file.stem not in ("index", "overlay", "exports"):
            types |= json.loads(file.read_text())["types"]
    return types


class Event(NamedTuple):
    type: str
    fields: tuple[tuple[str, str, bool], ...]
    """Name, type expression, required; required ones first."""


def client_events(types: dict[str, Any], union: str) -> list[Event]:
    """What the client may send, in the order of the union."""
    events = []
    for reference in types[union]["type"].split(" | "):
        fields = types[reference]["fields"]
        name = next(f["type"] for f in fields if f["name"] == "type").removeprefix("Literal['").removesuffix("']")
        own = [(f["name"], f["type"], f["required"]) for f in fields if f["name"] != "type"]
        events.append(Event(name, tuple(sorted(own, key=lambda f: not f[2]))))
    return events


class Node:
    """A place in the tree of event types: its own events by verb, and the places below."""

    def __init__(self) -> None:
        self.events: dict[str, Event] = {}
        self.below: dict[str, Node] = {}


def tree(events: list[Event]) -> Node:
    root = Node()
    for event in events:
        *places, verb = event.type.split(".")
        node = root
        for place in places:
            node = node.below.setdefault(place, Node())
        node.events[verb] = event
    return root


class Module:
    """The text of one endpoint's module in one colour, "" or "Async"."""

    def __init__(self, endpoint: Endpoint, colour: str, types: dict[str, Any], source: Source) -> None:
        self.endpoint = endpoint
        self.colour = colour
        self.root = tree(client_events(types, endpoint.client))
        self.source = source

    def annotation(self, expression: str, *, required: bool) -> str:
        text = self.source.parse(expression)
        if required:
            return text
        for name in ("NotGiven", "Omit"):
            self.source.runtime("core.omit", name)
        self.source.runtime("core.omit", "omit")
        optional = text.endswith(" | None")
        return f"{text.removesuffix(' | None')} | Omit | NotGiven" + (" | None" if optional else "")

    def resources(self, node: Node, places: tuple[str, ...], colour: str) -> list[str]:
        lines: list[str] = []
        prefix = f"{colour}{self.endpoint.prefix}"
        for place, below in node.below.items():
            lines += self.resources(below, (*places, place), colour)
        if not places:
            return lines
        name = "".join(map(camel, places))
        lines += [f"class {prefix}{name}Resource:", f'    """What `connection.{".".join(places)}` sends."""', ""]
        lines += [
            f"    def __init__(self, connection: {prefix}Connection) -> None:",
            "        self._connection = connection",
        ]
        lines += [f"        self.{place} = {prefix}{name}{camel(place)}Resource(connection)" for place in node.below]
        for verb, event in node.events.items():
            lines += ["", *self.method(verb, event, colour)]
        return [*lines, "", ""]

    def method(self, verb: str, event: Event, colour: str) -> list[str]:
        arguments = [
            f"        {name}: {self.annotation(expression, required=required)}" + ("," if required else " = omit,")
            for name, expression, required in event.fields
        ]
        entries = [f'                "{name}": {name},' for name, _, _ in event.fields]
        prefix, call = ("async ", "await ") if colour else ("", "")
        return [
            f"    {prefix}def {verb}(",
            "        self,",
            "        *,",
            *arguments,
            "    ) -> None:",
            f'        """Send `{event.type}`."""',
            f"        {call}self._connection.send(",
            "            {",
            f'                "type": "{event.type}",',
            *entries,
            "            }",
            "        )",
        ]

    def connection(self, colour: str) -> list[str]:
        prefix = f"{colour}{self.endpoint.prefix}"
        server = self.annotation(self.endpoint.server, required=True)
        connect = "Callable[[Mapping[str, Any], Mapping[str, Any]], " + ("Awaitable[Any]" if colour else "Any") + "]"
        lines = [
            f'class {prefix}Connection({colour}Connection["{server}"]):',
            f'    """A connection to `{self.endpoint.path}`; its parts send the events named after them."""',
            "",
            "    _channel = CHANNEL",
            "",
            f"    def __init__(self, session: Session, connect: {connect}) -> None:",
            "        super().__init__(session, connect)",
        ]
        lines += [f"        self.{place} = {prefix}{camel(place)}Resource(self)" for place in self.root.below]
        return [*lines, "", ""]

    def manager(self, colour: str) -> list[str]:
        prefix = f"{colour}{self.endpoint.prefix}"
        arguments = [
            f"        {name}: {annotation}" + ("," if required else " = omit,")
            for name, annotation, required, _ in self.endpoint.arguments
        ]
        passed = []
        for kind in ("path", "query", "pinned"):
            names = [name for name, _, _, where in self.endpoint.arguments if where == kind]
            if names:
                passed.append(f"            {kind}={{" + ", ".join(f'"{n}": {n}' for n in names) + "},")
        options = COMMON + (RECONNECTING if self.endpoint.reconnects else [])
        for name, annotation, default in options:
            default = f"{self.endpoint.queue:_}" if name == "max_queue_size" else default
            arguments.append(f"        {name}: {annotation} = {default},")
            passed.append(f"            {name}={name},")
        return [
            f"class {prefix}ConnectionManager({colour}ConnectionManager[{prefix}Connection]):",
            f'    """Opens a `{prefix}Connection`."""',
            "",
            "    _channel = CHANNEL",
            f"    _connection_class = {prefix}Connection",
            "",
            "    def __init__(",
            "        self,",
            f"        client: {'AsyncHost' if colour else 'Host'},",
            "        *,",
            *arguments,
            "    ) -> None:",
            "        super().__init__(",
            "            client,",
            *passed,
            "        )",
            "",
            "",
        ]

    def text(self) -> str:
        source = self.source
        shell, own = ("asynchronous", ["Awaitable"]) if self.colour else ("blocking", [])
        wanted = {
            "collections.abc": [*own, "Callable", "Mapping"],
            **IMPORTS,
            f"sockets.{shell}": [f"{self.colour}Connection", f"{self.colour}ConnectionManager"],
            "sockets.opening": [f"{self.colour}Host"],
        }
        for module, names in wanted.items():
            for name in names:
                if name != "OnReconnecting" or self.endpoint.reconnects:
                    source.runtime(module, name)
        source.add("CHANNEL = Channel(", f'    "{self.endpoint.path}",', f'    "{self.endpoint.server}",')
        if self.endpoint.headers:
            source.add(f"    headers={dict(self.endpoint.headers)!r},")
        source.add(f"    queue={self.endpoint.queue:_},", ")", "", "")
        colour = self.colour
        source.add(*self.resources(self.root, (), colour), *self.connection(colour), *self.manager(colour))
        ending = ", on asyncio." if self.colour else "."
        text = source.text(
            f"The WebSocket endpoint `{self.endpoint.path}`: what can be sent, and how to connect{ending}"
        )
        _, _, rest = text.partition("\n")
        # The events' type stands in a string, which the linter does not look into.
        rules = ["F401", *(["PYI051"] if "str | Literal[" in rest or "] | str" in rest else [])]
        return f"{HEADER}# ruff: noqa: {', '.join(rules)}\n{rest}"


HEADER = "# Written by tests/sockets/channel_writer.py from api/; do not edit.\n"

IMPORTS = {
    "typing": ("Any",),
    "core.omit": ("NotGiven", "Omit", "omit"),
    "sockets.address": ("Channel",),
    "sockets.reconnection": ("OnReconnecting",),
    "sockets.session": ("Session",),
}

COMMON = [
    ("extra_query", "Mapping[str, Any] | None", "None"),
    ("extra_headers", "Mapping[str, Any] | None", "None"),
    ("websocket_connection_options", "Mapping[str, Any] | None", "None"),
]
RECONNECTING = [
    ("on_reconnecting", "OnReconnecting | None", "None"),
    ("max_retries", "int", "5"),
    ("initial_delay", "float", "0.5"),
    ("max_delay", "float", "8.0"),
    ("max_queue_size", "int", ""),
]


def camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def rendered() -> dict[Path, str]:
    """Every module's text, formatted, by path."""
    types = described()
    description = load(API)
    homes = places(description)
    texts = {}
    for endpoint in ENDPOINTS:
        for colour in ("", "Async"):
            file = f"async_{endpoint.file}" if colour else endpoint.file
            source = Source(f"sockets.channel.{file}", package=False, places=homes, names=description.overlay["names"])
            texts[TARGET / f"{file}.py"] = formatted(Module(endpoint, colour, types, source).text())
    return texts


def formatted(text: str) -> str:
    name = str(TARGET / "written.py")
    ruff = [sys.executable, "-m", "ruff"]
    for command in (
        ["check", "--fix", "--quiet", "--select", "I", "--stdin-filename", name, "-"],
        ["format", "--stdin-filename", name, "-"],
    ):
        done = subprocess.run([*ruff, *command], input=text, capture_output=True, text=True, check=True, cwd=ROOT)
        text = done.stdout
    return text


def main(arguments: list[str]) -> int:
    stale = [path for path, text in rendered().items() if not path.exists() or path.read_text() != text]
    if "--check" in arguments:
        for path in stale:
            print(f"stale: {path.relative_to(ROOT)}")
        return bool(stale)
    for path, text in rendered().items():
        path.write_text(text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
