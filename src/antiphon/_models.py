"""What `openai._models` has, for programs that import it; it lives elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .core.alias import lend

if TYPE_CHECKING:
    from .core.construction import construct_type as construct_type
    from .core.construction import construct_type_unchecked as construct_type_unchecked
    from .core.model import BaseModel as BaseModel
    from .hooks.options import Options as _Options

    FinalRequestOptions = _Options

lend(globals())
