"""From options to a request, by the hooks that say what its fields, its query and its place are."""

from __future__ import annotations

from typing import Any

from ..core.credential import PENDING, bearer
from ..core.endpoint import Endpoint, Identity
from ..core.headers import Headers
from ..core.omit import SENTINELS, omit
from ..core.request import Request
from .options import Options

_COUNT = "x-stainless-retry-count"
_STANDARD = {"accept": "application/json", "content-type": "application/json"}


def build(client: Any, options: Options, retries_taken: int) -> Request:
    """The request for options.

    Args:
        client: whose hooks are asked.
        options: what is asked.
        retries_taken: how many attempts came before.
    """
    auth = _authorization(client, options)
    defaults: dict[str, Any] = {
        # Which of these two a request has depends on its operation, not on a default.
        name: value
        for name, value in client.default_headers.items()
        if _STANDARD.get(name.lower()) != value
    }
    own = options.headers or {}
    _validate(client, auth, defaults, own)
    endpoint = Endpoint(
        base_url=client.base_url,
        identity=Identity(),
        headers=auth,
        default_headers=defaults if "_validate_headers" not in client._hooks else _let_be(auth, defaults),
        default_query={} if "qs" in client._hooks else client.default_query,
        timeout=client.settings.phases,
    )
    request = endpoint.request(_call(client, options))
    if retries_taken and request.headers.get(_COUNT) == "0":
        request.headers = Headers(request.headers)
        request.headers[_COUNT] = str(retries_taken)
    return request


def _authorization(client: Any, options: Options) -> dict[str, str]:
    auth: dict[str, str] = dict(client._auth_headers(options.security))
    if options.authorization is not None and auth.get("Authorization") == PENDING.reveal():
        auth["Authorization"] = bearer(options.authorization).reveal()
    return auth


def _validate(client: Any, auth: dict[str, str], defaults: dict[str, Any], own: Any) -> None:
    if "_validate_headers" not in client._hooks:
        return  # the endpoint does
    merged = {**auth, **defaults, **own}
    client._validate_headers({n: v for n, v in merged.items() if v.__class__ not in SENTINELS}, own)


def _let_be(auth: dict[str, str], defaults: dict[str, Any]) -> dict[str, Any]:
    """The defaults, with leave to have no `Authorization`: the client has judged that."""
    there = any(name.lower() == "authorization" for name in (*auth, *defaults))
    return defaults if there else {**defaults, "Authorization": omit}


def _call(client: Any, options: Options) -> Any:
    url = None
    if "_prepare_url" in client._hooks:
        url = str(client._prepare_url(options.url))
    own_query = "qs" in client._hooks
    if own_query:
        written = client.qs.stringify({**client.default_query, **options.params})
        url = options.url if url is None else url
        url += ("&" if "?" in url else "?") + written if written else ""
    content = None
    begun = options.begun
    if begun is not None and options.body_kept:
        # A form is written once, and sent again as it was.
        content = begun.content
        if options.content is None and "content-type" in begun.headers:
            options.headers = {**options.headers, "Content-Type": begun.headers["content-type"]}
    return options.call(content=content, url=url, query=not own_query)
