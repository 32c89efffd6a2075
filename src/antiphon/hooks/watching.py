"""A client that is watched: by its hooks, and for the silence of its streams. Loaded by such clients only.

Knows where in a client what stands: the observer around the flow, names on the requests, attendance at the streams.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from .listener import Hooks, Listeners
from .named import NamingEndpoint
from .observer import Observer, observed, performing

_WORN = ("_attend", "perform", "perform_raw", "_driver")


def watch(client: Any, *, names: bool) -> None:
    """Let a client that has just settled be watched as its settings say.

    Args:
        client: whose calls and streams.
        names: whether anybody wants to know which operation a request is for.
    """
    settings = client.settings
    own = cast("dict[str, Any]", vars(client))
    for name in _WORN:
        if getattr(own.get(name), "watches", False) or name in ("_attend", "_driver"):
            own.pop(name, None)  # of the settings before
    hooks: tuple[Hooks, ...] = settings.hooks
    listeners = Listeners.of(hooks)
    if names:
        client._endpoint = NamingEndpoint(client._endpoint)
    if listeners.request or listeners.response or listeners.retry or listeners.error:
        _observe(client, Observer(listeners))
    bounded = settings.stream_idle_timeout is not None or bounds_streams(client._policies)
    if bounded or listeners.event or listeners.error:
        from .attendance import Attendance

        own["_attend"] = Attendance(settings.stream_idle_timeout, listeners, client._clock.monotonic, client.colour)


def bounds_streams(policies: Sequence[Any]) -> bool:
    """Whether a policy may bound the silence of streams."""
    return any(getattr(policy, "bounds_streams", False) for policy in policies)


def _observe(client: Any, observer: Observer) -> None:
    client._flow = observed(client._flow, observer)
    client._policies = [observer, *client._policies]
    client._only_failures = client._only_failures and observer.only_failures
    if observer.listeners.error:
        for name in ("perform", "perform_raw"):
            setattr(client, name, performing(client, observer, getattr(client, name)))
