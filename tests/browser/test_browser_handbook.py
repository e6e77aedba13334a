"""网格手册 in a browser: a click on the map leads to a micro-grid, one outside says so."""

from __future__ import annotations

import re

import pytest

from tests.browser.test_browser_map import click_map

pytestmark = pytest.mark.browser


def headline(page):
    return page.locator("h1.conclusion").inner_text()


def test_a_click_on_the_map_leads_to_its_micro_grid_and_its_link_does_too(visit, demonstration):
    visit.open(f"{demonstration}/grid_handbook")
    click_map(visit, 0.5, 0.5)
    visit.page.wait_for_url(re.compile(r"point="))
    visit.page.wait_for_selector(".st-key-panel-handbook-people")
    visit.settle()
    assert "有事先找" in headline(visit.page)
    found, link = headline(visit.page), visit.page.url
    visit.open(link)
    assert headline(visit.page) == found
    assert visit.outside() == []
    assert visit.errors == []


def test_a_click_outside_is_said_plainly(visit, demonstration):
    visit.open(f"{demonstration}/grid_handbook")
    click_map(visit, 0.05, 0.5)
    visit.page.wait_for_url(re.compile(r"point="))
    visit.page.wait_for_function("document.querySelector('h1.conclusion').innerText.includes('界外')")
    assert re.search(r"离最近的.+有 [\d,]+ 米", headline(visit.page))
    assert visit.errors == []


def test_what_is_typed_is_found_at_once(visit, demonstration):
    visit.open(f"{demonstration}/grid_handbook")
    box = visit.page.locator(".st-key-handbook-query input")
    box.fill("大阳沟市场口")
    box.press("Enter")
    visit.page.wait_for_selector(".st-key-panel-handbook-people")
    assert "大阳沟市场口在" in headline(visit.page)
    assert visit.errors == []
