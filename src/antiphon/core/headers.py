"""Header fields: case-insensitive to read, in order as sent, and never printing a credential."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from typing import TYPE_CHECKING, Any, cast

from .secret import Secret

_LAST_WORDS = frozenset({"authorization", "cookie", "credential", "key", "password", "secret", "token"})
_PUBLIC = frozenset({"idempotency-key", "sec-websocket-key"})


def is_sensitive(name: str) -> bool:
    """Whether a header, or an argument of a query, of this name may carry a credential.

    >>> is_sensitive("Ocp-Apim-Subscription-Key"), is_sensitive("x-ratelimit-limit-tokens")
    (True, False)
    """
    name = name.lower().replace("_", "-")
    return name.rpartition("-")[2] in _LAST_WORDS and name not in _PUBLIC


class Masked(str):
    """A text that is used like any other, and that no repr shows: not its own, and not that of a dict or tuple around it.

    >>> {"Authorization": Masked("Bearer sk-1")}
    {'Authorization': '<redacted>'}
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return "'<redacted>'"

    def __copy__(self) -> Masked:
        return self

    def __deepcopy__(self, memo: object) -> Masked:
        return self

    def __reduce_ex__(self, protocol: object) -> tuple[Any, ...]:
        raise TypeError("a credential does not pickle; set it in the other process")


class FieldMap(dict[str, Any]):
    """Header fields as a user gave them: a dict that shows no credentials, neither itself nor who walks through it."""

    def __init__(self, fields: Mapping[str, Any]) -> None:
        super().__init__({name: _masked(name, value) for name, value in fields.items()})
        self._secrets = [
            Secret(value) for value in self.values() if isinstance(value, Masked)
        ]  # so that they are known as such

    def __repr__(self) -> str:
        return repr({name: "<redacted>" if is_sensitive(name) else value for name, value in self.items()})


def _masked(name: str, value: Any) -> Any:
    return Masked(value) if isinstance(value, str) and is_sensitive(str(name)) else value


class Headers(MutableMapping[str, str]):
    """An ordered, case-insensitive multi-mapping of header fields.

    `headers["x-request-id"]` gives the values of a repeated field joined by ", ", as HTTP says; `get_list` gives them apart.
    The repr masks credentials.
    """

    __slots__ = ("_fields", "_index", "lines", "whose")
    _fields: list[tuple[str, str]]
    _index: dict[str, str] | None
    lines: Any
    """What the wire keeps with the fields until they change: how they are written."""
    whose: str | None
    """What policies keep with them until they change: whom they speak for, as a hash that tells nothing."""

    def __init__(self, fields: Mapping[str, str] | Iterable[tuple[str, str]] = ()) -> None:
        if isinstance(fields, Headers):
            self._fields = fields._fields.copy()
        else:
            pairs = cast("Mapping[str, str]", fields).items() if isinstance(fields, Mapping) else fields
            self._fields = list(pairs)
        self._index = self.lines = self.whose = None

    @classmethod
    def from_raw(cls, raw: Iterable[tuple[bytes, bytes]]) -> Headers:
        """From the bytes of a reply's head, decoded as ISO 8859-1, which never fails."""
        return cls([(name.decode("latin-1"), value.decode("latin-1")) for name, value in raw])

    @property
    def fields(self) -> list[tuple[str, str]]:
        """The fields in order, repeated ones apart. Do not change the list."""
        return self._fields

    def multi_items(self) -> list[tuple[str, str]]:
        """A copy of the fields in order, repeated ones apart, with lower-case names."""
        return [(name.lower(), value) for name, value in self._fields]

    def get_list(self, name: str) -> list[str]:
        """Every value of the field, in order."""
        wanted = name.lower()
        return [value for field, value in self._fields if field.lower() == wanted]

    def copy(self) -> Headers:
        """An independent copy."""
        return Headers(self)

    def _by_name(self) -> dict[str, str]:
        index = self._index
        if index is None:
            index = {}
            for name, value in self._fields:
                key = name.lower()
                index[key] = f"{index[key]}, {value}" if key in index else value
            self._index = index
        return index

    def __getitem__(self, name: str) -> str:
        return self._by_name()[name.lower()]

    if not TYPE_CHECKING:  # typed as every mapping's

        def get(self, name: str, default: Any = None) -> Any:
            """The field's value, or the default; the mapping's own way raises and catches for each field that is not there."""
            return self._by_name().get(name.lower(), default)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._by_name()

    def __setitem__(self, name: str, value: str) -> None:
        """Replace the field, in place where it stood; a credential is not shown from here on."""
        wanted = name.lower()
        if value.__class__ is str and is_sensitive(wanted):
            value = Masked(value)
        for position, (field, _) in enumerate(self._fields):
            if field.lower() == wanted:
                rest = [item for item in self._fields[position + 1 :] if item[0].lower() != wanted]
                self._fields[position:] = [(name, value), *rest]
                break
        else:
            self._fields.append((name, value))
        self._index = self.lines = self.whose = None

    def __delitem__(self, name: str) -> None:
        wanted = name.lower()
        kept = [item for item in self._fields if item[0].lower() != wanted]
        if len(kept) == len(self._fields):
            raise KeyError(name)
        self._fields = kept
        self._index = self.lines = self.whose = None

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name())

    def __len__(self) -> int:
        return len(self._by_name())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Mapping):
            return NotImplemented
        return self._by_name() == Headers(cast("Mapping[str, str]", other))._by_name()

    def __repr__(self) -> str:
        shown = {name: "<redacted>" if is_sensitive(name) else value for name, value in self._by_name().items()}
        return f"Headers({shown})"

    def without_credentials(self) -> Headers:
        """A copy without the fields that may carry a credential."""
        return Headers([item for item in self._fields if not is_sensitive(item[0])])

    def __reduce__(self) -> tuple[type[Headers], tuple[list[tuple[str, str]]]]:
        return (Headers, (self.without_credentials()._fields,))
