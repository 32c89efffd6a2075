"""A workload's token outside of any client: for programs that send it themselves."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from ..core.call import Call
from ..core.headers import Headers
from ..core.reply import Reply
from ..core.request import Request
from ..core.timeout import Timeout
from ..core.url import URL
from ..drivers.blocking import BlockingDriver
from ..errors import OpenAIError
from ..transports.sockets import SocketTransport
from .exchange import SUBJECT_URL
from .token_cache import Token
from .workload import is_certificate, keeper_for


class WorkloadIdentityAuth:
    """Exchanges an identity for a token, keeps it, and fetches it anew before its end; one fetch for all who ask at once.

    >>> auth = WorkloadIdentityAuth(workload_identity=identity)  # doctest: +SKIP
    >>> auth.get_token()  # doctest: +SKIP

    Args:
        workload_identity: an identity with a `provider`; one of a certificate needs a client, which shows it.
        token_exchange_url: the token service.

    Raises:
        OpenAIError: the identity cannot be one.
    """

    def __init__(self, *, workload_identity: Mapping[str, Any], token_exchange_url: str = SUBJECT_URL) -> None:
        if is_certificate(workload_identity):
            raise OpenAIError(
                "a certificate is shown by a client's connections; pass this identity to OpenAI(workload_identity=…)"
            )
        self.workload_identity = workload_identity
        self.token_exchange_url = token_exchange_url
        self._keeper = keeper_for(workload_identity, retries=2, url=token_exchange_url)
        self._last: Token | None = None

    def get_token(self) -> str:
        """The token.

        Raises:
            OAuthError: the token service refused the identity.
            OpenAIError: it gave nothing that can be used, or cannot be reached.
        """
        place = URL(self.token_exchange_url)
        request = Request("POST", place.origin, place.target, Headers(), None, Timeout(10.0))
        transport = SocketTransport()
        try:
            self._last = BlockingDriver(transport.send, _perform).run(self._keeper.token(request))
        finally:
            transport.close()
        return self._last.value.reveal()

    async def get_token_async(self) -> str:
        """As `get_token`, in a thread."""
        return await asyncio.to_thread(self.get_token)

    def invalidate_token(self, token: str | None = None) -> None:
        """Forget the token, if it is this one (or whatever it is), because it was refused."""
        last = self._last
        if last is not None and token in (None, last.value.reveal()):
            self._keeper.invalidate(last)


def _perform(call: Call[Any]) -> tuple[Any, Reply]:
    raise TypeError(f"a token is exchanged without API calls; got {call!r}")
