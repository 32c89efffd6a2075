"""What `openai.lib.streaming.agents` has, for programs that import it; it lives elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...core.alias import lend

if TYPE_CHECKING:
    from ...helpers.agent import AgentSessionStream as AgentSessionStream
    from ...helpers.agent import AsyncAgentSessionStream as AsyncAgentSessionStream
    from ...helpers.agent import AsyncToolHandler as AsyncToolHandler
    from ...helpers.agent import ToolHandler as ToolHandler
    from ...helpers.agent import ToolOutput as ToolOutput

lend(globals())
