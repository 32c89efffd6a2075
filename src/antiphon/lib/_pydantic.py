"""What `openai.lib._pydantic` has, for programs that import it; it lives elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.alias import lend

if TYPE_CHECKING:
    from ..helpers.schema import to_strict_json_schema as to_strict_json_schema

lend(globals())
