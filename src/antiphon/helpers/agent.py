"""What the generated agent resources call, and the names users import; each is explained where it is made."""

from __future__ import annotations

from .agent_artifact import AgentResultArtifacts, AsyncAgentResultArtifacts
from .agent_creation import (
    AgentSessionEventStream,
    AsyncAgentSessionEventStream,
    async_create_session,
    create_session,
)
from .agent_file import (
    AgentFilePreparationError,
    AgentFileStagingError,
    PreparedAgentFiles,
    StagedAgentFile,
    prepare_directory,
    prepare_files,
    upload_environment_file,
)
from .agent_function import FunctionTool, function_tool, pydantic_function_tool
from .agent_result import (
    AgentOutputParseError,
    AgentTurnResult,
    AgentTurnResultError,
    OutputT,
    agent_text_format,
)
from .agent_stream import AgentSessionStream, AsyncAgentSessionStream
from .agent_tool import (
    AgentToolError,
    AsyncToolErrorHandler,
    AsyncToolHandler,
    ToolErrorHandler,
    ToolHandler,
    ToolOutput,
)

__all__ = [
    "AgentFilePreparationError",
    "AgentFileStagingError",
    "AgentOutputParseError",
    "AgentResultArtifacts",
    "AgentSessionEventStream",
    "AgentSessionStream",
    "AgentToolError",
    "AgentTurnResult",
    "AgentTurnResultError",
    "AsyncAgentResultArtifacts",
    "AsyncAgentSessionEventStream",
    "AsyncAgentSessionStream",
    "AsyncToolErrorHandler",
    "AsyncToolHandler",
    "FunctionTool",
    "OutputT",
    "PreparedAgentFiles",
    "StagedAgentFile",
    "ToolErrorHandler",
    "ToolHandler",
    "ToolOutput",
    "agent_text_format",
    "async_create_session",
    "create_session",
    "function_tool",
    "prepare_directory",
    "prepare_files",
    "pydantic_function_tool",
    "upload_environment_file",
]
