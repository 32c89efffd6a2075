"""The text of pages and documents: what a reader sees, and no more of a file than is good."""

from __future__ import annotations

import io
import zipfile
import zlib
from pathlib import Path

import pytest

from antiphon.emulator.families import retrieval_office
from antiphon.emulator.families.retrieval_text import Unreadable, extracted, is_plain

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"
SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def read(folder: Path, name: str, data: bytes) -> str:
    path = folder / "bytes"
    path.write_bytes(data)
    assert not is_plain(name, data[:8])
    return extracted(name, path)


def package(**parts: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, text in parts.items():
            made.writestr(name, text)
    return out.getvalue()


def pdf(*contents: bytes, filters: bytes = b"") -> bytes:
    objects = [b"<< /Type /Catalog >>", *(_stream(content, filters) for content in contents)]
    body = b"".join(b"%d 0 obj\n%b\nendobj\n" % (number, value) for number, value in enumerate(objects, 1))
    return b"%PDF-1.4\n" + body + b"trailer << /Root 1 0 R >>\n%%EOF"


def _stream(content: bytes, filters: bytes) -> bytes:
    return b"<< /Length %d /Extra << /A /B >> %b >>\nstream\n%b\nendstream" % (len(content), filters, content)


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.json", "a.jsonl", "a.csv", "a.py", "a", "a.unknown"])
def test_plain_text_is_read_as_it_is(name: str) -> None:
    assert is_plain(name, b"anything")


def test_a_page(tmp_path: Path) -> None:
    page = """<!doctype html><html><head><title>no</title><style>p {color: red}</style></head><body>
    <h1>Terms &amp; prices</h1><script>if (1 < 2) alert("no")</script>
    <p>One <b>bold</b>
    word.<br>Next</p><table><tr><td>a</td><td>b</td></tr></table><!-- no --></body></html>"""
    assert read(tmp_path, "a.html", page.encode()) == "Terms & prices\nOne bold word.\nNext\na b"


def test_other_encodings(tmp_path: Path) -> None:
    assert read(tmp_path, "a.txt", "Grüße".encode("utf-16")) == "Grüße"
    with pytest.raises(Unreadable) as caught:
        read(tmp_path, "a.html", b"caf\xe9")
    assert caught.value.code == "unsupported_file"


def test_a_document(tmp_path: Path) -> None:
    text = f"""<w:document xmlns:w="{WORD}"><w:body>
    <w:p><w:r><w:t>First </w:t></w:r><w:r><w:t>line</w:t><w:tab/><w:t>right</w:t></w:r></w:p><w:p/>
    <w:p><w:r><w:t>Second</w:t></w:r></w:p></w:body></w:document>"""
    assert read(tmp_path, "a.DOCX", package(**{"word/document.xml": text})) == "First line\tright\nSecond"


def test_slides_come_in_their_order(tmp_path: Path) -> None:
    def slide(text: str) -> str:
        return f'<s xmlns:a="{DRAWING}"><a:p><a:r><a:t>{text}</a:t></a:r></a:p></s>'

    parts = {f"ppt/slides/slide{number}.xml": slide(f"Slide {number}") for number in (10, 2, 1)}
    assert read(tmp_path, "a.pptx", package(**parts, **{"ppt/slides/_rels/x": "no"})) == "Slide 1\nSlide 2\nSlide 10"


def test_a_sheet(tmp_path: Path) -> None:
    shared = f'<sst xmlns="{SHEET}"><si><t>name</t></si><si><r><t>pri</t></r><r><t>ce</t></r></si></sst>'
    rows = f"""<worksheet xmlns="{SHEET}"><sheetData>
    <row><c t="s"><v>0</v></c><c t="s"><v>1</v></c></row><row/>
    <row><c t="inlineStr"><is><t>tea</t></is></c><c><v>2.5</v></c></row></sheetData></worksheet>"""
    made = package(**{"xl/sharedStrings.xml": shared, "xl/worksheets/sheet1.xml": rows})
    assert read(tmp_path, "a.xlsx", made) == "name\tprice\ntea\t2.5"


def test_a_pdf(tmp_path: Path) -> None:
    page = b"q BT /F1 12 Tf 72 700 Td (Hello \\(world\\)\\041) Tj 0 -14 Td [(Sec) 20 (ond) -300 (line)] TJ T* <416c736f> Tj ET Q"
    assert read(tmp_path, "a.pdf", pdf(page)) == "Hello (world)!\nSecond line\nAlso"
    packed = [zlib.compress(page), zlib.compress(b"BT (Next page) Tj ET")]
    text = read(tmp_path, "a", pdf(*packed, filters=b"/Filter /FlateDecode"))
    assert text == "Hello (world)!\nSecond line\nAlso\nNext page"


@pytest.mark.parametrize(
    "data",
    [
        pdf(b"\xff\xd8 BT (no) Tj ET", filters=b"/Filter [/DCTDecode]"),
        pdf(b"0 0 m 10 10 l S"),
        pdf(b"BT <00010002000300040005> Tj ET"),
        pdf(b"BT (secret) Tj ET").replace(b"trailer <<", b"trailer << /Encrypt 9 0 R"),
    ],
)
def test_a_pdf_without_letters(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(Unreadable) as caught:
        read(tmp_path, "a.pdf", data)
    assert caught.value.code == "unsupported_file"


def test_bombs_are_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retrieval_office, "MOST", 10_000)
    wide = f'<w:document xmlns:w="{WORD}">{" " * 20_000}</w:document>'
    deep = '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'
    for text in (wide, deep, "<open>"):
        with pytest.raises(Unreadable) as caught:
            read(tmp_path, "a.docx", package(**{"word/document.xml": text}))
        assert caught.value.code == "invalid_file"
    with pytest.raises(Unreadable):
        read(tmp_path, "a.docx", package(other="x"))
