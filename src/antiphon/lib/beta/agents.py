"""What `openai.lib.beta.agents` has, for programs that import it; it lives elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...core.alias import lend

if TYPE_CHECKING:
    from ...helpers.agent import AgentFilePreparationError as AgentFilePreparationError
    from ...helpers.agent import AgentFileStagingError as AgentFileStagingError
    from ...helpers.agent import AgentOutputParseError as AgentOutputParseError
    from ...helpers.agent import AgentResultArtifacts as AgentResultArtifacts
    from ...helpers.agent import AgentSessionEventStream as AgentSessionEventStream
    from ...helpers.agent import AgentToolError as AgentToolError
    from ...helpers.agent import AgentTurnResult as AgentTurnResult
    from ...helpers.agent import AgentTurnResultError as AgentTurnResultError
    from ...helpers.agent import AsyncAgentResultArtifacts as AsyncAgentResultArtifacts
    from ...helpers.agent import AsyncAgentSessionEventStream as AsyncAgentSessionEventStream
    from ...helpers.agent import FunctionTool as FunctionTool
    from ...helpers.agent import PreparedAgentFiles as PreparedAgentFiles
    from ...helpers.agent import StagedAgentFile as StagedAgentFile
    from ...helpers.agent import agent_text_format as agent_text_format
    from ...helpers.agent import function_tool as function_tool
    from ...helpers.agent import pydantic_function_tool as pydantic_function_tool

lend(globals())
