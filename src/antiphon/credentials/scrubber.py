"""Logs without secrets: a filter that takes every living secret out of what is logged, by its value.

How secrets are found is `core.scrub`'s knowledge, which errors use too.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterable

from ..core.scrub import scrub as scrub

_TALKERS = ("antiphon", "openai", "httpx", "httpx2", "httpcore", "httpcore2", "urllib3", "websockets", "asyncio")


class ScrubFilter(logging.Filter):
    """Takes secrets out of a record: its message, its arguments, its traceback.

    >>> logging.getLogger("mine").addFilter(ScrubFilter())

    On a logger it sees what is logged there; on a handler, all that the handler writes.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Clean a record; none is held back."""
        try:
            said = record.getMessage()
        except Exception:
            return True  # whoever writes it will say what is wrong with it
        clean = scrub(said)
        if clean is not said:
            record.msg, record.args = clean, None
        if record.exc_info and record.exc_info[1] is not None:
            told = record.exc_text or "".join(traceback.format_exception(*record.exc_info)).rstrip("\n")
            clean = scrub(told)
            if clean is not told:
                record.exc_text = clean
        if record.stack_info:
            record.stack_info = scrub(record.stack_info)
        return True

    def __repr__(self) -> str:
        return "ScrubFilter()"


def scrub_logs(loggers: Iterable[str] = _TALKERS) -> ScrubFilter:
    """Have secrets taken out of what is logged in this process, whoever logs it: on every handler of the root and of some
    loggers, and on these loggers and those below them.

    Call it when logging is set up; loggers and handlers that are made later are not known here.

    Args:
        loggers: names; the libraries that may carry a request when left out.
    """
    one = ScrubFilter()
    names = tuple(loggers)
    known = [name for name in logging.root.manager.loggerDict if name.startswith(tuple(f"{each}." for each in names))]
    for logger in (logging.getLogger(), *map(logging.getLogger, (*names, *known))):
        for place in (logger, *logger.handlers):
            if not any(isinstance(each, ScrubFilter) for each in place.filters):
                place.addFilter(one)
    return one
