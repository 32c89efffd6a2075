"""What a caller, a configuration or a peer got wrong, apart from one API call."""

from __future__ import annotations

from typing import Any

from .base import OpenAIError, rebuilding


class ClientClosed(OpenAIError, RuntimeError):
    """The client was closed; make a new one."""


class InvalidCredential(OpenAIError, ValueError):
    """A key that cannot be right: empty, with line breaks or blanks, not ASCII. The message never shows it."""


class InvalidBaseURL(OpenAIError, ValueError):
    """A base URL that cannot be right or would be unsafe."""


class CredentialScopeError(OpenAIError):
    """A credential that would go to an origin it is not bound to."""


class InvalidBody(OpenAIError, ValueError):
    """A value that cannot be sent.

    Attributes:
        path: where it stands, e.g. "metadata.when" or "input[3].content".
    """

    path: str

    def __init__(self, message: str, path: str = "") -> None:
        super().__init__(message)
        self.path = path


class BodyNotReplayable(OpenAIError):
    """A request body that was consumed by an attempt and cannot be sent again."""


class StreamAlreadyConsumed(OpenAIError):
    """The body was read already."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(
            message
            or "the body was read already and is not kept; read it once and keep the result, or ask for it whole"
        )


class NoResult(OpenAIError, RuntimeError):
    """The stream is at its end without what was asked for: nothing of the kind came, or it failed."""


class UnreadableWebhook(OpenAIError, ValueError):
    """The webhook is genuine, but its body is no event: not JSON, or no object."""


class LengthFinishReasonError(OpenAIError):
    """The model stopped at its length limit, so the structured output is not complete."""

    completion: Any

    def __init__(self, *, completion: Any) -> None:
        usage = getattr(completion, "usage", None)
        super().__init__(
            "the output stopped at its length limit and cannot be parsed; raise max_tokens or ask for less"
            + (f" (usage: {usage})" if usage else "")
        )
        self.completion = completion


class ContentFilterFinishReasonError(OpenAIError):
    """The content filter stopped the output, so it cannot be parsed."""

    completion: Any

    def __init__(self, *, completion: Any = None) -> None:
        super().__init__("the content filter stopped the output, so it cannot be parsed")
        self.completion = completion


class SubjectTokenProviderError(OpenAIError):
    """The source of a workload's identity token failed."""

    response: Any

    def __init__(self, message: str, *, response: Any = None) -> None:
        super().__init__(message)
        self.response = response


class InvalidWebhookSignatureError(ValueError):
    """The webhook was not signed by the sender this secret belongs to, or is too old."""


class MissingStreamClassError(TypeError):
    """`stream=True` was given without `stream_cls`."""

    def __init__(self) -> None:
        super().__init__("stream=True needs stream_cls, e.g. Stream[ChatCompletionChunk]")

    def __reduce__(self) -> tuple[Any, ...]:
        return rebuilding(self)


class WebSocketConnectionClosedError(OpenAIError):
    """The connection closed while messages were waiting to be sent."""

    unsent_messages: list[str]
    unsent_frames: list[str | bytes]

    def __init__(
        self,
        message: str,
        *,
        unsent_messages: list[str] | None = None,
        unsent_frames: list[str | bytes] | None = None,
        code: int = 1006,
        reason: str = "",
    ) -> None:
        super().__init__(message)
        self.unsent_messages = unsent_messages or []
        self.unsent_frames = unsent_frames or []
        self.code = code
        self.reason = reason


class WebSocketQueueFullError(OpenAIError):
    """The send queue is full; wait for the connection or raise `max_queue_size`."""
