"""`antiphon/sockets/channel/*.py`: one module per WebSocket endpoint and colour."""

from __future__ import annotations

from collections.abc import Mapping

from ..channel import Channel, Event, Node, channels, client_events, tree
from ..description import Description
from ..expression import NONE, Expression, Name, Reference, Union, union
from ..name import Place, camel
from .source import HEADER, Source

_IMPORTS = {
    "typing": ("Any",),
    "core.omit": ("NotGiven", "Omit", "omit"),
    "sockets.address": ("Channel",),
    "sockets.session": ("Session",),
}
_COMMON = [
    ("extra_query", "Mapping[str, Any] | None", "None"),
    ("extra_headers", "Mapping[str, Any] | None", "None"),
    ("websocket_connection_options", "Mapping[str, Any] | None", "None"),
]
_RECONNECTING = [
    ("on_reconnecting", "OnReconnecting | None", "None"),
    ("max_retries", "int", "5"),
    ("initial_delay", "float", "0.5"),
    ("max_delay", "float", "8.0"),
]


def modules(description: Description, places: Mapping[Reference, Place]) -> dict[str, str]:
    """The files, by path below `src/antiphon`; none where the description has no endpoints."""
    files: dict[str, str] = {}
    for channel in channels(description):
        root = tree(client_events(description, channel))
        for colour, file in (("", channel.file), ("Async", f"async_{channel.file}")):
            name = f"sockets.channel.{file}"
            source = Source(name, package=False, places=places, names=description.overlay["names"])
            files[f"sockets/channel/{file}.py"] = Module(channel, colour, root, source).text()
    return files | {"sockets/channel/__init__.py": _package()} if files else {}


def _package() -> str:
    title = "One module per WebSocket endpoint of the API and colour, each loaded when it is first used."
    return f'{HEADER}"""{title}"""\n'


def _dotted(places: tuple[str, ...]) -> str:
    return "".join(map(camel, places))


class Module:
    """The text of one endpoint's module.

    Args:
        channel: the endpoint.
        colour: "" or "Async".
        root: the tree of what its clients send.
        source: the file that is written.
    """

    def __init__(self, channel: Channel, colour: str, root: Node, source: Source) -> None:
        self.channel = channel
        self.colour = colour
        self.prefix = colour + channel.prefix
        self.root = root
        self.source = source

    def text(self) -> str:
        """The whole file."""
        channel, source = self.channel, self.source
        self._import()
        source.add("CHANNEL = Channel(", f'    "{channel.path}",', f'    "{channel.server}",')
        if channel.headers:
            source.add(f"    headers={dict(channel.headers)!r},")
        source.add(f"    queue={channel.queue:_},", ")", "", "")
        source.add(*self._resources(self.root, ()), *self._connection(), *self._manager())
        ending = ", on asyncio." if self.colour else "."
        return source.text(f"The WebSocket endpoint `{channel.path}`: what can be sent, and how to connect{ending}")

    def _import(self) -> None:
        colour = self.colour
        wanted = {
            "collections.abc": [*(["Awaitable"] if colour else []), "Callable", "Mapping"],
            **_IMPORTS,
            **({"sockets.reconnection": ["OnReconnecting"]} if self.channel.reconnects else {}),
            f"sockets.{'asynchronous' if colour else 'blocking'}": [
                f"{colour}Connection",
                f"{colour}ConnectionManager",
            ],
            "sockets.opening": [f"{colour}Host"],
        }
        for module, names in wanted.items():
            for name in names:
                self.source.runtime(module, name)

    def _annotation(self, expression: Expression, *, required: bool) -> str:
        if required:
            return self.source.type(expression)
        members = expression.members if isinstance(expression, Union) else (expression,)
        null = [member for member in members if member == NONE]
        rest = [member for member in members if member != NONE]
        return self.source.type(union(*rest, Name("Omit"), Name("NotGiven"), *null))

    def _resources(self, node: Node, places: tuple[str, ...]) -> list[str]:
        """The parts of a connection, those below another first."""
        lines: list[str] = []
        for place, below in node.below.items():
            lines += self._resources(below, (*places, place))
        if not places:
            return lines
        name = f"{self.prefix}{_dotted(places)}"
        lines += [
            f"class {name}Resource:",
            f'    """What `connection.{".".join(places)}` sends."""',
            "",
            f"    def __init__(self, connection: {self.prefix}Connection) -> None:",
            "        self._connection = connection",
            *(f"        self.{place} = {name}{camel(place)}Resource(connection)" for place in node.below),
        ]
        for verb, event in node.events.items():
            lines += ["", *self._method(verb, event)]
        return [*lines, "", ""]

    def _method(self, verb: str, event: Event) -> list[str]:
        start, call = ("async ", "await ") if self.colour else ("", "")
        arguments = [self._argument(field.name, field.type, required=field.required) for field in event.fields]
        listed = ["self", *(["*"] if arguments else []), *arguments]
        sent = [f'"type": "{event.type}"', *(f'"{field.name}": {field.name}' for field in event.fields)]
        return [
            f"    {start}def {verb}({', '.join(listed)}) -> None:",
            f'        """Send `{event.type}`."""',
            f"        {call}self._connection.send({{{', '.join(sent)}}})",
        ]

    def _argument(self, name: str, expression: Expression, *, required: bool) -> str:
        annotation = self._annotation(expression, required=required)
        return f"{name}: {annotation}" + ("" if required else " = omit")

    def _connection(self) -> list[str]:
        connect = "Awaitable[Any]" if self.colour else "Any"
        return [
            f'class {self.prefix}Connection({self.colour}Connection["{self.source.type(self.channel.server)}"]):',
            f'    """A connection to `{self.channel.path}`; its parts send the events named after them."""',
            "",
            "    _channel = CHANNEL",
            "",
            "    def __init__(",
            "        self, session: Session, "
            f"connect: Callable[[Mapping[str, Any], Mapping[str, Any]], {connect}]) -> None:",
            "        super().__init__(session, connect)",
            *(f"        self.{place} = {self.prefix}{camel(place)}Resource(self)" for place in self.root.below),
            "",
            "",
        ]

    def _manager(self) -> list[str]:
        options = _COMMON + (_RECONNECTING if self.channel.reconnects else [])
        if self.channel.reconnects:
            options = [*options, ("max_queue_size", "int", f"{self.channel.queue:_}")]
        return [
            f"class {self.prefix}ConnectionManager({self.colour}ConnectionManager[{self.prefix}Connection]):",
            f'    """Opens a `{self.prefix}Connection`."""',
            "",
            "    _channel = CHANNEL",
            f"    _connection_class = {self.prefix}Connection",
            "",
            "    def __init__(",
            "        self,",
            f"        client: {self.colour}Host,",
            "        *,",
            *(f"        {self._argument(a.name, a.type, required=a.required)}," for a in self.channel.arguments),
            *(f"        {name}: {annotation} = {default}," for name, annotation, default in options),
            "    ) -> None:",
            "        super().__init__(",
            "            client,",
            *self._passed(),
            *(f"            {name}={name}," for name, _, _ in options),
            "        )",
            "",
            "",
        ]

    def _passed(self) -> list[str]:
        """The endpoint's own arguments, by their place in the URL."""
        lines: list[str] = []
        for place in ("path", "query", "pinned"):
            names = [argument.name for argument in self.channel.arguments if argument.place == place]
            if names:
                lines.append(f"            {place}={{" + ", ".join(f'"{name}": {name}' for name in names) + "},")
        return lines
