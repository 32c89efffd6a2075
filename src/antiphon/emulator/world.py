"""Everything one emulator remembers: its shelves, ids, clock, agenda, journal, limits and brain. It knows no routes."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from contextvars import ContextVar, copy_context
from functools import cached_property, partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec

from .access import Access
from .agenda import Agenda, Entry
from .description import Description, description
from .fault import Faults
from .guard import Guard
from .identity import Identity
from .journal import Journal
from .limiter import Limiter
from .metric import Counts
from .organization import Organization
from .problem import Problem
from .repeat import Repeats
from .setting import Setting
from .store import Shelf
from .timing import Timing
from .usage import Meter

if TYPE_CHECKING:
    import asyncio

    from .brain import Brain
    from .brain.script import Fixture
    from .chest import Chest
    from .tape import Question

T = TypeVar("T")
Job = Callable[..., Awaitable[None]]
"""What the agenda calls by name: `async def job(world, **arguments)`."""
AGENDA: Final = "agenda"
BREATH: Final = 64
_LOG = logging.getLogger("antiphon.emulator")
_MOMENT: ContextVar[float | None] = ContextVar("moment", default=None)
"""While a job runs, the time it was due: a clock that was moved over it must not make it late."""


class World:
    """The state behind one application.

    Args:
        setting: its knobs.
        brain: what answers, instead of the one the setting names.
        clock: gives seconds since 1970.
        chest: where objects outlive the process; without one they live in memory.
    """

    def __init__(
        self,
        setting: Setting,
        brain: Brain | None = None,
        clock: Callable[[], float] = time.time,
        chest: Chest | None = None,
    ) -> None:
        self.setting = setting
        self.guard = Guard(setting.allow_remote)
        self.obeys_faults = not setting.allow_remote if setting.faults is None else setting.faults
        self.description: Description = description(strict=setting.strict)
        self.timing = _timing(setting)
        self._given = brain
        self.chest = chest
        self.scope = ""
        """What requests call this world; the main one has no name."""
        self._clock = clock
        self._folder: Path | None = None if chest is None else chest.path.parent / "files"
        self._removal: Callable[[], object] | None = None
        self.arrivals = count(1)
        """Numbers of the files that come in, so that each has a name from the start."""
        self.listeners: dict[str, set[asyncio.Queue[bytes | None]]] = {}
        """Streams that are open now, by what they follow; nothing that lasts."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._alarm: tuple[asyncio.AbstractEventLoop, float, asyncio.TimerHandle] | None = None
        self._ending: asyncio.AbstractEventLoop | None = None
        self._sweep("incoming-*")  # uploads that a crash broke off
        self._begin(setting.seed)

    def _begin(self, seed: int) -> None:
        """What a reset brings back."""
        setting, chest = self.setting, self.chest
        # Reopened, the same seed must not draw the same ids again.
        life = 0 if chest is None else chest.count("opened") - 1
        self.seed = seed
        self.identity = Identity(seed + life * 1_000_003)
        self.skew = 0.0
        """Seconds by which this world's clock was moved."""
        self.access = Access(self)
        self.organization = Organization(self)
        self.meter = Meter(self)
        self.limiter = Limiter(setting.requests_per_minute, setting.tokens_per_minute)
        self.faults = Faults()
        self.repeats = Repeats(self.clock)
        if setting.scenario is not None:
            _from(setting.scenario, partial(self.faults.begin, seed=seed, now=self.clock()))
        self.fixtures = [] if setting.script is None else _script(setting.script)
        self.__dict__.pop("brain", None)
        self.counts = Counts()
        self.played: dict[Question, int] = {}
        """How often each recorded question was asked."""
        self.models = dict.fromkeys((*self.description.models, *setting.models))
        kept = None if chest is None else chest.journal()
        self.journal = Journal(setting.journal, None if chest is None else chest.enter, kept)
        self._shelves: dict[str, Shelf[Any]] = {}
        self._owned: dict[str, set[str]] = {}
        """The names of the shelves that lie under an owner."""
        for name in () if chest is None else chest.shelves():
            self._own(name)
        self.agenda = Agenda(self.shelf(AGENDA), self.identity)

    def reset(self, seed: int | None = None) -> None:
        """Forget everything, as if it had just begun; another seed may be given."""
        self._break_off()
        if self.chest is not None:
            self.chest.erase()
        self._sweep("*")
        self._begin(self.seed if seed is None else seed)

    def _sweep(self, pattern: str) -> None:
        for path in self._folder.glob(pattern) if self._folder is not None else ():
            path.unlink(missing_ok=True)

    def reseed(self, seed: int) -> None:
        """Draw ids and answers from another seed from now on."""
        self.seed = seed
        self.identity.begin(seed)
        self.__dict__.pop("brain", None)

    def shelves(self) -> list[str]:
        """The names of all shelves that hold something."""
        kept = self.chest.shelves() if self.chest is not None else ()
        return sorted({*(name for name, shelf in self._shelves.items() if len(shelf)), *kept})

    @cached_property
    def brain(self) -> Brain:
        """What answers: the fixtures, then the one that was given, or the simple one."""
        from .brain.simple import SimpleBrain
        from .brain.tuned import TunedBrain
        from .families.model import recalled

        other = self._given or TunedBrain(SimpleBrain(self.seed), partial(recalled, self))
        if not self.fixtures:
            return other
        from .brain.script import ScriptBrain

        return ScriptBrain(self.fixtures, other)

    def say(self, fixtures: list[Fixture]) -> None:
        """Answer by these fixtures from now on."""
        self.fixtures = fixtures
        self.__dict__.pop("brain", None)

    def shelf(self, family: str) -> Shelf[Any]:
        """The objects of one family, or of one owner's: `threads.messages/thread_1`."""
        found: Shelf[Any] | None = self._shelves.get(family)
        if found is None:
            chest, keep = self.chest, None if family == AGENDA else self.setting.keep
            if chest is None:
                found = Shelf(keep, left=self._left)
            else:
                found = Shelf(keep, _noted(chest, family), chest.load(family), left=self._left)
            self._shelves[family] = found
            self._own(family)
        return found

    def drop(self, family: str) -> None:
        """Forget a whole shelf."""
        self.shelf(family).clear()
        self._shelves.pop(family, None)
        for owner in family.split("/")[1:]:
            self._owned.get(owner, set()).discard(family)

    def drop_owned(self, id: str) -> None:
        """Forget every shelf of what belonged to an object that is gone."""
        for family in self._owned.pop(id, ()):
            self.drop(family)

    def _own(self, family: str) -> None:
        for owner in family.split("/")[1:]:
            self._owned.setdefault(owner, set()).add(family)

    def _left(self, id: str) -> None:
        """An object left because there were too many: what belonged to it and its bytes go too."""
        self.drop_owned(id)
        if self._folder is not None and "/" not in id:
            with suppress(OSError):
                (self._folder / id).unlink(missing_ok=True)

    def clock(self) -> float:
        """Seconds since 1970, as this world has it; inside a job, the time the job was due."""
        moment = _MOMENT.get()
        return self._clock() + self.skew if moment is None else moment

    def now(self) -> int:
        """The time as the API writes it: whole seconds."""
        return int(self.clock())

    def secret(self, digits: int) -> str:
        """Hexadecimal digits that open something; where strangers may come, what the seed tells must not."""
        return secrets.token_hex(digits // 2) if self.setting.allow_remote else self.identity.draw("", digits)

    # What happens later, and beside.

    def later(self, seconds: float, job: str, **arguments: Any) -> str:
        """Have a job done: `family.name`, called with plain arguments. Gives an id to cancel it by (`agenda.cancel`)."""
        made = self.agenda.add(self.clock() + seconds, job, arguments)
        self.set_alarm()
        return made

    def is_behind(self) -> bool:
        """Whether something is due."""
        return self.agenda.due <= self._clock() + self.skew

    async def catch_up(self, seconds: float = float("inf")) -> None:
        """Do what is due, soonest first, for at most so many seconds; what is left is done soon by itself."""
        from asyncio import sleep

        until, done = time.perf_counter() + seconds, 0
        while (entry := self.agenda.take(self._clock() + self.skew)) is not None:
            await self._do(entry)
            done += 1
            if done % BREATH == 0:
                await sleep(0)  # a clock may be moved by a year of jobs, and others have requests too
            if time.perf_counter() > until:
                break
        self.set_alarm()

    async def _do(self, entry: Entry) -> None:
        """One job, at the time it was due; one that is broken off stays to be done."""
        from .families import job

        agenda, token = self.agenda, _MOMENT.set(entry.due)
        try:
            await job(entry.job)(self, **entry.arguments)
        except Exception:
            _LOG.exception("the emulator failed at %s", entry.job)
        except BaseException:
            agenda.put_back(entry)
            raise
        finally:
            _MOMENT.reset(token)
        agenda.done(entry)
        self.commit()

    def set_alarm(self) -> None:
        """See to it that what is due next is done when it is, where an event loop runs; elsewhere the next request does it."""
        import asyncio

        due = self.agenda.due
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        if loop is self._ending:
            return
        # In the loop's own time: this world's clock may have been moved since the alarm was set.
        when = loop.time() + max(0.0, due - self._clock() - self.skew)
        if self._alarm is not None:
            known, set_for, handle = self._alarm
            if known is loop and set_for <= when and not handle.cancelled():
                return
            if known is loop:
                handle.cancel()
        if due == float("inf"):
            self._alarm = None
            return
        self._alarm = loop, when, loop.call_at(when, self._ring)

    def _ring(self) -> None:
        self._alarm = None
        self.spawn(self.catch_up(0.02))

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Have something done beside the requests, such as a delivery; it ends with the event loop, a reset or the world."""
        import asyncio

        loop, context = asyncio.get_running_loop(), copy_context()
        if loop is self._ending:
            work.close()
            return
        context.run(_MOMENT.set, None)  # the clock goes on for what a job began
        task = loop.create_task(work, context=context)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # What lasts.

    def commit(self) -> Exception | None:
        """Make what changed safe; to be called before an answer tells of it. Gives what prevented it, after logging that."""
        try:
            if self.chest is not None:
                self.chest.commit()
        except Exception as error:
            _LOG.exception("the emulator's folder cannot be written")
            return error
        return None

    def folder(self) -> Path:
        """Where file bytes live; made on first use."""
        if self._folder is None:
            import tempfile
            import weakref
            from shutil import rmtree

            self._folder = Path(tempfile.mkdtemp(prefix="antiphon-"))
            self._removal = weakref.finalize(self, rmtree, self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True, exist_ok=True)
        return self._folder

    def try_folder(self) -> None:
        """Raise the OSError that the first upload would meet."""
        import tempfile

        with tempfile.TemporaryFile(dir=self.folder()):
            pass

    async def rest(self) -> None:
        """Begin nothing more in this event loop, for it is about to end, and see off what has begun."""
        import asyncio

        self._ending = loop = asyncio.get_running_loop()
        self._break_off()
        if here := {task for task in self._tasks if task.get_loop() is loop}:
            await asyncio.wait(here)

    def close(self) -> None:
        """Do no more, and forget the temporary folder; a folder the user named stays."""
        self._break_off()
        if self.chest is not None:
            self.chest.close()
        if self._removal is not None:
            self._removal()
            self._folder = self._removal = None

    def _break_off(self) -> None:
        """End what is done beside the requests; jobs are done again when the world is opened again."""
        if self._alarm is not None:
            self._alarm[2].cancel()
            self._alarm = None
        for task in tuple(self._tasks):
            with suppress(RuntimeError):  # its event loop is gone
                task.cancel()


def _timing(setting: Setting) -> Timing | None:
    """The model of time; None where answers come at once."""
    if not (setting.first_token or setting.tokens_per_second):
        return None
    return Timing(setting.first_token, setting.tokens_per_second, setting.jitter)


def _script(path: Path) -> list[Fixture]:
    from .brain.script import read

    return _from(path, read)


def _from(path: Path, read: Callable[[Any], T]) -> T:
    """What the JSON of a file that the user named means; a ValueError says which file."""
    try:
        return read(msgspec.json.decode(path.read_bytes()))
    except msgspec.DecodeError as error:
        raise ValueError(f"{path} is no JSON: {error}") from None
    except Problem as problem:
        raise ValueError(f"{path}: {problem.message}") from None


def _noted(chest: Chest, family: str) -> Callable[[str, int, object], None]:
    def note(id: str, number: int, value: object) -> None:
        chest.note(family, id, number, value)

    return note
