"""What `openai.lib._tools` has, for programs that import it; it lives elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.alias import lend

if TYPE_CHECKING:
    from ..helpers.schema import PydanticFunctionTool as PydanticFunctionTool
    from ..helpers.schema import ResponsesPydanticFunctionTool as ResponsesPydanticFunctionTool
    from ..helpers.schema import pydantic_function_tool as pydantic_function_tool
    from ..helpers.schema import pydantic_responses_function_tool as pydantic_responses_function_tool

lend(globals())
