"""How long a model takes to speak: time to the first token, tokens a second, and how unevenly."""

from __future__ import annotations

from asyncio import sleep
from collections.abc import AsyncIterator
from dataclasses import dataclass
from random import Random
from typing import Any

from .exchange import AnyReply, EventReply
from .fault.stream import each


@dataclass(frozen=True, slots=True)
class Timing:
    """The model of time; `jitter` is the share by which each wait may be longer or shorter."""

    first_token: float = 0.0
    tokens_per_second: float = 0.0
    jitter: float = 0.0

    async def paced(self, reply: AnyReply, usage: dict[str, Any] | None, random: Random) -> AnyReply:
        """The reply at its pace: a stream's events one by one, a whole answer after all of its tokens."""
        if isinstance(reply, EventReply):
            return EventReply(self._told(reply, random))
        if usage is not None and (tokens := usage.get("output_tokens")) is not None:
            spoken = tokens / self.tokens_per_second if self.tokens_per_second else 0.0
            await sleep(self._uneven(self.first_token, random) + spoken)
        return reply

    async def _told(self, reply: EventReply, random: Random) -> AsyncIterator[bytes]:
        await sleep(self._uneven(self.first_token, random))
        pause = 1 / self.tokens_per_second if self.tokens_per_second else 0.0
        async for event in each(reply.events):
            yield event
            if pause:
                await sleep(self._uneven(pause, random))

    def _uneven(self, seconds: float, random: Random) -> float:
        return seconds * (1 + self.jitter * (2 * random.random() - 1)) if self.jitter else seconds
