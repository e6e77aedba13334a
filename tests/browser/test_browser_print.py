"""A page on paper: its stamp and figures, whole, without what can only be clicked."""

from __future__ import annotations

import re

import pytest

pytestmark = pytest.mark.browser

PAPERS = {"A4": (210, 297), "A3": (297, 420)}
MARGIN_MM, PX_PER_MM = 10, 96 / 25.4
CLICKED = ("[data-testid=stSidebar]", "[data-testid=stHeader]", "[data-testid=stDownloadButton] button")


@pytest.mark.parametrize("paper", PAPERS)
@pytest.mark.parametrize("page_name", ["", "patrol_coverage"])
def test_a_page_prints_with_its_stamp_and_its_whole_width(visit, demonstration, page_name, paper):
    visit.open(f"{demonstration}/{page_name}")
    page = visit.page
    width = round((PAPERS[paper][0] - 2 * MARGIN_MM) * PX_PER_MM)
    page.emulate_media(media="print")
    page.set_viewport_size({"width": width, "height": 900})
    assert page.locator(".stamp").is_visible()
    assert "演示数据" in page.locator(".stamp").inner_text()
    for hidden in CLICKED:
        assert not page.locator(hidden).first.is_visible()
    wide = page.evaluate(
        """width => [...document.querySelectorAll("[class*='st-key-panel-'], .card, .conclusion, .stamp")]
            .map(one => one.getBoundingClientRect())
            .filter(box => box.width && box.right > width + 1).length""",
        width,
    )
    assert wide == 0
    printed = page.pdf(format=paper)
    assert 1 <= len(re.findall(rb"/Type /Page\b", printed)) <= 6
