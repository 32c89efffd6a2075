"""Import paths of the official package's `lib`, for programs that name them; what they lead to lives elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.alias import lend

if TYPE_CHECKING:
    from ..core.argument import ResponseFormatT as ResponseFormatT
    from ..helpers.schema import pydantic_function_tool as pydantic_function_tool
    from ..helpers.schema import pydantic_responses_function_tool as pydantic_responses_function_tool
    from ..helpers.schema import type_to_response_format_param as type_to_response_format_param

lend(globals())
