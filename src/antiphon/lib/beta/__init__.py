"""What `openai.lib.beta` has, for programs that import it; it lives elsewhere."""

from __future__ import annotations

from ...core.alias import lend

lend(globals())
