"""The text of a file, whatever it is: plain text as it is, pages without their tags, documents unpacked.

Knows which reader reads what; a file that no reader can read is `Unreadable`, with the API's code for why.
"""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path, PurePath
from typing import Final

MARKS: Final = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
"""How files begin that are text in another encoding than UTF-8."""
_PAGES: Final = (".html", ".htm", ".xhtml")
_OFFICE: Final = (".docx", ".pptx", ".xlsx")
_SILENT: Final = frozenset({"script", "style", "head", "template", "noscript"})
_BLOCKS: Final = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "br",
        "caption",
        "dd",
        "details",
        "dialog",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "legend",
        "li",
        "main",
        "nav",
        "ol",
        "option",
        "p",
        "pre",
        "section",
        "select",
        "summary",
        "table",
        "tbody",
        "tfoot",
        "thead",
        "title",
        "tr",
        "ul",
    ]
)
_CELLS: Final = ("td", "th")
MOST: Final = 64 * 1024 * 1024
"""The largest file that is taken apart; plain text of any size is read in pieces."""


class Unreadable(Exception):
    """No text can be had from a file: `unsupported_file` for its kind, `invalid_file` for what is in it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def is_plain(name: str, beginning: bytes) -> bool:
    """Whether the bytes are the text itself, so that it can be read in pieces."""
    ending = PurePath(name).suffix.lower()
    return not (
        ending in (*_PAGES, *_OFFICE) or beginning.startswith((b"%PDF-", b"PK\x03\x04")) or beginning[:2] in MARKS
    )


def extracted(name: str, path: Path) -> str:
    """The text of a file that is not plain; takes its time with a long one.

    Raises:
        Unreadable: there is none to be had.
    """
    ending = PurePath(name).suffix.lower()
    if path.stat().st_size > MOST:
        raise Unreadable("invalid_file", f"The file is larger than {MOST} bytes.")
    data = path.read_bytes()
    if data.startswith(b"%PDF-"):
        from .retrieval_pdf import text_of

        return text_of(data)
    if data.startswith(b"PK\x03\x04"):
        from .retrieval_office import text_of_package

        return text_of_package(ending, path)
    if ending in _OFFICE:
        raise Unreadable("invalid_file", f"The file is no {ending[1:]} document.")
    try:
        text = data.decode(MARKS.get(data[:2], "utf-8"))
    except UnicodeDecodeError:
        raise Unreadable("unsupported_file", "The file is no text.") from None
    return stripped(text) if ending in _PAGES else text


def stripped(page: str) -> str:
    """What a reader of an HTML page sees."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.found).split("\n"))
    return "\n".join(line for line in lines if line)


class _Reader(HTMLParser):
    """Collects the text between tags; blocks begin on lines of their own."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._silent: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent.append(tag)
        elif tag == "body":
            self._silent.clear()  # whatever the head left open
        if tag in _BLOCKS or tag in _CELLS:
            self.found.append("\n" if tag in _BLOCKS else "\t")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._silent:
            del self._silent[self._silent.index(tag) :]
        if tag in _BLOCKS:
            self.found.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.found.append(data.replace("\n", " "))
