"""网格手册 in a browser: a click on the map leads to a micro-grid, one outside says so."""

from __future__ import annotations

import re

import pytest

from tests.browser.test_browser_map import click_map

pytestmark = pytest.mark.browser


def headline(page):
    return page.locator("h1.conclusion").inner_text()


def test_a_click_on_the_map_leads_to_its_micro_grid_and_one_outside_says_so(visit, demonstration):
    visit.open(f"{demonstration}/grid_handbook")
    click_map(visit, 0.5, 0.5)
    visit.page.wait_for_url(re.compile(r"point="))
    visit.page.wait_for_selector(".st-key-panel-handbook-people")
    visit.settle()
    assert "有事先找" in headline(visit.page)
    link = visit.page.url
    click_map(visit, 0.1, 0.9)
    visit.page.wait_for_function("old => location.href !== old", arg=link)
    visit.page.wait_for_selector(".st-key-panel-handbook-people", state="detached")
    visit.settle()
    assert "界外" in headline(visit.page) or "有事先找" in headline(visit.page)
    visit.open(link)
    assert "有事先找" in headline(visit.page)
    assert visit.outside() == []
    assert visit.errors == []


def test_what_is_typed_is_found_at_once(visit, demonstration):
    visit.open(f"{demonstration}/grid_handbook")
    box = visit.page.locator(".st-key-handbook-query input")
    box.fill("大阳沟市场口")
    box.press("Enter")
    visit.page.wait_for_selector(".st-key-panel-handbook-people")
    assert "大阳沟市场口在" in headline(visit.page)
    assert visit.errors == []
