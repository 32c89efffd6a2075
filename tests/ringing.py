"""A signal's handler may raise wherever Python runs one: an alarm that rings at each such point, one after another."""

from __future__ import annotations

import dis
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

KNOWN = sys.implementation.name == "cpython" and sys.version_info[:2] == (3, 11)
"""Whether this is the Python whose points are known."""
HANDLERS_RUN_AFTER = {dis.opmap.get(name) for name in ("CALL", "CALL_FUNCTION_EX", "RESUME", "JUMP_BACKWARD")}


class Alarm(Exception):
    """What a handler raises."""


class Ringing:
    """Raises at the `at`-th point where a handler may run in the code of some rooms; `rang` tells whether there was one,
    and `where`."""

    def __init__(self, at: int, problem: BaseException, rooms: tuple[str, ...]) -> None:
        self._left = at
        self._rooms = rooms
        self._problem = problem
        self._before: dict[FrameType, int] = {}
        self.rang = False
        self.where = ""

    def __call__(self, frame: FrameType, event: str, _: Any) -> Any:
        if any(room in frame.f_code.co_filename.replace("\\", "/") for room in self._rooms):
            frame.f_trace_opcodes, frame.f_trace_lines = True, False
            self._before[frame] = dis.opmap["RESUME"]
            return self._step
        return None

    def _step(self, frame: FrameType, event: str, _: Any) -> Any:
        if event == "opcode" and not self.rang:
            before, self._before[frame] = self._before.get(frame), frame.f_code.co_code[frame.f_lasti]
            if before in HANDLERS_RUN_AFTER:
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
