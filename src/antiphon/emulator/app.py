"""The ASGI application: guard, route, key, limit, fault, body, checks, handler, answer, in that order and visible here.

Knows HTTP and the order of judgement; what an operation does is in `families/`, what is remembered in `world`.
"""

from __future__ import annotations

import errno
import logging
from dataclasses import replace
from secrets import token_urlsafe
from time import perf_counter
from typing import Any

import msgspec

from . import query
from .bound import MOST_TOKENS
from .description import Operation
from .exchange import NOBODY, AnyReply, Exchange, Reply
from .families import HANDLERS
from .fault import HEADER, Fault
from .fault.ledger import key_of
from .incoming import Intake, is_form
from .journal import Line
from .limiter import Cost, Verdict
from .problem import Problem
from .router import Router
from .sending import Sender
from .setting import Setting
from .shape import is_object
from .world import World

VERSION = b"2020-10-01"
PREFIX = "/v1"
CONTROL = "/__antiphon/"
SCOPE = b"x-antiphon-scope"
MOST_SCOPES = 1_000
MOST_DELAY = 0.02
"""Seconds of work that is due which one request may have to wait for."""
_LOG = logging.getLogger("antiphon.emulator")
_DECODER = msgspec.json.Decoder()


class EmulatorApp:
    """The emulator as an ASGI application, for use without sockets or under any ASGI server.

    app = EmulatorApp(Setting(seed=7))
    httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost/v1")
    """

    def __init__(self, setting: Setting | None = None, *, world: World | None = None) -> None:
        self.world = world or opened(setting or Setting())
        self.control_token = self.world.setting.control_token or token_urlsafe(24)
        """What the control plane asks for."""
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
            await self._http(scope, receive, send)
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
        world = self.world_of(scope["headers"])
        turn = _Turn(world, scope)
        try:
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
        if world.chest is not None:
            reply = _safe(world, reply)
        await Sender(send, turn.fault).send(reply, turn.head())
        if turn.request and turn.fault is None and (not isinstance(reply, Reply) or reply.status < 400):
            world.faults.ledger.answer(turn.request)
        world.commit()  # what a stream left behind

    async def _answer(self, scope: Any, receive: Any, turn: _Turn) -> AnyReply:
        world, headers = turn.world, turn.headers
        world.guard.judge(scope["headers"], scope.get("server"))
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
        if is_form(operation, headers):
            turn.limit(None, 0)
            async with Intake(exchange):
                operation.check_body(exchange.body)
                world.organization.obey(exchange)
                return await HANDLERS[operation.name](exchange)
        size = 0
        if operation.body is not None:
            body = await read_body(headers, receive, world.setting.max_json)
            size = len(body)
            exchange.body = decode_body(headers, body)
        turn.limit(exchange.body, size)
        if operation.body is not None:
            operation.check_body(exchange.body)
        return await HANDLERS[operation.name](exchange)

    def world_of(self, headers: list[tuple[bytes, bytes]]) -> World:
        """The world a request belongs to: the main one, or that of the scope it names, made when it is first named.

        So tests that run side by side against one server do not meet. Scopes live in memory, and the least recently used
        of more than a thousand is forgotten.
        """
        name = next((value for name, value in headers if name == SCOPE), None)
        if name is None:
            return self.world
        world = self._scopes.pop(name, None) or World(replace(self.world.setting, data=None))
        self._scopes[name] = world
        if len(self._scopes) > MOST_SCOPES:
            self._scopes.pop(next(iter(self._scopes))).close()
        return world

    def close(self) -> None:
        """Close every world."""
        for world in (self.world, *self._scopes.values()):
            world.close()
        self._scopes.clear()

    async def _control(self, scope: Any, receive: Any, turn: _Turn, path: str) -> AnyReply:
        from .control import Control

        turn.silent = True
        body = None
        if scope["method"] in ("POST", "PUT"):
            raw = await read_body(turn.headers, receive, turn.world.setting.max_json)
            body = decode_body(turn.headers, raw)
        control = Control(turn.world, self.control_token)
        return await control.answer(scope["method"], path.removeprefix(CONTROL), body, turn.headers)

    def _variant(self, operation: Operation, raw_query: bytes) -> tuple[Operation, bytes]:
        """The operation of the same verb and path that `?beta=true` asks for, and the query without that."""
        found = self._variants.get(f"{operation.verb} {operation.path}", operation)
        if found is operation:
            return operation, raw_query
        return found, b"&".join(part for part in raw_query.split(b"&") if part != b"beta=true")


def opened(setting: Setting) -> World:
    """The world of a setting: in memory, or in the folder it names."""
    if setting.data is None:
        return World(setting)
    from .chest import Chest

    return World(setting, chest=Chest(setting.data))


def _safe(world: World, reply: AnyReply) -> AnyReply:
    """The reply, once what it tells of is safe; an error where it could not be made so."""
    try:
        world.commit()
    except Exception as error:
        _LOG.exception("the emulator's folder cannot be written")
        return _problem_reply(Problem(507, f"The emulator's folder cannot be written: {error}.", type="server_error"))
    return reply


class _Turn:
    """What is known of one request so far; it answers with the headers every reply carries, and is remembered."""

    __slots__ = (
        "caller",
        "exchange",
        "fault",
        "headers",
        "id",
        "operation",
        "request",
        "scope",
        "silent",
        "started",
        "verdict",
        "world",
    )

    def __init__(self, world: World, scope: Any) -> None:
        self.started = perf_counter()
        self.world = world
        self.scope = scope
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.id = world.identity.draw("req_")
        self.caller = NOBODY
        self.operation = ""
        self.request = ""
        """Its key in the ledger, where it has one."""
        self.silent = False
        """Whether it is not to be remembered."""
        self.exchange: Exchange | None = None
        self.fault: Fault | None = None
        self.verdict: Verdict | None = None

    def end(self, reply: AnyReply) -> None:
        """Write the request into the journal."""
        if self.silent:
            return
        scope, exchange, caller = self.scope, self.exchange, self.caller
        status = reply.status if isinstance(reply, Reply) else 200
        took, usage = perf_counter() - self.started, None if exchange is None else exchange.usage
        now = self.world.clock()
        self.world.counts.add(self.operation, status, took)
        if usage is not None:
            self.world.meter.add(caller, usage, now)
        if caller.id:
            self.world.access.note(caller, now)
        self.world.journal.add(
            Line(
                self.id,
                now,
                scope["method"],
                scope["path"],
                self.operation,
                status,
                took,
                caller.key,
                caller.project,
                usage,
            )
        )

    async def meet_fault(self, path: str) -> None:
        """Wait and fail as asked, by the header or by the plan; the rest of the fault is the sender's."""
        world, headers, faults = self.world, self.headers, self.world.faults
        if key := key_of(headers):
            attempt = faults.ledger.attempt(key)
            self.request = key
        else:
            attempt = 0
        if (asked := headers.get(HEADER)) is not None:
            self.fault = fault = faults.ask(asked, self.caller.key, path)
        elif faults.plan is not None:
            facts = {"operation": self.operation, "path": path}
            self.fault = fault = faults.planned(world.clock(), key or self.id, attempt, facts)
        else:
            return
        if fault is None:
            return
        if key:
            faults.ledger.fault(key)
        if fault.latency or fault.jitter:
            from asyncio import sleep

            await sleep(fault.latency + fault.jitter * world.identity.random.random())
        if (problem := fault.problem()) is not None:
            self.limit(None, 0)
            raise problem

    def limit(self, body: Any, size: int) -> None:
        """Charge the request to its key and model; raises 429 when it is too much."""
        model, tokens = "", 0
        if is_object(body):
            model = body.get("model") or ""
            wanted = body.get("max_output_tokens") or body.get("max_completion_tokens") or body.get("max_tokens")
            tokens = max(wanted if type(wanted) is int and wanted <= MOST_TOKENS else 0, size // 4)
        now, world = self.world.clock(), self.world
        if model and self.exchange is not None:
            world.organization.obey(self.exchange)
        images = body.get("n") or 1 if model and self.operation.startswith("images.") else 0
        cost = Cost(tokens, images if type(images) is int else 1)
        self.verdict = verdict = world.organization.admit(self.caller, str(model), now, cost)
        if verdict.wait > 0:
            raise _too_many(verdict)

    def head(self) -> list[tuple[bytes, bytes]]:
        """Request id, version, time taken, organisation, project, rate limits."""
        headers = self.headers
        head = [
            (b"x-request-id", self.id.encode()),
            (b"openai-version", VERSION),
            (b"openai-organization", headers.get(b"openai-organization", b"org-antiphon")),
            (b"openai-project", headers.get(b"openai-project", self.caller.project.encode() or b"proj_antiphon")),
            (b"openai-processing-ms", b"%d" % ((perf_counter() - self.started) * 1000)),
        ]
        if self.verdict is not None:
            head += self.verdict.headers(self.world.clock())
        return head


def _too_many(verdict: Verdict) -> Problem:
    dimension, limit = verdict.dimension, verdict.limit
    if verdict.wait == float("inf"):
        message = f"The request is larger than the limit of {limit} {dimension} per minute."
        return Problem(429, message, type=dimension, code="rate_limit_exceeded")
    wait = max(0.001, verdict.wait)
    message = f"Rate limit reached: {limit} {dimension} per minute. Try again in {wait:.3f} s."
    headers = {"retry-after": f"{int(-(-wait // 1))}", "retry-after-ms": f"{int(-(-wait * 1000 // 1))}"}
    return Problem(429, message, type=dimension, code="rate_limit_exceeded", headers=headers)


def _storage(error: OSError) -> Problem:
    """Files are all that handlers ask of the system."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    message = f"The emulator's folder cannot be used: {error.strerror or error}."
    return Problem(507 if full else 500, message, type="server_error", code="storage_failed")


def _problem_reply(problem: Problem) -> Reply:
    headers = [(name.encode(), value.encode("latin-1")) for name, value in problem.headers.items()]
    return Reply(problem.body(), problem.status, headers=headers)


async def read_body(headers: dict[bytes, bytes], receive: Any, cap: int) -> bytes:
    """The whole body; raises 413 as soon as it is too large."""
    declared = headers.get(b"content-length", b"0")
    if declared.isdigit() and int(declared) > cap:
        raise _too_large(cap)
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Problem(400, "The request was broken off.", code="incomplete_request")
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > cap:
            raise _too_large(cap)
        more = message.get("more_body", False)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _too_large(cap: int) -> Problem:
    return Problem(413, f"The request body is larger than {cap} bytes.", code="request_too_large")


def decode_body(headers: dict[bytes, bytes], body: bytes) -> Any:
    """The JSON value of a body; raises 415 or 400."""
    content_type = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    if not body and not content_type:
        return {}
    if content_type != b"application/json" and not content_type.endswith(b"+json"):
        shown = content_type.decode("latin-1") or "none"
        message = f"Unsupported content type: '{shown}'. Send 'application/json'."
        raise Problem(415, message, code="unsupported_content_type")
    try:
        return _DECODER.decode(body or b"{}")
    except UnicodeDecodeError:
        why = f"it is not UTF-8 (byte {_first_not_utf8(body)})"
    except (ValueError, RecursionError) as error:
        why = str(error)
    raise Problem(400, f"The JSON body cannot be read: {why}.", code="invalid_json")


def _first_not_utf8(body: bytes) -> int:
    try:
        body.decode()
    except UnicodeDecodeError as error:
        return error.start
    return len(body)
