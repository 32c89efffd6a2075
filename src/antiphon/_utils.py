"""What `openai._utils` has, for programs that import it; it lives elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .core.alias import lend

if TYPE_CHECKING:
    from .core.files import file_from_path as file_from_path
    from .core.omit import is_given as is_given
    from .core.shape import is_dict as is_dict
    from .core.shape import is_iterable as is_iterable
    from .core.shape import is_list as is_list
    from .core.shape import is_mapping as is_mapping
    from .core.shape import is_sequence as is_sequence

lend(globals())
