"""A signal's handler may raise wherever Python runs one: an alarm that rings at each such point, one after another."""

from __future__ import annotations

import dis
import sys
from collections.abc import Callable
from functools import cache
from types import CodeType, FrameType
from typing import Any

KNOWN = sys.implementation.name == "cpython" and sys.version_info[:2] == (3, 11)
"""Whether this is the Python whose points are known."""
HANDLERS_RUN_AFTER = {dis.opmap.get(name) for name in ("CALL", "CALL_FUNCTION_EX", "RESUME", "JUMP_BACKWARD")}


@cache
def _ranges(code: CodeType) -> list[Any]:
    """Which instructions are caught, and where."""
    parse: Any = vars(dis)["_parse_exception_table"]
    return list(parse(code))


def _caught_at(code: CodeType, at: int) -> int | None:
    """Where an exception of this instruction is caught in its own frame."""
    return next((each.target for each in _ranges(code) if each.start <= at < each.end), None)


class Alarm(Exception):
    """What a handler raises."""


class Ringing:
    """Raises at the `at`-th point where a handler may run in the code of some rooms; `rang` tells whether there was one,
    and `where`.

    A handler runs as a part of the instruction before. What is raised here is a part of the next one, so a point is left out where
    the two are caught in different places.
    """

    def __init__(self, at: int, problem: BaseException, rooms: tuple[str, ...]) -> None:
        self._left = at
        self._rooms = rooms
        self._problem = problem
        self._before: dict[FrameType, int | None] = {}
        self.rang = False
        self.where = ""

    def __call__(self, frame: FrameType, event: str, _: Any) -> Any:
        if any(room in frame.f_code.co_filename.replace("\\", "/") for room in self._rooms):
            frame.f_trace_opcodes, frame.f_trace_lines = True, False
            self._before[frame] = None
            return self._step
        return None

    def _step(self, frame: FrameType, event: str, _: Any) -> Any:
        if event == "opcode" and not self.rang:
            before, self._before[frame] = self._before.get(frame), frame.f_lasti
            code, here = frame.f_code, frame.f_lasti
            if before is None or (
                code.co_code[before] in HANDLERS_RUN_AFTER and _caught_at(code, before) == _caught_at(code, here)
            ):
                self._left -= 1
                if not self._left:
                    self.rang = True
                    self.where = f"{frame.f_code.co_qualname}, line {frame.f_lineno}"
                    sys.settrace(None)
                    raise self._problem
        return self._step

    def during(self, act: Callable[[], object]) -> None:
        """Act, with the alarm set."""
        sys.settrace(self)
        try:
            act()
        except type(self._problem):
            pass
        finally:
            sys.settrace(None)
            self._before.clear()
            self._problem.with_traceback(None)  # whose frames hold what was open
