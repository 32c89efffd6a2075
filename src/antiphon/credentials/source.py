"""A source: where a key comes from, and what is done when the server refuses it.

Knows the two flows by which policies ask. Refuses to know any place where keys are kept.
"""

from __future__ import annotations

from collections.abc import Coroutine, Iterable, Sequence
from typing import Any, ClassVar, TypeVar

from ..core.reply import Reply
from ..core.secret import Secret
from ..core.url import URL, Origin
from ..errors import OpenAIError
from .binding import Binding

T = TypeVar("T")

REFUSED = frozenset({401})
"""The status of a reply to a key that is none, or none any more."""


class CredentialNotFound(OpenAIError):
    """A source holds no key: the variable is not set, the file is not there. A chain asks the next one."""


class Source:
    """Where a key comes from; called, it gives the key as a `Secret`.

    Args:
        origins: URLs the key may be sent to, of which scheme, host and port count; `None` for any over TLS, and this machine.

    A source of one's own has `key`, and `another` where a refusal changes anything.
    """

    is_credential_source: ClassVar[bool] = True
    """By which policies tell it from any other function."""
    statuses: frozenset[int] = REFUSED
    """After which replies another key is asked for."""

    def __init__(self, origins: Iterable[str | URL] | None = None) -> None:
        self._binding = Binding(origins)

    async def key(self, origin: Origin | None) -> Secret:
        """The key for a request, as a flow.

        Args:
            origin: where the request goes; `None` where somebody asks who sends nothing.

        Raises:
            CredentialScopeError: the key may not go there.
            CredentialNotFound: there is none.
            OpenAIError: there is one, and it cannot be read.
        """
        raise CredentialNotFound(f"{self!r} holds no key")

    async def another(self, refused: Sequence[Secret], origin: Origin, reply: Reply) -> Secret | None:
        """A key instead of those the server refused to take for one request, as a flow; `None` where there is no other.

        Args:
            refused: the keys this request was sent with, in order.
            origin: where it goes.
            reply: what the server said to the last one.
        """
        return None

    def settle(self, key: Secret) -> None:
        """An attempt with this key is over."""

    def check(self, origin: Origin | None) -> None:
        """Refuse an origin the key does not belong to.

        Raises:
            CredentialScopeError: the key may not go there.
        """
        if origin is not None:
            self._binding.check(origin, repr(self))

    def __call__(self) -> Secret:
        """The key, for programs and libraries that ask for it themselves; waits in this thread where it must."""
        return run(self.key(None))

    def __getstate__(self) -> dict[str, Any]:
        """What travels to another process: how to find the key, never the key."""
        return {name: value for name, value in vars(self).items() if name not in self._fresh()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        vars(self).update(self._fresh())

    def _fresh(self) -> dict[str, Any]:
        """The attributes that are this process's own, as they are at the beginning."""
        return {}


def run(flow: Coroutine[Any, Any, T]) -> T:
    """What a source's flow gives, in this thread."""
    from ..drivers.blocking import BlockingDriver

    return BlockingDriver(_nothing_is_sent, _nothing_is_sent).run(flow)


def _nothing_is_sent(request: object) -> Any:
    raise TypeError(f"a key is found without requests of its own; got {request!r}")


def listed(keys: Iterable[Any]) -> list[Any] | None:
    """What may stand for sources, keys among them hidden, so that no frame shows one; `None` where it is one text and no list."""
    if isinstance(keys, (str, bytes, Secret)):
        return None
    return [Secret(each) if isinstance(each, str) else each for each in keys]


ONE_TEXT = "keys come in a list, e.g. [new, old]; got one text"


def sourced(given: object) -> Source:
    """A source for what may stand for one: a source, a key, or a function for a key.

    Raises:
        TypeError: it is neither.
    """
    from .function import FunctionKey
    from .static import StaticKey

    if isinstance(given, Source):
        return given
    if isinstance(given, (str, Secret)) or hasattr(given, "get_secret_value"):
        return StaticKey(given)
    if callable(given):
        return FunctionKey(given)
    raise TypeError(
        f"a key, a function for one, or a source such as EnvKey('OPENAI_API_KEY') was expected; got {type(given).__name__}"
    )
