"""The hooks themselves: what each does where nobody overrides it, under the names the official clients use.

In the async colour `_prepare_options`, `_prepare_request` and `_refresh_api_key` are awaited, as they are there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from ..core.headers import Headers
from ..core.platform import platform_headers, user_agent
from ..core.shape import is_mapping
from .assigned import make_assignable

if TYPE_CHECKING:
    from ..core.reply import Reply
    from ..core.request import Request
    from ..core.url import URL
    from ..drivers.clock import Clock
    from ..errors import APIStatusError
    from ..settings import Settings
    from .options import Options
    from .query import Brackets


class Overrides:
    """What a subclass of a client may override."""

    colour: ClassVar[str]
    _hooks: ClassVar[frozenset[str]] = frozenset()
    settings: Settings
    _clock: Clock

    def __init_subclass__(cls, **arguments: Any) -> None:
        super().__init_subclass__(**arguments)
        if cls.__module__.partition(".")[0] == "antiphon":
            make_assignable(cls)
        else:
            from .table import found

            cls._hooks = found(cls)

    @property
    def user_agent(self) -> str:
        """The `User-Agent` field."""
        return user_agent(type(self).__name__)

    def platform_headers(self) -> dict[str, str]:
        """The fields that describe the interpreter and the system."""
        return platform_headers()

    @property
    def auth_headers(self) -> dict[str, str]:
        """The fields that carry the API key."""
        bearer = self.settings.identity.bearer
        return {} if bearer is None else {"Authorization": bearer.reveal()}

    @property
    def qs(self) -> Brackets:
        """How query arguments are written: `qs.stringify(params)`."""
        from .query import Brackets

        return Brackets()

    def _auth_headers(self, security: Mapping[str, bool]) -> dict[str, str]:
        """The fields that carry the credential of an operation that takes these kinds."""
        if "auth_headers" in self._hooks:
            return self.auth_headers
        bearer, admin = self.settings.identity
        key = bearer if security.get("bearer_auth") and bearer is not None else None
        if key is None and security.get("admin_api_key_auth"):
            key = admin
        return {} if key is None else {"Authorization": key.reveal()}

    def _validate_headers(self, headers: Mapping[str, Any], custom_headers: Mapping[str, Any]) -> None:
        """Refuse a request without a credential.

        Raises:
            TypeError: there is none, and it was not left out on purpose.
        """
        if {"authorization", "api-key"}.isdisjoint(name.lower() for name in (*headers, *custom_headers)):
            raise TypeError(
                "Could not resolve authentication method. Pass api_key or admin_api_key to the client, or remove the field "
                "on purpose with extra_headers={'Authorization': omit}"
            )

    def _prepare_options(self, options: Any) -> Any:
        """Change the options of an attempt; the options are returned."""
        return options if self.colour == "sync" else _given(options)

    def _prepare_request(self, request: Any) -> Any:
        """Change a request that is ready to be sent, e.g. sign it."""
        return None if self.colour == "sync" else _given(None)

    def _refresh_api_key(self) -> Any:
        """The key, from the function that gives it."""
        source = self.settings.api_key_source
        if source is not None:
            return source()
        key = self.settings.api_key
        text = "" if key is None else key.reveal()
        return text if self.colour == "sync" else _given(text)

    def _prepare_url(self, url: str) -> URL:
        """Where a path below the base URL leads."""
        from ..core.url import parse_url

        base = self.settings.base_url
        if "://" in url[:10] and not url.startswith("/"):
            return parse_url(url)
        path, _, query = url.partition("?")
        both = f"{base.query}&{query}" if base.query and query else base.query or query
        return base.with_path(f"{base.path.rstrip('/')}/{path.lstrip('/')}", both)

    def _build_request(self, options: Options, *, retries_taken: int = 0) -> Request:
        """The request for options, not sent yet."""
        from .building import build

        return build(self, options, retries_taken)

    def _make_status_error_from_response(self, response: Reply) -> APIStatusError:
        """The error for a reply without success."""
        from .judging import status_error_of

        return status_error_of(self, response)

    def _make_status_error(self, err_msg: str, *, body: object, response: Any) -> APIStatusError:
        """The error for a message and a body; `body` is the whole of it."""
        from ..errors import class_for_status

        inner = body.get("error", body) if is_mapping(body) else body
        error: APIStatusError = class_for_status(response.status_code)(err_msg, response=response, body=inner)
        return error

    def _should_retry(self, response: Reply) -> bool:
        """Whether a reply deserves another attempt."""
        from .judging import wanted

        return wanted(response, self._clock.wall())

    def _calculate_retry_timeout(
        self, remaining_retries: int, options: Options | None, response_headers: Headers | None = None
    ) -> float:
        """Seconds to wait before the next attempt."""
        from .judging import pause

        most = self.settings.max_retries if options is None else options.get_max_retries(self.settings.max_retries)
        return pause(most - remaining_retries, response_headers, self._clock)

    def request(self, cast_to: Any, options: Any, *, stream: bool = False, stream_cls: Any = None) -> Any:
        """Make the call that options describe, and decode its result to `cast_to`; awaited in the async colour."""
        from .routing import requested

        return requested(self, cast_to, options, stream=stream, stream_cls=stream_cls)


async def _given(value: Any) -> Any:
    return value
