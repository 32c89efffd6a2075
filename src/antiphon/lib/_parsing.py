"""What `openai.lib._parsing` has, for programs that import it; it lives elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.alias import lend

if TYPE_CHECKING:
    from ..core.argument import ResponseFormatT as ResponseFormatT
    from ..helpers.schema import type_to_response_format_param as type_to_response_format_param

lend(globals())
