"""`python -m antiphon.emulator`: the same as `antiphon serve`."""

from __future__ import annotations

import sys

from .command import main

if __name__ == "__main__":
    try:
        code = main(sys.argv[1:])
    except KeyboardInterrupt:
        code = 130
    raise SystemExit(code)
