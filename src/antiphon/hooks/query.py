"""How query arguments are written, as an object: what `client.qs` gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..core.query import encode_query, flatten


class Brackets:
    """The API's dialect: `a[]=1&a[]=2` for lists, `a[b]=c` for mappings."""

    def stringify(self, params: Mapping[str, Any]) -> str:
        """The query string.

        >>> Brackets().stringify({"a": [1, True]})
        'a%5B%5D=1&a%5B%5D=true'
        """
        return encode_query(params)

    def stringify_items(self, params: Mapping[str, Any]) -> list[tuple[str, str]]:
        """The fields of the query, not encoded."""
        return [field for name, value in params.items() for field in flatten(name, value)]
