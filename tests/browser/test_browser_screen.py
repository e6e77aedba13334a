"""The meeting screen as the last row sees it: large enough, nothing cut, and never anything but slides."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import replace

import pytest

from governance.report.slides import slide_html
from tests.browser.conftest import PROJECT, START_S, free_port, is_up
from tests.report_models import HEADLINES, item, week_model

pytestmark = pytest.mark.browser

SIZES = ((1920, 1080), (3840, 2160), (1366, 768))
SHORT = "screen_refresh_s = 0.5\nscreen_slide_s = 1.0\nscreen_idle_s = 2.0\nscreen_pause_s = 4.0\n"
PATIENCE_MS = 120_000
SHOWN = "[...document.querySelector('#meeting-screen')?.shadowRoot.querySelectorAll('.slide.shown') ?? []]"
PLACE = f"{SHOWN}.map(slide => slide.dataset.key).join()"
HOLD = "document.querySelector('#meeting-screen').shadowRoot.querySelector('.hold').textContent"

# What is written on every slide: where it stands, how large it is, on what ground.
MEASURE = """() => {
    const host = document.querySelector("#meeting-screen"), root = host.shadowRoot;
    const unit = Math.min(innerHeight / 1080, innerWidth / 1920);
    const channel = c => (c /= 255, c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    const parse = text => (text.match(/[\\d.]+/g) || []).map(Number);
    const light = rgb => 0.2126 * channel(rgb[0]) + 0.7152 * channel(rgb[1]) + 0.0722 * channel(rgb[2]);
    const contrast = (a, b) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);
    const filled = text => text && text !== "none" && !text.startsWith("url") && parse(text)[3] !== 0;
    const ground = (element, x, y) => {
        const style = getComputedStyle(element);
        if (element instanceof SVGElement && filled(style.stroke) && style.paintOrder.startsWith("stroke"))
            return parse(style.stroke);
        for (const below of root.elementsFromPoint(x, y)) {
            if (below === element || element.contains(below)) continue;
            const look = getComputedStyle(below);
            const isShape = below instanceof SVGElement && !["svg", "text", "g"].includes(below.tagName);
            if (isShape && filled(look.fill)) return parse(look.fill);
            const hasGround = !(below instanceof SVGElement) && filled(look.backgroundColor);
            if (hasGround) return parse(look.backgroundColor);
        }
        return parse(getComputedStyle(host).backgroundColor);
    };
    const found = [];
    for (const slide of window.meetingScreen.slides) {
        window.meetingScreen.slides.forEach(one => one.element.classList.toggle("shown", one === slide));
        const frame = root.querySelector(".stage").getBoundingClientRect();
        const all = [...slide.element.querySelectorAll("*"), ...root.querySelectorAll("footer *")];
        const leaves = all.filter(one =>
            [...one.childNodes].some(node => node.nodeType === 3 && node.textContent.trim()));
        for (const leaf of leaves) {
            const style = getComputedStyle(leaf), box = leaf.getBoundingClientRect();
            const scale = leaf instanceof SVGElement ? leaf.getScreenCTM().a : 1;
            const isSvg = leaf instanceof SVGElement;
            found.push({
                slide: slide.key, text: leaf.textContent, css: leaf.getAttribute("class") || leaf.tagName,
                size: parseFloat(style.fontSize) * scale / unit,
                contrast: contrast(parse(isSvg ? style.fill : style.color),
                    ground(leaf, box.left + box.width / 2, box.top + box.height / 2)),
                left: box.left, right: box.right, top: box.top, bottom: box.bottom, isSvg,
                isInside: box.left >= frame.left - 1 && box.right <= frame.right + 1 &&
                    box.top >= frame.top - 1 && box.bottom <= frame.bottom + 1,
            });
        }
        // A part may not stick out of the part it stands in; by line boxes; a face has taller ones.
        const parts = ".body, .item, .said, .figure-row, .figure-card, .figure-cards, .remark, .chart, " +
            ".column, .picture";
        for (const part of slide.element.querySelectorAll(parts)) {
            const box = part.getBoundingClientRect();
            for (const child of part.children) {
                const own = child.getBoundingClientRect();
                const isCut = child.clientWidth && child.scrollWidth > child.clientWidth + 1;
                const isHigh = own.bottom > box.bottom + 1 || own.top < box.top - 1;
                const text = `${part.className}: ${child.textContent.slice(0, 30)}`;
                if (isCut || isHigh || own.right > box.right + 1)
                    found.push({ slide: slide.key, text, css: "overflow", size: 99, contrast: 21,
                        isInside: false, isSvg: true });
            }
        }
    }
    window.meetingScreen.show(window.meetingScreen.place);
    return found;
}"""

TAKE = """slides => {
    const { setup, stamp } = meetingScreen;
    meetingScreen.take({ version: setup.version, stamp, slides });
}"""


# ------------------------------------------------------------------------------- servers
@contextmanager
def server(data_dir, port):
    """A dashboard process on a given port; killed, not asked, at the end."""
    command = [sys.executable, "-m", "streamlit", "run", "dashboard.py", "--server.port", str(port)]
    process = subprocess.Popen(
        command,
        cwd=PROJECT,
        env={**os.environ, "GOVERNANCE_DATA": str(data_dir)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        end = time.monotonic() + START_S
        while not is_up(f"http://127.0.0.1:{port}"):
            assert process.poll() is None
            assert time.monotonic() < end
            time.sleep(0.1)
        yield process
    finally:
        process.kill()
        process.wait(timeout=20)


@pytest.fixture(scope="module")
def hasty_dir(demonstration_dir, tmp_path_factory):
    """The demonstration street for a room that is in a hurry."""
    data_dir = tmp_path_factory.mktemp("hasty") / "data"
    shutil.copytree(demonstration_dir, data_dir, copy_function=os.link)
    (data_dir / "settings.toml").write_text(SHORT, encoding="utf-8")
    return data_dir


@pytest.fixture(scope="module")
def hasty(hasty_dir):
    """The address of a dashboard that turns its slides every second."""
    port = free_port()
    with server(hasty_dir, port):
        yield f"http://127.0.0.1:{port}"


def open_screen(visit, base, query="", size=(1920, 1080)):
    visit.page.set_viewport_size({"width": size[0], "height": size[1]})
    visit.page.goto(f"{base}/meeting_screen{query}")
    visit.page.wait_for_function("window.meetingScreen?.slides.length === 7", timeout=PATIENCE_MS)
    return visit.page


def place(page):
    return page.evaluate(PLACE)


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)
    return place(page)


def wait_for_place(page, key):
    page.wait_for_function(f"key => {PLACE} === key", arg=key, timeout=20_000, polling=100)


# --------------------------------------------------------------------------- what is seen
def assert_readable(texts):
    assert texts
    small = {"h1": 56, "H1": 56, "number": 96, "word": 44, "unit": 44}
    least = [one for one in texts if one["size"] < small.get(one["css"], 34) - 0.05]
    assert [(one["slide"], one["text"], round(one["size"], 1)) for one in least] == []
    outside = [one for one in texts if not one["isInside"]]
    assert [(one["slide"], one["text"]) for one in outside] == []
    faint = [one for one in texts if one["contrast"] < 4.5]
    assert [(one["slide"], one["text"], round(one["contrast"], 2)) for one in faint] == []
    assert overlaps(texts) == []


def overlaps(texts):
    """Pairs of texts on one slide that stand on each other by more than a hair."""
    lines = [one for one in texts if not one["isSvg"] and one["right"] > one["left"]]
    found = []
    for n, one in enumerate(lines):
        for other in lines[n + 1 :]:
            wide = min(one["right"], other["right"]) - max(one["left"], other["left"])
            high = min(one["bottom"], other["bottom"]) - max(one["top"], other["top"])
            if one["slide"] == other["slide"] and wide > 2 and high > 0.3 * (one["bottom"] - one["top"]):
                found.append((one["slide"], one["text"], other["text"]))
    return found


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_every_slide_can_be_read_in_the_last_row(visit, demonstration, size, theme):
    page = open_screen(visit, demonstration, f"?theme={theme}", size)
    keys = page.evaluate("meetingScreen.slides.map(slide => slide.key).join()")
    assert keys == "commitments,headlines,coverage,response,containment,care_storm,decisions"
    texts = page.evaluate(MEASURE)
    assert_readable(texts)
    assert [one["text"] for one in texts if "…" in one["text"]] == []
    assert page.evaluate("document.scrollingElement.scrollHeight <= innerHeight")
    assert visit.outside() == []
    assert visit.errors == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES[::2], ids=lambda size: f"{size[0]}x{size[1]}")
def test_a_crowded_slide_is_cut_to_the_room_and_not_made_smaller(visit, demonstration, size, theme):
    page = open_screen(visit, demonstration, f"?theme={theme}", size)
    long = "学田湾大阳沟农贸市场门前占道经营反复发生且夜间无人值守"
    crowd = [item("worse", "数据不支持", long, long * 2, "1,234.5", "人小时", long)] * 7
    model = week_model()
    kinds = [
        (slide.key, slide_html(slide, head=f"{model.street}　{model.week_words}")) for slide in model.slides
    ]
    drawn = [{"key": key, "html": html} for key, html in kinds[1:]]
    full = replace(model.slide("headlines"), title=long, items=tuple(crowd))
    mixed = replace(model.slide("coverage"), items=tuple(crowd[:2]))
    seven = replace(model.slide("headlines"), items=HEADLINES + HEADLINES[:2])
    for slide in (full, mixed, seven):
        drawn.append({"key": f"crowd-{len(drawn)}", "html": slide_html(slide, head=model.week_words)})
    page.evaluate(TAKE, drawn)
    assert_readable(page.evaluate(MEASURE))


# ------------------------------------------------------------------------ who turns it
def test_keyboard_and_clicker_turn_it_and_it_keeps_its_place(visit, demonstration):
    page = open_screen(visit, demonstration)
    assert place(page) == "commitments"
    assert press(page, "PageDown") == "headlines"
    assert press(page, "Space") == "coverage"
    assert press(page, "ArrowRight", "ArrowDown") == "containment"
    assert press(page, "PageUp") == "response"
    assert press(page, "End", "PageDown") == "decisions"
    assert press(page, "Home", "PageUp") == "commitments"
    assert press(page, "3") == "coverage"
    assert press(page, "Escape", "ArrowLeft", "ArrowRight") == "coverage"
    assert page.url.endswith("/meeting_screen#coverage")
    page.reload()
    wait_for_place(page, "coverage")
    assert press(page, "F5") == "commitments"
    assert page.evaluate(HOLD) == "‖ 停在本页"
    page.keyboard.press("d")
    assert page.evaluate("document.querySelector('#meeting-screen').dataset.theme") == "dark"
    page.keyboard.press("Escape")
    assert page.evaluate(HOLD) == "再按一次 Esc 退出大屏"
    page.keyboard.press("Escape")
    page.wait_for_url(f"{demonstration}/")


def test_it_turns_by_itself_when_nobody_touched_it_and_a_click_pauses_it(visit, hasty):
    page = open_screen(visit, hasty)
    press(page, "2")
    wait_for_place(page, "coverage")
    wait_for_place(page, "response")
    assert page.evaluate(HOLD) == "▶ 自动翻页"
    page.mouse.click(400, 400)
    stood = place(page)
    page.wait_for_timeout(3000)
    assert place(page) == stood
    assert page.evaluate(HOLD) == "‖ 停在本页"
    page.wait_for_function(f"key => {PLACE} !== key", arg=stood, timeout=6000)


# --------------------------------------------------------------------- what may go wrong
def test_a_killed_server_shows_as_nothing_but_a_slide(visit, hasty_dir):
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    sample = f"""() => {{
        window.samples = [];
        window.sampler = setInterval(() => {{
            const host = document.querySelector("#meeting-screen");
            const top = document.elementFromPoint(innerWidth / 2, innerHeight / 2);
            const slide = {SHOWN}[0];
            const isFull = Boolean(slide?.textContent.trim()) && !host.hasAttribute("data-empty");
            window.samples.push(top === host && isFull);
        }}, 200);
    }}"""
    with server(hasty_dir, port):
        page = open_screen(visit, base)
        page.evaluate(sample)
        press(page, "5")
    page.wait_for_function("meetingScreen.isLost()", timeout=20_000)
    told = page.evaluate(
        "document.querySelector('#meeting-screen').shadowRoot.querySelector('.told').textContent"
    )
    assert "与服务器断开" in told
    page.wait_for_timeout(5000)
    before = page.evaluate("meetingScreen.stats.updates")
    with server(hasty_dir, port):
        began = time.monotonic()
        page.wait_for_function(
            "n => meetingScreen.stats.updates > n && !meetingScreen.isLost()", arg=before, timeout=60_000
        )
        print(f"\nback {time.monotonic() - began:.1f} s after the server answered")
        assert page.evaluate("document.querySelectorAll('iframe').length") == 1
        press(page, "5")
        samples = page.evaluate("window.samples")
        assert len(samples) > 40
        assert all(samples)


def test_a_new_session_takes_over_without_the_room_noticing(visit, hasty):
    page = open_screen(visit, hasty)
    press(page, "4")
    page.evaluate("meetingScreen.feeder.frame.marked = true; meetingScreen.startFeeder()")
    page.wait_for_function("!meetingScreen.candidate && !meetingScreen.feeder.frame.marked", timeout=60_000)
    assert place(page) == "response"
    assert page.evaluate("document.querySelectorAll('iframe').length") == 1


def test_data_that_cannot_be_read_are_one_calm_sentence_until_they_can(visit, hasty_dir, tmp_path):
    data_dir = tmp_path / "data"
    shutil.copytree(hasty_dir, data_dir, copy_function=os.link)
    manifest = data_dir / "store" / "manifest.json"
    whole = manifest.read_bytes()
    manifest.unlink()
    manifest.write_text("{", encoding="utf-8")
    port = free_port()
    with server(data_dir, port):
        page = visit.page
        page.goto(f"http://127.0.0.1:{port}/meeting_screen")
        said = page.locator("#meeting-screen .message")
        said.filter(has_text="数据暂时打不开，正在重试。").wait_for(timeout=PATIENCE_MS)
        assert "错误编号 E-" in said.inner_text()
        assert "Traceback" not in said.inner_text()
        manifest.write_bytes(whole)
        page.wait_for_function("meetingScreen.slides.length === 7", timeout=PATIENCE_MS)
        assert not said.is_visible()
        manifest.write_text("{", encoding="utf-8")
        page.wait_for_function("meetingScreen.problem", timeout=30_000)
        assert "先看上一次的" in page.locator("#meeting-screen .told").inner_text()
        assert place(page)


def test_old_data_say_so_first_below_then_across_the_top(visit, demonstration):
    page = open_screen(visit, demonstration)
    banner = page.locator("#meeting-screen .banner")
    assert not banner.is_visible()

    def aged(days):
        page.evaluate(
            """days => {
                const day = 864e5, fresh_ms = Date.now() - days * day;
                meetingScreen.stamp = {...meetingScreen.stamp, fresh_ms, cadence_ms: 7 * day};
                meetingScreen.say();
            }""",
            days,
        )
        return page.locator("#meeting-screen .told").inner_text()

    assert "没有更新" not in aged(6)
    assert "数据已 9 天没有更新" in aged(9.1)
    assert not banner.is_visible()
    assert "没有更新" not in aged(15.1)
    assert "数据已 15 天没有更新" in banner.inner_text()
    assert_readable(page.evaluate(MEASURE))
