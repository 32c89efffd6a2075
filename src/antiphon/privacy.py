"""Privacy in one place: what calls give away, what a server keeps, and how to have it deleted.

The policy `Privacy` sees to it that nothing is kept that need not be; `carried` goes on with a conversation all the same; `held`
and `erase` look for what is kept, and delete it; `Redactor` and `restored` are for texts of your own.
"""

from __future__ import annotations

from .helpers.erasure import KINDS, Erased, Erasure, erase, held
from .policies.machines.redaction import Redactor, restored
from .policies.privacy import Privacy, carried

__all__ = ["KINDS", "Erased", "Erasure", "Privacy", "Redactor", "carried", "erase", "held", "restored"]
