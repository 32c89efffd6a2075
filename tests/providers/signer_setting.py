"""Settings of Bedrock clients that sign."""

from __future__ import annotations

from typing import Any

from .house import KEYS, SESSION

EAST: dict[str, Any] = {**KEYS, "aws_region": "us-east-1"}
STS: dict[str, Any] = {**EAST, "aws_session_token": SESSION}
