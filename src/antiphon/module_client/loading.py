"""How the module-level client is made, and how it follows what a program sets afterwards.

Knows which provider's client the settings ask for. Refuses to know the settings' values before a call needs them.
"""

from __future__ import annotations

import os
from _thread import allocate_lock
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from ..client import OpenAI
from ..core.call import Call, checked_retries
from ..core.credential import hidden
from ..core.headers import FieldMap
from ..core.reply import Reply
from ..errors import OpenAIError
from ..settings import Settings, base_url_from, environment_headers
from ..transports.base import Transport
from ..transports.link import Link
from . import package, setting

T = TypeVar("T")

_SECRET = ("api_key", "admin_api_key", "webhook_secret")
_PLAIN = ("organization", "project")
_FOLLOWED = (*_SECRET, *_PLAIN, "base_url", "timeout", "max_retries", "default_headers", "default_query", "http_client")
_LOCK = allocate_lock()


class _AmbiguousModuleClientUsageError(OpenAIError):
    """The environment holds keys for OpenAI and for Azure, and nobody said which is meant."""

    def __init__(self) -> None:
        super().__init__(
            "The environment holds keys for OpenAI and for Azure. Say which one the module-level client is for: set "
            "`antiphon.api_type` or the OPENAI_API_TYPE environment variable to `openai`, `azure` or `amazon-bedrock`"
        )


class Following:
    """Makes a client heed the package's globals at each call; the mixed-in class comes behind it.

    A copy (`with_options`) does not follow: it was told something else on purpose.
    """

    _said: tuple[Any, ...] | None = None
    _first: Settings
    _first_link: Link[Transport]
    settings: Settings

    def perform(self, call: Call[T]) -> T:
        """As `OpenAI.perform`, with the settings of this moment."""
        self.take_on()
        return cast("OpenAI", super()).perform(call)

    def exchange(self, call: Call[Any], *, stream: bool = False) -> Reply:
        """As `OpenAI.exchange`, with the settings of this moment."""
        self.take_on()
        return cast("OpenAI", super()).exchange(call, stream=stream)

    def websocket_headers(self) -> dict[str, str]:
        """As `OpenAI.websocket_headers`, with the settings of this moment."""
        self.take_on()
        return cast("OpenAI", super()).websocket_headers()

    def follow(self) -> None:
        """From now on heed what is set."""
        client = cast("Any", self)
        self._first, self._first_link, self._said = self.settings, client._link, said()

    def take_on(self) -> None:
        """Take on what was set since the last call.

        Raises:
            TypeError, ValueError: what was set cannot be right; what was there before stays.
        """
        before = self._said
        if before is None:
            return
        now = said()
        if now == before:
            return
        with _LOCK:
            changed = {name: new for name, old, new in zip(_FOLLOWED, before, now, strict=True) if new != old}
            client = cast("Any", self)
            link, moved = None, self.settings
            if "http_client" in changed:
                borrowed = changed.pop("http_client")
                link = self._first_link if borrowed is None else client._link_for(borrowed)
            if "base_url" in changed:
                url = changed.pop("base_url")
                moved = moved._replace(base_url=self._first.base_url if url is None else base_url_from(url))
            fresh: dict[str, Any] = (
                {} if moved is self.settings else {"base_url": moved.base_url, "data_residency": None}
            )
            for name, value in changed.items():
                fresh |= self._field(moved, name, value)
            client._change(**fresh)
            if link is not None:
                client._link = link
                vars(self).pop("_driver", None)
            self._said = now

    def _field(self, settings: Settings, name: str, value: Any) -> dict[str, Any]:
        if name == "api_key":
            return self._key(settings, hidden(value))
        if name in _SECRET:
            secret = hidden(value)
            checks = name == "admin_api_key" and secret is not None
            return {name: settings.key(secret, name) if checks else secret}
        if name == "default_headers":
            return {name: FieldMap({**environment_headers(), **(value or {})})}
        if name == "default_query":
            return {name: dict(value or {})}
        return {name: checked_retries(value) if name == "max_retries" else value}

    def _key(self, settings: Settings, key: Any) -> dict[str, Any]:
        first = self._first
        if key is None and not cast("Any", self)._ambient:  # another house's own credential
            return {"api_key": first.api_key, "api_key_source": first.api_key_source}
        if key is None or callable(key):
            return {"api_key": None, "api_key_source": key}
        return {"api_key": settings.key(key), "api_key_source": None}


class _ModuleClient(Following, OpenAI):
    """The module-level client for OpenAI."""


def said() -> tuple[Any, ...]:
    """What is set now; mappings are copied, so that a change within one is noticed."""
    values = map(setting, _FOLLOWED)
    return tuple(dict(cast("Mapping[str, Any]", value)) if isinstance(value, Mapping) else value for value in values)


def load_client() -> OpenAI:
    """The module-level client, made on first use and up to date.

    Raises:
        OpenAIError: it is not clear which provider is meant, or that provider's client cannot be made.
    """
    there = package()
    client = there.get("_client")
    if client is None:
        with _LOCK:
            client = there.get("_client")
            if client is None:
                client = there["_client"] = _make()
    elif isinstance(client, Following):
        client.take_on()
    return cast("OpenAI", client)


def reset_client() -> None:
    """Forget the module-level client; the next call makes a new one from what is set then."""
    package()["_client"] = None


def _make() -> OpenAI:
    kind = _provider()
    there = package()
    client = _MAKERS[kind]({name: there[name] for name in _FOLLOWED if name in there})
    if kind == "openai":
        # As in the official package, what came from the environment can be read from the module afterwards.
        for name in (*_SECRET, *_PLAIN):
            if there.get(name) is None and getattr(client, name):
                there[name] = getattr(client, name)
    client.follow()
    return cast("OpenAI", client)


def _provider() -> str:
    chosen = setting("api_type")
    if chosen is None:
        azure = (
            *(setting("azure_endpoint"), setting("azure_ad_token"), setting("azure_ad_token_provider")),
            *(os.environ.get("AZURE_OPENAI_API_KEY"), os.environ.get("AZURE_OPENAI_AD_TOKEN")),
        )
        is_azure = any(value is not None for value in azure)
        if is_azure and "OPENAI_API_KEY" in os.environ:
            raise _AmbiguousModuleClientUsageError
        chosen = "azure" if is_azure else "openai"
        package()["api_type"] = chosen
    if chosen == "open_ai":  # how version 0 spelt it
        return "openai"
    if chosen not in _MAKERS:
        raise OpenAIError(f"unknown api_type {chosen!r}; one of {', '.join(_MAKERS)}")
    return str(chosen)


def _openai(given: dict[str, Any]) -> Any:
    return _ModuleClient(**given, _enforce_credentials=False)


def _azure(given: dict[str, Any]) -> Any:
    import antiphon

    azure: Any = antiphon.AzureOpenAI

    class _AzureModuleClient(Following, azure):  # type: ignore[misc]
        """The module-level client for Azure."""

    own = {
        name: setting(name) for name in ("api_version", "azure_endpoint", "azure_ad_token", "azure_ad_token_provider")
    }
    taken = {name: value for name, value in given.items() if name not in ("admin_api_key", "project", "webhook_secret")}
    return _AzureModuleClient(**taken, **own)


def _bedrock(given: dict[str, Any]) -> Any:
    from ..providers.bedrock_client import BedrockOpenAI

    class _BedrockModuleClient(Following, BedrockOpenAI):
        """The module-level client for Amazon Bedrock."""

    taken = {name: value for name, value in given.items() if name != "admin_api_key"}
    return _BedrockModuleClient(**taken, bedrock_token_provider=setting("bedrock_token_provider"))


_MAKERS = {"openai": _openai, "azure": _azure, "amazon-bedrock": _bedrock}
