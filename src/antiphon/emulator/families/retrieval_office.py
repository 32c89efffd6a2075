"""The text of office documents: a zip of XML files, of which a few hold what was written. Knows three kinds of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final
from xml.etree import ElementTree
from zipfile import BadZipFile, ZipFile

from .retrieval_text import Unreadable

MOST: Final = 32 * 1024 * 1024
"""Bytes that the parts of a document may unpack to, together; a small zip can hold endless emptiness."""
_NUMBER: Final = re.compile(r"(\d+)\.xml$")


def text_of_package(ending: str, path: Path) -> str:
    """What is written in a document; its ending tells which kind it is."""
    read = _READERS.get(ending)
    if read is None:
        raise Unreadable("unsupported_file", "Archives are not searched.")
    try:
        with ZipFile(path) as package:
            return "\n".join(read(_Package(package)))
    except (BadZipFile, KeyError, ElementTree.ParseError, EOFError, NotImplementedError, RuntimeError) as error:
        raise Unreadable("invalid_file", f"The document cannot be unpacked: {error}.") from error


class _Package:
    """The parts of a document, read as XML, no more of them than is good."""

    def __init__(self, package: ZipFile) -> None:
        self._package = package
        self._left = MOST

    def names(self, folder: str) -> list[str]:
        """The numbered parts in a folder, in order."""
        found = [name for name in self._package.namelist() if name.startswith(folder) and _NUMBER.search(name)]
        return sorted(found, key=lambda name: int(_NUMBER.search(name)[1]))  # type: ignore[index]

    def part(self, name: str) -> ElementTree.Element:
        """The root of one part."""
        with self._package.open(name) as member:
            data = member.read(self._left + 1)
        self._left -= len(data)
        if self._left < 0:
            raise Unreadable("invalid_file", f"The document unpacks to more than {MOST} bytes.")
        if b"<!DOCTYPE" in data[:1024]:
            raise Unreadable("invalid_file", "The document declares a document type, as none of its kind does.")
        return ElementTree.fromstring(data)  # noqa: S314

    def has(self, name: str) -> bool:
        """Whether there is such a part."""
        return name in self._package.namelist()


def _plain(tag: str) -> str:
    return tag.rpartition("}")[2]


def _within(root: ElementTree.Element, tag: str) -> Iterator[ElementTree.Element]:
    return (element for element in root.iter() if _plain(element.tag) == tag)


def _paragraphs(root: ElementTree.Element) -> Iterator[str]:
    """The lines of a text or a slide; both call their paragraphs `p` and their runs of letters `t`."""
    signs = {"tab": "\t", "br": "\n", "cr": "\n"}
    for paragraph in _within(root, "p"):
        line = "".join(
            (element.text or "") if _plain(element.tag) == "t" else signs.get(_plain(element.tag), "")
            for element in paragraph.iter()
        )
        if line.strip():
            yield line.strip("\n")


def _document(package: _Package) -> Iterator[str]:
    return _paragraphs(package.part("word/document.xml"))


def _slides(package: _Package) -> Iterator[str]:
    for name in package.names("ppt/slides/slide"):
        yield from _paragraphs(package.part(name))


def _sheets(package: _Package) -> Iterator[str]:
    shared: list[str] = []
    if package.has("xl/sharedStrings.xml"):
        shared = [_written(item) for item in _within(package.part("xl/sharedStrings.xml"), "si")]
    for name in package.names("xl/worksheets/sheet"):
        for row in _within(package.part(name), "row"):
            cells = [_cell(cell, shared) for cell in row if _plain(cell.tag) == "c"]
            if any(cells):
                yield "\t".join(cells)


def _written(element: ElementTree.Element) -> str:
    return "".join(text.text or "" for text in _within(element, "t"))


def _cell(cell: ElementTree.Element, shared: list[str]) -> str:
    if cell.get("t") == "inlineStr":
        return _written(cell)
    value = next((inner.text or "" for inner in cell if _plain(inner.tag) == "v"), "")
    if cell.get("t") == "s" and value.isdigit() and int(value) < len(shared):
        return shared[int(value)]
    return value


_READERS: Final[dict[str, Callable[[_Package], Iterator[str]]]] = {
    ".docx": _document,
    ".pptx": _slides,
    ".xlsx": _sheets,
}
