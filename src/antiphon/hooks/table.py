"""Which hooks a class overrides, found once when the class is made; and those that cannot be honoured, refused at once."""

from __future__ import annotations

HONOURED = frozenset(
    {
        "auth_headers",
        "default_headers",
        "default_query",
        "delete",
        "get",
        "get_api_list",
        "patch",
        "platform_headers",
        "post",
        "put",
        "qs",
        "request",
        "user_agent",
        "_auth_headers",
        "_build_request",
        "_calculate_retry_timeout",
        "_make_status_error",
        "_make_status_error_from_response",
        "_prepare_options",
        "_prepare_request",
        "_prepare_url",
        "_refresh_api_key",
        "_should_retry",
        "_validate_headers",
    }
)

_ELSEWHERE = {
    "custom_auth": "pass http_client=httpx2.Client(auth=…), or override _prepare_request",
    "_custom_auth": "pass http_client=httpx2.Client(auth=…), or override _prepare_request",
    "_auth_query": "override default_query",
    "_build_headers": "override default_headers, or _prepare_request for fields of one request",
    "_send_request": "pass an object with a send method as http_client",
    "_sleep_for_retry": "override _calculate_retry_timeout, or pass policies=[Retry(…)]",
    "_parse_retry_after_header": "override _calculate_retry_timeout, or pass policies=[Retry(…)]",
    "_make_sse_decoder": "pass stream_cls with a stream of your own",
    "_process_response": "override request, and change what it returns",
    "_process_response_data": "override request, and change what it returns",
    "_request_api_list": "override get_api_list",
    "_serialize_multipartform": "override _prepare_options, and change options.json_data and options.files",
}


def found(kind: type) -> frozenset[str]:
    """The hooks that a class outside antiphon, among this one's ancestors or itself, overrides.

    Raises:
        TypeError: one of them would be ignored; the message says what serves instead.
    """
    for name, instead in _ELSEWHERE.items():
        if _overridden(kind, name):
            raise TypeError(f"{kind.__name__}.{name} would never be called by antiphon; {instead}")
    return frozenset(name for name in HONOURED if _overridden(kind, name))


def _overridden(kind: type, name: str) -> bool:
    home = next((ancestor for ancestor in kind.__mro__ if name in vars(ancestor)), None)
    return home is not None and home.__module__.partition(".")[0] != "antiphon"
