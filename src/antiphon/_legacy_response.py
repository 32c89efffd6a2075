"""What `openai._legacy_response` has, for programs that import it; it lives elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .core.alias import lend

if TYPE_CHECKING:
    from .errors import MissingStreamClassError as MissingStreamClassError
    from .response import HttpxBinaryResponseContent as HttpxBinaryResponseContent
    from .response import LegacyAPIResponse as LegacyAPIResponse

lend(globals())
