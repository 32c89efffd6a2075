"""The control plane, under `/__antiphon/`: what tests and tools ask of an emulator besides the API.

Every path but those in `OPEN` wants the token, as `Authorization: Bearer TOKEN` or `X-Antiphon-Token: TOKEN`. What is asked is
about the world of the request's scope. The last part of a path may be a name: `state/vector_stores`.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

import msgspec

from . import outside
from .brain.script import read as read_fixtures
from .exchange import AnyReply, FileReply, Reply, json_reply
from .metric import metrics
from .problem import Problem, invalid, unknown_url, wrong_verb
from .shape import is_object

if TYPE_CHECKING:
    from .encryption import Encryption
    from .world import World

TOKEN: Final = b"x-antiphon-token"
OPEN: Final = frozenset({"health", "pictures"})
MOST_SKEW: Final = 100 * 365 * 86_400.0
Body = dict[str, Any]


class Control:
    """Answers one request about one world."""

    def __init__(self, world: World, token: str, encryption: Encryption | None = None) -> None:
        self._world = world
        self._token = token.encode()
        self._encryption = encryption

    async def answer(self, verb: str, path: str, body: Any, headers: dict[bytes, bytes]) -> AnyReply:
        """The reply; raises 401, 404, 405 or 400."""
        name, _, rest = path.strip("/").partition("/")
        verbs = _ROUTES.get(name)
        if verbs is None:
            raise unknown_url(verb, f"/__antiphon/{path}")
        if verb not in verbs:
            raise wrong_verb(verb, f"/__antiphon/{path}", tuple(sorted(verbs)))
        if name not in OPEN:
            self._admit(headers)
        if body is not None and not is_object(body):
            raise Problem(400, "Send a JSON object.", code="invalid_type")
        return await verbs[verb](self, rest, body or {})

    def _admit(self, headers: dict[bytes, bytes]) -> None:
        shown = headers.get(TOKEN) or headers.get(b"authorization", b"").removeprefix(b"Bearer ")
        if not hmac.compare_digest(shown, self._token):
            raise Problem(401, "The control plane wants its token: X-Antiphon-Token.", code="invalid_control_token")

    async def health(self, _: str, __: Body) -> Reply:
        """That it is there."""
        return json_reply({"status": "ok"})

    async def picture(self, rest: str, _: Body) -> FileReply:
        """A picture whose link was given out in the last hour; the link alone opens it."""
        from .families.image_link import linked

        return linked(self._world, rest)

    async def journal(self, _: str, __: Body) -> Reply:
        """The newest requests, oldest first, and how many there were in all."""
        journal = self._world.journal
        return json_reply({"count": journal.count, "data": [msgspec.to_builtins(line) for line in journal]})

    async def forget(self, _: str, __: Body) -> Reply:
        """Empty the journal."""
        self._world.journal.clear()
        if self._world.chest is not None:
            self._world.chest.erase_journal()
        return json_reply({"count": self._world.journal.count, "data": []})

    async def state(self, rest: str, _: Body) -> Reply:
        """How much each shelf holds; with a shelf's name, what."""
        world = self._world
        rest = unquote(rest)
        if not rest:
            return json_reply({"shelves": {name: len(world.shelf(name)) for name in world.shelves()}})
        if rest not in world.shelves():
            raise Problem(404, f"Nothing is kept under '{rest}'.", code="not_found")
        return json_reply({"data": list(world.shelf(rest))})

    async def reset(self, _: str, body: Body) -> Reply:
        """Forget everything; `seed` begins with another one."""
        seed = body.get("seed")
        if seed is not None and type(seed) is not int:
            raise invalid("seed", "'seed' is an integer.", "invalid_type")
        self._world.reset(seed)
        return json_reply({"seed": self._world.seed})

    async def seed(self, _: str, body: Body) -> Reply:
        """Draw ids and answers from another seed from now on; nothing is forgotten."""
        seed = body.get("seed")
        if type(seed) is not int:
            raise invalid("seed", "'seed' is an integer.", "invalid_type")
        self._world.reseed(seed)
        return json_reply({"seed": seed})

    async def faults(self, _: str, __: Body) -> Reply:
        """The plan of faults as it was given, and the phase it is in."""
        found = self._world.faults
        phase = None if found.plan is None else found.plan.phase(self._world.clock())
        return json_reply({"plan": found.spec, "phase": phase})

    async def plan(self, _: str, body: Body) -> Reply:
        """Follow a plan of faults from now on (`fault.plan` tells how it is spelled)."""
        world = self._world
        world.faults.begin(body, seed=world.seed, now=world.clock())
        return await self.faults("", {})

    async def plan_too(self, _: str, body: Body) -> Reply:
        """Follow the rules of this plan first, then the one that was there."""
        world = self._world
        world.faults.add(body, seed=world.seed, now=world.clock())
        return await self.faults("", {})

    async def mend(self, _: str, __: Body) -> Reply:
        """No more faults but those that a header asks for."""
        self._world.faults.begin(None, seed=0, now=0.0)
        return await self.faults("", {})

    async def tls(self, _: str, __: Body) -> Reply:
        """How handshakes fail."""
        return json_reply(self._door().trouble)

    async def tls_trouble(self, _: str, body: Body) -> Reply:
        """Let handshakes fail by `trouble` from now on, `times` of them or all; null ends it."""
        from .encryption import TROUBLES

        trouble, times = body.get("trouble") or "", body.get("times")
        if trouble not in ("", *TROUBLES):
            raise invalid("trouble", f"'trouble' is null or one of {', '.join(TROUBLES)}.", "invalid_fault")
        if times is not None and not (type(times) is int and times > 0):
            raise invalid("times", "'times' is a positive count.", "invalid_fault")
        self._door().break_with(trouble, times)
        return json_reply(self._door().trouble)

    def _door(self) -> Encryption:
        if self._encryption is None:
            raise Problem(409, "This emulator does not speak TLS: it was set up without `tls`.", code="no_tls")
        return self._encryption

    async def ledger(self, rest: str, _: Body) -> Reply:
        """How often requests with a key were received and answered, in all; `ledger/all`: each."""
        ledger = self._world.faults.ledger
        return json_reply({"total": ledger.total()} | ({"requests": ledger.shown()} if rest == "all" else {}))

    async def fixtures(self, _: str, __: Body) -> Reply:
        """What is said to which prompts, and how many fitted each."""
        listed = [
            {"match": f.match, "answer": f.answer, "times": f.times, "fitted": f.fitted} for f in self._world.fixtures
        ]
        return json_reply({"fixtures": listed})

    async def say(self, _: str, body: Body) -> Reply:
        """Answer by these fixtures, and no longer by others."""
        self._world.say(read_fixtures(body))
        return await self.fixtures("", {})

    async def say_too(self, _: str, body: Body) -> Reply:
        """Answer by these fixtures first, then by those that were there."""
        self._world.say([*read_fixtures(body), *self._world.fixtures])
        return await self.fixtures("", {})

    async def fall_silent(self, _: str, __: Body) -> Reply:
        """No more fixtures."""
        self._world.say([])
        return await self.fixtures("", {})

    async def clock(self, _: str, __: Body) -> Reply:
        """What time it is here."""
        return json_reply(self._time())

    async def move(self, _: str, body: Body) -> Reply:
        """Move the clock forwards, by `advance` seconds or to the time `set`, and do all that became due."""
        world = self._world
        given = [name for name in ("advance", "set") if type(body.get(name)) in (int, float)]
        if len(given) != 1 or len(body) != 1:
            raise invalid("advance", "Give 'advance' (seconds) or 'set' (seconds since 1970).", "invalid_type")
        seconds = body[given[0]] if given[0] == "advance" else body["set"] - world.clock()
        if not (seconds >= 0 and world.skew + seconds <= MOST_SKEW):
            raise invalid(given[0], "The clock only goes forwards, by a hundred years at most in all.")
        world.skew += seconds
        await world.catch_up()
        return json_reply(self._time())

    async def call(self, _: str, body: Body) -> Reply:
        """Make a telephone call come in."""
        return json_reply(outside.call(self._world, body))

    async def widget(self, _: str, body: Body) -> Reply:
        """Write something in ChatKit's widget."""
        return json_reply(outside.widget(self._world, body))

    async def metrics(self, _: str, __: Body) -> Reply:
        """Counters in the text format of Prometheus."""
        return Reply(metrics(self._world).encode(), content_type=b"text/plain; version=0.0.4; charset=utf-8")

    def _time(self) -> dict[str, Any]:
        world = self._world
        waiting = [{"due": entry["due"], "job": entry["job"]} for entry in world.shelf("agenda")]
        return {"now": world.clock(), "moved": world.skew, "waiting": waiting}


Answer = Callable[[Control, str, Body], Awaitable[AnyReply]]
_ROUTES: Final[dict[str, dict[str, Answer]]] = {
    "health": {"GET": Control.health},
    "pictures": {"GET": Control.picture},
    "journal": {"GET": Control.journal, "DELETE": Control.forget},
    "state": {"GET": Control.state},
    "reset": {"POST": Control.reset},
    "seed": {"POST": Control.seed},
    "faults": {"GET": Control.faults, "PUT": Control.plan, "POST": Control.plan_too, "DELETE": Control.mend},
    "fixtures": {
        "GET": Control.fixtures,
        "PUT": Control.say,
        "POST": Control.say_too,
        "DELETE": Control.fall_silent,
    },
    "tls": {"GET": Control.tls, "PUT": Control.tls_trouble, "POST": Control.tls_trouble},
    "ledger": {"GET": Control.ledger},
    "clock": {"GET": Control.clock, "POST": Control.move},
    "call": {"POST": Control.call},
    "widget": {"POST": Control.widget},
    "metrics": {"GET": Control.metrics},
}
