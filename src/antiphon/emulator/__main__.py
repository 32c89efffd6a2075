"""`python -m antiphon.emulator`: the same as `antiphon serve`."""

from __future__ import annotations

import sys

from .command import main

if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
