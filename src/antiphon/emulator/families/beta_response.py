"""Responses as `?beta=true` asks for them: the same responses on the same shelf, made by several agents where wanted.

`multi_agent`, which only these operations take, is `response_agent`'s concern; all else is as everywhere.
"""

from __future__ import annotations

from ..exchange import Handler
from . import response

HANDLERS: dict[str, Handler] = {f"beta.{name}": handler for name, handler in response.HANDLERS.items()}
