"""Links inside the documentation lead to pages, headings and files that exist; every page is in the navigation."""

from __future__ import annotations

from pathlib import Path

import pytest

from .page import DOCS, NAMES, PAGES, ROOT, anchors, links


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_links_lead_somewhere(page: Path) -> None:
    for link in links(page):
        if link.startswith(("https://", "http://")):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{page.name}: {link}"
        assert not anchor or anchor in anchors(target), f"{page.name}: {link}"


def test_every_page_is_in_the_navigation() -> None:
    navigation = (ROOT / "mkdocs.yml").read_text("utf-8")
    assert [page.name for page in DOCS.rglob("*.md") if str(page.relative_to(DOCS)) not in navigation] == []
