"""What `openai._base_client` has, for programs that import it; it lives elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .core.alias import lend

if TYPE_CHECKING:
    from .base_client import BaseClient as BaseClient
    from .core.limits import DEFAULT_CONNECTION_LIMITS as DEFAULT_CONNECTION_LIMITS
    from .core.page import Page as _Page
    from .core.page import PageInfo as PageInfo
    from .core.raw import RequestOptions as RequestOptions
    from .core.timeout import DEFAULT_TIMEOUT as DEFAULT_TIMEOUT
    from .lib.option import make_request_options as make_request_options
    from .pagination import AsyncPaginator as AsyncPaginator
    from .pagination import BaseAsyncPage as BaseAsyncPage
    from .pagination import BaseSyncPage as BaseSyncPage
    from .settings import DEFAULT_MAX_RETRIES as DEFAULT_MAX_RETRIES
    from .transports.factory import DefaultAsyncHttpxClient as DefaultAsyncHttpxClient
    from .transports.factory import DefaultHttpxClient as DefaultHttpxClient

    AsyncHttpxClientWrapper = DefaultAsyncHttpxClient
    BasePage = _Page
    SyncHttpxClientWrapper = DefaultHttpxClient

lend(globals())
