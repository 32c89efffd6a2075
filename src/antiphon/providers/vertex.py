"""What `openai.providers.vertex` has, for programs that import it; the package's own `vertex` stays the function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.alias import lend

if TYPE_CHECKING:
    from .vertex_provider import VertexTokenProvider as VertexTokenProvider
    from .vertex_provider import vertex as vertex

lend(globals())
