"""The pages in a browser without a network: nothing from outside, maps drawn, clicks followed."""

from __future__ import annotations

import re

import pytest

from governance.ui.navigation import PAGES

pytestmark = pytest.mark.browser

AREA = re.compile(r"[?&]area=([^&]+)")


def address(base, spec):
    return base if spec.is_default else f"{base}/{spec.file}"


# True once the map has areas and what is drawn in it has not changed for 800 ms.
STANDS_STILL = """() => {
    const paths = document.querySelectorAll(".leaflet-pane path");
    const drawn = paths.length + [...paths].slice(0, 40).map(path => path.getAttribute("d")).join();
    if (!paths.length || window.still_drawn !== drawn) {
        window.still_since = performance.now();
        window.still_drawn = drawn;
        return false;
    }
    return performance.now() - window.still_since > 800;
}"""


def area_in(url):
    found = AREA.search(url)
    return found[1] if found else ""


def crumbs(page):
    return [text.strip(" ›") for text in page.locator(".st-key-map-breadcrumb button").all_inner_texts()]


def click_map(visit, across, down):
    """Click at a share of the width and height of the map, once it stands still.

    While its layers are exchanged a click meets nothing.
    """
    map_ = visit.page.locator("iframe[src*='streamlit_folium']")
    map_.element_handle().content_frame().wait_for_function(STANDS_STILL, polling=100)
    box = map_.bounding_box()
    visit.page.mouse.click(box["x"] + across * box["width"], box["y"] + down * box["height"])


def wait_for_crumbs(page, count):
    page.wait_for_function(
        "count => document.querySelectorAll('.st-key-map-breadcrumb button').length === count", arg=count
    )


@pytest.mark.parametrize("spec", PAGES, ids=lambda spec: spec.file)
def test_every_page_is_drawn_from_its_own_server_alone(visit, demonstration, spec):
    visit.open(address(demonstration, spec))
    assert visit.outside() == []
    assert visit.errors == []
    assert visit.page.locator(".failure, [data-testid='stException']").count() == 0
    for frame in visit.maps():
        assert frame.locator(".leaflet-pane path").count() > 0


def test_the_map_draws_every_micro_grid(visit, demonstration):
    visit.open(f"{demonstration}/grid_map")
    (frame,) = visit.maps()
    assert frame.locator(".leaflet-overlay-pane path").count() == 294
    assert frame.locator(".name.area").count() == 7
    assert frame.locator(".scale, .north").count() == 2
    assert "示意" in frame.locator(".leaflet-control-attribution").inner_text()
    assert "Leaflet" not in frame.locator(".leaflet-control-attribution").inner_text()


def test_clicks_drill_down_and_the_breadcrumb_leads_back(visit, demonstration):
    visit.open(f"{demonstration}/grid_map")
    page = visit.page
    for depth in (2, 3, 4):
        click_map(visit, 0.5, 0.5)
        wait_for_crumbs(page, depth)
        visit.settle()
    deepest = crumbs(page)
    assert area_in(page.url)
    page.locator(".st-key-map-breadcrumb button").nth(1).click()
    wait_for_crumbs(page, 2)
    assert crumbs(page) == deepest[:2]
    page.locator(".st-key-map-breadcrumb button").nth(0).click()
    wait_for_crumbs(page, 1)
    assert area_in(page.url) == ""
    visit.settle()
    # The same spot again: the click is new although the place is not.
    click_map(visit, 0.5, 0.5)
    wait_for_crumbs(page, 2)
    assert visit.errors == []


def test_a_click_beside_the_street_changes_nothing(visit, demonstration):
    visit.open(f"{demonstration}/grid_map")
    click_map(visit, 0.04, 0.5)
    visit.page.wait_for_timeout(1500)
    assert len(crumbs(visit.page)) == 1


def test_a_copied_link_opens_the_same_view(visit, demonstration):
    visit.open(f"{demonstration}/grid_map?measure=open_n&level=grid")
    click_map(visit, 0.5, 0.5)
    wait_for_crumbs(visit.page, 2)
    visit.settle()
    link, shown = visit.page.url, crumbs(visit.page)
    headline = visit.page.locator(".conclusion").inner_text()
    assert "measure=open_n" in link
    assert "level=grid" in link
    visit.open(link)
    assert crumbs(visit.page) == shown
    assert visit.page.locator(".conclusion").inner_text() == headline
    assert visit.maps()[0].locator(".leaflet-overlay-pane path").count() == 61


def test_another_measure_keeps_the_map_and_frees_the_last_layers(visit, demonstration):
    visit.open(f"{demonstration}/grid_map")
    (frame,) = visit.maps()
    frame.evaluate("window.kept = true")
    for label in ("社区", "网格", "微网格"):
        visit.page.locator(".st-key-map-controls button", has_text=re.compile(f"^{label}$")).click()
        visit.page.wait_for_timeout(500)
        visit.settle()
    (frame,) = visit.maps()
    frame.wait_for_function("document.querySelectorAll('.leaflet-overlay-pane path').length === 294")
    assert frame.evaluate("window.kept") is True
    assert frame.evaluate("window.feature_group.length") == 1


def test_cases_without_reference_data_are_dots_and_the_page_says_why(visit, without_reference):
    visit.open(f"{without_reference}/grid_map")
    (frame,) = visit.maps()
    assert frame.locator(".leaflet-cases-pane path").count() == 40
    assert "没有界线" in visit.page.locator(".st-key-panel-map .note").inner_text()
    assert visit.outside() == []
    assert visit.errors == []
