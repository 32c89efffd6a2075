"""What `openai._types` has, for programs that import it; it lives elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .core.alias import lend

if TYPE_CHECKING:
    from types import NoneType as NoneType

    from .core.argument import Body as Body
    from .core.argument import FileContent as FileContent
    from .core.argument import FileTypes as FileTypes
    from .core.argument import Headers as Headers
    from .core.argument import HeadersLike as HeadersLike
    from .core.argument import Query as Query
    from .core.construction import ResponseT as ResponseT
    from .core.omit import NOT_GIVEN as NOT_GIVEN
    from .core.omit import NotGiven as NotGiven
    from .core.omit import Omit as Omit
    from .core.omit import not_given as not_given
    from .core.omit import omit as omit
    from .core.raw import RequestOptions as RequestOptions
    from .core.timeout import Timeout as Timeout
    from .transports.base import AsyncTransport as AsyncTransport
    from .transports.base import ProxiesTypes as ProxiesTypes
    from .transports.base import Transport as Transport

lend(globals())
