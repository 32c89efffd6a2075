"""Send a file by its path and get it back as a stream, in constant memory both ways.

    python examples/upload.py some-file.txt

Takes OPENAI_API_KEY and OPENAI_BASE_URL from the environment; `antiphon serve` prints both for a local emulator.
"""

from __future__ import annotations

import filecmp
import sys
import tempfile
from pathlib import Path

from antiphon import OpenAI

path = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__)

with OpenAI() as client, tempfile.TemporaryDirectory() as folder:
    file = client.files.create(file=path, purpose="user_data")
    print(f"sent {file.filename}: {file.bytes:,} bytes, {file.id}")
    try:
        back = Path(folder, "back")
        with client.files.with_streaming_response.content(file.id) as response:
            response.stream_to_file(back)
        print(f"came back the same: {filecmp.cmp(path, back, shallow=False)}")
    finally:
        print(f"deleted: {client.files.delete(file.id).deleted}")
