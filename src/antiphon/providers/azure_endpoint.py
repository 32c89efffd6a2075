"""Where Azure serves each operation, and the field that carries its credential.

Some operations belong to a deployment, which stands in their path: it is the client's own, or the call's `model`. All others
belong to the resource, even for a client of one deployment. Refuses to know where credentials come from.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from ..core.call import Call, Operation
from ..core.endpoint import Endpoint, Identity, Ready
from ..core.headers import Headers
from ..core.omit import SENTINELS
from ..core.path import expand
from ..core.secret import Secret
from ..core.timeout import Timeout
from ..core.url import URL, Origin
from ..errors import CredentialScopeError, OpenAIError
from .azure_setting import AzureSetting

DEPLOYED = frozenset(
    {
        "/audio/speech",
        "/audio/transcriptions",
        "/audio/translations",
        "/chat/completions",
        "/completions",
        "/embeddings",
        "/images/edits",
        "/images/generations",
    }
)
"""The paths that belong to a deployment."""
_CREDENTIALS = ("authorization", "api-key")


def deployment_path(setting: AzureSetting, path: str, body: object) -> str:
    """The path below the base URL for an operation's path, with the deployment that the body's `model` names.

    >>> deployment_path(setting, "/embeddings", {"model": "ada"})  # doctest: +SKIP
    '/deployments/ada/embeddings'
    """
    if path not in DEPLOYED or setting.v1 or "/deployments" in setting.base_url.path or not isinstance(body, Mapping):
        return path
    model = cast("Mapping[str, Any]", body).get("model")
    if model is None or model.__class__ in SENTINELS:
        return path
    return expand("/deployments/{model}", {"model": model}) + path


def belongs_to_resource(setting: AzureSetting, path: str) -> bool:
    """Whether a path does not go below the base URL, because that is a deployment's."""
    absolute = "://" in path[:10] and not path.startswith("/")
    return setting.root is not None and setting.deployment is not None and path not in DEPLOYED and not absolute


def guard(origin: Origin, home: Origin, headers: Mapping[str, str], own: Mapping[str, Any]) -> None:
    """Refuse a request that would carry the client's credential to another origin.

    Args:
        origin: where the request goes.
        home: where the credential belongs.
        headers: the request's fields.
        own: the caller's fields for this call, which go where the caller says.

    Raises:
        CredentialScopeError: it would.
    """
    mine = {name.lower() for name in own}
    if origin != home and any(name in headers and name not in mine for name in _CREDENTIALS):
        raise CredentialScopeError(
            f"this client's credential belongs to {home} and was not sent to {origin}; make a client with that base_url"
        )


class AzureEndpoint(Endpoint):
    """Turns calls into requests the way Azure wants them.

    Args:
        setting: what the client was told.
        headers: fields of every request, below the user's.
        default_headers: the user's; a sentinel value removes a field, any other is below the credential.
        default_query: merged below each call's own query.
        timeout: for calls that do not bring their own.
    """

    __slots__ = ("_field", "_fixed", "_places", "_prefix", "_root", "_setting", "_value")

    def __init__(
        self,
        setting: AzureSetting,
        *,
        headers: Mapping[str, str],
        default_headers: Mapping[str, Any],
        default_query: Mapping[str, object],
        timeout: Timeout,
    ) -> None:
        super().__init__(
            base_url=setting.base_url,
            identity=Identity(),
            headers=headers,
            default_headers=default_headers,
            default_query=default_query,
            timeout=timeout,
        )
        removed = {name.lower() for name, value in default_headers.items() if value.__class__ in SENTINELS}
        self._setting = setting
        self._fixed = setting.v1 or "/deployments" in setting.base_url.path
        self._places: dict[tuple[Operation, str], tuple[Origin, str]] = {}
        self._prefix = setting.base_url.path.rstrip("/")
        self._root = None if setting.root is None else setting.root.path.rstrip("/")
        self._field = setting.credential.field
        self._value: Secret | None = None if self._field.lower() in removed else setting.credential.value

    def _make_ready(self, operation: Operation) -> Ready:
        ready = super()._make_ready(operation)
        by_model = operation.path in DEPLOYED and not self._fixed
        changed = ready._replace(plain=ready.plain and not by_model, checked=self._value is not None)
        if operation in self._ready:
            self._ready[operation] = changed
        return changed

    def _block(self, operation: Operation) -> Headers:
        headers = super()._block(operation)
        if self._value is not None:
            headers[self._field] = self._value.reveal()
        return headers

    def _place(self, call: Call[Any]) -> tuple[Origin, str]:
        model: Any = call.body.get("model") if call.body.__class__ is dict and not self._fixed else None
        if model.__class__ is not str or call.path or call.query or call.extra_query:
            return self._found(call)
        key = (call.operation, model)
        place = self._places.get(key)
        if place is None:
            place = self._found(call)
            if len(self._places) < 1024:  # whoever makes up a deployment for each call is not remembered for ever
                self._places[key] = place
        return place

    def _found(self, call: Call[Any]) -> tuple[Origin, str]:
        origin, target = super()._place(call)
        path = call.operation.path
        if path in DEPLOYED:
            rest = target[len(self._prefix) + len(path) :]
            return origin, f"{self._prefix}{deployment_path(self._setting, path, call.body)}{rest}"
        if belongs_to_resource(self._setting, path):
            return origin, f"{self._root}{target[len(self._prefix) :]}"
        return origin, target

    def _check(self, call: Call[Any], origin: Origin, headers: Headers) -> None:
        own: Mapping[str, Any] = call.headers or {}
        guard(origin, self.base_url.origin, headers, own)
        removed = {name.lower() for name in (*own, *self._default_headers)}
        if not any(name in headers or name in removed for name in _CREDENTIALS):
            raise TypeError(
                "Could not resolve authentication method. Pass api_key, azure_ad_token or azure_ad_token_provider to the "
                "client, or remove the field on purpose with extra_headers={'api-key': omit}"
            )


def realtime_query(setting: AzureSetting, own: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """The query of a realtime session of the older way: the deployment stands for the model.

    Raises:
        OpenAIError: no model was named.
    """
    model = own.get("model")
    if model is None or model.__class__ in SENTINELS or not model:
        raise OpenAIError("`model` is required for Azure Realtime API; it names the deployment")
    rest = {name: value for name, value in own.items() if name != "model"}
    return {**rest, **more, "api-version": setting.api_version, "deployment": setting.deployment or model}


def socket_base(setting: AzureSetting, path: str) -> URL:
    """The base URL of a WebSocket."""
    return setting.root if setting.root is not None and path not in DEPLOYED else setting.base_url
