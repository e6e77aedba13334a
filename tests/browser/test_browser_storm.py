"""防汛应急 in the browser: the points on the map, and 21 July played minute by minute."""

from __future__ import annotations

import pytest

MOVE = "(slider, minute) => {slider.value = minute; slider.dispatchEvent(new Event('input'))}"


@pytest.fixture
def storm(visit, demonstration):
    """The page on the newest storm, with the frames of its two maps."""
    visit.open(f"{demonstration}/storm_response")
    points, replay = visit.maps()
    replay.wait_for_selector(".replay-list", timeout=60_000)
    return visit, points, replay


def test_the_points_stand_on_the_map_with_their_state(storm):
    visit, points, _ = storm
    assert points.locator(".mark").count() == 16
    labels = set(points.locator(".mark-label").all_inner_texts())
    assert {"大阳沟市场口", "牛角沱立交"} < labels
    assert visit.outside() == []
    assert visit.errors == []


def test_the_storm_is_replayed_with_what_has_happened_beside_the_clock(storm):
    visit, _, replay = storm
    slider, told = replay.locator(".replay input"), replay.locator(".replay-list")
    slider.evaluate(MOVE, 65)
    assert "06:05" in replay.locator(".replay span").inner_text()
    assert "叫应" in told.inner_text()
    assert "发现" not in told.inner_text()
    slider.evaluate(MOVE, 100)
    assert "06:36 发现：牛角沱立交" in told.inner_text()
    assert "06:36 巡逻：内涝积水" in told.inner_text()
    before = replay.locator(".mark").count()
    slider.evaluate(MOVE, 300)
    assert replay.locator(".mark").count() > before
    assert "09:19 恢复通行：牛角沱立交" in told.inner_text()
    slider.evaluate(MOVE, 0)
    replay.locator(".replay button").click()
    replay.wait_for_function("+document.querySelector('.replay input').value > 5")
    assert visit.errors == []
