"""A stand-in for the `sounddevice` library: a thread that asks for blocks and gives blocks as a sound card's would."""

from __future__ import annotations

import threading
from types import ModuleType
from typing import Any, Self

import numpy


class CallbackStop(Exception):  # its name there
    """What a callback raises to end its stream."""


class SoundCard(ModuleType):
    """The module: `played` is what came out of it, `heard` what its microphone hears."""

    CallbackStop = CallbackStop

    def __init__(self, heard: Any = None, block: int = 100) -> None:
        super().__init__("sounddevice")
        self.heard = heard
        self.block = block
        self.blocks: list[Any] = []
        self.opened: list[dict[str, Any]] = []
        self.open = 0

    @property
    def played(self) -> Any:
        """Everything that was played."""
        return numpy.concatenate(self.blocks) if self.blocks else numpy.zeros((0, 1))

    def OutputStream(self, **options: Any) -> _Stream:
        """A loudspeaker."""
        return _Stream(self, options, self._ask)

    def InputStream(self, **options: Any) -> _Stream:
        """A microphone."""
        return _Stream(self, options, self._tell)

    def _ask(self, options: dict[str, Any], number: int) -> None:
        block = numpy.full((self.block, options["channels"]), 9, dtype=options["dtype"])
        try:
            options["callback"](block, self.block, None, None)
        finally:
            if not (block == 9).all():
                self.blocks.append(block)

    def _tell(self, options: dict[str, Any], number: int) -> None:
        block = self.heard[number * self.block : (number + 1) * self.block]
        shared = block.copy()
        options["callback"](shared, len(block), None, None)
        shared[:] = 0  # the card uses its memory again


class _Stream:
    def __init__(self, card: SoundCard, options: dict[str, Any], step: Any) -> None:
        self._card, self._options, self._step = card, options, step
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.failure: BaseException | None = None

    def _run(self) -> None:
        number = 0
        while not self._stop.wait(0.0005):
            try:
                self._step(self._options, number)
            except CallbackStop:
                return
            except BaseException as failure:
                self.failure = failure
                return
            number += 1

    def __enter__(self) -> Self:
        self._card.opened.append(self._options)
        self._card.open += 1
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._card.open -= 1
        if self.failure is not None:
            raise self.failure
