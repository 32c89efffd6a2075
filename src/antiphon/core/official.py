"""Where the official package's other import paths lead: a table of facts, read by `alias` and by `antiphon migrate`.

Types and resources have their official paths by themselves. This table has the rest: what the official package keeps in
`openai.lib`, classes it keeps beside its resources, and those private modules that public programs import from, with the
names they import and no others. Knows names and nothing about modules; loaded by whoever asks for such a path.
"""

from __future__ import annotations

_ASSISTANTS = """
.helpers.assistant_stream: AssistantEventHandler AssistantEventHandlerT AssistantStreamManager
.helpers.assistant_stream: AsyncAssistantEventHandler AsyncAssistantEventHandlerT AsyncAssistantStreamManager
"""
_CHAT_EVENTS = """
.helpers.chat_event: ChunkEvent ContentDeltaEvent ContentDoneEvent RefusalDeltaEvent RefusalDoneEvent
.helpers.chat_event: FunctionToolCallArgumentsDeltaEvent FunctionToolCallArgumentsDoneEvent
.helpers.chat_event: LogprobsContentDeltaEvent LogprobsContentDoneEvent LogprobsRefusalDeltaEvent LogprobsRefusalDoneEvent
.lib.event: ChatCompletionStreamEvent
"""
_CHAT_STREAMS = """
.helpers.chat_accumulator: ChatCompletionStreamState
.helpers.chat_stream: ChatCompletionStream ChatCompletionStreamManager
.helpers.chat_stream: AsyncChatCompletionStream AsyncChatCompletionStreamManager
"""
_CHAT_SNAPSHOTS = """
.types.chat: ParsedChatCompletionSnapshot=ParsedChatCompletion ParsedChoiceSnapshot=ParsedChoice
.types.chat: ParsedChatCompletionMessageSnapshot=ParsedChatCompletionMessage
"""
_RESPONSE_EVENTS = """
.helpers.response_event: ResponseTextDeltaEvent ResponseTextDoneEvent ResponseFunctionCallArgumentsDeltaEvent
.types.responses: ResponseStreamEvent
"""
_RESPONSE_STREAMS = """
.helpers.response_stream: ResponseStream ResponseStreamManager AsyncResponseStream AsyncResponseStreamManager
.lib.state: ResponseStreamState
"""
_FORMAT = """
.core.argument: ResponseFormatT
.helpers.schema: type_to_response_format_param
"""
_TOOLS = """
.helpers.schema: pydantic_function_tool pydantic_responses_function_tool
"""

MODULES = {
    # openai.lib
    "lib": _TOOLS + _FORMAT,
    "lib.azure": """
.providers.azure: AsyncAzureADTokenProvider AsyncAzureOpenAI AzureADTokenProvider AzureOpenAI BaseAzureClient
.providers.azure: MutuallyExclusiveAuthError
""",
    "lib.bedrock": """
.providers.aws: AwsCredentialsProvider
.providers.bedrock_client: AsyncBedrockOpenAI AsyncBedrockTokenProvider BedrockOpenAI BedrockTokenProvider
""",
    "lib.beta": "",
    "lib.beta.agents": """
.helpers.agent: AgentFilePreparationError AgentFileStagingError PreparedAgentFiles StagedAgentFile
.helpers.agent: FunctionTool function_tool pydantic_function_tool AgentToolError
.helpers.agent: AgentOutputParseError AgentTurnResult AgentTurnResultError agent_text_format
.helpers.agent: AgentResultArtifacts AgentSessionEventStream AsyncAgentResultArtifacts AsyncAgentSessionEventStream
""",
    "lib.streaming": _ASSISTANTS,
    "lib.streaming.agents": """
.helpers.agent: AgentSessionStream AsyncAgentSessionStream ToolOutput ToolHandler AsyncToolHandler
""",
    "lib.streaming.chat": _CHAT_EVENTS + _CHAT_STREAMS + _CHAT_SNAPSHOTS,
    "lib.streaming.responses": _RESPONSE_EVENTS + _RESPONSE_STREAMS,
    # Modules that bear the name of a function which their package has.
    "providers.bedrock": """
.providers.aws: AwsCredentialsProvider
.providers.bedrock_endpoint: BedrockEndpoint
.providers.bedrock_provider: BedrockTokenProvider bedrock
""",
    "providers.vertex": """
.providers.vertex_provider: VertexTokenProvider vertex
""",
    # Private parts of openai.lib.
    "lib._old_api": """
.module_client.removed: APIRemovedInV1
.: Audio ChatCompletion Completion Customer Deployment Edit Embedding Engine ErrorObject File FineTune FineTuningJob
.: Image Model Moderation
""",
    "lib._parsing": _FORMAT,
    "lib._parsing._completions": _FORMAT,
    "lib._parsing._responses": """
.core.argument: TextFormatT
.helpers.schema: type_to_text_format_param=text_format_of type_to_response_format_param
""",
    "lib._pydantic": """
.helpers.schema: to_strict_json_schema
""",
    "lib._tools": _TOOLS
    + """
.helpers.schema: PydanticFunctionTool ResponsesPydanticFunctionTool
""",
    "lib.streaming._assistants": _ASSISTANTS,
    "lib.streaming.chat._completions": _CHAT_STREAMS,
    "lib.streaming.chat._events": _CHAT_EVENTS,
    "lib.streaming.chat._types": _CHAT_SNAPSHOTS,
    "lib.streaming.responses._events": _RESPONSE_EVENTS
    + """
.helpers.response_event: ResponseCompletedEvent
""",
    "lib.streaming.responses._responses": _RESPONSE_STREAMS,
    # Private modules at the top.
    "_base_client": """
.base_client: BaseClient
.core.limits: DEFAULT_CONNECTION_LIMITS
.core.page: BasePage=Page PageInfo
.core.raw: RequestOptions
.core.timeout: DEFAULT_TIMEOUT
.lib.option: make_request_options
.pagination: AsyncPaginator BaseAsyncPage BaseSyncPage
.settings: DEFAULT_MAX_RETRIES
.transports.factory: AsyncHttpxClientWrapper=DefaultAsyncHttpxClient SyncHttpxClientWrapper=DefaultHttpxClient
.transports.factory: DefaultAsyncHttpxClient DefaultHttpxClient
""",
    "_client": """
.client: AsyncClient=AsyncOpenAI AsyncOpenAI Client=OpenAI OpenAI
.core.raw: RequestOptions
.core.timeout: Timeout
.resources._client: AsyncOpenAIWithRawResponse AsyncOpenAIWithStreamedResponse
.resources._client: OpenAIWithRawResponse OpenAIWithStreamedResponse
.transports.base: ProxiesTypes Transport
""",
    "_constants": """
.core.limits: DEFAULT_CONNECTION_LIMITS
.core.timeout: DEFAULT_TIMEOUT
.settings: DEFAULT_MAX_RETRIES
""",
    "_exceptions": """
.errors: OpenAIError APIError APIStatusError APIConnectionError APITimeoutError APIResponseValidationError
.errors: BadRequestError AuthenticationError OAuthError PermissionDeniedError NotFoundError ConflictError
.errors: UnprocessableEntityError RateLimitError InternalServerError LengthFinishReasonError
.errors: ContentFilterFinishReasonError InvalidWebhookSignatureError SubjectTokenProviderError
.errors: WebSocketConnectionClosedError WebSocketQueueFullError
""",
    "_legacy_response": """
.errors: MissingStreamClassError
.response: HttpxBinaryResponseContent LegacyAPIResponse
""",
    "_models": """
.core.construction: construct_type construct_type_unchecked
.core.model: BaseModel
.hooks.options: FinalRequestOptions=Options
""",
    "_module_client": """
.: admin audio batches beta chat completions containers content_provenance_checks conversations decisions embeddings
.: evals files fine_tuning images live models moderations realtime responses safety skills uploads vector_stores videos
.: webhooks
""",
    "_response": """
.errors: MissingStreamClassError StreamAlreadyConsumed
.response: APIResponse AsyncAPIResponse AsyncResponseContextManager AsyncStreamedBinaryAPIResponse BaseAPIResponse
.response: ResponseContextManager StreamedBinaryAPIResponse
""",
    "_streaming": """
.core.sse: ServerSentEvent
.lib.decoder: SSEDecoder
.streaming: AsyncStream Stream
""",
    "_types": """
types: NoneType
.core.argument: Body FileContent FileTypes Headers HeadersLike Query
.core.construction: ResponseT
.core.omit: NOT_GIVEN NotGiven Omit not_given omit
.core.raw: RequestOptions
.core.timeout: Timeout
.transports.base: AsyncTransport ProxiesTypes Transport
""",
    "_utils": """
.core.files: file_from_path
.core.omit: is_given
.core.shape: is_dict is_iterable is_list is_mapping is_sequence
""",
    "_version": """
.: __title__
.version: __version__
""",
}
"""Per module below the package, what it has: lines of "home: Name Name=There …"; a home with a dot is below this package."""

HIDDEN = frozenset({"_client", "providers.bedrock", "providers.vertex"})
"""Modules whose name is that of something else in their package: `antiphon._client` is the client that the package itself makes."""

BESIDE = {
    "resources.beta.realtime.realtime": ".sockets.channel.beta_realtime .sockets.channel.async_beta_realtime",
    "resources.beta.responses.responses": ".sockets.channel.beta_responses .sockets.channel.async_beta_responses",
    "resources.live.forks": ".sockets.channel.forks .sockets.channel.async_forks",
    "resources.live.live": ".sockets.channel.live .sockets.channel.async_live",
    "resources.live.sideband": ".sockets.channel.sideband .sockets.channel.async_sideband",
    "resources.realtime.realtime": ".sockets.channel.realtime .sockets.channel.async_realtime",
    "resources.realtime.translations.translations": ".sockets.channel.translations .sockets.channel.async_translations",
    "resources.responses.responses": ".sockets.channel.responses .sockets.channel.async_responses",
    "types.chat.parsed_chat_completion": """
.core.argument: ContentType
.types.chat.chat_completion: Choice
""",
    "types.chat.parsed_function_tool_call": ".types.chat.chat_completion_message_function_tool_call: Function",
    "types.responses.parsed_response": """
.core.argument: ContentType
.types.responses.response_output_item: AdditionalTools ImageGenerationCall LocalShellCall LocalShellCallAction
.types.responses.response_output_item: LocalShellCallOutput McpApprovalRequest McpApprovalResponse McpCall McpListTools
.types.responses.response_output_item: Program ProgramOutput
""",
    "types.websocket_reconnection": ".sockets.reconnection: is_recoverable_close",
}
"""What official modules have beside their own: lines as above, or homes all of whose classes belong to the module."""

_RUNNER = "tool runners are not in this version; call responses.create or responses.parse in a loop of your own"
_SESSION = "is not in this version; `client.responses.connect()` gives the connection itself"
_PYDANTIC = "call the model's own method: model_dump, model_copy, model_validate"
_RESOURCE = (
    "put the method on a class of your own that holds a client and calls client.get, client.post and their siblings"
)
_WRITTEN = "arguments are written for the wire by themselves; pass them as they are"
_FILES = "files are written for the wire by themselves; pass them as they are"
_SOCKET = "connections do that by themselves; `client.responses.connect()` and `client.realtime.connect()` give one"

ABSENT = {
    "lib.browser": "the browser's toolset is not in this version; keep the official package for it",
    "lib.computer": "the computer's toolset is not in this version; keep the official package for it",
    "lib.decisions_tool_runner": _RUNNER,
    "lib.responses_tool_runner": _RUNNER,
    "lib.tool_diagnostics": _RUNNER,
    "lib.live": "the grouping of transcripts is not in this version; `client.live.connect()` gives the events themselves",
    "lib.realtime_translation": "its session is not in this version; use client.realtime.translations.connect()",
    "lib.responses_websocket": "the session with lanes " + _SESSION,
    "lib.azure.API_KEY_SENTINEL": "a client without a key has api_key None or an empty one, not a stand-in",
    "lib._parsing._completions.parse_chat_completion": "use client.chat.completions.parse",
    "lib._parsing.parse_chat_completion": "use client.chat.completions.parse",
    "lib._parsing._responses.parse_response": "use client.responses.parse",
    "lib._pydantic._ensure_strict_json_schema": "to_strict_json_schema takes the type and gives the whole schema",
    "_base_client.AsyncAPIClient": "derive from AsyncOpenAI, or ask about it",
    "_base_client.SyncAPIClient": "derive from OpenAI, or ask about it",
    "_compat": _PYDANTIC,
    "_constants.INITIAL_RETRY_DELAY": "policies=[Retry(initial=…)] sets it",
    "_constants.MAX_RETRY_DELAY": "policies=[Retry(longest=…)] sets it",
    "_constants.RAW_RESPONSE_HEADER": "no such header field is sent: with_raw_response is a method of its own",
    "_data_residency": "the client takes data_residency",
    "_event_handler": _SOCKET,
    "_extras": "import numpy, pandas or sounddevice themselves",
    "_files": _FILES,
    "_httpx2": "the client takes a client of httpx or httpx2 as its http_client",
    "_models.add_request_id": "replies have their _request_id already",
    "_multipart": _FILES,
    "_provider": "the client takes provider=antiphon.providers.bedrock(…) or provider=antiphon.providers.vertex(…)",
    "_qs": "client.qs writes queries",
    "_resource": _RESOURCE,
    "_response.AsyncBinaryAPIResponse": "binary replies are HttpxBinaryResponseContent",
    "_response.BinaryAPIResponse": "binary replies are HttpxBinaryResponseContent",
    "_send_queue": _SOCKET,
    "_streaming_cleanup": "a stream closes what it reads from; leave its `with` block, or call its close()",
    "_types.SequenceNotStr": "write collections.abc.Sequence",
    "_utils.async_maybe_transform": _WRITTEN,
    "_utils.maybe_transform": _WRITTEN,
    "_vendor": "DefaultAioHttpClient() is the http_client that goes through aiohttp",
    "_websocket_connection": _SOCKET,
}
"""What programs import and antiphon does not have, by module or name, and what to do instead."""
