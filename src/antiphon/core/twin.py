"""The raw and streaming twins of resource classes: the same methods, over another client.

A class of twins says nothing that its resource does not, so it is written down for type checkers only, in a stub beside the
resource's module, and made when it is first asked for. Knows which methods have twins; what a twin does is `core.resource`'s.
"""

from __future__ import annotations

from collections.abc import Collection
from types import FunctionType
from typing import Any

from .lazy import Link, same


def twins(namespace: dict[str, Any], **bare: str) -> None:
    """Make a module of resources give their twins, each when it is first asked for.

    Args:
        namespace: the module's globals.
        bare: per resource class, whatever its colour, the methods and children that have no twins.
    """
    before = namespace.get("__getattr__")

    def find(name: str) -> Any:
        own, ending, _ = name.partition("With")
        made = namespace.get(own) if ending and name in namespace["__all__"] else None
        # A package also has the classes of those below it, whose twins are theirs.
        if made is not None and made.__module__ == namespace["__name__"]:
            without = bare.get(own.removeprefix("Async"), "").split()
            return namespace.setdefault(name, twin_of(made, name.removeprefix(own), without))
        if before is None:
            raise AttributeError(f"module {namespace['__name__']!r} has no attribute {name!r}")
        return before(name)

    namespace["__getattr__"] = find
    namespace.setdefault("__dir__", lambda: sorted({*namespace, *namespace["__all__"]}))


def twin_of(own: Any, suffix: str, bare: Collection[str]) -> type:
    """The twin of a resource class whose name ends with `suffix`; the methods and children in `bare` have none."""
    from .resource import AsyncResource, RawResource, StreamingResource, async_streaming, raw

    kinds: dict[str, tuple[Any, Any, str]] = {
        "WithRawResponse": (RawResource, raw, "whose methods give the whole reply"),
        "WithStreamingResponse": (StreamingResource, async_streaming, "whose methods open the reply in a context"),
    }
    base, wrap, meaning = kinds[suffix]
    if own.__bases__ != (AsyncResource,):
        wrap = raw  # a blocking method answers at once
    annotations: dict[str, str] = {}
    body: dict[str, Any] = {"__module__": own.__module__, "__annotations__": annotations}
    body["__doc__"] = f"`{own.__name__}` {meaning}."
    for name in (name for name in own.__dict__ if name not in bare):
        value = own.__dict__[name]
        if isinstance(value, FunctionType):
            body[name] = wrap(value)
        elif isinstance(value, Link) and not name.startswith("with_"):
            body[name] = same(value._module)
            annotations[name] = own.__annotations__[name] + suffix
    return type(own.__name__ + suffix, (base,), body)
