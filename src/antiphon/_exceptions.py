"""What `openai._exceptions` has, for programs that import it; it lives elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .core.alias import lend

if TYPE_CHECKING:
    from .errors import APIConnectionError as APIConnectionError
    from .errors import APIError as APIError
    from .errors import APIResponseValidationError as APIResponseValidationError
    from .errors import APIStatusError as APIStatusError
    from .errors import APITimeoutError as APITimeoutError
    from .errors import AuthenticationError as AuthenticationError
    from .errors import BadRequestError as BadRequestError
    from .errors import ConflictError as ConflictError
    from .errors import ContentFilterFinishReasonError as ContentFilterFinishReasonError
    from .errors import InternalServerError as InternalServerError
    from .errors import InvalidWebhookSignatureError as InvalidWebhookSignatureError
    from .errors import LengthFinishReasonError as LengthFinishReasonError
    from .errors import NotFoundError as NotFoundError
    from .errors import OAuthError as OAuthError
    from .errors import OpenAIError as OpenAIError
    from .errors import PermissionDeniedError as PermissionDeniedError
    from .errors import RateLimitError as RateLimitError
    from .errors import SubjectTokenProviderError as SubjectTokenProviderError
    from .errors import UnprocessableEntityError as UnprocessableEntityError
    from .errors import WebSocketConnectionClosedError as WebSocketConnectionClosedError
    from .errors import WebSocketQueueFullError as WebSocketQueueFullError

lend(globals())
