"""A file as it is on the disk, and the text in it: bytes that are not changed stay as they are."""

from __future__ import annotations

import io
import os
import shutil
import tempfile
import tokenize
from pathlib import Path
from typing import NamedTuple

_BOM = b"\xef\xbb\xbf"


class Document(NamedTuple):
    """A file's bytes, and how they are read."""

    path: Path
    content: bytes
    text: str
    encoding: str
    bom: bytes

    def bytes_of(self, text: str) -> bytes:
        """Another text, written like this one.

        Raises:
            UnicodeEncodeError: the encoding has no such character.
        """
        return self.bom + text.encode(self.encoding)


def opened(path: Path, *, source: bool) -> Document:
    """Read a file; Python source in the encoding it declares, anything else as UTF-8.

    Raises:
        OSError: it cannot be read.
        SyntaxError, UnicodeError: it is not in the encoding it should be in.
    """
    content = path.read_bytes()
    bom = _BOM if content.startswith(_BOM) else b""
    encoding = tokenize.detect_encoding(io.BytesIO(content).readline)[0] if source else "utf-8"
    encoding = "utf-8" if encoding == "utf-8-sig" else encoding
    text = content[len(bom) :].decode(encoding)
    document = Document(path, content, text, encoding, bom)
    if document.bytes_of(text) != content:
        raise UnicodeError(f"{encoding} does not give the same bytes back")
    return document


def replace(path: Path, content: bytes) -> None:
    """Write a file anew, at once or not at all; through a symbolic link, and with the same permissions.

    Raises:
        OSError: it cannot be written; the old content is still there.
    """
    target = path.resolve()
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        shutil.copymode(target, name)
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
