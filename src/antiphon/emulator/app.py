"""The ASGI application: guard, route, key, limit, fault, body, checks, handler, answer, in that order and visible here.

Knows HTTP and the order of judgement; what an operation does is in `families/`, what is remembered in `world`.
"""

from __future__ import annotations

import errno
import logging
from dataclasses import replace
from secrets import token_urlsafe
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote_to_bytes

from . import query
from .body import decode_body, read_body
from .description import Operation
from .exchange import AnyReply, Exchange, Handler, Reply
from .families import HANDLERS
from .incoming import Intake, is_form
from .problem import Problem
from .repeat import KEY
from .router import Router
from .sending import Sender
from .setting import Setting
from .turn import Turn
from .understudy import Understudy, stands_in, understudies
from .world import World

if TYPE_CHECKING:
    from .encryption import Encryption

PREFIX = "/v1"
CONTROL = "/__antiphon/"
SCOPE = b"x-antiphon-scope"
BRAIN = b"x-antiphon-brain"
MOST_SCOPES = 1_000
MOST_DELAY = 0.02
"""Seconds of work that is due which one request may have to wait for."""
_LOG = logging.getLogger("antiphon.emulator")


class EmulatorApp:
    """The emulator as an ASGI application, for use without sockets or under any ASGI server.

    app = EmulatorApp(Setting(seed=7))
    httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost/v1")
    """

    def __init__(self, setting: Setting | None = None, *, world: World | None = None) -> None:
        setting = (setting or Setting()) if world is None else world.setting
        self._understudies = understudies(setting)
        self.encryption = _encryption(setting.tls)
        self.world = world or opened(setting)  # last, for what cannot be set up must hold no folder
        self.control_token = setting.control_token or token_urlsafe(24)
        """What the control plane asks for."""
        self.closed = False
        self._scopes: dict[bytes, World] = {}
        self._router: Router[Operation] = Router(PREFIX)
        self._variants: dict[str, Operation] = {}
        for name in HANDLERS:
            operation = self.world.description.operations[name]
            if operation.beta:
                self._variants[f"{operation.verb} {operation.path}"] = operation
            else:
                self._router.add(operation.verb, operation.path, operation)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One connection's conversation, as ASGI has it."""
        if scope["type"] == "http":
            raw_path = scope.get("raw_path") or quote(scope["path"]).encode()  # a server need not tell it
            await self._http({**scope, "raw_path": raw_path}, receive, send)
        elif scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _lifespan(self, receive: Any, send: Any) -> None:
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                self.close()
                return

    async def _http(self, scope: Any, receive: Any, send: Any) -> None:
        world, refusal = self._admitted(scope)
        turn = Turn(world, scope)
        try:
            if refusal is not None:
                raise refusal
            if world.is_behind():
                await world.catch_up(MOST_DELAY)
            reply = await self._answer(scope, receive, turn)
        except Problem as problem:
            reply = _problem_reply(problem)
        except OSError as error:
            reply = _problem_reply(_storage(error))
        except (OverflowError, RecursionError):
            message = "A number in the request is too large, or a value in it nests too deep."
            reply = _problem_reply(Problem(400, message, code="invalid_value"))
        except Exception:
            _LOG.exception("the emulator failed at %s %s (%s)", scope["method"], scope["path"], turn.id)
            reply = _problem_reply(Problem(500, f"The emulator failed. Request: {turn.id}.", type="server_error"))
        turn.end(reply)
        if world.timing is not None and turn.exchange is not None:
            reply = await world.timing.paced(reply, turn.exchange.usage, world.identity.random)
        if world.chest is not None:
            reply = _safe(world, reply)
        await Sender(send, turn.fault).send(reply, turn.head())
        if turn.request and turn.fault is None and (not isinstance(reply, Reply) or reply.status < 400):
            world.faults.ledger.answer(turn.request)
        world.commit()  # what a stream left behind

    async def _answer(self, scope: Any, receive: Any, turn: Turn) -> AnyReply:
        world, headers = turn.world, turn.headers
        raw_path: str = scope["raw_path"].decode("latin-1").partition("?")[0]
        if raw_path.startswith(CONTROL):
            return await self._control(scope, receive, turn, raw_path)
        operation, path = self._router.find(scope["method"], raw_path)
        raw_query: bytes = scope["query_string"]
        if b"beta=true" in raw_query:
            operation, raw_query = self._variant(operation, raw_query)
        turn.operation = operation.name
        turn.caller = caller = world.access.enter(headers, operation)
        if world.obeys_faults:
            await turn.meet_fault(raw_path)
        values = query.read(operation, raw_query)
        turn.exchange = exchange = Exchange(world, operation, path, values, headers, receive, caller=caller)
        if self._understudies and (understudy := self._understudy(operation, headers)) is not None:
            body = await read_body(headers, receive, world.setting.max_upload)
            turn.limit(None, len(body))
            target = raw_path.removeprefix(PREFIX) + (f"?{raw_query.decode('latin-1')}" if raw_query else "")
            return await understudy.answer(exchange, target, body)
        if is_form(operation, headers):
            turn.limit(None, 0)
            async with Intake(exchange):
                operation.check_body(exchange.body)
                world.organization.obey(exchange)
                return await _handler(exchange, b"")(exchange)
        body = b""
        if operation.body is not None:
            body = await read_body(headers, receive, world.setting.max_json)
            exchange.body = decode_body(headers, body, operation)
        turn.limit(exchange.body, len(body))
        if operation.body is not None:
            operation.check_body(exchange.body)
            if exchange.body.get("safety_identifier"):
                from .families.safety import watched

                return await watched(exchange, _handler(exchange, body), turn.id)
        return await _handler(exchange, body)(exchange)

    def _understudy(self, operation: Operation, headers: dict[bytes, bytes]) -> Understudy | None:
        """Who answers instead of the family; raises 400 for a brain that was not set up."""
        if not stands_in(operation.name):
            return None
        asked = headers.get(BRAIN, b"").decode("latin-1") or self.world.setting.brain
        if asked not in ("simple", "script", *self._understudies):
            raise Problem(400, f"There is no brain '{asked}' here.", code="invalid_brain")
        return self._understudies.get(asked)

    def _admitted(self, scope: Any) -> tuple[World, Problem | None]:
        """The world a request is about; one from elsewhere is about the main one, and has a reason to be refused."""
        try:
            self.world.guard.judge(scope["headers"], scope.get("server"))
        except Problem as problem:
            return self.world, problem
        return self.world_of(scope), None

    def world_of(self, scope: Any) -> World:
        """The world a request belongs to: the main one, or that of the scope it names, made when it is first named.

        It names one in a header, or in its path before everything else (`/~NAME/v1/models`), which is left out from then on.
        So tests that run side by side against one server do not meet. Scopes live in memory, and the least recently used
        of more than a thousand is forgotten.
        """
        name = next((value for name, value in scope["headers"] if name == SCOPE), None)
        if (path := scope["raw_path"]).startswith(b"/~"):
            quoted, _, rest = path[2:].partition(b"/")
            name, scope["raw_path"] = unquote_to_bytes(quoted), b"/" + rest
        if not name:
            return self.world
        world = self._scopes.pop(name, None) or World(replace(self.world.setting, data=None))
        world.scope = name.decode("latin-1")
        self._scopes[name] = world
        if len(self._scopes) > MOST_SCOPES:
            self._scopes.pop(next(iter(self._scopes))).close()
        return world

    def close(self) -> None:
        """Close every world."""
        self.closed = True
        for world in (self.world, *self._scopes.values()):
            world.close()
        self._scopes.clear()
        if self.encryption is not None:
            self.encryption.close()

    async def _control(self, scope: Any, receive: Any, turn: Turn, path: str) -> AnyReply:
        from .control import Control

        turn.silent = True
        body = None
        if scope["method"] in ("POST", "PUT"):
            raw = await read_body(turn.headers, receive, turn.world.setting.max_json)
            body = decode_body(turn.headers, raw)
        control = Control(turn.world, self.control_token, self.encryption)
        return await control.answer(scope["method"], path.removeprefix(CONTROL), body, turn.headers)

    def _variant(self, operation: Operation, raw_query: bytes) -> tuple[Operation, bytes]:
        """The operation of the same verb and path that `?beta=true` asks for, and the query without that."""
        found = self._variants.get(f"{operation.verb} {operation.path}", operation)
        if found is operation:
            return operation, raw_query
        return found, b"&".join(part for part in raw_query.split(b"&") if part != b"beta=true")


def _encryption(kind: str | None) -> Encryption | None:
    if kind is None:
        return None
    from .encryption import Encryption

    return Encryption(kind)


def opened(setting: Setting) -> World:
    """The world of a setting: in memory, or in the folder it names."""
    if setting.data is None:
        return World(setting)
    from .chest import Chest

    chest = Chest(setting.data, journal=setting.journal)
    try:
        return World(setting, chest=chest)
    except BaseException:
        chest.close()
        raise


def _safe(world: World, reply: AnyReply) -> AnyReply:
    """The reply, once what it tells of is safe; an error where it could not be made so."""
    if (error := world.commit()) is None:
        return reply
    return _problem_reply(Problem(507, f"The emulator's folder cannot be written: {error}.", type="server_error"))


def _storage(error: OSError) -> Problem:
    """Files are all that handlers ask of the system."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    message = f"The emulator's folder cannot be used: {error.strerror or error}."
    return Problem(507 if full else 500, message, type="server_error", code="storage_failed")


def _handler(exchange: Exchange, body: bytes) -> Handler:
    """Who carries a request out; once, where it names a key and the world honours keys."""
    handler = HANDLERS[exchange.operation.name]
    if exchange.world.setting.honours_keys and exchange.operation.verb == "POST" and KEY in exchange.headers:
        return exchange.world.repeats.around(handler, body)
    return handler


def _problem_reply(problem: Problem) -> Reply:
    headers = [(name.encode(), value.encode("latin-1")) for name, value in problem.headers.items()]
    return Reply(problem.body(), problem.status, headers=headers)
