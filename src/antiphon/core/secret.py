"""A credential that cannot be printed, pickled or found by looking at attributes.

The value lives in a closure, so `vars()`, `repr()`, a traceback that prints locals and a debugger's attribute view show
only a short id. `reveal()` is the one way out, and easy to search for. A secret is no text: it cannot be added to one, measured,
sliced or encoded, so that none is shown by mistake.

Which secrets are alive is known here, weakly, for whoever has to keep them out of what is written down.
"""

from __future__ import annotations

import os
from _thread import allocate_lock
from _weakref import ref  # nothing else here needs the whole of `weakref`
from collections import deque
from collections.abc import Callable
from typing import NoReturn

_PROCESS_KEY = os.urandom(16)
_FEW = 1024


class Secret:
    """A secret string, e.g. an API key; compare with `==`, read with `reveal()`.

    >>> Secret("sk-1") == Secret("sk-1"), Secret("sk-1").reveal()
    (True, 'sk-1')
    """

    __slots__ = ("__weakref__", "_get")
    _get: Callable[[], str]

    def __init__(self, value: str) -> None:
        self._get = lambda: value
        _living.append(ref(self))
        if len(_living) > _room:
            _forget_the_dead()

    def reveal(self) -> str:
        """The secret itself."""
        return self._get()

    @property
    def id(self) -> str:
        """Six hex digits that tell secrets apart within this process and say nothing about the value."""
        from hashlib import blake2b

        return blake2b(str(self._get()).encode("utf-8", "surrogatepass"), key=_PROCESS_KEY, digest_size=3).hexdigest()

    def __repr__(self) -> str:
        return f"Secret(<redacted> id={self.id})"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        from hmac import compare_digest  # a comparison that takes as long whether the first or the last letter differs

        return compare_digest(
            self._get().encode("utf-8", "surrogatepass"), other._get().encode("utf-8", "surrogatepass")
        )

    def __hash__(self) -> int:
        return hash(self.id)

    def __bool__(self) -> bool:
        return True

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a Secret does not pickle; send the name of its source instead, or reveal() it on purpose")


_living: deque[ref[Secret]] = deque()
_room = _FEW
_tidying = allocate_lock()


def _forget_the_dead() -> None:
    """Keep those that are alive. A living one is added anew before it is taken away, so that no reader misses it."""
    global _room
    if _tidying.locked():  # by another thread, or by this one, which made a secret meanwhile
        return
    with _tidying:  # and not `acquire`, after which a signal handler may raise
        for _ in range(len(_living)):
            if _living[0]() is not None:
                _living.append(_living[0])
            _living.popleft()
        _room = max(_FEW, 2 * len(_living))


def living() -> list[Secret]:
    """Every secret of this process that something still holds."""
    return [secret for each in list(_living) if (secret := each()) is not None]
